//! What the person at the door sees of the proof: the PIN before the delivery, and the photo after it.

use std::sync::Arc;

use domain::proof::ProofState;
use domain::tracking::LONGEST_LINK;
use domain::{Order, OrderStatus, ProofKind, StopKind, Timestamp};
use jiff::SignedDuration;

use crate::ports::{ProofKey, ProofStore, ProofUrls, RecipientPins, Secrets};
use crate::refusal::Refusal;

/// The proof of an order, for its recipient.
#[derive(Clone)]
pub struct ShowProof {
    /// The PINs of recipients.
    pub pins: Arc<dyn RecipientPins>,
    /// Makes PINs.
    pub secrets: Arc<dyn Secrets>,
    /// The records of pictures.
    pub proofs: Arc<dyn ProofStore>,
    /// Signs URLs.
    pub urls: Arc<dyn ProofUrls>,
    /// How long pictures are kept.
    pub kept_for: SignedDuration,
}

impl ShowProof {
    /// The PIN of an order that needs one and has not ended. The first look makes the PIN, and of two looks at the same
    /// moment one does. Nobody but the recipient needs the PIN, so it does not exist before.
    pub(super) async fn pin(
        &self,
        order: &Order,
        now: Timestamp,
    ) -> Result<Option<String>, Refusal> {
        if !order.requires_proof.dropoff.pin || !order.takes_note() {
            return Ok(None);
        }
        let forgotten_at = now.checked_add(LONGEST_LINK).unwrap_or(now);
        let fresh = self.secrets.recipient_pin();
        let pin = self.pins.pin_or(order.id, &fresh, forgotten_at).await?;
        Ok(Some(pin.digits().to_owned()))
    }

    /// A link to the last photo of a delivery.
    pub(super) async fn photo(
        &self,
        order: &Order,
        now: Timestamp,
    ) -> Result<Option<String>, Refusal> {
        if order.status != OrderStatus::Delivered {
            return Ok(None);
        }
        let stored = self.proofs.proofs(order.id, now).await?;
        let proofs = stored.map(|stored| stored.proofs).unwrap_or_default();
        let photo = proofs.iter().rev().find(|proof| {
            (proof.kind, proof.stop) == (ProofKind::Photo, StopKind::Dropoff)
                && matches!(proof.state, ProofState::Kept { .. })
                && proof.is_kept_at(now, self.kept_for)
        });
        let Some(photo) = photo else {
            return Ok(None);
        };
        let key = ProofKey {
            order_id: order.id,
            proof_id: photo.proof_id,
        };
        let url = self.urls.download_url(key, photo.kind).await?;
        Ok(Some(url))
    }
}
