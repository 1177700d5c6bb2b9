//! Committing a plan, route by route.

use futures::{StreamExt, TryStreamExt, stream};

use super::OptimizeRoutes;
use crate::ports::{Changeset, StoreError};
use crate::refusal::Refusal;
use domain::OrderStatus;

/// So many routes are committed at once.
const COMMITS_AT_ONCE: usize = 8;

impl OptimizeRoutes {
    /// Commits each route for itself, and answers how many orders were assigned and how many routes lost a race. Those
    /// stay as they were: their orders are pending still.
    pub(super) async fn commit(&self, changes: Vec<Changeset>) -> Result<(usize, usize), Refusal> {
        let commits = changes.into_iter().map(|change| async move {
            let assigned = change.orders.iter().filter(|order| {
                order.history.last().is_some_and(|line| {
                    line.status == OrderStatus::Assigned && line.at == order.updated_at
                })
            });
            let assigned = assigned.count();
            match self.ledger.commit(&change).await {
                Ok(()) => Ok((assigned, 0)),
                Err(StoreError::Conflict) => Ok((0, 1)),
                Err(error) => Err(Refusal::from(error)),
            }
        });
        stream::iter(commits)
            .buffer_unordered(COMMITS_AT_ONCE)
            .try_fold((0, 0), |sum, one| async move {
                Ok((sum.0 + one.0, sum.1 + one.1))
            })
            .await
    }
}
