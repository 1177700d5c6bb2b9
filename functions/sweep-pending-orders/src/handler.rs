//! Wakes zones whose orders have been due for a while.

use app::sweep::SweepPendingOrders;
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
