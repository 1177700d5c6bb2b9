//! Turning a zone's pending orders into routes, and sharing the orders on routes anew.
//!
//! The lease keeps two runs from planning the same zone at once, to save work. The versions in each commit keep every
//! order on exactly one route: a run that loses a race leaves the orders where they are and wakes the zone again.

mod changes;
mod commit;
mod crews;
mod instance;
mod planning;
mod quoted;
mod selection;
mod unplaced;

use std::sync::Arc;
use std::time::Duration;

use domain::{DispatchRules, LegEstimate, OrderId, Timestamp, Zone, ZoneGrid};
use jiff::SignedDuration;
use tracing::{info, warn};

use crate::messages::{Wake, WakeCause};
use crate::ports::{
    Clock, DispatchLedger, Fallback, Ids, Jitter, OrderStore, Queue, RouteProvider, RouteStore,
    UserStore, ZoneLeases, ZonesWithoutAgents,
};
use crate::refusal::Refusal;
use changes::Changes;
pub(crate) use crews::{FAR, NEAR};
use instance::Crew;
use planning::Made;
pub(crate) use planning::{Planning, Preview};
pub(crate) use quoted::{Forecast, Quoting};

/// After a lost race the zone is woken within so many seconds.
const LONGEST_RETRY_S: u32 = 5;

/// What can be set.
#[derive(Debug, Clone, Copy)]
pub struct OptimizeSettings {
    /// Orders whose windows open later than this from now wait.
    pub horizon: SignedDuration,
    /// How long the provider may plan.
    pub time_limit: Duration,
    /// How long a zone's lease lasts: the function's timeout.
    pub lease: SignedDuration,
    /// What a plan weighs, and what it may change.
    pub rules: DispatchRules,
}

/// Behind the optimization queue.
pub struct OptimizeRoutes {
    /// The records of people.
    pub users: Arc<dyn UserStore>,
    /// The orders.
    pub orders: Arc<dyn OrderStore>,
    /// The routes.
    pub routes: Arc<dyn RouteStore>,
    /// Changes that must agree.
    pub ledger: Arc<dyn DispatchLedger>,
    /// Who plans which zone.
    pub leases: Arc<dyn ZoneLeases>,
    /// Zones without agents nearby.
    pub without_agents: Arc<dyn ZonesWithoutAgents>,
    /// Wakes zones again.
    pub wakes: Arc<dyn Queue<Wake>>,
    /// Plans.
    pub provider: Arc<dyn RouteProvider>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// New ids.
    pub ids: Arc<dyn Ids>,
    /// Chance, for pauses.
    pub jitter: Arc<dyn Jitter>,
    /// The zones.
    pub grid: ZoneGrid,
    /// For the legs of a route that orders leave.
    pub estimate: LegEstimate,
    /// What can be set.
    pub settings: OptimizeSettings,
}

/// What a run has done, for logs and metrics.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlanReport {
    /// Who planned; none where there was nothing to plan, or somebody else was at it.
    pub provider: Option<&'static str>,
    /// Who was to plan and did not, and why.
    pub fallbacks: Vec<Fallback>,
    /// Pending orders that were put on routes.
    pub assigned: usize,
    /// Orders that changed their agent.
    pub moved: usize,
    /// Orders that found no place.
    pub unplaced: Vec<domain::UnplacedReason>,
    /// Changes that lost a race and were not committed, and agents who changed each time that they were read.
    pub conflicts: usize,
    /// Changes that the store did not take. Their orders are planned again when the sweep finds them.
    pub failed: usize,
    /// Orders that were left for the next plan, since this one was full.
    pub left_for_next: usize,
    /// Whether more orders may be waiting than were read.
    pub unread: bool,
    /// How long the provider planned.
    pub planned_for: Duration,
}

impl OptimizeRoutes {
    /// Plans a zone once, for all the wake-ups of it that came together.
    ///
    /// # Errors
    /// When something is away: the wake-ups are to be delivered again.
    pub async fn run(&self, zone: Zone, wakes: &[Wake]) -> Result<PlanReport, Refusal> {
        let everything = wakes.iter().any(|wake| wake.cause.ends_pauses());
        // Unique to this run; any fresh id will do.
        let owner = self.ids.route_id().to_string();
        if !self.take_or_leave_word(zone, &owner, everything).await? {
            info!(%zone, "somebody else is planning this zone and will look again");
            return Ok(PlanReport::default());
        }
        let planned = self.plan(zone, wakes, everything).await;
        // A crash here leaves the lease to expire and the wake-ups to be delivered again. What others asked for stays
        // on the lease until they were heard: who takes it after a crash further down hears it too.
        if let Some(dirty) = self.leases.give_back(zone, &owner).await? {
            let cause = WakeCause::again(dirty.everything);
            self.wake_again(zone, cause, 0).await?;
            self.leases.settle(zone, &owner).await?;
        }
        let report = planned?;
        if report.conflicts > 0 {
            // Orders whose pauses this run was to end have them still.
            let cause = if everything {
                WakeCause::AgentsChangedMeanwhile
            } else {
                WakeCause::More
            };
            let delay_s = 1 + self.jitter.up_to(LONGEST_RETRY_S - 1);
            self.wake_again(zone, cause, delay_s).await?;
        } else if report.left_for_next > 0 || report.unread {
            // The next plan ends pauses too, as long as this gets anywhere.
            let cause = if everything && report.assigned > 0 {
                WakeCause::AgentsChangedMeanwhile
            } else {
                WakeCause::More
            };
            self.wake_again(zone, cause, 0).await?;
        }
        Ok(report)
    }

    /// Takes the lease, or asks its holder to look again.
    async fn take_or_leave_word(
        &self,
        zone: Zone,
        owner: &str,
        everything: bool,
    ) -> Result<bool, Refusal> {
        let until = |now: Timestamp| now + self.settings.lease;
        let now = self.clock.now();
        if self.leases.take(zone, owner, now, until(now)).await? {
            return Ok(true);
        }
        if self.leases.mark_dirty(zone, everything, now).await? {
            return Ok(false);
        }
        // It was given back in between.
        let now = self.clock.now();
        if self.leases.take(zone, owner, now, until(now)).await? {
            return Ok(true);
        }
        // And taken by somebody else, who may not have seen our orders.
        self.wake_again(zone, WakeCause::again(everything), 1)
            .await?;
        Ok(false)
    }

    async fn wake_again(&self, zone: Zone, cause: WakeCause, delay_s: u32) -> Result<(), Refusal> {
        let wake = Wake {
            zone,
            cause,
            order_id: None,
            agent_id: None,
        };
        Ok(self.wakes.send(&[wake], delay_s).await?)
    }

    async fn plan(
        &self,
        zone: Zone,
        wakes: &[Wake],
        everything: bool,
    ) -> Result<PlanReport, Refusal> {
        let now = self.clock.now();
        let planning = self.planning();
        let named: Vec<OrderId> = wakes.iter().filter_map(|wake| wake.order_id).collect();
        let due = planning.due_orders(zone, &named, everything, now).await?;
        let unread = due.unread;
        self.write_all(due.expired).await?;
        self.hold(&due.suspended, now).await?;
        self.postpone(due.early, now).await?;
        let due = due.orders;
        let nothing_to_do = PlanReport {
            unread,
            ..PlanReport::default()
        };
        // A wake that is sent again does not tell whether a route is late, so it counts as that.
        let late = wakes.iter().any(|wake| {
            let causes = [WakeCause::RouteLate, WakeCause::AgentsChangedMeanwhile];
            causes.contains(&wake.cause)
        });
        if due.is_empty() && !late && !(everything && self.somebody_is_idle(zone, wakes).await?) {
            return Ok(nothing_to_do);
        }
        let seen = self.crews(zone, wakes, now).await?;
        let rules = &self.settings.rules;
        let movable = |crew: &Crew| crew.has_movable_orders(rules, now);
        if due.is_empty() && !seen.ready.iter().any(movable) {
            return Ok(nothing_to_do);
        }
        let Made {
            instance,
            answer,
            left_for_next,
            left_out,
        } = planning.plan(due, seen.ready, now).await?;
        if left_out > 0 {
            info!(%zone, left_out, "a plan has no room for all agents of the zone");
        }
        if left_for_next > 0 {
            warn!(%zone, left_for_next, "the plan is full; the rest waits for the next");
        }
        let planned_for =
            Duration::try_from(self.clock.now().duration_since(now)).unwrap_or_default();
        let changes = Changes {
            instance: &instance,
            ids: self.ids.as_ref(),
            grid: self.grid,
            estimate: self.estimate,
            now: instance.now,
        };
        let committed = self.commit(changes.of(&answer)).await?;
        // Nobody knows whether an agent who could not be read had a place. So no order gets a reason.
        let unplaced = if seen.missed > 0 {
            Vec::new()
        } else {
            instance.unplaced(&answer, left_out > 0)
        };
        let reasons = unplaced.iter().map(|(_, reason)| *reason).collect();
        self.note_unplaced(unplaced, now).await?;
        Ok(PlanReport {
            provider: Some(answer.provider),
            fallbacks: answer.fallbacks,
            assigned: committed.assigned,
            moved: committed.moved,
            unplaced: reasons,
            conflicts: committed.conflicts + seen.missed,
            failed: committed.failed,
            left_for_next,
            unread,
            planned_for,
        })
    }

    fn planning(&self) -> Planning<'_> {
        Planning {
            users: self.users.as_ref(),
            orders: self.orders.as_ref(),
            routes: self.routes.as_ref(),
            jitter: self.jitter.as_ref(),
            provider: self.provider.as_ref(),
            rules: self.settings.rules,
            estimate: self.estimate,
            horizon: self.settings.horizon,
            time_limit: self.settings.time_limit,
        }
    }
}
