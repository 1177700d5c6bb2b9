//! Writes the file of rejected rows: a small one in one piece, a large one in parts. The next part waits in a temporary
//! file and is sent from there, so that memory grows neither with the file nor with a part.

use settings::resources::UploadsBucket;
use std::fmt;
use std::io::{Seek, SeekFrom, Write};
use std::time::Duration;

use app::ports::{FileError, WrittenFile};
use async_trait::async_trait;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{Builder, Config};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use domain::import::KeptParts;
use tempfile::NamedTempFile;

use super::{CSV, failed};

/// The smallest part that S3 takes, except for the last one: 5 MiB.
const PART: u64 = 5 * 1024 * 1024;
/// After this many parts the parts are larger, in bytes. S3 takes 10,000 parts at most, and the record of the import
/// has a line for each.
const MANY: usize = 100;
const LARGE_PART: u64 = 32 * 1024 * 1024;
/// S3 needs time to put parts together, and a part is much larger than an item of DynamoDB. So these limits are above
/// the limits of other calls.
const ATTEMPT: Duration = Duration::from_secs(60);
const CALL: Duration = Duration::from_secs(80);

pub(super) struct Writing {
    client: Client,
    bucket: UploadsBucket,
    key: String,
    /// The rows that are in no part yet. The file is removed with this value, unless the process is killed.
    waiting: NamedTempFile,
    waiting_bytes: u64,
    /// Present after the first part. A rule of the bucket removes an upload that is never finished.
    kept: Option<KeptParts>,
}

impl Writing {
    pub(super) fn new(
        client: Client,
        bucket: UploadsBucket,
        key: String,
        kept: Option<KeptParts>,
    ) -> Result<Self, FileError> {
        Ok(Self {
            client,
            bucket,
            key,
            waiting: NamedTempFile::new().map_err(no_room)?,
            waiting_bytes: 0,
            kept,
        })
    }

    async fn begin(&self) -> Result<KeptParts, FileError> {
        let begin = self
            .client
            .create_multipart_upload()
            .bucket(self.bucket.as_str());
        let begun = begin.key(&self.key).content_type(CSV).send().await;
        let begun = begun.map_err(|error| failed("CreateMultipartUpload", error))?;
        let no_id = || FileError::Unavailable("S3 gave an upload no id".into());
        Ok(KeptParts {
            upload_id: begun.upload_id.ok_or_else(no_id)?,
            etags: Vec::new(),
        })
    }

    /// The size of the next part, in bytes. It depends only on the number of earlier parts, so that two runs make the
    /// same parts.
    fn enough(&self) -> u64 {
        let parts = self.kept.as_ref().map_or(0, |kept| kept.etags.len());
        if parts < MANY { PART } else { LARGE_PART }
    }

    /// The waiting rows as a body that is read piece by piece, and again if the request is repeated.
    async fn body(&self) -> Result<ByteStream, FileError> {
        let body = ByteStream::from_path(self.waiting.path()).await;
        body.map_err(|error| FileError::Unavailable(error.into()))
    }

    async fn send_part(&mut self) -> Result<KeptParts, FileError> {
        let mut kept = match self.kept.take() {
            Some(kept) => kept,
            None => self.begin().await?,
        };
        let part = self
            .client
            .upload_part()
            .bucket(self.bucket.as_str())
            .key(&self.key)
            .upload_id(&kept.upload_id)
            .part_number(part_number(kept.etags.len()))
            .body(self.body().await?)
            .customize()
            .config_override(patient())
            .send()
            .await
            .map_err(|error| parts_failed("UploadPart", error))?;
        let no_etag = || FileError::Unavailable("S3 gave a part no ETag".into());
        kept.etags.push(part.e_tag.ok_or_else(no_etag)?);
        let file = self.waiting.as_file_mut();
        file.set_len(0).map_err(no_room)?;
        file.seek(SeekFrom::Start(0)).map_err(no_room)?;
        self.waiting_bytes = 0;
        self.kept = Some(kept.clone());
        Ok(kept)
    }
}

#[async_trait]
impl WrittenFile for Writing {
    async fn write(&mut self, bytes: &[u8]) -> Result<(), FileError> {
        // These are a few pages in the kernel's cache. The call does not wait for a disk.
        self.waiting.write_all(bytes).map_err(no_room)?;
        self.waiting_bytes += bytes.len() as u64;
        Ok(())
    }

    async fn keep(&mut self) -> Result<Option<KeptParts>, FileError> {
        if self.waiting_bytes < self.enough() {
            return Ok(None);
        }
        self.send_part().await.map(Some)
    }

    async fn finish(mut self: Box<Self>) -> Result<(), FileError> {
        let kept = match self.kept.clone() {
            None => {
                let put = self
                    .client
                    .put_object()
                    .bucket(self.bucket.as_str())
                    .key(&self.key);
                let put = put.content_type(CSV).body(self.body().await?);
                let put = put.customize().config_override(patient()).send().await;
                return put.map(|_| ()).map_err(|error| failed("PutObject", error));
            }
            Some(_) if self.waiting_bytes > 0 => self.send_part().await?,
            Some(kept) => kept,
        };
        let parts = kept.etags.into_iter().enumerate().map(|(before, etag)| {
            let part = CompletedPart::builder().part_number(part_number(before));
            part.e_tag(etag).build()
        });
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts.collect()));
        self.client
            .complete_multipart_upload()
            .bucket(self.bucket.as_str())
            .key(&self.key)
            .upload_id(kept.upload_id)
            .multipart_upload(parts.build())
            .customize()
            .config_override(patient())
            .send()
            .await
            .map_err(|error| parts_failed("CompleteMultipartUpload", error))?;
        Ok(())
    }
}

fn patient() -> Builder {
    let timeouts = TimeoutConfig::builder()
        .operation_attempt_timeout(ATTEMPT)
        .operation_timeout(CALL);
    Config::builder().timeout_config(timeouts.build())
}

/// S3 counts parts from 1.
fn part_number(before: usize) -> i32 {
    i32::try_from(before + 1).unwrap_or(i32::MAX)
}

/// An upload is gone if it was finished or is too old. A part with another ETag was sent by another run.
fn parts_failed<E, R>(call: &'static str, error: SdkError<E, R>) -> FileError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    R: fmt::Debug + Send + Sync + 'static,
{
    match error
        .as_service_error()
        .and_then(ProvideErrorMetadata::code)
    {
        Some("NoSuchUpload" | "InvalidPart") => FileError::PartsGone,
        _ => failed(call, error),
    }
}

/// The disk of the function is full. Another run may have room.
fn no_room(error: std::io::Error) -> FileError {
    FileError::Unavailable(error.into())
}
