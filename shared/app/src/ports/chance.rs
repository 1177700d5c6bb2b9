//! Time, ids and chance, injected so that tests can hold them still.

use domain::{ImportId, OrderId, RouteId, Timestamp};

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Now, in whole milliseconds.
    fn now(&self) -> Timestamp;
}

/// Makes ids of UUID version 7: later ones sort after earlier ones.
pub trait Ids: Send + Sync {
    /// A new order's.
    fn order_id(&self) -> OrderId;
    /// A new route's.
    fn route_id(&self) -> RouteId;
    /// A new import's.
    fn import_id(&self) -> ImportId;
}

/// Spreads out what would otherwise happen at the same moment.
pub trait Jitter: Send + Sync {
    /// A whole number from 0 to `most`, each as likely.
    fn up_to(&self, most: u32) -> u32;
}
