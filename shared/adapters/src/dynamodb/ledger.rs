//! Orders, a route and its agent in one transaction.

use app::ports::{AgentPart, Changeset, DispatchLedger, StoreError};
use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::builders::PutBuilder;
use aws_sdk_dynamodb::types::{ConditionCheck, Put, TransactWriteItem};
use domain::User;

use super::index;
use super::items::{StoredOrder, StoredRoute, StoredUser};
use super::table::{self, VersionCondition};
use super::transaction::transact;
use super::{orders, routes, users};

/// The tables that change together.
#[derive(Debug, Clone)]
pub struct LedgerTables {
    /// The name of `Users`.
    pub users: String,
    /// The name of `Orders`.
    pub orders: String,
    /// The name of `Routes`.
    pub routes: String,
}

/// Changes over the tables `Users`, `Orders` and `Routes`.
///
/// A commit has one client token, which the SDK makes for each call and keeps over its retries: an attempt that was
/// made and whose answer was lost is answered with success when the SDK repeats it. It is not derived from the change,
/// so that a second commit of the same change loses against the first one by its versions, today and after the ten
/// minutes for which DynamoDB remembers a token alike.
#[derive(Debug, Clone)]
pub struct DynamoLedger {
    client: Client,
    tables: LedgerTables,
}

impl DynamoLedger {
    /// On the tables of those names.
    pub fn new(client: Client, tables: LedgerTables) -> Self {
        Self { client, tables }
    }

    fn actions(&self, change: &Changeset) -> Result<Vec<TransactWriteItem>, StoreError> {
        let mut actions = Vec::new();
        for order in &change.orders {
            let stored = StoredOrder::from(order.clone());
            let put = table::version_put(&self.tables.orders, &stored, order.version, orders::KEY);
            actions.push(action(put?)?);
        }
        if let Some(route) = &change.route {
            let (stored, geometry) = StoredRoute::of(route.clone());
            let table = &self.tables.routes;
            let put = table::version_put(table, &stored, route.version, routes::SORT_KEY);
            actions.push(action(put?)?);
            if let Some(geometry) = geometry {
                // The route's condition is this one's too.
                let item = table::to_item(&geometry)?;
                actions.push(action(
                    Put::builder().table_name(table).set_item(Some(item)),
                )?);
            }
        }
        match &change.agent {
            Some(AgentPart::Unchanged(user)) => actions.push(self.unchanged(user)?),
            Some(AgentPart::Changed(user)) => {
                let stored = StoredUser::from(user.clone());
                let put = table::version_put(&self.tables.users, &stored, user.version, users::KEY);
                actions.push(action(put?)?);
            }
            None => {}
        }
        Ok(actions)
    }

    fn unchanged(&self, user: &User) -> Result<TransactWriteItem, StoreError> {
        let condition = VersionCondition::stands(user.version);
        let check = ConditionCheck::builder()
            .table_name(&self.tables.users)
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

/// A request without a part that it must have: a defect of ours.
fn incomplete(error: BuildError) -> StoreError {
    StoreError::Unavailable(error.into())
}
