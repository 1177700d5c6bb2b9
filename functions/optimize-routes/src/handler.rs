//! Plans each zone of a batch once, for all of its messages.

use std::collections::HashMap;
use std::time::Duration;

use app::messages::Wake;
use app::routes::optimize_routes::{OptimizeRoutes, PlanReport};
use domain::{UnplacedReason, VariantArray, Zone};
use runtime::Failure;
use runtime::metrics::Metrics;
use runtime::sqs::{Handler, Job, Message};
use tracing::info;

/// The function's timeout in `template.yaml`.
pub const TIMEOUT: Duration = Duration::from_secs(60);
/// What a plan needs beside the planners' time: reading the zone, and committing route by route.
pub const READS_AND_COMMITS: Duration = Duration::from_secs(10);

/// Plans each zone of a batch once, for all of its messages.
pub struct PlanZones {
    /// Plans one.
    pub optimize_routes: OptimizeRoutes,
    /// How long planners elsewhere may take before the embedded one begins.
    pub remote_time: Duration,
}

impl Handler for PlanZones {
    fn jobs<'a>(&'a self, batch: &'a [Message]) -> Vec<Job<'a>> {
        let mut jobs = Vec::new();
        // In the order in which they were asked for, so that none is always the one for which no time is left.
        let mut zones: Vec<(Zone, Vec<&Message>, Vec<Wake>)> = Vec::new();
        let mut places: HashMap<Zone, usize> = HashMap::new();
        for message in batch {
            match message.json::<Wake>() {
                Ok(wake) => {
                    let place = *places.entry(wake.zone).or_insert(zones.len());
                    if place == zones.len() {
                        zones.push((wake.zone, Vec::new(), Vec::new()));
                    }
                    let (_, messages, wakes) = &mut zones[place];
                    messages.push(message);
                    wakes.push(wake);
                }
                Err(failure) => jobs.push(Job::failed(message, failure)),
            }
        }
        jobs.extend(zones.into_iter().map(|(zone, messages, wakes)| {
            let later = self.hand_on(Wake::in_place_of(zone, &wakes));
            Job::new(messages, self.plan(zone, wakes)).or_later(later)
        }));
        jobs
    }

    /// Each of these takes the memory of its travel times, and its share of the cores.
    fn at_once(&self) -> usize {
        4
    }

    fn longest_job(&self) -> Duration {
        self.remote_time + self.optimize_routes.settings.time_limit + READS_AND_COMMITS
    }
}

impl PlanZones {
    /// For another run, which may be one of another instance: nothing has failed. Done twice it is one plan more.
    async fn hand_on(&self, wake: Wake) -> Result<(), Failure> {
        self.optimize_routes.wakes.wake(&[wake], 0).await?;
        Metrics::new().count("ZonesHandedOn", 1).emit();
        Ok(())
    }

    async fn plan(&self, zone: Zone, wakes: Vec<Wake>) -> Result<(), Failure> {
        let report = self.optimize_routes.run(zone, &wakes).await?;
        info!(
            %zone,
            wakes = wakes.len(),
            provider = report.provider,
            fallbacks = fallbacks(&report),
            assigned = report.assigned,
            unplaced = report.unplaced.len(),
            conflicts = report.conflicts,
            left_for_next = report.left_for_next,
            unread = report.unread,
            planned_for_ms = report.planned_for.as_millis() as u64,
            "zone planned"
        );
        Metrics::new().count("Wakes", wakes.len()).emit();
        count(&report);
        Ok(())
    }
}

/// Who was passed over and why: `ors:timeout`.
fn fallbacks(report: &PlanReport) -> Option<String> {
    let each = report.fallbacks.iter();
    let each = each.map(|fallback| format!("{}:{}", fallback.provider, fallback.reason.name()));
    (!report.fallbacks.is_empty()).then(|| each.collect::<Vec<_>>().join(","))
}

fn count(report: &PlanReport) {
    if report.provider.is_none() {
        return;
    }
    for fallback in &report.fallbacks {
        Metrics::new()
            .of("Provider", fallback.provider)
            .of("Reason", fallback.reason.name())
            .count("ProviderFallbacks", 1)
            .emit();
    }
    // Without dimensions of its own, for an alarm: what a provider does not take is passed on every day.
    let failures = report.fallbacks.iter();
    let failures = failures.filter(|it| !it.reason.is_of_the_problem()).count();
    if failures > 0 {
        Metrics::new().count("ProviderFailures", failures).emit();
    }
    Metrics::new()
        .count("OrdersAssigned", report.assigned)
        .count("CommitConflicts", report.conflicts)
        .seconds("PlanSeconds", report.planned_for)
        .emit();
    for reason in UnplacedReason::VARIANTS {
        let unplaced = report.unplaced.iter().filter(|r| *r == reason).count();
        if unplaced > 0 {
            Metrics::new()
                .of("Reason", reason.name())
                .count("OrdersUnplaced", unplaced)
                .emit();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    use app::ports::{Fallback, FallbackReason};
    use app::routes::optimize_routes::OptimizeSettings;
    use domain::OrderStatus;
    use jiff::SignedDuration;
    use runtime::sqs;
    use serde_json::{Value, json};
    use testkit::{
        CountedIds, FirstComeFirstServed, MemoryStore, MemoryWakes, NoJitter, StillClock, an_agent,
        an_order,
    };

    fn plan_zones(store: &Arc<MemoryStore>) -> PlanZones {
        let optimize_routes = OptimizeRoutes {
            users: store.clone(),
            orders: store.clone(),
            routes: store.clone(),
            ledger: store.clone(),
            leases: store.clone(),
            wakes: Arc::new(MemoryWakes::default()),
            provider: Arc::new(FirstComeFirstServed::default()),
            clock: Arc::new(StillClock::at("2030-05-06T08:00:00Z")),
            ids: Arc::new(CountedIds::default()),
            jitter: Arc::new(NoJitter),
            settings: OptimizeSettings {
                horizon: SignedDuration::from_hours(12),
                time_limit: Duration::from_secs(1),
                lease: SignedDuration::from_secs(60),
            },
        };
        PlanZones {
            optimize_routes,
            remote_time: Duration::ZERO,
        }
    }

    fn store() -> Arc<MemoryStore> {
        let mut agent = an_agent(2).on_duty().build();
        agent.id = "63b4c8f2-4071-70e0-5d0f-8a1b2c3d4e5f".parse().unwrap();
        let mut order = an_order(1).build();
        order.id = "0197c56d-d900-7b6e-9d2f-4a1e5b7c8d90".parse().unwrap();
        Arc::new(MemoryStore::with([agent], [order]))
    }

    async fn handled(store: &Arc<MemoryStore>, event: &str) -> Value {
        let event = serde_json::from_str(event).unwrap();
        let time = Duration::from_secs(60);
        let response = sqs::handle(&plan_zones(store), event, time).await.unwrap();
        serde_json::to_value(response).unwrap()
    }

    #[tokio::test]
    async fn the_messages_of_a_zone_are_one_plan_and_may_come_twice() {
        let store = store();
        let event = include_str!("../../../events/optimize-routes.json");
        for _ in 0..2 {
            assert_eq!(
                handled(&store, event).await,
                json!({"batchItemFailures": []})
            );
            assert_eq!(store.all_orders()[0].status, OrderStatus::Assigned);
            assert_eq!(store.all_routes().len(), 1);
        }
    }

    #[tokio::test]
    async fn zones_for_which_there_is_no_time_are_handed_on_whole_and_nothing_has_failed() {
        let store = store();
        let mut late = plan_zones(&store);
        let wakes = Arc::new(MemoryWakes::default());
        late.optimize_routes.wakes = wakes.clone();
        let event = include_str!("../../../events/optimize-routes.json");
        let event = serde_json::from_str(event).unwrap();
        let response = sqs::handle(&late, event, READS_AND_COMMITS).await.unwrap();
        assert_eq!(response.batch_item_failures, []);
        assert_eq!(store.all_orders()[0].status, OrderStatus::Pending);
        // The first zone's messages are of an order and of an agent: what waits out a pause is to be planned too.
        let sent: Vec<Value> = wakes.take().iter().map(|(wake, _)| json!(wake)).collect();
        let again = |zone| json!({"zone": zone, "cause": "agents_changed_meanwhile"});
        assert_eq!(sent, [again("85394463fffffff"), again("85394467fffffff")]);

        let event = json!({"Records": [{"messageId": "m", "body": sent[0].to_string()}]});
        assert_eq!(
            handled(&store, &event.to_string()).await,
            json!({"batchItemFailures": []})
        );
        assert_eq!(store.all_orders()[0].status, OrderStatus::Assigned);
    }

    #[tokio::test]
    async fn zones_that_can_be_neither_planned_nor_handed_on_come_again() {
        let mut late = plan_zones(&store());
        let wakes = Arc::new(MemoryWakes::default());
        wakes.set_away(true);
        late.optimize_routes.wakes = wakes;
        let event = include_str!("../../../events/optimize-routes.json");
        let event = serde_json::from_str(event).unwrap();
        let response = sqs::handle(&late, event, READS_AND_COMMITS).await.unwrap();
        assert_eq!(response.batch_item_failures.len(), 3);
    }

    #[test]
    fn who_was_passed_over_is_told() {
        let fallback = |provider, reason| Fallback { provider, reason };
        let report = PlanReport {
            fallbacks: vec![
                fallback("ors", FallbackReason::TooLarge),
                fallback("ors-matrix", FallbackReason::Quota),
            ],
            ..PlanReport::default()
        };
        let told = fallbacks(&report);
        assert_eq!(told.as_deref(), Some("ors:too_large,ors-matrix:quota"));
        assert_eq!(fallbacks(&PlanReport::default()), None);
    }

    #[tokio::test]
    async fn a_message_that_cannot_be_read_does_not_keep_the_zone_waiting() {
        let store = store();
        let event = include_str!("../../../events/optimize-routes-unreadable.json");
        let failed = json!([{"itemIdentifier": "2e1424d4-f796-459a-8184-9c92662be602"}]);
        assert_eq!(handled(&store, event).await["batchItemFailures"], failed);
        assert_eq!(store.all_orders()[0].status, OrderStatus::Assigned);
    }

    #[tokio::test]
    async fn all_messages_of_a_zone_that_failed_come_again() {
        let store = store();
        let mut broken = plan_zones(&store);
        let wakes = Arc::new(MemoryWakes::default());
        wakes.set_away(true);
        broken.optimize_routes.wakes = wakes;
        // The plan loses its race, and the zone cannot be woken again.
        store.next_writes([testkit::NextWrite::Conflicts]);
        let event = include_str!("../../../events/optimize-routes.json");
        let event = serde_json::from_str(event).unwrap();
        let response = sqs::handle(&broken, event, Duration::from_secs(60))
            .await
            .unwrap();
        let failures = response.batch_item_failures.iter();
        let mut failed: Vec<&str> = failures.map(|f| f.item_identifier.as_str()).collect();
        failed.sort_unstable();
        assert!(
            failed.contains(&"2e1424d4-f796-459a-8184-9c92662be601"),
            "{failed:?}"
        );
        assert!(
            failed.contains(&"2e1424d4-f796-459a-8184-9c92662be602"),
            "{failed:?}"
        );
    }
}
