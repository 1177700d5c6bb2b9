//! The real adapters keep the contract of the ports, on the stack that `eval "$(make -s env)"` names.
//!
//! The tables are copies of the stack's own, so that no function of the stack takes part: same keys and indexes, no
//! stream. Queues and topics are made for the test likewise. The user pool is the stack's.

#![cfg(feature = "stack")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![expect(
    clippy::disallowed_methods,
    reason = "each table and queue of a run has a new name"
)]

mod stack;

use std::sync::Arc;

use adapters::dynamodb::{
    DynamoGeocoderTurns, DynamoImportChunks, DynamoImports, DynamoLeases, DynamoLedger, DynamoLegs,
    DynamoLocations, DynamoOrderPlacement, DynamoOrders, DynamoOutboxes, DynamoPendingBounds,
    DynamoPlaces, DynamoProfiles, DynamoPromises, DynamoProofs, DynamoRecipientMessages,
    DynamoRoutes, DynamoSweepPlace, DynamoTrackingLinks, DynamoUsers, DynamoZonesWithoutAgents,
};
use adapters::s3::S3Files;
use adapters::s3::proofs::S3Proofs;
use adapters::s3::put_aside::{S3UnreadableChanges, unreadable};
use adapters::ses::SesMailer;
use adapters::sns::{SnsMailer, SnsTexts};
use adapters::sqs::SqsQueue;
use adapters::system::SystemClock;
use app::messages::{Notification, Wake};
use app::ports::Clock;
use domain::Timestamp;
use jiff::SignedDuration;
use settings::TextSenderName;
use settings::resources::{
    FailedEventsBucket, NotificationQueue, OptimizationQueue, UploadsBucket, UserTopics,
};
use stack::Stack;
use testkit::StillClock;
use testkit::contracts::identity::{Identity, MailedCodes};
use testkit::contracts::{self, Stores};

/// The codes that the local stack takes. On AWS they come by mail, so that this suite stays local.
const CODES: MailedCodes<'_> = MailedCodes {
    confirmation: "123456",
    reset: "654321",
    new_address: "246810",
};

#[tokio::test]
async fn users() {
    let stack = Stack::new().await;
    let table = stack.users().await;
    contracts::users::run(&DynamoUsers::new(&stack.dynamodb(), &table.table())).await;
    table.delete().await;
}

#[tokio::test]
async fn orders_and_their_listings() {
    let stack = Stack::new().await;
    let table = stack.orders().await;
    let orders = DynamoOrders::new(&stack.dynamodb(), &table.table());
    tokio::join!(
        contracts::orders::run(&orders),
        contracts::listings::run(&orders),
        contracts::pending::run(&orders),
    );
    table.delete().await;
}

#[tokio::test]
async fn placing() {
    let stack = Stack::new().await;
    let table = stack.orders().await;
    let claims = stack.claims().await;
    let orders = DynamoOrders::new(&stack.dynamodb(), &table.table());
    let placement = DynamoOrderPlacement::new(&stack.dynamodb(), &table.table(), &claims.table());
    contracts::placing::run(&placement, &orders).await;
    table.delete().await;
    claims.delete().await;
}

#[tokio::test]
async fn bounds_on_pending_orders() {
    let stack = Stack::new().await;
    let table = stack.orders().await;
    let claims = stack.claims().await;
    let bounds = DynamoPendingBounds::new(&stack.dynamodb(), &claims.table(), &table.table());
    let orders = DynamoOrders::new(&stack.dynamodb(), &table.table());
    contracts::pending_bounds::run(&bounds, &orders).await;
    table.delete().await;
    claims.delete().await;
}

#[tokio::test]
async fn routes_and_ledger() {
    let stack = Stack::new().await;
    let users = stack.users().await;
    let orders = stack.orders().await;
    let routes = stack.routes().await;
    let ledger = DynamoLedger::new(
        &stack.dynamodb(),
        &users.table(),
        &orders.table(),
        &routes.table(),
    );
    let stores = Stores {
        users: &DynamoUsers::new(&stack.dynamodb(), &users.table()),
        orders: &DynamoOrders::new(&stack.dynamodb(), &orders.table()),
        routes: &DynamoRoutes::new(&stack.dynamodb(), &routes.table()),
        ledger: &ledger,
    };
    tokio::join!(
        contracts::routes::run(stores),
        contracts::ledger::run(stores)
    );
    users.delete().await;
    orders.delete().await;
    routes.delete().await;
}

#[tokio::test]
async fn outboxes_leases_places_and_the_sweep() {
    let stack = Stack::new().await;
    let table = stack.claims().await;
    let outboxes = DynamoOutboxes::new(&stack.dynamodb(), &table.table());
    let leases = DynamoLeases::new(&stack.dynamodb(), &table.table());
    let places = DynamoPlaces::new(&stack.dynamodb(), &table.table());
    let sweep = DynamoSweepPlace::new(&stack.dynamodb(), &table.table());
    let links = DynamoTrackingLinks::new(&stack.dynamodb(), &table.table());
    let recipients = DynamoRecipientMessages::new(&stack.dynamodb(), &table.table());
    let promises = DynamoPromises::new(&stack.dynamodb(), &table.table());
    let without_agents = DynamoZonesWithoutAgents::new(&stack.dynamodb(), &table.table());
    tokio::join!(
        contracts::outboxes::run(&outboxes),
        contracts::leases::run(&leases),
        contracts::places::run(&places),
        contracts::promises::run(&promises),
        contracts::recipients::run(&recipients),
        contracts::sweep::run(&sweep),
        contracts::tracking::run(&links),
        contracts::without_agents::run(&without_agents)
    );
    table.delete().await;
}

#[tokio::test]
async fn imports() {
    let stack = Stack::new().await;
    let imports = stack.imports().await;
    let orders = stack.orders().await;
    let claims = stack.claims().await;
    let stores = contracts::imports::Stores {
        imports: &DynamoImports::new(&stack.dynamodb(), &imports.table()),
        chunks: &DynamoImportChunks::new(
            &stack.dynamodb(),
            &imports.table(),
            &orders.table(),
            &claims.table(),
        ),
        orders: &DynamoOrders::new(&stack.dynamodb(), &orders.table()),
        placement: &DynamoOrderPlacement::new(&stack.dynamodb(), &orders.table(), &claims.table()),
    };
    contracts::imports::run(stores).await;
    contracts::locating::run(&DynamoImports::new(&stack.dynamodb(), &imports.table())).await;
    let turns = DynamoGeocoderTurns::new(&stack.dynamodb(), &claims.table());
    contracts::locating::run_turns(&turns, testkit::at("2030-05-06T08:00:00Z")).await;
    imports.delete().await;
    orders.delete().await;
    claims.delete().await;
}

#[tokio::test]
async fn profiles() {
    let stack = Stack::new().await;
    let imports = stack.imports().await;
    contracts::profiles::run(&DynamoProfiles::new(&stack.dynamodb(), &imports.table())).await;
    imports.delete().await;
}

#[tokio::test]
async fn files() {
    let stack = Stack::new().await;
    let bucket = stack.bucket().await;
    let files = S3Files::new(&stack.s3(), &UploadsBucket::named(bucket.name()));
    contracts::files::run(&files, &files, &bucket).await;
    bucket.delete().await;
}

#[tokio::test]
async fn proofs_and_pins() {
    let stack = Stack::new().await;
    let table = stack.claims().await;
    let proofs = DynamoProofs::new(&stack.dynamodb(), &table.table());
    tokio::join!(
        contracts::proofs::run(&proofs),
        contracts::proofs::run_pins(&proofs),
    );
    table.delete().await;
    let bucket = stack.bucket().await;
    let files = S3Proofs::new(&stack.s3(), &UploadsBucket::named(bucket.name()));
    contracts::proofs::run_files(&files, &files, &bucket).await;
    bucket.delete().await;
}

#[tokio::test]
async fn unreadable_changes() {
    let stack = Stack::new().await;
    let bucket = stack.bucket().await;
    let name = FailedEventsBucket::named(bucket.name());
    let aside = S3UnreadableChanges::new(&stack.s3(), &name);
    contracts::put_aside::run(&aside, async |id| {
        let get = stack.s3().get_object().bucket(name.as_str());
        let found = get.key(unreadable(id)).send().await.ok()?;
        let bytes = found.body.collect().await.unwrap().to_vec();
        Some(String::from_utf8(bytes).unwrap())
    })
    .await;
    bucket.delete().await;
}

#[tokio::test]
async fn legs() {
    let stack = Stack::new().await;
    let table = stack.claims().await;
    contracts::legs::run(&DynamoLegs::new(&stack.dynamodb(), &table.table())).await;
    table.delete().await;
}

#[tokio::test]
async fn locations() {
    let stack = Stack::new().await;
    let table = stack.locations().await;
    contracts::locations::run(&DynamoLocations::new(&stack.dynamodb(), &table.table())).await;
    table.delete().await;
}

#[tokio::test]
async fn queues() {
    let stack = Stack::new().await;
    let queue = stack.queue().await;
    let wakes = SqsQueue::<Wake>::new(&stack.sqs(), &OptimizationQueue::named(queue.url()));
    contracts::queues::run_wakes(&wakes, &queue).await;
    let notifications =
        SqsQueue::<Notification>::new(&stack.sqs(), &NotificationQueue::named(queue.url()));
    contracts::queues::run_notifications(&notifications, &queue).await;
    queue.delete().await;
}

#[tokio::test]
async fn mail() {
    let stack = Stack::new().await;
    let prefix = stack.topic_arn_prefix().await;
    let mailer = SnsMailer::new(&stack.sns(), &UserTopics::named(prefix.clone()));
    contracts::mail::run(&mailer).await;
    stack.delete_topics(&prefix).await;
}

#[tokio::test]
async fn mail_without_subscriptions() {
    let stack = Stack::new().await;
    let office = stack.mail_office().await;
    let now = SystemClock.now();
    let at = |time: Timestamp| Arc::new(StillClock::at(&time.to_string()));
    let mailer = |time| SesMailer::new(&stack.ses(), &office.sender(), at(time));
    let later = mailer(now + SignedDuration::from_mins(61));
    contracts::mail::run_without_subscriptions(&mailer(now), &later, &office).await;
    office.close().await;
}

#[tokio::test]
async fn texts() {
    let stack = Stack::new().await;
    let sender = TextSenderName {
        id: Some("Waybill".to_owned()),
        max_price: Some("0.25".to_owned()),
    };
    for sender in [TextSenderName::default(), sender] {
        let texts = SnsTexts::new(&stack.sns(), &sender);
        // No country has this calling code.
        contracts::texts::run(&texts, &stack.phones(), "+999000000000").await;
    }
}

#[tokio::test]
async fn identity() {
    let stack = Stack::new().await;
    let accounts = stack.accounts();
    let identity = Identity {
        accounts: &accounts,
        codes: &accounts,
        passwords: &accounts,
        refresh: &accounts,
        sessions: &stack.sessions(),
        addresses: &accounts,
    };
    contracts::identity::run(identity, CODES).await;
}
