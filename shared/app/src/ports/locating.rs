//! How addresses of imports are placed: their progress, and the turns to ask the geocoder.

use async_trait::async_trait;
use domain::import::Locating;
use domain::{ImportId, RowFault, Timestamp};
use jiff::SignedDuration;

use super::StoreError;

/// The progress of the imports whose addresses have to be placed.
#[async_trait]
pub trait LocatingStore: Send + Sync {
    /// The progress of an import; with version 0 if none is stored.
    async fn locating(&self, id: ImportId) -> Result<Locating, StoreError>;

    /// Writes the progress on the condition of its version, together with the faults of the rows since the version
    /// before, both or neither. The faults are sorted by row.
    async fn put_locating(
        &self,
        locating: &Locating,
        faults: &[RowFault],
    ) -> Result<(), StoreError>;

    /// The faults of the rows whose orders failed, sorted by row. As
    /// [`row_faults`](super::ImportStore::row_faults), the answer has whole writes after the row `after`.
    async fn unplaced_rows(
        &self,
        id: ImportId,
        after: u32,
        limit: usize,
    ) -> Result<Vec<RowFault>, StoreError>;
}

/// A turn to ask the geocoder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// The turn is taken. It is at this time: now, or soon.
    At(Timestamp),
    /// No turn is taken. The next one is at this time.
    NotBefore(Timestamp),
}

/// The turns to ask the geocoder, shared by all function instances: a token bucket that holds one token. And claims on
/// addresses, so that two instances do not ask for one address at once.
///
/// Both only save requests. A lost turn costs a moment, and a claim ends by itself.
#[async_trait]
pub trait GeocoderTurns: Send + Sync {
    /// Takes the next turn, if it is at most `within` after `now`. Two turns are at least `apart`.
    async fn take_turn(
        &self,
        apart: SignedDuration,
        now: Timestamp,
        within: SignedDuration,
    ) -> Result<Turn, StoreError>;

    /// Gives no turn before this time. A time that is earlier than the next turn changes nothing.
    async fn rest_until(&self, time: Timestamp) -> Result<(), StoreError>;

    /// Claims an address, by its key in the cache, if nobody else has a claim on it that lasts at `now`.
    async fn claim(
        &self,
        key: &str,
        owner: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Ends the owner's claim on an address. Nothing happens if somebody else has it.
    async fn give_up(&self, key: &str, owner: &str) -> Result<(), StoreError>;
}
