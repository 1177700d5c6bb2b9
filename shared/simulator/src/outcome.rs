//! The outcome of a day.

use domain::StopKind;

use crate::day::Day;

/// A delivered order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Delivery {
    /// The end of the service at the drop-off.
    pub at_s: f64,
    /// The agent.
    pub agent: usize,
}

/// A stop that an agent made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Visit {
    /// The order.
    pub order: usize,
    /// Pickup or drop-off.
    pub kind: StopKind,
    /// The departure to the stop.
    pub left_s: f64,
    /// The arrival.
    pub arrived_s: f64,
    /// The end of the service.
    pub served_s: f64,
}

/// The outcome of a day.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Outcome {
    /// For each order, its delivery. `None` if it was not delivered.
    pub deliveries: Vec<Option<Delivery>>,
    /// For each order, whether it was cancelled or its pickup failed.
    pub ended: Vec<bool>,
    /// For each agent, the stops in sequence.
    pub visits: Vec<Vec<Visit>>,
    /// Great-circle kilometres of all agents.
    pub km: f64,
}

impl Outcome {
    /// An outcome in which nothing has happened yet.
    pub fn of(orders: usize, agents: usize) -> Self {
        Self {
            deliveries: vec![None; orders],
            ended: vec![false; orders],
            visits: vec![Vec::new(); agents],
            km: 0.0,
        }
    }

    /// The seconds from the beginning of the wait to the end of the service at the drop-off, for all delivered orders
    /// and sorted.
    pub fn waits(&self, day: &Day) -> Vec<f64> {
        let orders = day.orders.iter().zip(&self.deliveries);
        let mut waits: Vec<f64> = orders
            .filter_map(|(order, delivery)| {
                Some(delivery.as_ref()?.at_s - day.waits_since_s(order))
            })
            .collect();
        waits.sort_by(f64::total_cmp);
        waits
    }
}
