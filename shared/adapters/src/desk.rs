//! The ports of the calls with which dispatchers decide about routes.

use std::sync::Arc;

use app::routes::by_hand::DispatchDesk;
use domain::{DispatchRules, LegEstimate, ZoneGrid};
use settings::resources::{OrdersTable, RoutesTable, UsersTable};

use crate::dynamodb::{Client, DynamoLedger, DynamoOrders, DynamoRoutes, DynamoUsers};
use crate::system::{RandomJitter, SystemClock, UuidIds};

/// The settings of a desk.
pub type DeskSettings = (
    UsersTable,
    OrdersTable,
    RoutesTable,
    ZoneGrid,
    LegEstimate,
    DispatchRules,
);

/// A desk on DynamoDB.
pub fn dispatch_desk(client: &Client, settings: DeskSettings) -> DispatchDesk {
    let (users, orders, routes, grid, estimate, rules) = settings;
    DispatchDesk {
        users: Arc::new(DynamoUsers::new(client, &users)),
        orders: Arc::new(DynamoOrders::new(client, &orders)),
        routes: Arc::new(DynamoRoutes::new(client, &routes)),
        ledger: Arc::new(DynamoLedger::new(client, &users, &orders, &routes)),
        clock: Arc::new(SystemClock),
        ids: Arc::new(UuidIds),
        jitter: Arc::new(RandomJitter),
        grid,
        estimate,
        rules,
    }
}
