//! `store-proof`: keeps a copy of a picture that an agent has uploaded, and deletes the upload.

use std::sync::Arc;

use domain::proof::{LARGEST_UPLOAD_BYTES, ProofFault, ProofState};
use domain::{OrderProofs, Proof, Timestamp};
use jiff::SignedDuration;

use crate::digest::sha256_hex;
use crate::ports::{
    Clock, Jitter, KeptPicture, PictureReader, ProofFiles, ProofKey, ProofStore, StoreError,
};
use crate::refusal::Refusal;
use crate::retry::Attempts;

/// `store-proof`
pub struct StoreProof {
    /// The records of pictures.
    pub proofs: Arc<dyn ProofStore>,
    /// The files.
    pub files: Arc<dyn ProofFiles>,
    /// Reads pictures.
    pub reader: Arc<dyn PictureReader>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Spreads the attempts of runs that change the same record.
    pub jitter: Arc<dyn Jitter>,
    /// How long pictures are kept.
    pub kept_for: SignedDuration,
}

/// What became of an upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    /// A copy is kept.
    Kept,
    /// Nothing is kept.
    Refused(ProofFault),
    /// The upload was read before, is gone, or belongs to no picture.
    NothingToDo,
}

impl StoreProof {
    /// Reads an upload, keeps a copy without metadata, notes what became of it, and deletes the upload.
    ///
    /// The order of these steps makes a crash harmless: the message comes again and repeats what is missing. A message
    /// that comes twice finds the picture read and deletes the upload. Of two runs at the same moment, both write the
    /// same copy, and the loser finds the record changed.
    ///
    /// # Errors
    /// If a dependency is unavailable. The message then comes again.
    pub async fn run(&self, key: ProofKey) -> Result<Stored, Refusal> {
        let stored = self.record(key, self.clock.now()).await?;
        let Some(proof) = stored.as_ref().and_then(|it| it.proof(key.proof_id)) else {
            return self.nothing_to_do(key).await;
        };
        if proof.state != ProofState::Awaited {
            return self.nothing_to_do(key).await;
        }
        let Some(bytes) = self.files.read_upload(key, LARGEST_UPLOAD_BYTES).await? else {
            return Ok(Stored::NothingToDo);
        };
        let picture = self.read(proof, &bytes);
        drop(bytes);
        let now = self.clock.now();
        let (state, outcome) = match picture {
            Ok(picture) => {
                let (width, height) = (picture.width, picture.height);
                self.files.keep_copy(key, proof.kind, picture.bytes).await?;
                let kept = ProofState::Kept {
                    read_at: now,
                    width,
                    height,
                };
                (kept, Stored::Kept)
            }
            Err(because) => {
                let refused = ProofState::Refused {
                    read_at: now,
                    because,
                };
                (refused, Stored::Refused(because))
            }
        };
        self.note(key, state).await?;
        self.files.delete_upload(key).await?;
        Ok(outcome)
    }

    async fn nothing_to_do(&self, key: ProofKey) -> Result<Stored, Refusal> {
        self.files.delete_upload(key).await?;
        Ok(Stored::NothingToDo)
    }

    /// The file store checks length and digest, too. A picture that nobody announced must not be kept even if it does
    /// not.
    fn read(&self, proof: &Proof, bytes: &[u8]) -> Result<KeptPicture, ProofFault> {
        if bytes.len() as u64 != proof.size_bytes || sha256_hex(bytes) != proof.sha256 {
            return Err(ProofFault::NotAsAnnounced);
        }
        self.reader.written_anew(bytes, proof.kind)
    }

    async fn note(&self, key: ProofKey, state: ProofState) -> Result<(), Refusal> {
        let mut attempts = Attempts::new(self.jitter.as_ref());
        loop {
            let now = self.clock.now();
            let stored = self.record(key, now).await?;
            let Some(changed) = stored.and_then(|it| it.read(key.proof_id, state)) else {
                return Ok(());
            };
            let forgotten_at = changed.forgotten_at(self.kept_for);
            match self.proofs.put_proofs(&changed, forgotten_at, now).await {
                Ok(()) => return Ok(()),
                Err(StoreError::Conflict) => attempts.pause().await?,
                Err(error) => return Err(error.into()),
            }
        }
    }

    async fn record(
        &self,
        key: ProofKey,
        now: Timestamp,
    ) -> Result<Option<OrderProofs>, StoreError> {
        self.proofs.proofs(key.order_id, now).await
    }
}
