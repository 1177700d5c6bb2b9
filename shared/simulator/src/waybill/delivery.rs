//! Streams and queues: from a committed write to the use cases that it wakes.

use std::collections::BTreeSet;
use std::task::Poll;
use std::time::Duration;

use app::events::StateChange;
use app::messages::{Wake, WakeCause};
use domain::{OrderStatus, Zone};
use futures::stream::StreamExt;

use super::agenda::{Event, Moment, moment, seconds};
use super::run::{EndedRun, PlanRun, Simulation, SimulationError};

/// The pause, in real time, before a run is polled again that pauses after a lost race.
const PAUSE: Duration = Duration::from_millis(1);

impl Simulation<'_> {
    /// Does all work that takes no virtual time.
    pub(super) async fn settle(&mut self) -> Result<(), SimulationError> {
        loop {
            let ended = self.poll_runs().await?;
            for run in self.waybill.desk.take_begun() {
                let at = self.now + moment(self.deployment.planning_s);
                self.agenda.note(at, Event::Planned(run));
            }
            self.collect_messages();
            let changes = self.waybill.store.take_changes();
            if changes.is_empty() && !ended {
                return Ok(());
            }
            let agents = self.take_note(&changes);
            if !changes.is_empty() {
                if self.stream.is_empty() {
                    let window = moment(self.deployment.stream_window_s);
                    self.agenda.note(self.now + window, Event::StreamBatch);
                }
                self.stream.extend(changes);
            }
            self.look_at(agents).await?;
        }
    }

    /// Notes new orders and orders that ended. Returns the agents whose routes changed.
    fn take_note(&mut self, changes: &[StateChange]) -> BTreeSet<usize> {
        let mut agents = BTreeSet::new();
        for change in changes {
            match change {
                StateChange::Order {
                    before: None,
                    after: Some(after),
                } => {
                    if let Some(number) = self.newest.take() {
                        self.orders.insert(after.id, number);
                        self.ids[number] = Some(after.id);
                    }
                }
                StateChange::Order {
                    after: Some(after), ..
                } => {
                    let Some(number) = self.orders.get(&after.id).copied() else {
                        continue;
                    };
                    let failed = after.status == OrderStatus::Failed;
                    let expected = self.day.orders[number].pickup_fails;
                    if after.status == OrderStatus::Cancelled || (failed && expected) {
                        self.report.outcome.ended[number] = true;
                    }
                }
                StateChange::Route {
                    after: Some(after), ..
                } => agents.extend(self.agents.get(&after.agent_id)),
                StateChange::Order { after: None, .. }
                | StateChange::Route { after: None, .. }
                | StateChange::User { .. } => {}
            }
        }
        agents
    }

    fn collect_messages(&mut self) {
        for (wake, delay_s) in self.waybill.wakes.take() {
            let visible = self.now + 1000 * Moment::from(delay_s);
            self.delayed.push((visible, wake));
            self.agenda.note(visible, Event::WakesVisible);
        }
        for (notification, delay_s) in self.waybill.notifications.take() {
            let visible = self.now + 1000 * Moment::from(delay_s);
            self.notifications.push((visible, notification));
            self.agenda.note(visible, Event::NotificationsVisible);
        }
    }

    /// Wake-ups whose delay is over join the batch.
    pub(super) fn show_wakes(&mut self) {
        let (visible, delayed): (Vec<_>, Vec<_>) = self
            .delayed
            .drain(..)
            .partition(|(visible, _)| *visible <= self.now);
        self.delayed = delayed;
        if visible.is_empty() {
            return;
        }
        if self.wakes.is_empty() {
            let window = moment(self.deployment.optimization_window_s);
            self.agenda.note(self.now + window, Event::WakeBatch);
        }
        self.wakes.extend(visible.into_iter().map(|(_, wake)| wake));
    }

    /// Begins a run for each zone of the batch.
    pub(super) fn begin_runs(&mut self) {
        let mut zones: Vec<(Zone, Vec<Wake>)> = Vec::new();
        for wake in self.wakes.drain(..) {
            match zones.iter_mut().find(|(zone, _)| *zone == wake.zone) {
                Some((_, wakes)) => wakes.push(wake),
                None => zones.push((wake.zone, vec![wake])),
            }
        }
        for (zone, wakes) in zones {
            self.report.runs += 1;
            let number = self.report.runs as u64;
            let optimize_routes = self.waybill.optimize_routes(number);
            self.runs.push(Box::pin(async move {
                let report = optimize_routes.run(zone, &wakes).await;
                EndedRun {
                    number,
                    wakes,
                    report,
                }
            }));
        }
    }

    /// Polls the runs until each has ended or waits for its plan. Returns whether one has ended.
    async fn poll_runs(&mut self) -> Result<bool, SimulationError> {
        let mut ended = false;
        while self.waybill.desk.waiting() < self.runs.len() {
            match futures::poll!(self.runs.next()) {
                Poll::Ready(Some(run)) => {
                    self.note_run(run)?;
                    ended = true;
                }
                Poll::Ready(None) => break,
                Poll::Pending if self.waybill.desk.waiting() < self.runs.len() => {
                    tokio::time::sleep(PAUSE).await;
                }
                Poll::Pending => {}
            }
        }
        Ok(ended)
    }

    fn note_run(&mut self, run: EndedRun) -> Result<(), SimulationError> {
        let report = run.report?;
        let Some(made) = self.waybill.desk.take_made(run.number) else {
            return Ok(());
        };
        let is_new_order = |wake: &Wake| wake.cause == WakeCause::OrderPending;
        self.report.plans.push(PlanRun {
            at_s: seconds(self.now),
            made,
            moved: report.moved,
            only_new_orders: run.wakes.iter().all(is_new_order),
            conflicts: report.conflicts,
        });
        Ok(())
    }

    /// Handles the notifications whose delay is over.
    pub(super) async fn notify(&mut self) -> Result<(), SimulationError> {
        let send_notifications = self.waybill.send_notifications();
        let now = self.now;
        let (visible, delayed): (Vec<_>, Vec<_>) = self
            .notifications
            .drain(..)
            .partition(|(visible, _)| *visible <= now);
        self.notifications = delayed;
        for (_, notification) in visible {
            send_notifications.run(&notification).await?;
        }
        self.collect_messages();
        Ok(())
    }
}
