//! The real adapters keep the contract of the ports, on the stack that `eval "$(make -s env)"` names.
//!
//! The tables are copies of the stack's own, so that no function of the stack takes part: same keys and indexes, no
//! stream. Queues and topics are made for the test likewise. The user pool is the stack's.

#![cfg(feature = "stack")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod stack;

use adapters::dynamodb::{
    DynamoClaims, DynamoLeases, DynamoLedger, DynamoLegs, DynamoOrders, DynamoRoutes, DynamoUsers,
    LedgerTables,
};
use adapters::sns::SnsMailer;
use adapters::sqs::{SqsNotifications, SqsWakes};
use stack::Stack;
use testkit::contracts::{self, Stores};

/// The code that the local stack takes at sign-up. On AWS it comes by mail, so that this suite stays local.
const CODE: &str = "123456";

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
async fn claims_and_leases() {
    let stack = Stack::new().await;
    let table = stack.copy_of("IDEMPOTENCY_TABLE").await;
    let claims = DynamoClaims::new(stack.dynamodb(), table.name());
    let leases = DynamoLeases::new(stack.dynamodb(), table.name());
    tokio::join!(
        contracts::claims::run(&claims),
        contracts::leases::run(&leases)
    );
    table.delete().await;
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
    contracts::identity::run(&stack.accounts(), CODE).await;
}
