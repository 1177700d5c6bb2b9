//! Wakes the zones of orders that are still pending some time after they were due.

use std::sync::Arc;
use std::time::Duration;

use adapters::dynamodb::{DynamoOrders, DynamoSweepPlace};
use adapters::sqs::SqsQueue;
use adapters::system::SystemClock;
use app::events::minutes;
use app::messages::Wake;
use app::orders::{SweepPendingOrders, SweepReport};
use domain::OrderId;
use runtime::Failure;
use runtime::metrics::Metrics;
use tracing::info;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let (orders, claims, queue) = settings::from_environment()?;
    let aws = adapters::aws::config();
    let dynamodb = adapters::dynamodb::Client::new(&aws);
    let sqs = adapters::sqs::Client::new(&aws);
    let sweep_pending_orders = SweepPendingOrders {
        orders: Arc::new(DynamoOrders::new(&dynamodb, &orders)),
        place: Arc::new(DynamoSweepPlace::new(&dynamodb, &claims)),
        wakes: Arc::new(SqsQueue::<Wake>::new(&sqs, &queue)),
        clock: Arc::new(SystemClock),
    };
    runtime::schedule::serve(sweep_pending_orders, handle).await
}

async fn handle(sweep_pending_orders: &SweepPendingOrders, time: Duration) -> Result<(), Failure> {
    let report = sweep_pending_orders.run(time).await?;
    let SweepReport {
        zones,
        pages,
        is_over,
        oldest,
    } = report;
    info!(zones, pages, is_over, "swept");
    if zones > 0 {
        Metrics::new().count("ZonesOverdue", zones).emit();
    }
    let now = sweep_pending_orders.clock.now();
    if let Some(placed_at) = oldest.and_then(OrderId::placed_at) {
        Metrics::new()
            .minutes("OldestPendingMinutes", [minutes(placed_at, now)])
            .emit();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    use app::messages::WakeCause;
    use testkit::{MemoryStore, MemoryWakes, StillClock, an_order};

    async fn woken_at(time: &str) -> Vec<WakeCause> {
        let wakes = Arc::new(MemoryWakes::default());
        let order = an_order(1).placed_at("2030-05-06T08:00:00Z").build();
        let store = Arc::new(MemoryStore::with([], [order]));
        let sweep_pending_orders = SweepPendingOrders {
            orders: store.clone(),
            place: store,
            wakes: wakes.clone(),
            clock: Arc::new(StillClock::at(time)),
        };
        handle(&sweep_pending_orders, Duration::from_secs(50))
            .await
            .unwrap();
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
