//! Writing the file of rejected rows: in one piece where it is small, else in parts, so that memory does not grow with it.

use app::ports::{FileError, RejectedFile};
use async_trait::async_trait;
use aws_sdk_s3::Client;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};

use super::{CSV, failed};

/// The smallest part that S3 takes, the last one aside: 5 MiB.
const PART: usize = 5 * 1024 * 1024;
/// Room for a part, and for what is written last on top of it.
const ROOM: usize = PART + 512 * 1024;

pub(super) struct Writing {
    client: Client,
    bucket: String,
    key: String,
    bytes: Vec<u8>,
    /// Once there is more than one part. An upload that is never finished is removed by the bucket's own rule.
    upload_id: Option<String>,
    parts: Vec<CompletedPart>,
}

impl Writing {
    pub(super) fn new(client: Client, bucket: String, key: String) -> Self {
        // All of it is taken at once, and written to: whether the function's memory suffices shows with its first import, and not
        // with its largest.
        let mut bytes = vec![b' '; ROOM];
        bytes.clear();
        Self {
            client,
            bucket,
            key,
            bytes,
            upload_id: None,
            parts: Vec::new(),
        }
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
            .body(std::mem::take(&mut self.bytes).into())
            .send()
            .await
            .map_err(|error| failed("UploadPart", error))?;
        let part = CompletedPart::builder()
            .part_number(number)
            .set_e_tag(part.e_tag);
        self.parts.push(part.build());
        self.bytes = Vec::with_capacity(ROOM);
        Ok(())
    }
}

#[async_trait]
impl RejectedFile for Writing {
    async fn write(&mut self, bytes: &[u8]) -> Result<(), FileError> {
        self.bytes.extend_from_slice(bytes);
        if self.bytes.len() >= PART {
            self.send_part().await?;
        }
        Ok(())
    }

    async fn finish(mut self: Box<Self>) -> Result<(), FileError> {
        if self.upload_id.is_none() {
            let put = self.client.put_object().bucket(&self.bucket).key(&self.key);
            let put = put.content_type(CSV).body(self.bytes.into()).send().await;
            return put.map(|_| ()).map_err(|error| failed("PutObject", error));
        }
        if !self.bytes.is_empty() {
            self.send_part().await?;
        }
        let upload_id = self.upload_id().await?;
        let parts = CompletedMultipartUpload::builder().set_parts(Some(self.parts));
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
