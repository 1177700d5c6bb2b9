//! The contract that every implementation of a port must keep. The tests run it against the in-memory ports here, and
//! against the real ones in `adapters`.
//!
//! Each suite makes its own ids, zones and addresses, so that it works on a store that others use at the same time. It
//! waits until an index has caught up with the records. A suite panics at the first difference.
#![expect(
    clippy::disallowed_methods,
    reason = "a real store keeps what earlier runs left: ids are new each time, and waiting takes real time"
)]

pub mod files;
mod fresh;
pub mod identity;
pub mod imports;
pub mod leases;
pub mod ledger;
pub mod legs;
pub mod listings;
pub mod locating;
pub mod locations;
pub mod mail;
pub mod orders;
pub mod outboxes;
pub mod pending;
pub mod pending_bounds;
pub mod places;
pub mod placing;
pub mod profiles;
pub mod promises;
pub mod proofs;
pub mod put_aside;
pub mod queues;
pub mod recipients;
pub mod routes;
pub mod sweep;
pub mod texts;
pub mod tracking;
pub mod users;
pub mod without_agents;

use std::future::Future;
use std::time::{Duration, Instant};

use app::ports::{DispatchLedger, OrderStore, RouteStore, StoreError, UserStore};

pub use fresh::Fresh;

/// How long an index may lag behind the records.
const LAG: Duration = Duration::from_secs(20);

/// The stores that one transaction changes together.
#[derive(Clone, Copy)]
pub struct Stores<'a> {
    /// The users.
    pub users: &'a dyn UserStore,
    /// The orders.
    pub orders: &'a dyn OrderStore,
    /// The routes.
    pub routes: &'a dyn RouteStore,
    /// The transactions over all of them.
    pub ledger: &'a dyn DispatchLedger,
}

/// Waits until a condition holds. An index may show it late.
pub async fn eventually<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    let begun = Instant::now();
    while !holds().await {
        assert!(begun.elapsed() < LAG, "still not so: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Asserts that a write lost against the stored record.
#[track_caller]
pub(crate) fn assert_conflict<T: std::fmt::Debug>(result: Result<T, StoreError>, what: &str) {
    assert!(
        matches!(result, Err(StoreError::Conflict)),
        "{what}: a conflict was due, not {result:?}"
    );
}

/// Asserts that exactly one of many concurrent writes was made, and returns its position.
#[track_caller]
pub(crate) fn the_winner<T: std::fmt::Debug>(results: &[Result<T, StoreError>]) -> usize {
    let won: Vec<usize> = (0..results.len()).filter(|i| results[*i].is_ok()).collect();
    let lost = results
        .iter()
        .filter(|r| matches!(r, Err(StoreError::Conflict)));
    assert_eq!(won.len(), 1, "exactly one is to win: {results:?}");
    assert_eq!(
        lost.count(),
        results.len() - 1,
        "the others are to lose: {results:?}"
    );
    won[0]
}
