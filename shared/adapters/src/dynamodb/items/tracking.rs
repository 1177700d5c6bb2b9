//! Tracking links: an item that a token's hash leads to, and an item that knows the current link of an order.

use domain::{OrderId, Timestamp};
use serde::{Deserialize, Serialize};

use super::claim::whole_seconds;
use crate::dynamodb::keys;

/// A link. The item also has `minute` and `uses`, the uses in that minute, since the link was used.
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredLink {
    claim: String,
    pub(crate) order_id: OrderId,
    pub(crate) expires_at_s: i64,
}

impl StoredLink {
    pub(crate) fn new(token_hash: &str, order_id: OrderId, expires_at: Timestamp) -> Self {
        Self {
            claim: keys::tracking_claim(token_hash),
            order_id,
            expires_at_s: whole_seconds(expires_at),
        }
    }
}

/// The current link of an order.
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredCurrentLink {
    claim: String,
    pub(crate) token_hash: String,
    expires_at_s: i64,
}

impl StoredCurrentLink {
    pub(crate) fn new(token_hash: &str, order_id: OrderId, expires_at: Timestamp) -> Self {
        Self {
            claim: keys::tracking_of_claim(order_id),
            token_hash: token_hash.to_owned(),
            expires_at_s: whole_seconds(expires_at),
        }
    }
}
