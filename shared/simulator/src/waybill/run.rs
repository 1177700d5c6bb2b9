//! The loop over the events of a day.

use std::collections::HashMap;

use app::Refusal;
use app::events::StateChange;
use app::messages::{Notification, Wake};
use app::ports::QueueError;
use app::routes::optimize_routes::PlanReport;
use domain::{OrderId, UserId};
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use jiff::SignedDuration;
use thiserror::Error;

use super::acts::address_at_door;
use super::agenda::{Agenda, Event, Moment, moment};
use super::courier::Courier;
use super::planner::PlanMade;
use super::settings::Deployment;
use super::wiring::{SWEEP, Wiring, agent_id};
use crate::day::Day;
use crate::outcome::Outcome;

/// The day ends this long after the last act of a customer or an agent, even if orders are still pending.
const PATIENCE: Moment = 24 * 3600 * 1000;

/// A plan and its changes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlanRun {
    /// The time of the commit.
    pub at_s: f64,
    /// The instance and the CPU time.
    pub made: PlanMade,
    /// The orders that changed their agent.
    pub moved: usize,
    /// Whether only new orders have caused the plan.
    pub only_new_orders: bool,
    /// The changes that lost a race.
    pub conflicts: usize,
}

/// The outcome of the day, and Waybill's work on it.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// The outcome of the day.
    pub outcome: Outcome,
    /// The plans.
    pub plans: Vec<PlanRun>,
    /// The runs of the optimizer, with and without a plan.
    pub runs: usize,
    /// The emails to customers and agents.
    pub emails: usize,
    /// The messages to the recipient of each order.
    pub messages: Vec<usize>,
    /// The requests to the store.
    pub requests: u64,
}

impl Report {
    /// The orders that changed their agent.
    pub fn moved(&self) -> usize {
        self.plans.iter().map(|plan| plan.moved).sum()
    }

    /// The mean share of the movable orders that a plan moved, over the plans that only new orders have caused.
    pub fn churn(&self) -> f64 {
        let plans = self.plans.iter();
        let plans = plans.filter(|plan| plan.only_new_orders && plan.made.movable > 0);
        let shares: Vec<f64> = plans
            .map(|plan| plan.moved as f64 / plan.made.movable as f64)
            .collect();
        shares.iter().sum::<f64>() / shares.len().max(1) as f64
    }
}

/// The simulation cannot continue.
#[derive(Debug, Error)]
pub enum SimulationError {
    /// A use case failed, or refused a call that it must not refuse.
    #[error("a use case failed: {0}")]
    UseCase(#[from] Refusal),
    /// A queue failed.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// There is no runtime for the use cases.
    #[error("the runtime did not start")]
    Runtime(#[from] std::io::Error),
}

/// A run of the optimizer that has ended.
pub(super) struct EndedRun {
    pub(super) number: u64,
    pub(super) wakes: Vec<Wake>,
    pub(super) report: Result<PlanReport, Refusal>,
}

pub(super) struct Simulation<'a> {
    pub(super) day: &'a Day,
    pub(super) deployment: Deployment,
    pub(super) waybill: Wiring,
    pub(super) agenda: Agenda,
    pub(super) now: Moment,
    pub(super) couriers: Vec<Courier>,
    pub(super) agents: HashMap<UserId, usize>,
    /// The numbers of the orders that are placed.
    pub(super) orders: HashMap<OrderId, usize>,
    /// The ids of the orders that are placed.
    pub(super) ids: Vec<Option<OrderId>>,
    /// The order that was placed a moment ago. Its id is not known yet.
    pub(super) newest: Option<usize>,
    /// Records for the next batch of the stream.
    pub(super) stream: Vec<StateChange>,
    /// Wake-ups that are not visible yet.
    pub(super) delayed: Vec<(Moment, Wake)>,
    /// Wake-ups for the next batch of the optimizer.
    pub(super) wakes: Vec<Wake>,
    /// Notifications, and when each becomes visible.
    pub(super) notifications: Vec<(Moment, Notification)>,
    pub(super) runs: FuturesUnordered<BoxFuture<'static, EndedRun>>,
    /// The requests to the store with which simulated agents looked at their routes.
    pub(super) looks: u64,
    pub(super) report: Report,
}

/// Simulates a day.
///
/// # Errors
/// If a use case fails. That is a defect.
pub fn run(day: &Day, deployment: Deployment) -> Result<Report, SimulationError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()?;
    runtime.block_on(Simulation::of(day, deployment).run())
}

impl<'a> Simulation<'a> {
    fn of(day: &'a Day, deployment: Deployment) -> Self {
        let agents = 0..day.agents.len();
        Self {
            day,
            deployment,
            waybill: Wiring::of(day, deployment),
            agenda: Agenda::default(),
            now: 0,
            couriers: day
                .agents
                .iter()
                .map(|agent| Courier::at(agent.start))
                .collect(),
            agents: agents.map(|index| (agent_id(index), index)).collect(),
            orders: HashMap::new(),
            ids: vec![None; day.orders.len()],
            newest: None,
            stream: Vec::new(),
            delayed: Vec::new(),
            wakes: Vec::new(),
            notifications: Vec::new(),
            runs: FuturesUnordered::new(),
            looks: 0,
            report: Report {
                outcome: Outcome::of(day.orders.len(), day.agents.len()),
                ..Report::default()
            },
        }
    }

    async fn run(mut self) -> Result<Report, SimulationError> {
        for (index, order) in self.day.orders.iter().enumerate() {
            self.agenda.note(moment(order.at_s), Event::Placed(index));
            if let Some(cancelled_s) = order.cancelled_s {
                self.agenda
                    .note(moment(cancelled_s), Event::Cancelled(index));
            }
        }
        for (index, agent) in self.day.agents.iter().enumerate() {
            for duty in &agent.duties {
                self.agenda
                    .note(moment(duty.from_s), Event::DutyBegins(index));
                if duty.until_s.is_finite() {
                    self.agenda
                        .note(moment(duty.until_s), Event::DutyEnds(index));
                }
            }
        }
        self.agenda
            .note(moment(self.deployment.sweep_s), Event::Sweep);
        let mut last = 0;
        while let Some((at, event)) = self.agenda.next() {
            if event.is_of_people() {
                last = at;
            } else if event == Event::Sweep && (self.nothing_is_left() || at > last + PATIENCE) {
                break;
            }
            self.move_clock(at);
            self.happen(event).await?;
            self.settle().await?;
        }
        self.report.outcome.km = self.couriers.iter().map(|courier| courier.km).sum();
        self.report.requests = self.waybill.store.requests() - self.looks;
        self.report.emails = self.waybill.mailer.take_sent().len();
        self.report.messages = self.messages();
        Ok(self.report)
    }

    /// The messages to the recipient of each order.
    fn messages(&self) -> Vec<usize> {
        let mut sent: HashMap<String, usize> = HashMap::new();
        for (address, _) in self.waybill.ses.take_sent() {
            *sent.entry(address).or_default() += 1;
        }
        let orders = 0..self.day.orders.len();
        let of = |order| sent.remove(&address_at_door(order)).unwrap_or_default();
        orders.map(of).collect()
    }

    /// Whether only sweeps are left, and no agent or customer will act any more.
    fn nothing_is_left(&self) -> bool {
        let outcome = &self.report.outcome;
        let mut orders = outcome.deliveries.iter().zip(&outcome.ended);
        let all_ended = orders.all(|(delivery, ended)| delivery.is_some() || *ended);
        let nobody = !self.couriers.iter().any(|courier| courier.on_duty);
        self.agenda.len() == 0 && self.runs.is_empty() && (all_ended || nobody)
    }

    fn move_clock(&mut self, to: Moment) {
        let by = SignedDuration::from_millis(to - self.now);
        self.waybill.clock.advance(by);
        self.now = to;
    }

    async fn happen(&mut self, event: Event) -> Result<(), SimulationError> {
        match event {
            Event::Placed(order) => self.place(order).await?,
            Event::Cancelled(order) => self.cancel(order).await?,
            Event::DutyBegins(agent) => self.change_duty(agent, true).await?,
            Event::DutyEnds(agent) => self.change_duty(agent, false).await?,
            Event::Arrived { agent, trip } if self.couriers[agent].trip == trip => {
                let courier = &mut self.couriers[agent];
                if let Some(ends) = courier.arrive(&self.day.streets, self.now) {
                    self.agenda.note(ends, Event::Served { agent, trip });
                }
            }
            Event::Served { agent, trip } if self.couriers[agent].trip == trip => {
                self.tap(agent).await?;
            }
            Event::Arrived { .. } | Event::Served { .. } => {}
            Event::StreamBatch => {
                let changes = std::mem::take(&mut self.stream);
                self.waybill.publish_events().run(&changes).await?;
            }
            Event::WakesVisible => self.show_wakes(),
            Event::WakeBatch => self.begin_runs(),
            Event::NotificationsVisible => self.notify().await?,
            Event::Planned(run) => self.waybill.desk.hand_out(run),
            Event::Sweep => {
                self.waybill.sweep_pending_orders().run(SWEEP).await?;
                self.agenda
                    .note(self.now + moment(self.deployment.sweep_s), Event::Sweep);
            }
        }
        Ok(())
    }
}
