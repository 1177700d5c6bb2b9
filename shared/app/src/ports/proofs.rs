//! Proof of pickups and deliveries: the records, the files, and the recipients' PINs.

use async_trait::async_trait;
use domain::proof::{NewProof, ProofFault};
use domain::{OrderId, OrderProofs, ProofId, ProofKind, RecipientPin, Timestamp};
use serde::{Deserialize, Serialize};

use super::{FileError, StoreError, UploadUrl};

/// A picture of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ProofKey {
    /// The order.
    pub order_id: OrderId,
    /// The picture.
    pub proof_id: ProofId,
}

/// The records of pictures.
#[async_trait]
pub trait ProofStore: Send + Sync {
    /// The pictures of an order. `None` if there are none, or if all of them are forgotten at `now`.
    async fn proofs(
        &self,
        order_id: OrderId,
        now: Timestamp,
    ) -> Result<Option<OrderProofs>, StoreError>;

    /// Writes the pictures of an order on the condition of their version. Version 1 also replaces a record that is
    /// forgotten at `now`. The record is forgotten at `forgotten_at`.
    async fn put_proofs(
        &self,
        proofs: &OrderProofs,
        forgotten_at: Timestamp,
        now: Timestamp,
    ) -> Result<(), StoreError>;
}

/// The result of a try with a PIN. The try is counted before the PIN is known, so that tries at the same moment count
/// too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PinTry {
    /// The try is counted. The PIN, and the number of tries that are left after this one.
    Counted {
        /// The right PIN.
        pin: RecipientPin,
        /// The tries that are left.
        left: u32,
    },
    /// All tries are used up.
    UsedUp,
    /// The recipient has not opened the tracking page, so there is no PIN.
    NoPin,
}

/// The PINs of recipients. They are apart from the orders, so that nobody who reads an order reads its PIN.
#[async_trait]
pub trait RecipientPins: Send + Sync {
    /// The PIN of an order. If there is none, `fresh` becomes the PIN. It is forgotten at `forgotten_at`.
    async fn pin_or(
        &self,
        order_id: OrderId,
        fresh: &RecipientPin,
        forgotten_at: Timestamp,
    ) -> Result<RecipientPin, StoreError>;

    /// Counts a try, if fewer than `most` are counted.
    async fn count_try(&self, order_id: OrderId, most: u32) -> Result<PinTry, StoreError>;

    /// Counts from zero again, after the right PIN.
    async fn forget_tries(&self, order_id: OrderId) -> Result<(), StoreError>;
}

/// Signed URLs of pictures.
#[async_trait]
pub trait ProofUrls: Send + Sync {
    /// The URL for one upload of exactly these bytes. It ends after ten minutes.
    async fn upload_url(&self, key: ProofKey, new: &NewProof) -> Result<UploadUrl, FileError>;

    /// The URL for a kept picture, as an attachment. It ends after five minutes.
    async fn download_url(&self, key: ProofKey, kind: ProofKind) -> Result<String, FileError>;
}

/// The files of pictures: uploads, which nobody can download, and the copies that are kept.
#[async_trait]
pub trait ProofFiles: Send + Sync {
    /// The bytes of an upload: at most `most` and one more, so that a longer file shows. `None` if there is no upload.
    async fn read_upload(&self, key: ProofKey, most: u64) -> Result<Option<Vec<u8>>, FileError>;

    /// Keeps a copy, in place of an earlier one.
    async fn keep_copy(
        &self,
        key: ProofKey,
        kind: ProofKind,
        bytes: Vec<u8>,
    ) -> Result<(), FileError>;

    /// Deletes an upload. It may be deleted already.
    async fn delete_upload(&self, key: ProofKey) -> Result<(), FileError>;
}

/// A picture, written anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptPicture {
    /// The file: a JPEG for a photo, a PNG for a signature.
    pub bytes: Vec<u8>,
    /// The width, in pixels.
    pub width: u32,
    /// The height, in pixels.
    pub height: u32,
}

/// Reads pictures of strangers.
pub trait PictureReader: Send + Sync {
    /// Writes a JPEG or a PNG anew: upright, at most 2,000 pixels on the longer side, and without metadata.
    ///
    /// # Errors
    /// [`ProofFault::NotAPicture`] or [`ProofFault::TooLarge`].
    fn written_anew(&self, bytes: &[u8], kind: ProofKind) -> Result<KeptPicture, ProofFault>;
}
