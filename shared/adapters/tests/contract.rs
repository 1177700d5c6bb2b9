//! The real adapters keep the contract of the ports, on the stack that `eval "$(make -s env)"` names.
//!
//! The tables are copies of the stack's own, so that no function of the stack takes part: same keys and indexes, no
//! stream. Queues and topics are made for the test likewise. The user pool is the stack's.

#![cfg(feature = "stack")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod stack;

use adapters::dynamodb::{
    DynamoClaims, DynamoImports, DynamoLeases, DynamoLedger, DynamoLegs, DynamoOrders,
    DynamoPlaces, DynamoRoutes, DynamoUsers, ImportTables, LedgerTables,
};
use adapters::s3::S3Files;
use adapters::sns::SnsMailer;
use adapters::sqs::{SqsNotifications, SqsWakes};
use stack::Stack;
use testkit::contracts::identity::{Identity, MailedCodes};
use testkit::contracts::{self, Stores};

/// The codes that the local stack takes. On AWS they come by mail, so that this suite stays local.
const CODES: MailedCodes<'_> = MailedCodes {
    confirmation: "123456",
    reset: "654321",
};

#[tokio::test]
async fn users() {
    let stack = Stack::new().await;
    let table = stack.copy_of("USERS_TABLE").await;
    contracts::users::run(&DynamoUsers::new(stack.dynamodb(), table.name())).await;
    table.delete().await;
}

#[tokio::test]
async fn orders_and_their_listings() {
    let stack = Stack::new().await;
    let table = stack.copy_of("ORDERS_TABLE").await;
    let orders = DynamoOrders::without_keys(stack.dynamodb(), table.name());
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
    let table = stack.copy_of("ORDERS_TABLE").await;
    let keys = stack.copy_of("IDEMPOTENCY_TABLE").await;
    let orders = DynamoOrders::new(stack.dynamodb(), table.name(), keys.name());
    contracts::placing::run(&orders).await;
    table.delete().await;
    keys.delete().await;
}

#[tokio::test]
async fn routes_and_ledger() {
    let stack = Stack::new().await;
    let users = stack.copy_of("USERS_TABLE").await;
    let orders = stack.copy_of("ORDERS_TABLE").await;
    let routes = stack.copy_of("ROUTES_TABLE").await;
    let tables = LedgerTables {
        users: users.name().to_owned(),
        orders: orders.name().to_owned(),
        routes: routes.name().to_owned(),
    };
    let stores = Stores {
        users: &DynamoUsers::new(stack.dynamodb(), users.name()),
        orders: &DynamoOrders::without_keys(stack.dynamodb(), orders.name()),
        routes: &DynamoRoutes::new(stack.dynamodb(), routes.name()),
        ledger: &DynamoLedger::new(stack.dynamodb(), tables),
    };
    tokio::join!(
        contracts::routes::run(stores),
        contracts::ledger::run(stores)
    );
    for table in [users, orders, routes] {
        table.delete().await;
    }
}

#[tokio::test]
async fn claims_leases_and_places() {
    let stack = Stack::new().await;
    let table = stack.copy_of("IDEMPOTENCY_TABLE").await;
    let claims = DynamoClaims::new(stack.dynamodb(), table.name());
    let leases = DynamoLeases::new(stack.dynamodb(), table.name());
    let places = DynamoPlaces::new(stack.dynamodb(), table.name());
    tokio::join!(
        contracts::claims::run(&claims),
        contracts::leases::run(&leases),
        contracts::places::run(&places)
    );
    table.delete().await;
}

#[tokio::test]
async fn imports() {
    let stack = Stack::new().await;
    let imports = stack.copy_of("IMPORTS_TABLE").await;
    let orders = stack.copy_of("ORDERS_TABLE").await;
    let claims = stack.copy_of("IDEMPOTENCY_TABLE").await;
    let tables = ImportTables {
        imports: imports.name().to_owned(),
        orders: orders.name().to_owned(),
        idempotency: claims.name().to_owned(),
    };
    contracts::imports::run(
        &DynamoImports::new(stack.dynamodb(), tables),
        &DynamoOrders::new(stack.dynamodb(), orders.name(), claims.name()),
    )
    .await;
    for table in [imports, orders, claims] {
        table.delete().await;
    }
}

#[tokio::test]
async fn files() {
    let stack = Stack::new().await;
    let bucket = stack.bucket().await;
    let files = S3Files::new(stack.s3(), bucket.name());
    contracts::files::run(&files, &files, &bucket).await;
    bucket.delete().await;
}

#[tokio::test]
async fn legs() {
    let stack = Stack::new().await;
    let table = stack.copy_of("IDEMPOTENCY_TABLE").await;
    contracts::legs::run(&DynamoLegs::new(stack.dynamodb(), table.name())).await;
    table.delete().await;
}

#[tokio::test]
async fn queues() {
    let stack = Stack::new().await;
    let queue = stack.queue().await;
    let wakes = SqsWakes::new(stack.sqs(), queue.url());
    contracts::queues::run_wakes(&wakes, &queue).await;
    let notifications = SqsNotifications::new(stack.sqs(), queue.url());
    contracts::queues::run_notifications(&notifications, &queue).await;
    queue.delete().await;
}

#[tokio::test]
async fn mail() {
    let stack = Stack::new().await;
    let prefix = stack.topic_arn_prefix().await;
    let mailer = SnsMailer::new(stack.sns(), prefix.clone());
    contracts::mail::run(&mailer).await;
    stack.delete_topics(&prefix).await;
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
    };
    contracts::identity::run(identity, CODES).await;
}
