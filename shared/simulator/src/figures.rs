//! Figures of an outcome.

use serde::{Deserialize, Serialize};

use crate::day::Day;
use crate::outcome::Outcome;

/// The figures by which policies are compared.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Figures {
    /// The mean of the seconds from the beginning of the wait to the end of the service at the drop-off.
    pub mean_s: f64,
    /// The 90th percentile of these seconds.
    pub p90_s: f64,
    /// The maximum of these seconds.
    pub max_s: f64,
    /// The share of the orders that waited longer than the promise, or were neither delivered nor ended otherwise.
    pub late: f64,
    /// Great-circle kilometres for each delivered order.
    pub km_per_order: f64,
    /// The orders that the idlest agent delivered.
    pub fewest: usize,
    /// The orders that the busiest agent delivered.
    pub most: usize,
    /// The number of delivered orders.
    pub delivered: usize,
    /// The number of orders that were neither delivered nor ended otherwise.
    pub left_over: usize,
}

impl Figures {
    /// The figures of an outcome of this day.
    pub fn of(day: &Day, outcome: &Outcome) -> Self {
        let waits = outcome.waits(day);
        let mut per_agent = vec![0; day.agents.len()];
        for delivery in outcome.deliveries.iter().flatten() {
            per_agent[delivery.agent] += 1;
        }
        let delivered = waits.len();
        let ended = outcome.ended.iter().filter(|ended| **ended).count();
        let left_over = day.orders.len() - delivered - ended;
        let late = waits.iter().filter(|wait| **wait > day.promise_s).count() + left_over;
        let each = 1.0 / delivered.max(1) as f64;
        Self {
            mean_s: waits.iter().sum::<f64>() * each,
            p90_s: percentile(&waits, 0.9),
            max_s: percentile(&waits, 1.0),
            late: late as f64 / day.orders.len().max(1) as f64,
            km_per_order: outcome.km * each,
            fewest: per_agent.iter().min().copied().unwrap_or_default(),
            most: per_agent.iter().max().copied().unwrap_or_default(),
            delivered,
            left_over,
        }
    }
}

/// The value at this share of sorted values, as `reference.py` takes it.
fn percentile(sorted: &[f64], share: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    let index = (share * last as f64) as usize;
    sorted.get(index).copied().unwrap_or_default()
}
