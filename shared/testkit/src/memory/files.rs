//! Files of imports.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex};

use app::messages::ImportKey;
use app::ports::{FileError, FileUrls, ImportFiles, UploadUrl, WrittenFile};
use async_trait::async_trait;
use domain::import::{KeptParts, SeenFile};

use super::away;

/// The smallest size of a part, in bytes.
const PART: usize = 128 * 1024;

/// The result of the next request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextRead {
    /// The request succeeds.
    Succeeds,
    /// The file store is unavailable.
    IsRefused,
    /// The file does not exist any more.
    FindsNothing,
}

/// Uploaded files and files of rejected rows.
#[derive(Debug, Default, Clone)]
pub struct MemoryFiles(Arc<Mutex<Folders>>);

#[derive(Debug)]
struct Part {
    etag: String,
    bytes: Vec<u8>,
}

#[derive(Debug, Default)]
struct Folders {
    uploaded: HashMap<ImportKey, (u32, Vec<u8>)>,
    rejected: HashMap<ImportKey, Vec<u8>>,
    unpacked: HashMap<ImportKey, Vec<u8>>,
    /// The parts of unfinished files, by their position.
    unfinished: HashMap<String, BTreeMap<usize, Part>>,
    /// How many more parts are accepted; `None` accepts all.
    parts_answered: Option<u32>,
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

    /// Sets the results of the next requests, one after the other.
    pub fn next_reads(&self, faults: impl IntoIterator<Item = NextRead>) {
        self.0.lock().unwrap().faults = faults.into_iter().collect();
    }

    /// Forgets the parts of unfinished files.
    pub fn forget_parts(&self) {
        self.0.lock().unwrap().unfinished.clear();
    }

    /// Accepts this many more parts of rejected rows, and then no more; `None` accepts all.
    pub fn answer_parts(&self, many: Option<u32>) {
        self.0.lock().unwrap().parts_answered = many;
    }

    fn answers_part(&self) -> bool {
        match &mut self.0.lock().unwrap().parts_answered {
            None => true,
            Some(0) => false,
            Some(many) => {
                *many -= 1;
                true
            }
        }
    }

    fn asked(&self) -> Result<std::sync::MutexGuard<'_, Folders>, FileError> {
        let mut folders = self.0.lock().unwrap();
        match folders.faults.pop_front() {
            Some(NextRead::IsRefused) => Err(FileError::Unavailable(away())),
            Some(NextRead::FindsNothing) => Err(FileError::Gone),
            Some(NextRead::Succeeds) | None => Ok(folders),
        }
    }
}

fn digest(bytes: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    format!("\"{}\"", hasher.finish())
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
            is_unpacked: false,
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
        let bytes = if file.is_unpacked {
            let bytes = folders.unpacked.get(&key);
            bytes.filter(|bytes| digest(bytes) == file.etag)
        } else {
            let uploaded = folders.uploaded.get(&key);
            let same = uploaded.filter(|(upload, _)| etag(*upload) == file.etag);
            same.map(|(_, bytes)| bytes)
        };
        let bytes = bytes.ok_or(FileError::Gone)?;
        let rest = bytes.iter().skip(from as usize).take(length as usize);
        Ok(rest.copied().collect())
    }

    async fn write_rejected(
        &self,
        key: ImportKey,
        kept: Option<KeptParts>,
    ) -> Result<Box<dyn WrittenFile>, FileError> {
        drop(self.asked()?);
        Ok(Box::new(Writing {
            files: self.clone(),
            key,
            waiting: Vec::new(),
            kept,
            is_unpacked: false,
        }))
    }

    async fn write_unpacked(&self, key: ImportKey) -> Result<Box<dyn WrittenFile>, FileError> {
        drop(self.asked()?);
        Ok(Box::new(Writing {
            files: self.clone(),
            key,
            waiting: Vec::new(),
            kept: None,
            is_unpacked: true,
        }))
    }

    async fn seen_unpacked(&self, key: ImportKey) -> Result<Option<SeenFile>, FileError> {
        let folders = self.asked()?;
        Ok(folders.unpacked.get(&key).map(|bytes| SeenFile {
            etag: digest(bytes),
            size_bytes: bytes.len() as u64,
            is_unpacked: true,
        }))
    }
}

struct Writing {
    files: MemoryFiles,
    key: ImportKey,
    waiting: Vec<u8>,
    kept: Option<KeptParts>,
    /// Whether this is the file with the rows of a workbook, and not the one of rejected rows.
    is_unpacked: bool,
}

impl Writing {
    fn send_part(&mut self) -> Result<KeptParts, FileError> {
        let mut folders = self.files.asked()?;
        folders.uploads += 1;
        let number = folders.uploads;
        let mut kept = self.kept.take().unwrap_or_else(|| {
            let upload_id = number.to_string();
            folders
                .unfinished
                .insert(upload_id.clone(), BTreeMap::new());
            let etags = Vec::new();
            KeptParts { upload_id, etags }
        });
        let parts = folders.unfinished.get_mut(&kept.upload_id);
        let parts = parts.ok_or(FileError::PartsGone)?;
        let bytes = std::mem::take(&mut self.waiting);
        let etag = digest(&bytes);
        kept.etags.push(etag.clone());
        parts.insert(kept.etags.len(), Part { etag, bytes });
        self.kept = Some(kept.clone());
        Ok(kept)
    }
}

#[async_trait]
impl WrittenFile for Writing {
    async fn write(&mut self, bytes: &[u8]) -> Result<(), FileError> {
        self.waiting.extend_from_slice(bytes);
        Ok(())
    }

    async fn keep(&mut self) -> Result<Option<KeptParts>, FileError> {
        if self.waiting.len() < PART {
            return Ok(None);
        }
        if !self.files.answers_part() {
            std::future::pending::<()>().await;
        }
        self.send_part().map(Some)
    }

    async fn finish(mut self: Box<Self>) -> Result<(), FileError> {
        let kept = match self.kept.clone() {
            Some(_) if !self.waiting.is_empty() => Some(self.send_part()?),
            kept => kept,
        };
        let mut folders = self.files.asked()?;
        let bytes = match kept {
            None => self.waiting,
            Some(kept) => {
                let parts = folders.unfinished.get(&kept.upload_id);
                let parts = parts.ok_or(FileError::PartsGone)?.values();
                let parts: Vec<&Part> = parts.take(kept.etags.len()).collect();
                if !parts.iter().map(|part| &part.etag).eq(&kept.etags) {
                    return Err(FileError::PartsGone);
                }
                let bytes = parts.iter().flat_map(|part| part.bytes.clone()).collect();
                folders.unfinished.remove(&kept.upload_id);
                bytes
            }
        };
        if self.is_unpacked {
            folders.unpacked.insert(self.key, bytes);
        } else {
            folders.rejected.insert(self.key, bytes);
        }
        Ok(())
    }
}

#[async_trait]
impl FileUrls for MemoryFiles {
    async fn upload(
        &self,
        key: ImportKey,
        size_bytes: u64,
        content_type: &'static str,
    ) -> Result<UploadUrl, FileError> {
        Ok(UploadUrl {
            url: format!(
                "https://files.example/{}/{}.csv",
                key.customer_id, key.import_id
            ),
            headers: vec![
                ("Content-Length", size_bytes.to_string()),
                ("Content-Type", content_type.to_owned()),
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
