//! Orders, routes and their agents in one transaction.

use app::ports::{AgentPart, Changeset, DispatchLedger, StoreError};
use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::builders::PutBuilder;
use aws_sdk_dynamodb::types::{ConditionCheck, Put, TransactWriteItem};
use domain::User;
use settings::resources::{OrdersTable, RoutesTable, UsersTable};

use super::index;
use super::items::{StoredOrder, StoredRoute, StoredUser};
use super::table::{self, VersionCondition};
use super::transaction::transact;
use super::{orders, routes, users};

/// Changes of the tables `Users`, `Orders` and `Routes`.
///
/// Each commit has one client token. The SDK makes it for each call and keeps it over its retries: if an attempt was
/// made and its answer was lost, DynamoDB answers the retry with success. The token is not derived from the change. So
/// a second commit of the same change loses against the first one by its versions, even within the ten minutes for
/// which DynamoDB remembers a token.
#[derive(Debug, Clone)]
pub struct DynamoLedger {
    client: Client,
    users: UsersTable,
    orders: OrdersTable,
    routes: RoutesTable,
}

impl DynamoLedger {
    /// On these tables.
    pub fn new(
        client: &Client,
        users: &UsersTable,
        orders: &OrdersTable,
        routes: &RoutesTable,
    ) -> Self {
        Self {
            client: client.clone(),
            users: users.clone(),
            orders: orders.clone(),
            routes: routes.clone(),
        }
    }

    fn actions(&self, change: &Changeset) -> Result<Vec<TransactWriteItem>, StoreError> {
        let mut actions = Vec::new();
        for order in &change.orders {
            let stored = StoredOrder::from(order.clone());
            let put = table::version_put(self.orders.as_str(), &stored, order.version, orders::KEY);
            actions.push(action(put?)?);
        }
        for route in &change.routes {
            let (stored, geometry) = StoredRoute::of(route.clone());
            let table = self.routes.as_str();
            let put = table::version_put(table, &stored, route.version, routes::SORT_KEY);
            actions.push(action(put?)?);
            if let Some(geometry) = geometry {
                // The condition on the route protects this item too.
                let item = table::to_item(&geometry)?;
                actions.push(action(
                    Put::builder().table_name(table).set_item(Some(item)),
                )?);
            }
        }
        for agent in &change.agents {
            actions.push(match agent {
                AgentPart::Unchanged(user) => self.unchanged(user)?,
                AgentPart::Changed(user) => {
                    let stored = StoredUser::from(user.clone());
                    let table = self.users.as_str();
                    action(table::version_put(
                        table,
                        &stored,
                        user.version,
                        users::KEY,
                    )?)?
                }
            });
        }
        Ok(actions)
    }

    fn unchanged(&self, user: &User) -> Result<TransactWriteItem, StoreError> {
        let condition = VersionCondition::stands(user.version);
        let check = ConditionCheck::builder()
            .table_name(self.users.as_str())
            .set_key(Some(index::key(users::KEY, user.id)))
            .condition_expression(condition.expression)
            .set_expression_attribute_names(Some(condition.names))
            .set_expression_attribute_values(condition.values)
            .build()
            .map_err(incomplete)?;
        Ok(TransactWriteItem::builder().condition_check(check).build())
    }
}

#[async_trait]
impl DispatchLedger for DynamoLedger {
    async fn commit(&self, change: &Changeset) -> Result<(), StoreError> {
        let actions = self.actions(change)?;
        if actions.is_empty() {
            return Ok(());
        }
        let outcome = transact(&self.client, actions).await?;
        outcome.map_err(|_| StoreError::Conflict)
    }
}

/// A put as an action of a transaction.
pub(super) fn action(put: PutBuilder) -> Result<TransactWriteItem, StoreError> {
    let put = put.build().map_err(incomplete)?;
    Ok(TransactWriteItem::builder().put(put).build())
}

/// A request without a required part: a defect of ours.
pub(super) fn incomplete(error: BuildError) -> StoreError {
    StoreError::Unavailable(error.into())
}
