//! Wakes zones whose orders have been due for a while.

use app::orders::SweepPendingOrders;
use async_trait::async_trait;
use runtime::Failure;
use runtime::metrics::Metrics;
use runtime::schedule::Handler;
use tracing::info;

/// Wakes zones whose orders have been due for a while.
pub struct Sweep(pub SweepPendingOrders);

#[async_trait]
impl Handler for Sweep {
    async fn run(&self) -> Result<(), Failure> {
        let zones = self.0.run().await?;
        info!(zones, "swept");
        if zones > 0 {
            Metrics::new().count("ZonesOverdue", zones).emit();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    use app::messages::WakeCause;
    use testkit::{MemoryStore, MemoryWakes, StillClock, an_order};

    async fn woken_at(time: &str) -> Vec<WakeCause> {
        let wakes = Arc::new(MemoryWakes::default());
        let order = an_order(1).placed_at("2030-05-06T08:00:00Z").build();
        let sweep = Sweep(SweepPendingOrders {
            orders: Arc::new(MemoryStore::with([], [order])),
            wakes: wakes.clone(),
            clock: Arc::new(StillClock::at(time)),
        });
        sweep.run().await.unwrap();
        wakes
            .take()
            .into_iter()
            .map(|(wake, _)| wake.cause)
            .collect()
    }

    #[tokio::test]
    async fn a_zone_is_woken_once_its_order_is_overdue() {
        assert_eq!(woken_at("2030-05-06T08:00:10Z").await, []);
        assert_eq!(woken_at("2030-05-06T08:05:00Z").await, [WakeCause::Overdue]);
    }

    #[tokio::test]
    async fn the_event_says_only_that_it_is_time() {
        let event = include_str!("../../../events/sweep-pending-orders.json");
        serde_json::from_str::<serde::de::IgnoredAny>(event).unwrap();
    }
}
