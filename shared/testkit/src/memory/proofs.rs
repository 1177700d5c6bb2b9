//! Pictures that prove pickups and deliveries, and the PINs of recipients.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use app::ports::{
    FileError, KeptPicture, PictureReader, PinTry, ProofFiles, ProofKey, ProofStore, ProofUrls,
    RecipientPins, StoreError, UploadUrl,
};
use async_trait::async_trait;
use domain::proof::{NewProof, ProofFault};
use domain::{OrderId, OrderProofs, ProofKind, RecipientPin, Timestamp};

use super::MemoryStore;

/// The pictures of an order, and when they are forgotten.
#[derive(Debug)]
pub(super) struct ProofsRecord {
    proofs: OrderProofs,
    forgotten_at: Timestamp,
}

/// A PIN and the tries since the last right one.
#[derive(Debug)]
pub(super) struct PinRecord {
    pin: RecipientPin,
    tries: u32,
}

#[async_trait]
impl ProofStore for MemoryStore {
    async fn proofs(
        &self,
        order_id: OrderId,
        now: Timestamp,
    ) -> Result<Option<OrderProofs>, StoreError> {
        let tables = self.tables();
        let found = tables.proofs.get(&order_id);
        let kept = found.filter(|record| record.forgotten_at > now);
        Ok(kept.map(|record| record.proofs.clone()))
    }

    async fn put_proofs(
        &self,
        proofs: &OrderProofs,
        forgotten_at: Timestamp,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(|tables| {
            let stored = tables.proofs.get(&proofs.order_id);
            let stored = stored.filter(|it| proofs.version > 1 || it.forgotten_at > now);
            let version = stored.map_or(0, |record| record.proofs.version);
            if version + 1 != proofs.version {
                return Err(StoreError::Conflict);
            }
            let record = ProofsRecord {
                proofs: proofs.clone(),
                forgotten_at,
            };
            tables.proofs.insert(proofs.order_id, record);
            Ok(())
        })
    }
}

#[async_trait]
impl RecipientPins for MemoryStore {
    async fn pin_or(
        &self,
        order_id: OrderId,
        fresh: &RecipientPin,
        _forgotten_at: Timestamp,
    ) -> Result<RecipientPin, StoreError> {
        let mut tables = self.tables();
        let record = tables.pins.entry(order_id).or_insert_with(|| PinRecord {
            pin: fresh.clone(),
            tries: 0,
        });
        Ok(record.pin.clone())
    }

    async fn count_try(&self, order_id: OrderId, most: u32) -> Result<PinTry, StoreError> {
        let mut tables = self.tables();
        let Some(record) = tables.pins.get_mut(&order_id) else {
            return Ok(PinTry::NoPin);
        };
        if record.tries >= most {
            return Ok(PinTry::UsedUp);
        }
        record.tries += 1;
        Ok(PinTry::Counted {
            pin: record.pin.clone(),
            left: most - record.tries,
        })
    }

    async fn forget_tries(&self, order_id: OrderId) -> Result<(), StoreError> {
        if let Some(record) = self.tables().pins.get_mut(&order_id) {
            record.tries = 0;
        }
        Ok(())
    }
}

/// The files of pictures.
#[derive(Debug, Default, Clone)]
pub struct MemoryProofFiles(Arc<Mutex<Folders>>);

#[derive(Debug, Default)]
struct Folders {
    uploads: HashMap<ProofKey, Vec<u8>>,
    copies: HashMap<(ProofKey, ProofKind), Vec<u8>>,
    failing_deletes: u32,
}

impl MemoryProofFiles {
    /// Uploads a picture.
    pub fn upload(&self, key: ProofKey, bytes: impl Into<Vec<u8>>) {
        self.0.lock().unwrap().uploads.insert(key, bytes.into());
    }

    /// Whether there is an upload.
    pub fn has_upload(&self, key: ProofKey) -> bool {
        self.0.lock().unwrap().uploads.contains_key(&key)
    }

    /// The copy that is kept.
    pub fn copy_of(&self, key: ProofKey, kind: ProofKind) -> Option<Vec<u8>> {
        self.0.lock().unwrap().copies.get(&(key, kind)).cloned()
    }

    /// Lets the next deletion fail.
    pub fn fail_next_delete(&self) {
        self.0.lock().unwrap().failing_deletes = 1;
    }
}

#[async_trait]
impl ProofUrls for MemoryProofFiles {
    async fn upload_url(&self, key: ProofKey, new: &NewProof) -> Result<UploadUrl, FileError> {
        Ok(UploadUrl {
            url: format!("https://files.example/{}/{}", key.order_id, key.proof_id),
            headers: vec![
                ("Content-Length", new.size_bytes.to_string()),
                ("Content-Type", new.content_type.name().to_owned()),
                ("If-None-Match", "*".to_owned()),
                ("x-amz-checksum-sha256", new.sha256.clone()),
            ],
        })
    }

    async fn download_url(&self, key: ProofKey, kind: ProofKind) -> Result<String, FileError> {
        let ProofKey { order_id, proof_id } = key;
        Ok(format!(
            "https://files.example/kept/{order_id}/{proof_id}?{kind}"
        ))
    }
}

#[async_trait]
impl ProofFiles for MemoryProofFiles {
    async fn read_upload(&self, key: ProofKey, most: u64) -> Result<Option<Vec<u8>>, FileError> {
        let folders = self.0.lock().unwrap();
        let upload = folders.uploads.get(&key).cloned();
        Ok(upload.map(|mut bytes| {
            bytes.truncate(most as usize + 1);
            bytes
        }))
    }

    async fn keep_copy(
        &self,
        key: ProofKey,
        kind: ProofKind,
        bytes: Vec<u8>,
    ) -> Result<(), FileError> {
        let mut folders = self.0.lock().unwrap();
        folders.copies.insert((key, kind), bytes);
        Ok(())
    }

    async fn delete_upload(&self, key: ProofKey) -> Result<(), FileError> {
        let mut folders = self.0.lock().unwrap();
        if folders.failing_deletes > 0 {
            folders.failing_deletes -= 1;
            return Err(FileError::Unavailable(super::away()));
        }
        folders.uploads.remove(&key);
        Ok(())
    }
}

/// Takes texts that begin with `picture` for pictures of one pixel.
#[derive(Debug, Default, Clone, Copy)]
pub struct OnePixel;

impl PictureReader for OnePixel {
    fn written_anew(&self, bytes: &[u8], _kind: ProofKind) -> Result<KeptPicture, ProofFault> {
        if !bytes.starts_with(b"picture") {
            return Err(ProofFault::NotAPicture);
        }
        Ok(KeptPicture {
            bytes: b"copy".to_vec(),
            width: 1,
            height: 1,
        })
    }
}
