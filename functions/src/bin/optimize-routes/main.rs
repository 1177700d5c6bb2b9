//! Plans the zones that messages name, and commits the routes.

mod provider;
mod report;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use adapters::dynamodb::{
    DynamoLeases, DynamoLedger, DynamoLegs, DynamoOrders, DynamoRoutes, DynamoUsers,
    DynamoZonesWithoutAgents,
};
use adapters::sqs::SqsQueue;
use adapters::system::{RandomJitter, SystemClock, UuidIds};
use app::messages::Wake;
use app::routes::optimize_routes::{OptimizeRoutes, OptimizeSettings};
use domain::Zone;
use jiff::SignedDuration;
use runtime::Failure;
use runtime::metrics::Metrics;
use runtime::sqs::{Job, Limits, Message};
use settings::{PlanTime, PlanningHorizon};

use provider::PlannerSettings;

/// The timeout of the function in `template.yaml`: an older lease has no holder any more.
const LEASE: SignedDuration = SignedDuration::from_secs(TIMEOUT.as_secs() as i64);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let (resources, times, geography, rules, planners): (_, _, _, _, PlannerSettings) =
        settings::from_environment()?;
    let (users, orders, routes, claims, queue) = resources;
    let (PlanningHorizon(horizon), PlanTime(time_limit)) = times;
    let (grid, estimate) = geography;
    let aws = adapters::aws::config();
    let dynamodb = adapters::dynamodb::Client::new(&aws);
    let remote_time = planners.remote_time(time_limit);
    let legs = DynamoLegs::new(&dynamodb, &claims);
    let provider = provider::provider(planners, estimate, remote_time, legs, &aws).await?;
    let sqs = adapters::sqs::Client::new(&aws);
    let optimize_routes = OptimizeRoutes {
        users: Arc::new(DynamoUsers::new(&dynamodb, &users)),
        orders: Arc::new(DynamoOrders::new(&dynamodb, &orders)),
        routes: Arc::new(DynamoRoutes::new(&dynamodb, &routes)),
        ledger: Arc::new(DynamoLedger::new(&dynamodb, &users, &orders, &routes)),
        leases: Arc::new(DynamoLeases::new(&dynamodb, &claims)),
        without_agents: Arc::new(DynamoZonesWithoutAgents::new(&dynamodb, &claims)),
        wakes: Arc::new(SqsQueue::<Wake>::new(&sqs, &queue)),
        provider,
        clock: Arc::new(SystemClock),
        ids: Arc::new(UuidIds),
        jitter: Arc::new(RandomJitter),
        grid,
        estimate,
        settings: OptimizeSettings {
            horizon,
            time_limit,
            lease: LEASE,
            rules,
        },
    };
    let limits = limits(remote_time, time_limit);
    runtime::sqs::serve(optimize_routes, jobs, limits).await
}

/// The function's timeout in `template.yaml`.
const TIMEOUT: Duration = Duration::from_secs(60);
/// The time that a plan needs besides the planners' time: it reads the zone, and commits each route.
const READS_AND_COMMITS: Duration = Duration::from_secs(10);

/// `remote_time` is the time limit of the providers, and `embedded_time` that of the embedded planner.
fn limits(remote_time: Duration, embedded_time: Duration) -> Limits {
    Limits {
        // Each plan takes the memory of its travel times, and its share of the cores.
        at_once: 4,
        longest_job: remote_time + embedded_time + READS_AND_COMMITS,
    }
}

/// Each zone of the batch is planned once, for all of its messages.
fn jobs<'a>(optimize_routes: &'a OptimizeRoutes, batch: &'a [Message]) -> Vec<Job<'a>> {
    let mut jobs = Vec::new();
    // In the order in which the messages came, so that it is not always the same zone for which no time is left.
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
        let later = hand_on(optimize_routes, Wake::in_place_of(zone, &wakes));
        Job::new(messages, plan(optimize_routes, zone, wakes)).or_later(later)
    }));
    jobs
}

async fn plan(
    optimize_routes: &OptimizeRoutes,
    zone: Zone,
    wakes: Vec<Wake>,
) -> Result<(), Failure> {
    let report = optimize_routes.run(zone, &wakes).await?;
    report::log(zone, wakes.len(), &report);
    report::count(&wakes, &report);
    Ok(())
}

/// Wakes the zone again, for another run. This is no failure. A zone that is handed on twice is planned once more.
async fn hand_on(optimize_routes: &OptimizeRoutes, wake: Wake) -> Result<(), Failure> {
    optimize_routes.wakes.send(&[wake], 0).await?;
    Metrics::new().count("ZonesHandedOn", 1).emit();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    use app::routes::optimize_routes::OptimizeSettings;
    use aws_lambda_events::sqs::SqsBatchResponse;
    use domain::{DispatchRules, LegEstimate, OrderStatus};
    use runtime::sqs;
    use serde_json::{Value, json};
    use testkit::{
        CountedIds, FirstComeFirstServed, MemoryStore, MemoryWakes, NoJitter, StillClock, an_agent,
        an_order,
    };

    fn optimize_routes(store: &Arc<MemoryStore>) -> OptimizeRoutes {
        OptimizeRoutes {
            users: store.clone(),
            orders: store.clone(),
            routes: store.clone(),
            ledger: store.clone(),
            leases: store.clone(),
            without_agents: store.clone(),
            wakes: Arc::new(MemoryWakes::default()),
            provider: Arc::new(FirstComeFirstServed::default()),
            clock: Arc::new(StillClock::at("2030-05-06T08:00:00Z")),
            ids: Arc::new(CountedIds::default()),
            jitter: Arc::new(NoJitter),
            grid: testkit::build::grid(),
            estimate: LegEstimate::default(),
            settings: OptimizeSettings {
                horizon: SignedDuration::from_hours(12),
                time_limit: Duration::from_secs(1),
                lease: SignedDuration::from_secs(60),
                rules: DispatchRules::default(),
            },
        }
    }

    async fn consumed(
        optimize_routes: &OptimizeRoutes,
        event: &str,
        time: Duration,
    ) -> SqsBatchResponse {
        let limits = limits(Duration::ZERO, optimize_routes.settings.time_limit);
        let event = serde_json::from_str(event).unwrap();
        let response = sqs::consume(optimize_routes, jobs, limits, event, time);
        response.await.unwrap()
    }

    fn store() -> Arc<MemoryStore> {
        let mut agent = an_agent(2).on_duty().build();
        agent.id = "63b4c8f2-4071-70e0-5d0f-8a1b2c3d4e5f".parse().unwrap();
        let mut order = an_order(1).build();
        order.id = "0197c56d-d900-7b6e-9d2f-4a1e5b7c8d90".parse().unwrap();
        Arc::new(MemoryStore::with([agent], [order]))
    }

    async fn handled(store: &Arc<MemoryStore>, event: &str) -> Value {
        let response = consumed(&optimize_routes(store), event, TIMEOUT).await;
        serde_json::to_value(response).unwrap()
    }

    #[tokio::test]
    async fn the_messages_of_a_zone_are_one_plan_and_may_come_twice() {
        let store = store();
        let event = include_str!("../../../../events/optimize-routes.json");
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
        let mut late = optimize_routes(&store);
        let wakes = Arc::new(MemoryWakes::default());
        late.wakes = wakes.clone();
        let event = include_str!("../../../../events/optimize-routes.json");
        let response = consumed(&late, event, READS_AND_COMMITS).await;
        assert_eq!(response.batch_item_failures, []);
        assert_eq!(store.all_orders()[0].status, OrderStatus::Pending);
        // The messages of the first zone are about an order and an agent, so the new wake includes orders that pause.
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
        let mut late = optimize_routes(&store());
        let wakes = Arc::new(MemoryWakes::default());
        wakes.set_away(true);
        late.wakes = wakes;
        let event = include_str!("../../../../events/optimize-routes.json");
        let response = consumed(&late, event, READS_AND_COMMITS).await;
        assert_eq!(response.batch_item_failures.len(), 3);
    }

    #[tokio::test]
    async fn a_message_that_cannot_be_read_does_not_keep_the_zone_waiting() {
        let store = store();
        let event = include_str!("../../../../events/optimize-routes-unreadable.json");
        let failed = json!([{"itemIdentifier": "2e1424d4-f796-459a-8184-9c92662be602"}]);
        assert_eq!(handled(&store, event).await["batchItemFailures"], failed);
        assert_eq!(store.all_orders()[0].status, OrderStatus::Assigned);
    }

    #[tokio::test]
    async fn all_messages_of_a_zone_that_failed_come_again() {
        let store = store();
        let mut broken = optimize_routes(&store);
        let wakes = Arc::new(MemoryWakes::default());
        wakes.set_away(true);
        broken.wakes = wakes;
        // The commit conflicts with another write, and the zone cannot be woken again.
        store.next_writes([testkit::NextWrite::Conflicts]);
        let event = include_str!("../../../../events/optimize-routes.json");
        let response = consumed(&broken, event, TIMEOUT).await;
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
