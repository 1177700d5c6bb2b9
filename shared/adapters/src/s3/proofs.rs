//! The files of proofs, on S3.
//!
//! | file | key |
//! | --- | --- |
//! | as an agent uploaded it, until it is read | `proof-uploads/<order_id>/<proof_id>` |
//! | the copy that is kept | `proofs/<order_id>/<proof_id>.jpg` or `.png` |

use std::time::Duration;

use app::ports::{FileError, ProofFiles, ProofKey, ProofUrls, UploadUrl};
use async_trait::async_trait;
use aws_sdk_s3::Client;
use aws_sdk_s3::presigning::PresigningConfig;
use base64::prelude::{BASE64_STANDARD, Engine as _};
use domain::ProofKind;
use domain::proof::{NewProof, PictureType};
use serde::{Deserialize, Deserializer};
use settings::resources::UploadsBucket;

use super::{expires, failed, not_read};

/// How long a link to a picture can be used.
const DOWNLOAD_EXPIRES: Duration = Duration::from_secs(300);
const UPLOADS: &str = "proof-uploads/";

/// The pictures in the bucket of uploads.
#[derive(Debug, Clone)]
pub struct S3Proofs {
    client: Client,
    bucket: UploadsBucket,
}

impl S3Proofs {
    /// In this bucket.
    pub fn new(client: &Client, bucket: &UploadsBucket) -> Self {
        Self {
            client: client.clone(),
            bucket: bucket.clone(),
        }
    }
}

#[async_trait]
impl ProofUrls for S3Proofs {
    async fn upload_url(&self, key: ProofKey, new: &NewProof) -> Result<UploadUrl, FileError> {
        let digest = digest_in_base64(&new.sha256)?;
        let put = self
            .client
            .put_object()
            .bucket(self.bucket.as_str())
            .key(uploaded(key))
            .content_type(new.content_type.name())
            .content_length(i64::try_from(new.size_bytes).unwrap_or(i64::MAX))
            .checksum_sha256(&digest)
            .if_none_match("*");
        let signed = put.presigned(expires()?).await;
        let signed = signed.map_err(|error| failed("PutObject", error))?;
        Ok(UploadUrl {
            url: signed.uri().to_owned(),
            headers: vec![
                ("Content-Length", new.size_bytes.to_string()),
                ("Content-Type", new.content_type.name().to_owned()),
                ("If-None-Match", "*".to_owned()),
                ("x-amz-checksum-sha256", digest),
            ],
        })
    }

    async fn download_url(&self, key: ProofKey, kind: ProofKind) -> Result<String, FileError> {
        let format = format_of(kind);
        let name = format!("{}.{}", key.proof_id, extension(format));
        let get = self
            .client
            .get_object()
            .bucket(self.bucket.as_str())
            .key(kept(key, kind))
            .response_content_type(format.name())
            .response_content_disposition(format!("attachment; filename=\"{name}\""));
        let expires = PresigningConfig::expires_in(DOWNLOAD_EXPIRES);
        let expires = expires.map_err(|error| FileError::Unavailable(error.into()))?;
        let signed = get.presigned(expires).await;
        let signed = signed.map_err(|error| failed("GetObject", error))?;
        Ok(signed.uri().to_owned())
    }
}

#[async_trait]
impl ProofFiles for S3Proofs {
    async fn read_upload(&self, key: ProofKey, most: u64) -> Result<Option<Vec<u8>>, FileError> {
        let get = self.client.get_object().bucket(self.bucket.as_str());
        let answer = match get.key(uploaded(key)).send().await {
            Ok(answer) => answer,
            Err(error) => {
                return match not_read("GetObject", error) {
                    FileError::Gone => Ok(None),
                    error => Err(error),
                };
            }
        };
        let (mut body, mut bytes) = (answer.body, Vec::new());
        while let Some(piece) = body.next().await {
            bytes.extend_from_slice(&piece.map_err(|error| FileError::Unavailable(error.into()))?);
            if bytes.len() as u64 > most {
                break;
            }
        }
        Ok(Some(bytes))
    }

    async fn keep_copy(
        &self,
        key: ProofKey,
        kind: ProofKind,
        bytes: Vec<u8>,
    ) -> Result<(), FileError> {
        // Two runs at the same moment write the same copy, so the write needs no condition.
        let put = self
            .client
            .put_object()
            .bucket(self.bucket.as_str())
            .key(kept(key, kind))
            .content_type(format_of(kind).name())
            .body(bytes.into());
        let put = put.send().await;
        put.map(|_| ()).map_err(|error| failed("PutObject", error))
    }

    async fn delete_upload(&self, key: ProofKey) -> Result<(), FileError> {
        let delete = self.client.delete_object().bucket(self.bucket.as_str());
        let deleted = delete.key(uploaded(key)).send().await;
        deleted
            .map(|_| ())
            .map_err(|error| failed("DeleteObject", error))
    }
}

/// S3 wants the digest in base64.
fn digest_in_base64(sha256: &str) -> Result<String, FileError> {
    let bytes = base16ct::lower::decode_vec(sha256);
    let bytes = bytes.map_err(|_| FileError::Unavailable("a digest is not hexadecimal".into()))?;
    Ok(BASE64_STANDARD.encode(bytes))
}

fn format_of(kind: ProofKind) -> PictureType {
    match kind {
        ProofKind::Photo => PictureType::Jpeg,
        ProofKind::Signature => PictureType::Png,
    }
}

fn extension(format: PictureType) -> &'static str {
    match format {
        PictureType::Jpeg => "jpg",
        PictureType::Png => "png",
    }
}

/// The key of an upload.
pub fn uploaded(key: ProofKey) -> String {
    format!("{UPLOADS}{}/{}", key.order_id, key.proof_id)
}

/// The key of the copy that is kept. No notification is sent about these files.
pub fn kept(key: ProofKey, kind: ProofKind) -> String {
    let extension = extension(format_of(kind));
    format!("proofs/{}/{}.{extension}", key.order_id, key.proof_id)
}

fn proof_of(key: &str) -> Option<ProofKey> {
    let (order_id, proof_id) = key.strip_prefix(UPLOADS)?.split_once('/')?;
    Some(ProofKey {
        order_id: order_id.parse().ok()?,
        proof_id: proof_id.parse().ok()?,
    })
}

/// The upload that an event of S3 reports through EventBridge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UploadedProof(pub ProofKey);

#[derive(Deserialize)]
struct Event {
    detail: Detail,
}

#[derive(Deserialize)]
struct Detail {
    object: Object,
}

#[derive(Deserialize)]
struct Object {
    /// Not encoded: the event that S3 sends to queues has the key in another form.
    key: String,
}

impl<'de> Deserialize<'de> for UploadedProof {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let event = Event::deserialize(deserializer)?;
        let key = proof_of(&event.detail.object.key);
        let unknown = || serde::de::Error::custom("it is about no picture");
        key.map(Self).ok_or_else(unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ORDER: &str = "0197c56d-d900-7b6e-9d2f-4a1e5b7c8d90";
    const PROOF: &str = "0197c56d-d900-7b6e-9d2f-4a1e5b7c8d91";

    #[test]
    fn an_event_names_its_picture() {
        let key = ProofKey {
            order_id: ORDER.parse().unwrap(),
            proof_id: PROOF.parse().unwrap(),
        };
        let read = |key: &str| {
            let event = json!({"source": "aws.s3", "detail": {"object": {"key": key, "size": 7}}});
            serde_json::from_value::<UploadedProof>(event).ok()
        };
        assert_eq!(read(&uploaded(key)), Some(UploadedProof(key)));
        for other in ["", "proof-uploads/x/y", &kept(key, ProofKind::Photo)] {
            assert_eq!(read(other), None);
        }
    }

    #[test]
    fn s3_gets_the_digest_in_its_own_form() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let base64 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
        assert_eq!(digest_in_base64(empty).unwrap(), base64);
        assert!(digest_in_base64("zz").is_err());
    }
}
