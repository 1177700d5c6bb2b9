//! Writing the file of rejected rows: in one piece where it is small, else in parts. What is gathered for a part waits in a file
//! of the function's own and goes out from there, so that memory grows neither with the file nor with a part.

use std::io::{Seek, SeekFrom, Write};

use app::ports::{FileError, RejectedFile};
use async_trait::async_trait;
use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use tempfile::NamedTempFile;

use super::{CSV, failed};

/// The smallest part that S3 takes, the last one aside: 5 MiB.
const PART: u64 = 5 * 1024 * 1024;

pub(super) struct Writing {
    client: Client,
    bucket: String,
    key: String,
    /// What no part has yet. It is removed with this.
    waiting: NamedTempFile,
    waiting_bytes: u64,
    /// Once there is more than one part. An upload that is never finished is removed by the bucket's own rule.
    upload_id: Option<String>,
    parts: Vec<CompletedPart>,
}

impl Writing {
    pub(super) fn new(client: Client, bucket: String, key: String) -> Result<Self, FileError> {
        Ok(Self {
            client,
            bucket,
            key,
            waiting: NamedTempFile::new().map_err(no_room)?,
            waiting_bytes: 0,
            upload_id: None,
            parts: Vec::new(),
        })
    }

    async fn upload_id(&mut self) -> Result<String, FileError> {
        if let Some(id) = &self.upload_id {
            return Ok(id.clone());
        }
        let begin = self.client.create_multipart_upload().bucket(&self.bucket);
        let begun = begin.key(&self.key).content_type(CSV).send().await;
        let begun = begun.map_err(|error| failed("CreateMultipartUpload", error))?;
        let no_id = || FileError::Unavailable("S3 gave an upload no id".into());
        let id = begun.upload_id.ok_or_else(no_id)?;
        self.upload_id = Some(id.clone());
        Ok(id)
    }

    /// What waits, as a body that is read piece by piece, and once more should it have to be sent again.
    async fn body(&self) -> Result<ByteStream, FileError> {
        let body = ByteStream::from_path(self.waiting.path()).await;
        body.map_err(|error| FileError::Unavailable(error.into()))
    }

    async fn send_part(&mut self) -> Result<(), FileError> {
        let upload_id = self.upload_id().await?;
        let number = i32::try_from(self.parts.len() + 1).unwrap_or(i32::MAX);
        let part = self
            .client
            .upload_part()
            .bucket(&self.bucket)
            .key(&self.key)
            .upload_id(upload_id)
            .part_number(number)
            .body(self.body().await?)
            .send()
            .await
            .map_err(|error| failed("UploadPart", error))?;
        let part = CompletedPart::builder()
            .part_number(number)
            .set_e_tag(part.e_tag);
        self.parts.push(part.build());
        let file = self.waiting.as_file_mut();
        file.set_len(0).map_err(no_room)?;
        file.seek(SeekFrom::Start(0)).map_err(no_room)?;
        self.waiting_bytes = 0;
        Ok(())
    }
}

#[async_trait]
impl RejectedFile for Writing {
    async fn write(&mut self, bytes: &[u8]) -> Result<(), FileError> {
        // A few pages, which the kernel takes: nothing is waited for.
        self.waiting.write_all(bytes).map_err(no_room)?;
        self.waiting_bytes += bytes.len() as u64;
        if self.waiting_bytes >= PART {
            self.send_part().await?;
        }
        Ok(())
    }

    async fn finish(mut self: Box<Self>) -> Result<(), FileError> {
        if self.upload_id.is_none() {
            let put = self.client.put_object().bucket(&self.bucket).key(&self.key);
            let put = put.content_type(CSV).body(self.body().await?).send().await;
            return put.map(|_| ()).map_err(|error| failed("PutObject", error));
        }
        if self.waiting_bytes > 0 {
            self.send_part().await?;
        }
        let upload_id = self.upload_id().await?;
        let parts = std::mem::take(&mut self.parts);
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts));
        self.client
            .complete_multipart_upload()
            .bucket(&self.bucket)
            .key(&self.key)
            .upload_id(upload_id)
            .multipart_upload(parts.build())
            .send()
            .await
            .map_err(|error| failed("CompleteMultipartUpload", error))?;
        Ok(())
    }
}

/// The function's own disk does not take it: another run may have one that does.
fn no_room(error: std::io::Error) -> FileError {
    FileError::Unavailable(error.into())
}
