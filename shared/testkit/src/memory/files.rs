//! Files of imports.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use app::messages::ImportKey;
use app::ports::{FileError, FileUrls, ImportFiles, RejectedFile, UploadUrl};
use async_trait::async_trait;
use domain::import::SeenFile;

use super::away;

/// What happens to the next request instead of going well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextRead {
    /// It goes well after all.
    Succeeds,
    /// The files are away.
    IsRefused,
    /// No answer comes. For `write_rejected` alone.
    IsNotAnswered,
}

/// Uploaded files, and those of rejected rows.
#[derive(Debug, Default, Clone)]
pub struct MemoryFiles(Arc<Mutex<Folders>>);

#[derive(Debug, Default)]
struct Folders {
    uploaded: HashMap<ImportKey, (u32, Vec<u8>)>,
    rejected: HashMap<ImportKey, Vec<u8>>,
    uploads: u32,
    faults: VecDeque<NextRead>,
}

impl MemoryFiles {
    /// Uploads a file, in place of an earlier one.
    pub fn upload(&self, key: ImportKey, bytes: impl Into<Vec<u8>>) {
        let mut folders = self.0.lock().unwrap();
        folders.uploads += 1;
        let upload = folders.uploads;
        folders.uploaded.insert(key, (upload, bytes.into()));
    }

    /// Removes a file.
    pub fn remove(&self, key: ImportKey) {
        self.0.lock().unwrap().uploaded.remove(&key);
    }

    /// The file of rejected rows.
    pub fn rejected(&self, key: ImportKey) -> Option<String> {
        let bytes = self.0.lock().unwrap().rejected.get(&key).cloned();
        bytes.map(|bytes| String::from_utf8(bytes).expect("UTF-8"))
    }

    /// What happens to the next requests, one after the other.
    pub fn next_reads(&self, faults: impl IntoIterator<Item = NextRead>) {
        self.0.lock().unwrap().faults = faults.into_iter().collect();
    }

    fn asked(&self) -> Result<std::sync::MutexGuard<'_, Folders>, FileError> {
        let mut folders = self.0.lock().unwrap();
        match folders.faults.pop_front() {
            Some(NextRead::IsRefused | NextRead::IsNotAnswered) => {
                Err(FileError::Unavailable(away()))
            }
            Some(NextRead::Succeeds) | None => Ok(folders),
        }
    }
}

fn etag(upload: u32) -> String {
    format!("\"{upload}\"")
}

#[async_trait]
impl ImportFiles for MemoryFiles {
    async fn seen(&self, key: ImportKey) -> Result<Option<SeenFile>, FileError> {
        let folders = self.asked()?;
        Ok(folders.uploaded.get(&key).map(|(upload, bytes)| SeenFile {
            etag: etag(*upload),
            size_bytes: bytes.len() as u64,
        }))
    }

    async fn read(
        &self,
        key: ImportKey,
        file: &SeenFile,
        from: u64,
        length: u64,
    ) -> Result<Vec<u8>, FileError> {
        let folders = self.asked()?;
        let (upload, bytes) = folders.uploaded.get(&key).ok_or(FileError::Gone)?;
        if etag(*upload) != file.etag {
            return Err(FileError::Gone);
        }
        let rest = bytes.iter().skip(from as usize).take(length as usize);
        Ok(rest.copied().collect())
    }

    async fn write_rejected(&self, key: ImportKey) -> Result<Box<dyn RejectedFile>, FileError> {
        let next = self.0.lock().unwrap().faults.front().copied();
        if next == Some(NextRead::IsNotAnswered) {
            std::future::pending::<()>().await;
        }
        drop(self.asked()?);
        Ok(Box::new(Writing {
            files: self.clone(),
            key,
            bytes: Vec::new(),
        }))
    }
}

struct Writing {
    files: MemoryFiles,
    key: ImportKey,
    bytes: Vec<u8>,
}

#[async_trait]
impl RejectedFile for Writing {
    async fn write(&mut self, bytes: &[u8]) -> Result<(), FileError> {
        drop(self.files.asked()?);
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    async fn finish(self: Box<Self>) -> Result<(), FileError> {
        self.files.asked()?.rejected.insert(self.key, self.bytes);
        Ok(())
    }
}

#[async_trait]
impl FileUrls for MemoryFiles {
    async fn upload(&self, key: ImportKey, size_bytes: u64) -> Result<UploadUrl, FileError> {
        Ok(UploadUrl {
            url: format!(
                "https://files.example/{}/{}.csv",
                key.customer_id, key.import_id
            ),
            headers: vec![
                ("Content-Length", size_bytes.to_string()),
                ("Content-Type", "text/csv".to_owned()),
                ("If-None-Match", "*".to_owned()),
            ],
        })
    }

    async fn rejected_rows(&self, key: ImportKey) -> Result<String, FileError> {
        Ok(format!(
            "https://files.example/rejects/{}.csv",
            key.import_id
        ))
    }
}
