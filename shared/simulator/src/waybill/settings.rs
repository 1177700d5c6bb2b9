//! How Waybill is deployed in a simulation.

use domain::DispatchRules;
use jiff::SignedDuration;

/// The parameters of the deployment. The defaults are those of `template.yaml`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Deployment {
    /// The rules for dispatch: the prices of a plan, and the changes that it may make.
    pub rules: DispatchRules,
    /// `StreamWindowSeconds`
    pub stream_window_s: f64,
    /// `OptimizationWindowSeconds`
    pub optimization_window_s: f64,
    /// `NotificationWindowSeconds`
    pub notification_window_s: f64,
    /// The time between the reading of a zone and the commit of its plan. The planner stops early if it finds little,
    /// so this time is less than `PlanSeconds`.
    pub planning_s: f64,
    /// The seconds from one sweep to the next.
    pub sweep_s: f64,
    /// The rounds of a plan with up to 20 orders that are not tied to an agent, in place of `PlanSeconds`. A plan with
    /// 40 such orders gets twice as many, and so on up to eight times.
    pub rounds: u64,
}

impl Default for Deployment {
    fn default() -> Self {
        Self {
            rules: DispatchRules::default(),
            stream_window_s: 1.0,
            optimization_window_s: 10.0,
            notification_window_s: 30.0,
            planning_s: 4.0,
            sweep_s: 60.0,
            rounds: 4_000,
        }
    }
}

impl Deployment {
    /// The windows of the local stack (`samconfig.toml`), with a freeze and a price of moves for a world that is 50
    /// times faster than life.
    pub fn local_and_compressed() -> Self {
        Self {
            rules: DispatchRules {
                move_s: 1,
                freeze: SignedDuration::from_secs(12),
                ..DispatchRules::default()
            },
            stream_window_s: 0.0,
            optimization_window_s: 1.0,
            notification_window_s: 0.0,
            planning_s: 2.0,
            ..Self::default()
        }
    }
}
