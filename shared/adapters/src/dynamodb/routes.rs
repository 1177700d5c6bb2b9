//! Routes.

use settings::resources::RoutesTable;
use std::collections::HashMap;

use app::ports::{RoutePage, RouteStore, StoreError};
use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use domain::{Route, RouteId, RouteStatus, UserId};
use futures::future::try_join;

use super::failures::away;
use super::items::{StoredGeometry, StoredRoute};
use super::keys;
use super::table::{self, Item, text};

/// The sort key of the table.
pub(super) const SORT_KEY: &str = "item";

/// For a page, DynamoDB is asked this often, and reads a megabyte each time. So a status that no route has does not
/// cost a read of the whole history.
const MOST_ANSWERS: usize = 3;

/// Routes, in the table `Routes`.
#[derive(Debug, Clone)]
pub struct DynamoRoutes {
    client: Client,
    table: RoutesTable,
}

impl DynamoRoutes {
    /// On this table.
    pub fn new(client: &Client, table: &RoutesTable) -> Self {
        Self {
            client: client.clone(),
            table: table.clone(),
        }
    }

    /// An agent's routes between two sort keys, newest first, without their geometries.
    async fn between(
        &self,
        agent_id: UserId,
        status: Option<RouteStatus>,
        (first, last): (String, String),
        limit: usize,
    ) -> Result<RoutePage, StoreError> {
        let mut query = self
            .client
            .query()
            .table_name(self.table.as_str())
            .key_condition_expression("agent_id = :agent AND #item BETWEEN :first AND :last")
            .expression_attribute_names("#item", SORT_KEY)
            .expression_attribute_values(":agent", text(agent_id))
            .expression_attribute_values(":first", text(first))
            .expression_attribute_values(":last", text(last))
            .scan_index_forward(false)
            .consistent_read(true);
        if let Some(status) = status {
            query = query
                .filter_expression("#status = :status")
                .expression_attribute_names("#status", "status")
                .expression_attribute_values(":status", text(status.name()));
        } else {
            // One more than asked for shows whether there is another page.
            query = query.limit(i32::try_from(limit.saturating_add(1)).unwrap_or(i32::MAX));
        }
        let mut answers = query.into_paginator().send();
        let mut routes: Vec<Route> = Vec::new();
        let mut last_read = None;
        for _ in 0..MOST_ANSWERS {
            let Some(answer) = answers.next().await else {
                return Ok(RoutePage { routes, next: None });
            };
            let answer = answer.map_err(|error| away("Query", error))?;
            for item in answer.items.unwrap_or_default() {
                if routes.len() == limit {
                    let next = routes.last().map(|route| route.id);
                    return Ok(RoutePage { routes, next });
                }
                routes.push(table::read::<StoredRoute, Route>(item)?);
            }
            last_read = answer.last_evaluated_key.filter(|key| !key.is_empty());
            if last_read.is_none() {
                return Ok(RoutePage { routes, next: None });
            }
        }
        let last_read = last_read
            .map(|key| table::attribute::<String>(&key, SORT_KEY))
            .transpose()?;
        let next = last_read.as_deref().and_then(keys::route_of_item);
        Ok(RoutePage { routes, next })
    }
}

#[async_trait]
impl RouteStore for DynamoRoutes {
    async fn route(
        &self,
        agent_id: UserId,
        route_id: RouteId,
    ) -> Result<Option<Route>, StoreError> {
        let read = |item| table::get(&self.client, self.table.as_str(), key(agent_id, item));
        let (route, geometry) = try_join(
            read(keys::route_item(route_id)),
            read(keys::geometry_item(route_id)),
        )
        .await?;
        let Some(route) = route else {
            return Ok(None);
        };
        let mut route: Route = table::read::<StoredRoute, Route>(route)?;
        let geometry = geometry
            .map(table::from_item::<StoredGeometry>)
            .transpose()?;
        route.geometry = geometry.and_then(StoredGeometry::way);
        Ok(Some(route))
    }

    async fn whole_routes(&self, ids: &[(UserId, RouteId)]) -> Result<Vec<Route>, StoreError> {
        let keys = ids.iter().flat_map(|(agent_id, route_id)| {
            let items = [keys::route_item(*route_id), keys::geometry_item(*route_id)];
            items.map(|item| key(*agent_id, item))
        });
        let items = table::get_all(&self.client, self.table.as_str(), keys.collect()).await?;
        let (mut routes, mut ways) = (Vec::new(), HashMap::new());
        for item in items {
            let sort_key: String = table::attribute(&item, SORT_KEY)?;
            if keys::is_route_item(&sort_key) {
                routes.push(table::read::<StoredRoute, Route>(item)?);
            } else {
                let geometry: StoredGeometry = table::from_item(item)?;
                ways.insert(geometry.route_id, geometry.way());
            }
        }
        for route in &mut routes {
            route.geometry = ways.remove(&route.id).flatten();
        }
        Ok(routes)
    }

    async fn routes(&self, ids: &[(UserId, RouteId)]) -> Result<Vec<Route>, StoreError> {
        let keys = ids
            .iter()
            .map(|(agent_id, route_id)| key(*agent_id, keys::route_item(*route_id)));
        let items = table::get_all(&self.client, self.table.as_str(), keys.collect()).await?;
        items
            .into_iter()
            .map(table::read::<StoredRoute, Route>)
            .collect()
    }

    async fn routes_of(
        &self,
        agent_id: UserId,
        status: Option<RouteStatus>,
        before: Option<RouteId>,
        limit: usize,
    ) -> Result<RoutePage, StoreError> {
        let Some(between) = keys::routes_before(before).filter(|_| limit > 0) else {
            return Ok(RoutePage {
                routes: Vec::new(),
                next: None,
            });
        };
        let mut page = self.between(agent_id, status, between, limit).await?;
        let routes = page.routes.iter();
        let keys = routes.map(|route| key(agent_id, keys::geometry_item(route.id)));
        let items = table::get_all(&self.client, self.table.as_str(), keys.collect()).await?;
        let mut polylines = HashMap::new();
        for item in items {
            let geometry: StoredGeometry = table::from_item(item)?;
            let route_id = geometry.route_id;
            polylines.extend(geometry.way().map(|way| (route_id, way)));
        }
        for route in &mut page.routes {
            route.geometry = polylines.remove(&route.id);
        }
        Ok(page)
    }
}

fn key(agent_id: UserId, item: String) -> Item {
    HashMap::from([
        ("agent_id".to_owned(), text(agent_id)),
        (SORT_KEY.to_owned(), text(item)),
    ])
}
