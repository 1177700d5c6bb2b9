//! Copies state changes from the tables' streams to the queues.

use adapters::dynamodb::streams::{UnreadableRecord, state_change};
use app::events::{Announce, StateChange};
use async_trait::async_trait;
use aws_lambda_events::dynamodb::EventRecord;
use runtime::Failure;
use runtime::metrics::Metrics;
use runtime::streams::Handler;

/// Copies state changes from the tables' streams to the queues.
pub struct PublishEvents(pub Announce);

#[async_trait]
impl Handler for PublishEvents {
    async fn handle(&self, records: &[EventRecord]) -> Result<(), Failure> {
        let changes = records
            .iter()
            .filter_map(|record| state_change(record).transpose());
        let changes: Vec<StateChange> = changes
            .collect::<Result<_, UnreadableRecord>>()
            // Only its own words: what is behind it may quote the item.
            .map_err(|error| Failure::Unreadable(error.to_string().into()))?;
        self.0.run(&changes).await?;
        count_placed(&changes);
        Ok(())
    }
}

/// Counted here, where orders come past whichever way they were placed. One that is delivered again is counted again.
fn count_placed(changes: &[StateChange]) {
    let placed = changes
        .iter()
        .filter(|change| {
            matches!(
                change,
                StateChange::Order {
                    before: None,
                    after: Some(_)
                }
            )
        })
        .count();
    if placed > 0 {
        Metrics::new().count("OrdersPlaced", placed).emit();
    }
}
