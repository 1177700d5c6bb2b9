//! The bucket of changes that could not be published. Lambda stores its own failures there too, under `aws/lambda/`.

use app::ports::{FileError, UnreadableChanges};
use async_trait::async_trait;
use aws_sdk_s3::Client;
use settings::resources::FailedEventsBucket;

use super::not_read;

/// Changes that cannot be read, in the bucket for failed events.
#[derive(Debug, Clone)]
pub struct S3UnreadableChanges {
    client: Client,
    bucket: FailedEventsBucket,
}

impl S3UnreadableChanges {
    /// In this bucket.
    pub fn new(client: &Client, bucket: &FailedEventsBucket) -> Self {
        Self {
            client: client.clone(),
            bucket: bucket.clone(),
        }
    }
}

#[async_trait]
impl UnreadableChanges for S3UnreadableChanges {
    async fn put_aside(&self, id: &str, record: String) -> Result<(), FileError> {
        let put = self
            .client
            .put_object()
            .bucket(self.bucket.as_str())
            .key(unreadable(id))
            .content_type("application/json")
            .if_none_match("*")
            .body(record.into_bytes().into());
        match put.send().await {
            Ok(_) => Ok(()),
            // The stream delivered the record before, and it is kept.
            Err(error) => match not_read("PutObject", error) {
                FileError::Gone => Ok(()),
                error => Err(error),
            },
        }
    }
}

/// The key of a record with this id.
pub fn unreadable(id: &str) -> String {
    format!("unreadable/{id}.json")
}
