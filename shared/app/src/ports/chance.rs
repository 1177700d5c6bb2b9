//! Time, ids and randomness. Tests replace them with fixed values.

use domain::{ImportId, OrderId, ProofId, RecipientPin, RouteId, Timestamp, TrackingToken};

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Now, in whole milliseconds.
    fn now(&self) -> Timestamp;
}

/// Makes UUIDs of version 7: later ids sort after earlier ones.
pub trait Ids: Send + Sync {
    /// A new order id.
    fn order_id(&self) -> OrderId;
    /// A new route id.
    fn route_id(&self) -> RouteId;
    /// A new import id.
    fn import_id(&self) -> ImportId;
    /// A new id for a picture.
    fn proof_id(&self) -> ProofId;
}

/// Spreads out calls that would otherwise happen at the same moment.
pub trait Jitter: Send + Sync {
    /// A whole number from 0 to `most`. All numbers are equally likely.
    fn up_to(&self, most: u32) -> u32;
}

/// Makes secrets that nobody can guess.
pub trait Secrets: Send + Sync {
    /// A new secret for a tracking link.
    fn tracking_token(&self) -> TrackingToken;
    /// A new PIN of a recipient. All PINs are equally likely.
    fn recipient_pin(&self) -> RecipientPin;
}
