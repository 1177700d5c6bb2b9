//! Plans the zones that messages name, and commits the routes.

mod handler;
mod provider;

use std::sync::Arc;

use adapters::dynamodb::{
    DynamoLeases, DynamoLedger, DynamoLegs, DynamoOrders, DynamoRoutes, DynamoUsers, LedgerTables,
};
use adapters::sqs::SqsWakes;
use adapters::system::{RandomJitter, SystemClock, UuidIds};
use app::routes::optimize_routes::{OptimizeRoutes, OptimizeSettings};
use jiff::SignedDuration;
use runtime::config::Environment;

use handler::{PlanZones, TIMEOUT};

/// The function's timeout in `template.yaml`: a lease that is older belongs to nobody.
const LEASE: SignedDuration = SignedDuration::from_secs(TIMEOUT.as_secs() as i64);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let env = Environment::new();
    let (users, orders, routes, leases, queue, horizon, time_limit, estimate, planners) =
        env.all((
            env.text("USERS_TABLE"),
            env.text("ORDERS_TABLE"),
            env.text("ROUTES_TABLE"),
            env.text("IDEMPOTENCY_TABLE"),
            env.text("OPTIMIZATION_QUEUE_URL"),
            env.planning_horizon(),
            env.plan_time(),
            env.leg_estimate(),
            provider::settings(&env),
        ))?;
    let aws = adapters::aws::config().await;
    let dynamodb = adapters::dynamodb::Client::new(&aws);
    let remote_time = planners.remote_time(time_limit);
    let legs = DynamoLegs::new(dynamodb.clone(), leases.clone());
    let provider = provider::provider(planners, estimate, remote_time, legs, &aws).await?;
    let sqs = adapters::sqs::Client::new(&aws);
    let tables = LedgerTables {
        users: users.clone(),
        orders: orders.clone(),
        routes: routes.clone(),
    };
    let optimize_routes = OptimizeRoutes {
        users: Arc::new(DynamoUsers::new(dynamodb.clone(), users)),
        orders: Arc::new(DynamoOrders::without_keys(dynamodb.clone(), orders)),
        routes: Arc::new(DynamoRoutes::new(dynamodb.clone(), routes)),
        ledger: Arc::new(DynamoLedger::new(dynamodb.clone(), tables)),
        leases: Arc::new(DynamoLeases::new(dynamodb, leases)),
        wakes: Arc::new(SqsWakes::new(sqs, queue)),
        provider,
        clock: Arc::new(SystemClock),
        ids: Arc::new(UuidIds),
        jitter: Arc::new(RandomJitter),
        settings: OptimizeSettings {
            horizon,
            time_limit,
            lease: LEASE,
        },
    };
    runtime::sqs::serve(Arc::new(PlanZones {
        optimize_routes,
        remote_time,
    }))
    .await
}
