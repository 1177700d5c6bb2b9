//! A company's question: how many agents does a file of orders need?

use domain::{Coordinates, LegEstimate, NewOrder, Timestamp};
use serde::Serialize;

use crate::compare::Work;
use crate::day::{Day, DayAgent, DayOrder, Duty};
use crate::figures::Figures;
use crate::outcome::{Outcome, Visit};
use crate::streets::Streets;
use crate::waybill::{Deployment, SimulationError, run};

/// The orders of a day, and the agents' working hours.
#[derive(Debug, Clone)]
pub struct Question {
    /// The orders. All of them are imported when the shift begins.
    pub orders: Vec<NewOrder>,
    /// The begin of the shift.
    pub begins: Timestamp,
    /// The length of the shift.
    pub shift_s: f64,
    /// The place where all agents start.
    pub start: Coordinates,
    /// The capacity of each vehicle, in size units.
    pub capacity: u32,
    /// The driving times.
    pub estimate: LegEstimate,
}

/// The day with some number of agents.
#[derive(Debug, Clone, Serialize)]
pub struct Answer {
    /// The number of agents.
    pub agents: usize,
    /// The figures.
    pub figures: Figures,
    /// Waybill's work.
    pub work: Work,
    /// The share of the shift in which the agents drive or are at a stop.
    pub busy: f64,
    /// For each hour since the shift began, the mean minutes of waiting of the orders that were delivered in it.
    pub waiting_by_hour: Vec<(f64, f64)>,
    /// The stops of each agent.
    #[serde(skip)]
    pub visits: Vec<Vec<Visit>>,
}

impl Question {
    /// The day with this number of agents.
    pub fn day(&self, agents: usize) -> Day {
        let agent = DayAgent {
            start: self.start,
            duties: vec![Duty {
                from_s: 0.0,
                until_s: self.shift_s,
            }],
            capacity: self.capacity,
            has_shifts: true,
        };
        let orders = self.orders.iter().map(|new| DayOrder {
            at_s: 0.0,
            customer: 0,
            new: new.clone(),
            cancelled_s: None,
            pickup_fails: false,
        });
        Day {
            begins: self.begins,
            orders: orders.collect(),
            agents: vec![agent; agents],
            streets: Streets::quiet(self.estimate),
            promise_s: Deployment::default().rules.promise.as_secs_f64(),
        }
    }

    /// Simulates the day with this number of agents.
    ///
    /// # Errors
    /// If a use case fails. That is a defect.
    pub fn answer(&self, agents: usize, deployment: Deployment) -> Result<Answer, SimulationError> {
        let day = self.day(agents);
        let report = run(&day, deployment)?;
        let outcome = &report.outcome;
        let visits = outcome.visits.iter().flatten();
        let busy_s: f64 = visits.map(|visit| visit.served_s - visit.left_s).sum();
        Ok(Answer {
            agents,
            figures: Figures::of(&day, outcome),
            work: Work::of(&day, &report),
            busy: busy_s / (self.shift_s * agents.max(1) as f64),
            waiting_by_hour: waiting_by_hour(&day, outcome),
            visits: report.outcome.visits,
        })
    }
}

fn waiting_by_hour(day: &Day, outcome: &Outcome) -> Vec<(f64, f64)> {
    let mut hours: Vec<(f64, usize)> = Vec::new();
    for (order, delivery) in day.orders.iter().zip(&outcome.deliveries) {
        let Some(delivery) = delivery else {
            continue;
        };
        let hour = (delivery.at_s / 3600.0) as usize;
        if hours.len() <= hour {
            hours.resize(hour + 1, (0.0, 0));
        }
        hours[hour].0 += delivery.at_s - day.waits_since_s(order);
        hours[hour].1 += 1;
    }
    let known = hours.iter().enumerate().filter(|(_, (_, many))| *many > 0);
    known
        .map(|(hour, (sum, many))| (hour as f64, sum / *many as f64 / 60.0))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::PlainDay;

    fn question(shift_s: f64) -> Question {
        let day = PlainDay::reference(50.0).generate(1);
        Question {
            orders: day.orders.into_iter().take(30).map(|it| it.new).collect(),
            begins: day.begins,
            shift_s,
            start: day.agents[0].start,
            capacity: 10,
            estimate: LegEstimate::default(),
        }
    }

    fn answer(agents: usize, shift_s: f64) -> Answer {
        let deployment = Deployment {
            rounds: 200,
            ..Deployment::default()
        };
        question(shift_s).answer(agents, deployment).unwrap()
    }

    #[test]
    fn more_agents_mean_less_waiting_and_more_idle_time() {
        let [few, many] = [2, 6].map(|agents| answer(agents, 8.0 * 3600.0));
        assert_eq!((few.figures.delivered, many.figures.delivered), (30, 30));
        assert!(many.figures.mean_s < 0.6 * few.figures.mean_s);
        assert!(many.busy < few.busy && few.busy < 1.0);
        assert!(few.waiting_by_hour.len() > many.waiting_by_hour.len());
        assert_eq!(many.visits.len(), 6);
    }

    #[test]
    fn orders_that_do_not_fit_into_the_shift_are_left_over_and_late() {
        let short = answer(1, 3600.0);
        assert!(short.figures.left_over > 0);
        assert_eq!(short.figures.left_over + short.figures.delivered, 30);
        assert!(short.figures.late >= short.figures.left_over as f64 / 30.0);
    }
}
