//! Imports, and the orders that are stored with them.

use settings::resources::{ClaimsTable, ImportsTable, OrdersTable};
use std::collections::{HashMap, HashSet};

use app::ports::{
    Chunk, ChunkOutcome, ImportChunks, ImportPage, ImportStore, LocatingStore, StoreError,
};
use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use domain::import::Locating;
use domain::{Import, ImportId, ImportStatus, Order, OrderId, RowFault, UserId};

use super::failures::away;
use super::index::{self, IndexQuery};
use super::items::{StoredExternalId, StoredImport, StoredLocating, StoredOrder, StoredRowFaults};
use super::ledger::action;
use super::table::{self, Item, text};
use super::transaction::{Cancelled, transact};
use super::{claims, keys, orders};

/// The keys of the table.
const KEY: &str = "import_id";
const SORT_KEY: &str = "item";
/// The most chunks whose faults are read at a time. Without this limit, a page has a megabyte.
const FAULTS_A_PAGE: i32 = 20;

/// Imports, in the table `Imports`.
#[derive(Debug, Clone)]
pub struct DynamoImports {
    client: Client,
    table: ImportsTable,
}

impl DynamoImports {
    /// On this table.
    pub fn new(client: &Client, table: &ImportsTable) -> Self {
        Self {
            client: client.clone(),
            table: table.clone(),
        }
    }
}

/// The rows of imports: orders in the table `Orders`, external ids in `Claims`, rejected rows in `Imports`.
#[derive(Debug, Clone)]
pub struct DynamoImportChunks {
    client: Client,
    imports: ImportsTable,
    orders: OrdersTable,
    claims: ClaimsTable,
}

impl DynamoImportChunks {
    /// On these tables.
    pub fn new(
        client: &Client,
        imports: &ImportsTable,
        orders: &OrdersTable,
        claims: &ClaimsTable,
    ) -> Self {
        Self {
            client: client.clone(),
            imports: imports.clone(),
            orders: orders.clone(),
            claims: claims.clone(),
        }
    }

    /// What is written for a chunk. `freed` has the earlier orders whose external ids go to orders of the chunk.
    fn actions(
        &self,
        chunk: &Chunk,
        freed: &HashMap<OrderId, OrderId>,
    ) -> Result<Actions, StoreError> {
        let imports = self.imports.as_str();
        let mut actions = Actions::default();
        let stored = StoredImport::from(chunk.import.clone());
        let put = table::version_put(imports, &stored, chunk.import.version, KEY);
        actions.push(action(put?)?, What::Import);
        for order in &chunk.orders {
            let stored = StoredOrder::from(order.clone());
            let put = table::version_put(self.orders.as_str(), &stored, order.version, orders::KEY);
            actions.push(action(put?)?, What::Order(order.id));
            if let Some(named) = StoredExternalId::of(order) {
                let put = Put::builder()
                    .table_name(self.claims.as_str())
                    .set_item(Some(table::to_item(&named)?));
                let put = match freed.get(&order.id) {
                    None => put
                        .condition_expression("attribute_not_exists(#claim)")
                        .expression_attribute_names("#claim", claims::KEY),
                    // The earlier order stays as it is: no step leads away from its status.
                    Some(earlier) => put
                        .condition_expression("order_id = :earlier")
                        .expression_attribute_values(":earlier", text(earlier)),
                };
                actions.push(action(put)?, What::ExternalId(order.id));
            }
        }
        if let Some(faults) = StoredRowFaults::of(chunk.import.id, &chunk.faults) {
            // The condition on the import protects this item too.
            let item = table::to_item(&faults)?;
            let put = Put::builder().table_name(imports).set_item(Some(item));
            actions.push(action(put)?, What::Faults);
        }
        Ok(actions)
    }

    /// Those of the orders whose external ids an earlier order had that came to nothing, with that order.
    async fn freed(
        &self,
        chunk: &Chunk,
        taken: &[OrderId],
    ) -> Result<HashMap<OrderId, OrderId>, StoreError> {
        let named = chunk
            .orders
            .iter()
            .filter(|order| taken.contains(&order.id));
        let named: Vec<(OrderId, StoredExternalId)> = named
            .filter_map(|order| Some((order.id, StoredExternalId::of(order)?)))
            .collect();
        let keys = named
            .iter()
            .map(|(_, named)| index::key(claims::KEY, &named.claim));
        let claims = table::get_all(&self.client, self.claims.as_str(), keys.collect()).await?;
        let claims = claims.into_iter().map(table::from_item::<StoredExternalId>);
        let claims = claims.collect::<Result<Vec<_>, _>>()?;
        let keys = claims
            .iter()
            .map(|claim| index::key(orders::KEY, claim.order_id));
        let earlier = table::get_all(&self.client, self.orders.as_str(), keys.collect()).await?;
        let earlier = earlier.into_iter().map(table::read::<StoredOrder, Order>);
        let mut over = HashSet::new();
        for order in earlier {
            let order = order?;
            if order.status.frees_external_id() {
                over.insert(order.id);
            }
        }
        let freed = claims
            .into_iter()
            .filter(|claim| over.contains(&claim.order_id));
        let freed = freed.filter_map(|claim| {
            let (new, _) = named.iter().find(|(_, named)| named.claim == claim.claim)?;
            Some((*new, claim.order_id))
        });
        Ok(freed.collect())
    }
}

/// The subject of an action in a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Import,
    Order(OrderId),
    ExternalId(OrderId),
    Faults,
}

#[derive(Default)]
struct Actions {
    actions: Vec<TransactWriteItem>,
    what: Vec<What>,
}

impl Actions {
    fn push(&mut self, action: TransactWriteItem, what: What) {
        self.actions.push(action);
        self.what.push(what);
    }
}

/// The outcome of a chunk if some conditions do not hold.
fn refused(what: &[What], indices: &[usize]) -> ChunkOutcome {
    let refused = || indices.iter().filter_map(|index| what.get(*index).copied());
    if refused().any(|what| what == What::Import) {
        return ChunkOutcome::Superseded;
    }
    let there = refused().filter_map(|what| match what {
        What::Order(id) => Some(id),
        What::Import | What::ExternalId(_) | What::Faults => None,
    });
    let taken = refused().filter_map(|what| match what {
        What::ExternalId(id) => Some(id),
        What::Import | What::Order(_) | What::Faults => None,
    });
    ChunkOutcome::Refused {
        there: there.collect(),
        taken: taken.collect(),
    }
}

#[async_trait]
impl ImportStore for DynamoImports {
    async fn import(&self, id: ImportId) -> Result<Option<Import>, StoreError> {
        let item = table::get(&self.client, self.table.as_str(), key(id)).await?;
        item.map(table::read::<StoredImport, Import>).transpose()
    }

    async fn put_import(&self, import: &Import) -> Result<(), StoreError> {
        let stored = StoredImport::from(import.clone());
        table::put_version(
            &self.client,
            self.table.as_str(),
            &stored,
            import.version,
            KEY,
        )
        .await
    }

    async fn imports_of(
        &self,
        customer: UserId,
        status: Option<ImportStatus>,
        before: Option<ImportId>,
        limit: usize,
    ) -> Result<ImportPage, StoreError> {
        let mut values = vec![(":customer", text(customer))];
        let mut condition = "customer_id = :customer";
        if let Some(before) = before {
            values.push((":before", text(before)));
            condition = "customer_id = :customer AND import_id < :before";
        }
        let mut query = IndexQuery {
            client: &self.client,
            table: self.table.as_str(),
            index: "imports-by-customer",
            condition,
            filter: None,
            names: Vec::new(),
            values,
            ascending: false,
            page: Some(limit.saturating_add(1)),
        };
        if let Some(status) = status {
            query.filter = Some("#status = :status");
            query.names.push(("#status", "status"));
            query.values.push((":status", text(status.name())));
            // A customer has few imports. Usually all of them fit into one answer.
            query.page = None;
        }
        let items = query.take(limit.saturating_add(1)).await?;
        let mut ids: Vec<ImportId> = index::ids(&items, KEY)?;
        let more = ids.len() > limit;
        ids.truncate(limit);
        let keys = ids.iter().map(|id| key(*id)).collect();
        let items = table::get_all(&self.client, self.table.as_str(), keys).await?;
        let imports = items.into_iter().map(table::read::<StoredImport, Import>);
        let mut imports = imports.collect::<Result<Vec<Import>, StoreError>>()?;
        imports.sort_unstable_by_key(|import| std::cmp::Reverse(import.id));
        Ok(ImportPage {
            imports,
            next: ids.last().copied().filter(|_| more),
        })
    }

    async fn row_faults(
        &self,
        id: ImportId,
        after: u32,
        limit: usize,
    ) -> Result<Vec<RowFault>, StoreError> {
        let between = (keys::rejected_item(after + 1), keys::REJECTED_END);
        self.faults_between(id, between, limit).await
    }
}

impl DynamoImports {
    /// The faults in the items with these sort keys.
    async fn faults_between(
        &self,
        id: ImportId,
        (first, end): (String, &str),
        limit: usize,
    ) -> Result<Vec<RowFault>, StoreError> {
        let mut query = self
            .client
            .query()
            .table_name(self.table.as_str())
            .key_condition_expression("import_id = :import AND #item BETWEEN :first AND :end")
            .expression_attribute_names("#item", SORT_KEY)
            .expression_attribute_values(":import", text(id))
            .expression_attribute_values(":first", text(first))
            .expression_attribute_values(":end", text(end))
            .consistent_read(true);
        let (mut found, mut chunks) = (Vec::new(), 0);
        loop {
            let page = page(found.len(), chunks, limit);
            let answer = query.clone().limit(page).send().await;
            let answer = answer.map_err(|error| away("Query", error))?;
            for item in answer.items.unwrap_or_default() {
                found.extend(table::from_item::<StoredRowFaults>(item)?.into_faults());
                chunks += 1;
            }
            if found.len() >= limit || answer.last_evaluated_key.is_none() {
                break;
            }
            query = query.set_exclusive_start_key(answer.last_evaluated_key);
        }
        Ok(found)
    }
}

#[async_trait]
impl LocatingStore for DynamoImports {
    async fn locating(&self, id: ImportId) -> Result<Locating, StoreError> {
        let item = table::get(&self.client, self.table.as_str(), locating_key(id)).await?;
        let stored = item
            .map(table::read::<StoredLocating, Locating>)
            .transpose()?;
        Ok(stored.unwrap_or_else(|| Locating::none(id)))
    }

    async fn put_locating(
        &self,
        locating: &Locating,
        faults: &[RowFault],
    ) -> Result<(), StoreError> {
        let table = self.table.as_str();
        let stored = StoredLocating::from(locating.clone());
        let Some(faults) = StoredRowFaults::of_unplaced(locating.import_id, faults) else {
            return table::put_version(&self.client, table, &stored, locating.version, KEY).await;
        };
        let put = table::version_put(table, &stored, locating.version, KEY)?;
        // The condition on the progress protects this item too.
        let faults = Put::builder()
            .table_name(table)
            .set_item(Some(table::to_item(&faults)?));
        match transact(&self.client, vec![action(put)?, action(faults)?]).await? {
            Ok(()) => Ok(()),
            Err(Cancelled::Contended | Cancelled::Refused(_)) => Err(StoreError::Conflict),
        }
    }

    async fn unplaced_rows(
        &self,
        id: ImportId,
        after: u32,
        limit: usize,
    ) -> Result<Vec<RowFault>, StoreError> {
        let between = (keys::unplaced_item(after + 1), keys::UNPLACED_END);
        self.faults_between(id, between, limit).await
    }
}

#[async_trait]
impl ImportChunks for DynamoImportChunks {
    async fn store_chunk(&self, chunk: &Chunk) -> Result<ChunkOutcome, StoreError> {
        let mut freed = HashMap::new();
        loop {
            let Actions { actions, what } = self.actions(chunk, &freed)?;
            let indices = match transact(&self.client, actions).await? {
                Ok(()) => return Ok(ChunkOutcome::Stored),
                Err(Cancelled::Contended) => return Err(StoreError::Conflict),
                Err(Cancelled::Refused(indices)) => indices,
            };
            let (there, mut taken) = match refused(&what, &indices) {
                ChunkOutcome::Refused { there, taken } => (there, taken),
                outcome => return Ok(outcome),
            };
            // Only one look. If the claims change again meanwhile, another order has the id.
            if freed.is_empty() && !taken.is_empty() {
                freed = self.freed(chunk, &taken).await?;
                taken.retain(|id| !freed.contains_key(id));
                if there.is_empty() && taken.is_empty() {
                    continue;
                }
            }
            return Ok(ChunkOutcome::Refused { there, taken });
        }
    }
}

/// How many chunks to read next, after `found` faults in `chunks` chunks. A chunk has one fault or hundreds: the first
/// one is read alone and shows how many more are needed. Reads beyond that cost money and are thrown away.
fn page(found: usize, chunks: usize, limit: usize) -> i32 {
    let missing = limit.saturating_sub(found);
    let needed = (missing * chunks).checked_div(found).unwrap_or_default();
    i32::try_from(needed).map_or(FAULTS_A_PAGE, |needed| needed.clamp(1, FAULTS_A_PAGE))
}

fn key(id: ImportId) -> Item {
    item_key(id, keys::IMPORT_ITEM)
}

fn locating_key(id: ImportId) -> Item {
    item_key(id, keys::LOCATING_ITEM)
}

fn item_key(id: ImportId, item: &str) -> Item {
    HashMap::from([
        (KEY.to_owned(), text(id)),
        (SORT_KEY.to_owned(), text(item)),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn id(number: u128) -> OrderId {
        OrderId(Uuid::from_u128(number))
    }

    #[test]
    fn an_import_that_has_moved_on_outweighs_what_else_is_refused() {
        let what = [
            What::Import,
            What::Order(id(1)),
            What::ExternalId(id(1)),
            What::Faults,
        ];
        assert_eq!(refused(&what, &[0, 1, 2]), ChunkOutcome::Superseded);
        let both = ChunkOutcome::Refused {
            there: vec![id(1)],
            taken: vec![id(1)],
        };
        assert_eq!(refused(&what, &[1, 2]), both);
        let taken = ChunkOutcome::Refused {
            there: vec![],
            taken: vec![id(1)],
        };
        assert_eq!(refused(&what, &[2]), taken);
    }
}
