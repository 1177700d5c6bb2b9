//! The company's figures in a batch of changes, for metrics.

use domain::{Order, OrderStatus, Timestamp};

use super::StateChange;

/// The orders that came, got a route or reached the door, as the changes tell it. A change that the stream delivers
/// twice counts twice.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Figures {
    /// New orders.
    pub placed: usize,
    /// Delivered orders.
    pub delivered: usize,
    /// For each order that got its first route, the minutes since it could be picked up.
    pub minutes_to_assignment: Vec<f64>,
    /// For each delivered order, the minutes since it could be picked up.
    pub minutes_to_the_door: Vec<f64>,
}

impl Figures {
    /// Of these changes.
    pub fn of(changes: &[StateChange]) -> Self {
        let mut figures = Self::default();
        for change in changes {
            if let StateChange::Order {
                before,
                after: Some(after),
            } = change
            {
                figures.count(before.as_deref(), after);
            }
        }
        figures
    }

    fn count(&mut self, before: Option<&Order>, after: &Order) {
        self.placed += usize::from(before.is_none());
        if before.is_some_and(|before| before.status == after.status) {
            return;
        }
        let waited = minutes(could_begin(after), after.updated_at);
        match after.status {
            OrderStatus::Assigned if after.assignments() == 1 => {
                self.minutes_to_assignment.push(waited);
            }
            OrderStatus::Delivered => {
                self.delivered += 1;
                // An app that was offline reports a delivery later than it happened.
                let handed_over = after
                    .history
                    .last()
                    .map_or(after.updated_at, |line| line.at);
                let waited = minutes(could_begin(after), handed_over);
                self.minutes_to_the_door.push(waited);
            }
            OrderStatus::Pending
            | OrderStatus::Assigned
            | OrderStatus::InProgress
            | OrderStatus::Failed
            | OrderStatus::Cancelled
            | OrderStatus::Undelivered
            | OrderStatus::Returning
            | OrderStatus::Returned => {}
        }
    }
}

/// The moment from which an order waits: it is there, and its pickup is open.
fn could_begin(order: &Order) -> Timestamp {
    let opens = order.pickup.window.map(|window| window.start);
    opens.map_or(order.created_at, |opens| opens.max(order.created_at))
}

/// Minutes from one moment to another one, 0 if the other one is earlier.
pub fn minutes(from: Timestamp, to: Timestamp) -> f64 {
    to.duration_since(from).as_secs_f64().max(0.0) / 60.0
}

#[cfg(test)]
mod tests {
    use super::*;

    use domain::Actor;
    use testkit::{an_order, at};

    fn change(before: Option<&Order>, after: &Order) -> StateChange {
        StateChange::Order {
            before: before.cloned().map(Box::new),
            after: Some(Box::new(after.clone())),
        }
    }

    #[test]
    fn an_order_counts_when_it_comes_and_when_it_is_delivered() {
        let placed = an_order(1).placed_at("2030-05-06T08:00:00Z").build();
        let fresh = testkit::contracts::Fresh::new();
        let route = fresh.route(fresh.user_id(), &[], at("2030-05-06T08:03:00Z"));
        let mut assigned = fresh.on_route(&placed, &route);
        assigned.updated_at = at("2030-05-06T08:03:00Z");
        let step = |order: &Order, to, time| order.step(to, Actor::Agent, None, at(time)).unwrap();
        let aboard = step(&assigned, OrderStatus::InProgress, "2030-05-06T08:20:00Z");
        let delivered = step(&aboard, OrderStatus::Delivered, "2030-05-06T08:45:00Z");
        let figures = Figures::of(&[
            change(None, &placed),
            change(Some(&placed), &assigned),
            // It moves to another agent.
            change(Some(&assigned), &assigned),
            change(Some(&assigned), &aboard),
            change(Some(&aboard), &delivered),
        ]);
        let expected = Figures {
            placed: 1,
            delivered: 1,
            minutes_to_assignment: vec![3.0],
            minutes_to_the_door: vec![45.0],
        };
        assert_eq!(figures, expected);
    }
}
