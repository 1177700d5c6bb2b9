//! Plans each zone of a batch once, for all of its messages.

use std::collections::BTreeMap;
use std::time::Duration;

use app::messages::Wake;
use app::optimize::{OptimizeRoutes, PlanReport};
use domain::{UnplacedReason, Zone};
use runtime::Failure;
use runtime::metrics::Metrics;
use runtime::sqs::{Handler, Job, Message};
use tracing::info;

/// What a plan needs beside the planner's time: reading the zone, and committing route by route.
const READS_AND_COMMITS: Duration = Duration::from_secs(10);

/// Plans each zone of a batch once, for all of its messages.
pub struct PlanZones(pub OptimizeRoutes);

impl Handler for PlanZones {
    fn jobs<'a>(&'a self, batch: &'a [Message]) -> Vec<Job<'a>> {
        let mut zones: BTreeMap<Zone, (Vec<&Message>, Vec<Wake>)> = BTreeMap::new();
        let mut jobs = Vec::new();
        for message in batch {
            match message.json::<Wake>() {
                Ok(wake) => {
                    let (messages, wakes) = zones.entry(wake.zone).or_default();
                    messages.push(message);
                    wakes.push(wake);
                }
                Err(failure) => jobs.push(Job::failed(message, failure)),
            }
        }
        jobs.extend(
            zones
                .into_iter()
                .map(|(zone, (messages, wakes))| Job::new(messages, self.plan(zone, wakes))),
        );
        jobs
    }

    /// Each of these takes a core and the memory of its travel times.
    fn at_once(&self) -> usize {
        4
    }

    fn longest_job(&self) -> Duration {
        self.0.settings.time_limit + READS_AND_COMMITS
    }
}

impl PlanZones {
    async fn plan(&self, zone: Zone, wakes: Vec<Wake>) -> Result<(), Failure> {
        let report = self.0.run(zone, &wakes).await?;
        info!(
            %zone,
            wakes = wakes.len(),
            provider = report.provider,
            assigned = report.assigned,
            unplaced = report.unplaced.len(),
            conflicts = report.conflicts,
            left_for_next = report.left_for_next,
            planned_for_ms = report.planned_for.as_millis() as u64,
            "zone planned"
        );
        Metrics::new().count("Wakes", wakes.len()).emit();
        count(&report);
        Ok(())
    }
}

fn count(report: &PlanReport) {
    if report.provider.is_none() {
        return;
    }
    Metrics::new()
        .count("OrdersAssigned", report.assigned)
        .count("CommitConflicts", report.conflicts)
        .seconds("PlanSeconds", report.planned_for)
        .emit();
    for reason in [
        UnplacedReason::NoAgentOnDuty,
        UnplacedReason::OverCapacity,
        UnplacedReason::OutsideTimeWindows,
    ] {
        let unplaced = report.unplaced.iter().filter(|r| **r == reason).count();
        if unplaced > 0 {
            Metrics::new()
                .of("Reason", name(reason))
                .count("OrdersUnplaced", unplaced)
                .emit();
        }
    }
}

/// As on the wire.
fn name(reason: UnplacedReason) -> &'static str {
    match reason {
        UnplacedReason::NoAgentOnDuty => "no_agent_on_duty",
        UnplacedReason::OverCapacity => "over_capacity",
        UnplacedReason::OutsideTimeWindows => "outside_time_windows",
    }
}
