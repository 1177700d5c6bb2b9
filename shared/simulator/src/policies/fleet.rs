//! Agents with lists of stops.

use domain::{Coordinates, StopKind};

use crate::day::Day;
use crate::outcome::{Delivery, Outcome, Visit};

/// A stop that an agent is going to make.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Stop {
    pub(super) order: usize,
    pub(super) kind: StopKind,
}

/// An agent: the place and the time at which the current stop ends, and the stops after it.
#[derive(Debug, Clone)]
pub(super) struct Driver {
    pub(super) free_s: f64,
    pub(super) at: Coordinates,
    pub(super) todo: Vec<Stop>,
}

/// All agents of a day, and the outcome so far.
pub(super) struct Fleet<'a> {
    pub(super) day: &'a Day,
    pub(super) drivers: Vec<Driver>,
    pub(super) outcome: Outcome,
}

/// An event that a policy must handle.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Event {
    /// An order is placed.
    Placed(usize),
    /// A customer cancels an order.
    Cancelled(usize),
    /// An agent goes off duty.
    DutyEnds(usize),
    /// An agent comes on duty.
    DutyBegins,
}

impl<'a> Fleet<'a> {
    pub(super) fn of(day: &'a Day) -> Self {
        let drivers = day.agents.iter().map(|agent| Driver {
            free_s: agent.duties.first().map_or(0.0, |duty| duty.from_s),
            at: agent.start,
            todo: Vec::new(),
        });
        Self {
            day,
            drivers: drivers.collect(),
            outcome: Outcome::of(day.orders.len(), day.agents.len()),
        }
    }

    /// Drives through the whole day. `place` gets a waiting order and the time in seconds, and returns whether it has
    /// given the order to an agent. If not, the order waits for the next event.
    pub(super) fn through_the_day(
        mut self,
        place: impl Fn(&mut Self, usize, f64) -> bool,
    ) -> Outcome {
        let mut waiting = Vec::new();
        for (now_s, event) in self.events() {
            self.advance(now_s);
            match event {
                Event::Placed(order) => waiting.push(order),
                Event::Cancelled(order) if waiting.contains(&order) => {
                    waiting.retain(|other| *other != order);
                    self.outcome.ended[order] = true;
                }
                Event::Cancelled(order) => self.cancel(order),
                Event::DutyEnds(agent) => waiting.extend(self.release(agent)),
                Event::DutyBegins => {}
            }
            waiting.retain(|order| !place(&mut self, *order, now_s));
        }
        self.advance(f64::INFINITY);
        self.outcome
    }

    /// The events of the day in sequence. Orders that are placed at the same time come in the sequence of the day.
    fn events(&self) -> Vec<(f64, Event)> {
        let orders = self.day.orders.iter().enumerate();
        let mut events: Vec<(f64, Event)> = orders
            .clone()
            .map(|(index, order)| (order.at_s, Event::Placed(index)))
            .collect();
        events.extend(
            orders.filter_map(|(index, order)| Some((order.cancelled_s?, Event::Cancelled(index)))),
        );
        for (agent, duties) in self.day.agents.iter().enumerate() {
            for duty in &duties.duties {
                events.push((duty.from_s, Event::DutyBegins));
                if duty.until_s.is_finite() {
                    events.push((duty.until_s, Event::DutyEnds(agent)));
                }
            }
        }
        events.sort_by(|(one, _), (other, _)| one.total_cmp(other));
        events
    }

    pub(super) fn place(&self, stop: Stop) -> Coordinates {
        let order = &self.day.orders[stop.order];
        match stop.kind {
            StopKind::Pickup => order.pickup(),
            StopKind::Dropoff => order.dropoff(),
        }
    }

    pub(super) fn service_s(&self, stop: Stop) -> f64 {
        let new = &self.day.orders[stop.order].new;
        let stop = match stop.kind {
            StopKind::Pickup => &new.pickup,
            StopKind::Dropoff => &new.dropoff,
        };
        stop.service_s.into()
    }

    /// The earliest time from `now_s` on at which an agent can depart to a new stop, if the agent makes no other stops
    /// first. `None` if no duty is left, or if the agent still has stops to make during a break.
    pub(super) fn departs_s(&self, agent: usize, now_s: f64) -> Option<f64> {
        let driver = &self.drivers[agent];
        let free_s = now_s.max(driver.free_s);
        let duty = self.day.agents[agent].duty_at(free_s)?;
        let takes_part = driver.todo.is_empty() || duty.from_s <= free_s;
        takes_part.then_some(free_s.max(duty.from_s))
    }

    /// Makes all stops to which the agents depart by this time.
    pub(super) fn advance(&mut self, until_s: f64) {
        for agent in 0..self.drivers.len() {
            while !self.drivers[agent].todo.is_empty() && self.drivers[agent].free_s <= until_s {
                let stop = self.drivers[agent].todo.remove(0);
                self.make(agent, stop);
            }
        }
    }

    /// Makes a stop at once.
    pub(super) fn make(&mut self, agent: usize, stop: Stop) {
        let place = self.place(stop);
        let service_s = self.service_s(stop);
        let driver = &mut self.drivers[agent];
        let left_s = driver.free_s;
        let arrived_s = left_s + self.day.streets.true_s(driver.at, place);
        let served_s = arrived_s + service_s;
        self.outcome.km += self.day.streets.km(driver.at, place);
        self.outcome.visits[agent].push(Visit {
            order: stop.order,
            kind: stop.kind,
            left_s,
            arrived_s,
            served_s,
        });
        driver.free_s = served_s;
        driver.at = place;
        match stop.kind {
            StopKind::Pickup if self.day.orders[stop.order].pickup_fails => {
                driver.todo.retain(|other| other.order != stop.order);
                self.outcome.ended[stop.order] = true;
            }
            StopKind::Pickup => {}
            StopKind::Dropoff => {
                self.outcome.deliveries[stop.order] = Some(Delivery {
                    at_s: served_s,
                    agent,
                });
            }
        }
    }

    /// Gives an agent a new list of stops. An agent who was idle departs now, or when the next duty begins.
    pub(super) fn give(&mut self, agent: usize, todo: Vec<Stop>, now_s: f64) {
        let was_idle = self.drivers[agent].todo.is_empty();
        if was_idle && let Some(departs_s) = self.departs_s(agent, now_s) {
            self.drivers[agent].free_s = departs_s;
        }
        self.drivers[agent].todo = todo;
    }

    /// Takes the stops of a cancelled order from the lists, unless the agent is on the way to the pickup already.
    pub(super) fn cancel(&mut self, order: usize) {
        for driver in &mut self.drivers {
            let is_pickup = |stop: &Stop| stop.order == order && stop.kind == StopKind::Pickup;
            if driver.todo.iter().any(is_pickup) {
                driver.todo.retain(|stop| stop.order != order);
                self.outcome.ended[order] = true;
            }
        }
    }

    /// Takes orders from an agent. The agent keeps orders that are picked up, and an order if the agent is on the way
    /// to its pickup.
    pub(super) fn release(&mut self, agent: usize) -> Vec<usize> {
        let driver = &mut self.drivers[agent];
        let pickups = driver
            .todo
            .iter()
            .filter(|stop| stop.kind == StopKind::Pickup);
        let released: Vec<usize> = pickups.map(|stop| stop.order).collect();
        driver.todo.retain(|stop| !released.contains(&stop.order));
        released
    }
}
