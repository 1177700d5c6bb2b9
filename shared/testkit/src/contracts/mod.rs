//! What every implementation of a port must do: run against the in-memory ports here, and against the real ones
//! in `adapters`.
//!
//! Each suite makes ids, zones and addresses of its own, so that it works on a store that others use at the
//! same time, and waits for what a port calls a hint. It panics with what is not as it should be.

pub mod claims;
pub mod files;
mod fresh;
pub mod identity;
pub mod imports;
pub mod leases;
pub mod ledger;
pub mod legs;
pub mod listings;
pub mod mail;
pub mod orders;
pub mod pending;
pub mod places;
pub mod placing;
pub mod queues;
pub mod routes;
pub mod users;

use std::future::Future;
use std::time::{Duration, Instant};

use app::ports::{DispatchLedger, OrderStore, RouteStore, StoreError, UserStore};

pub use fresh::Fresh;

/// For so long a hint may lag behind the records.
const LAG: Duration = Duration::from_secs(20);

/// The stores that change together.
#[derive(Clone, Copy)]
pub struct Stores<'a> {
    /// People.
    pub users: &'a dyn UserStore,
    /// Orders.
    pub orders: &'a dyn OrderStore,
    /// Routes.
    pub routes: &'a dyn RouteStore,
    /// Changes of all of them.
    pub ledger: &'a dyn DispatchLedger,
}

/// Waits until something holds that an index shows late.
pub async fn eventually<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    let begun = Instant::now();
    while !holds().await {
        assert!(begun.elapsed() < LAG, "still not so: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// That a write lost against what is stored.
#[track_caller]
pub(crate) fn assert_conflict<T: std::fmt::Debug>(result: Result<T, StoreError>, what: &str) {
    assert!(
        matches!(result, Err(StoreError::Conflict)),
        "{what}: a conflict was due, not {result:?}"
    );
}

/// That of many writes at once one was made and all others lost; which one.
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
