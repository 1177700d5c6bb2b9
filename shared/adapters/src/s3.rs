//! The files of imports, on S3.
//!
//! | file | key |
//! | --- | --- |
//! | as it was uploaded: a CSV or a workbook | `imports/<customer_id>/<import_id>.csv` |
//! | the rows of a workbook | `unpacked/<customer_id>/<import_id>.csv` |
//! | its rejected rows | `rejects/<customer_id>/<import_id>.csv` |
//!
//! [`proofs`] has the pictures.

use settings::resources::UploadsBucket;
use std::fmt;
use std::time::Duration;

use app::messages::ImportKey;
use app::ports::{FileError, FileUrls, ImportFiles, UploadUrl, WrittenFile};
use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_s3::config::{RequestChecksumCalculation, ResponseChecksumValidation};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::presigning::PresigningConfig;
use domain::import::{KeptParts, SeenFile};

pub use aws_sdk_s3::Client;

use crate::failure::CallFailed;

pub mod events;
pub mod proofs;
pub mod put_aside;
mod rejected;

/// How long a signed address can be used.
const EXPIRES: Duration = Duration::from_secs(600);
const CSV: &str = "text/csv";
/// The attempts to read a part of a file. The bytes may break off after the answer has begun; the SDK does not try
/// again then.
const READS: u32 = 3;

/// A client for S3.
pub fn client(aws: &SdkConfig) -> Client {
    let config = aws_sdk_s3::config::Builder::from(aws)
        // TLS and the length protect the upload. A checksum in a signed address would be the checksum of an empty body.
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
        // A local stack has no host name for each bucket.
        .force_path_style(aws.endpoint_url().is_some())
        .build();
    Client::from_conf(config)
}

/// The bucket with the files of imports.
#[derive(Debug, Clone)]
pub struct S3Files {
    client: Client,
    bucket: UploadsBucket,
}

impl S3Files {
    /// In this bucket.
    pub fn new(client: &Client, bucket: &UploadsBucket) -> Self {
        Self {
            client: client.clone(),
            bucket: bucket.clone(),
        }
    }

    async fn head(&self, key: String, is_unpacked: bool) -> Result<Option<SeenFile>, FileError> {
        let head = self.client.head_object().bucket(self.bucket.as_str());
        let answer = match head.key(key).send().await {
            Ok(answer) => answer,
            Err(error) => {
                return match not_read("HeadObject", error) {
                    FileError::Gone => Ok(None),
                    error => Err(error),
                };
            }
        };
        let (etag, length) = (answer.e_tag, answer.content_length);
        let seen = etag.zip(length.and_then(|length| u64::try_from(length).ok()));
        let (etag, size_bytes) = seen.ok_or_else(|| {
            let failed = CallFailed::because("HeadObject", "no ETag or no length");
            FileError::Unavailable(failed.into())
        })?;
        Ok(Some(SeenFile {
            etag,
            size_bytes,
            is_unpacked,
        }))
    }

    async fn try_to_read(
        &self,
        key: ImportKey,
        file: &SeenFile,
        from: u64,
        length: usize,
    ) -> Result<Vec<u8>, FileError> {
        let answer = self
            .client
            .get_object()
            .bucket(self.bucket.as_str())
            .key(if file.is_unpacked {
                unpacked(key)
            } else {
                uploaded(key)
            })
            .if_match(&file.etag)
            .range(format!("bytes={from}-{}", from + length as u64 - 1))
            .send()
            .await
            .map_err(|error| not_read("GetObject", error))?;
        // Read piece by piece, so that there is no second copy of the whole.
        let (mut body, mut bytes) = (answer.body, Vec::with_capacity(length));
        while let Some(piece) = body.next().await {
            bytes.extend_from_slice(&piece.map_err(|error| FileError::Unavailable(error.into()))?);
        }
        Ok(bytes)
    }
}

#[async_trait]
impl ImportFiles for S3Files {
    async fn seen(&self, key: ImportKey) -> Result<Option<SeenFile>, FileError> {
        self.head(uploaded(key), false).await
    }

    async fn read(
        &self,
        key: ImportKey,
        file: &SeenFile,
        from: u64,
        length: u64,
    ) -> Result<Vec<u8>, FileError> {
        if length == 0 {
            return Ok(Vec::new());
        }
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let mut tries = 1;
        loop {
            match self.try_to_read(key, file, from, length).await {
                Err(FileError::Unavailable(_)) if tries < READS => tries += 1,
                result => return result,
            }
        }
    }

    async fn write_rejected(
        &self,
        key: ImportKey,
        kept: Option<KeptParts>,
    ) -> Result<Box<dyn WrittenFile>, FileError> {
        let (client, bucket) = (self.client.clone(), self.bucket.clone());
        let writing = rejected::Writing::new(client, bucket, rejected_rows(key), kept)?;
        Ok(Box::new(writing))
    }

    async fn write_unpacked(&self, key: ImportKey) -> Result<Box<dyn WrittenFile>, FileError> {
        let (client, bucket) = (self.client.clone(), self.bucket.clone());
        let writing = rejected::Writing::new(client, bucket, unpacked(key), None)?;
        Ok(Box::new(writing))
    }

    async fn seen_unpacked(&self, key: ImportKey) -> Result<Option<SeenFile>, FileError> {
        self.head(unpacked(key), true).await
    }
}

#[async_trait]
impl FileUrls for S3Files {
    async fn upload(
        &self,
        key: ImportKey,
        size_bytes: u64,
        content_type: &'static str,
    ) -> Result<UploadUrl, FileError> {
        let put = self
            .client
            .put_object()
            .bucket(self.bucket.as_str())
            .key(uploaded(key))
            .content_type(content_type)
            .content_length(i64::try_from(size_bytes).unwrap_or(i64::MAX))
            .if_none_match("*");
        let signed = put.presigned(expires()?).await;
        let signed = signed.map_err(|error| failed("PutObject", error))?;
        Ok(UploadUrl {
            url: signed.uri().to_owned(),
            headers: vec![
                ("Content-Length", size_bytes.to_string()),
                ("Content-Type", content_type.to_owned()),
                ("If-None-Match", "*".to_owned()),
            ],
        })
    }

    async fn rejected_rows(&self, key: ImportKey) -> Result<String, FileError> {
        let get = self
            .client
            .get_object()
            .bucket(self.bucket.as_str())
            .key(rejected_rows(key))
            .response_content_disposition("attachment; filename=\"rejected-rows.csv\"");
        let signed = get.presigned(expires()?).await;
        let signed = signed.map_err(|error| failed("GetObject", error))?;
        Ok(signed.uri().to_owned())
    }
}

fn expires() -> Result<PresigningConfig, FileError> {
    PresigningConfig::expires_in(EXPIRES).map_err(|error| FileError::Unavailable(error.into()))
}

/// The key of an uploaded file.
pub fn uploaded(key: ImportKey) -> String {
    format!("imports/{}/{}.csv", key.customer_id, key.import_id)
}

/// The key of the file with the rows of a workbook. No notification is sent about these files.
pub fn unpacked(key: ImportKey) -> String {
    format!("unpacked/{}/{}.csv", key.customer_id, key.import_id)
}

/// The key of the file of rejected rows.
pub fn rejected_rows(key: ImportKey) -> String {
    format!("rejects/{}/{}.csv", key.customer_id, key.import_id)
}

/// The import whose file has this key.
fn import_of(key: &str) -> Option<ImportKey> {
    let name = key.strip_prefix("imports/")?.strip_suffix(".csv")?;
    let (customer_id, import_id) = name.split_once('/')?;
    Some(ImportKey {
        customer_id: customer_id.parse().ok()?,
        import_id: import_id.parse().ok()?,
    })
}

/// A missing file, or one that does not match the condition, is gone. In all other cases S3 is unavailable.
fn not_read<E, R>(call: &'static str, error: SdkError<E, R>) -> FileError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    R: Status + fmt::Debug + Send + Sync + 'static,
{
    match error.raw_response().map(Status::status_code) {
        Some(404 | 412) => FileError::Gone,
        _ => failed(call, error),
    }
}

/// S3 is unavailable, or does not know the upload or the bucket any more. Another run may succeed.
fn failed<E, R>(call: &'static str, error: SdkError<E, R>) -> FileError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    R: fmt::Debug + Send + Sync + 'static,
{
    FileError::Unavailable(CallFailed::new(call, error).into())
}

/// The status of an HTTP answer.
trait Status {
    fn status_code(&self) -> u16;
}

impl Status for aws_sdk_s3::config::http::HttpResponse {
    fn status_code(&self) -> u16 {
        self.status().as_u16()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_leads_back_to_its_import() {
        let key = ImportKey {
            customer_id: "c3a48a72-0061-70a5-1b6c-3f2c1a9d0b11".parse().unwrap(),
            import_id: "0197c56d-d900-7b6e-9d2f-4a1e5b7c8d90".parse().unwrap(),
        };
        assert_eq!(import_of(&uploaded(key)), Some(key));
        for other in ["", "imports/a/b.csv", "imports/x.csv", &rejected_rows(key)] {
            assert_eq!(import_of(other), None);
        }
    }
}
