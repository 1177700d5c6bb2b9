//! The pictures of an order, and the PIN of its recipient.

use domain::{OrderId, OrderProofs, Proof, RecipientPin, Timestamp};
use serde::{Deserialize, Serialize};

use super::claim::whole_seconds;
use crate::dynamodb::keys;

/// The pictures of an order.
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredProofs {
    claim: String,
    order_id: OrderId,
    proofs: Vec<Proof>,
    version: u64,
    pub(crate) expires_at_s: i64,
}

impl StoredProofs {
    pub(crate) fn new(proofs: &OrderProofs, forgotten_at: Timestamp) -> Self {
        Self {
            claim: keys::proofs_claim(proofs.order_id),
            order_id: proofs.order_id,
            proofs: proofs.proofs.clone(),
            version: proofs.version,
            expires_at_s: whole_seconds(forgotten_at),
        }
    }
}

impl From<StoredProofs> for OrderProofs {
    fn from(stored: StoredProofs) -> Self {
        Self {
            order_id: stored.order_id,
            proofs: stored.proofs,
            version: stored.version,
        }
    }
}

/// The PIN of an order, and the tries since the last right one.
#[derive(Deserialize)]
pub(crate) struct StoredPin {
    pub(crate) pin: RecipientPin,
    #[serde(default)]
    pub(crate) tries: u32,
}
