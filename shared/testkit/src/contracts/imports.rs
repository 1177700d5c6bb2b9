//! [`ImportStore`], with the orders of an import.

use app::ports::{
    Chunk, ChunkOutcome, ImportChunks, ImportStore, OrderPlacement, OrderStore, Placement,
    StoreError,
};
use domain::ids::Uuid;
use domain::import::{ImportFailure, NewImport, SeenFile};
use domain::{Import, ImportId, ImportStatus, Order, OrderStatus, RowFault, UserId};
use futures::future::join_all;

use super::{Fresh, assert_conflict, eventually};
use crate::build::at;

/// The ports that share the tables of imports.
#[derive(Clone, Copy)]
pub struct Stores<'a> {
    /// The records of imports.
    pub imports: &'a dyn ImportStore,
    /// The rows of imports.
    pub chunks: &'a dyn ImportChunks,
    /// The orders.
    pub orders: &'a dyn OrderStore,
    /// New orders that no import brings.
    pub placement: &'a dyn OrderPlacement,
}

/// Checks the ports of imports.
pub async fn run(stores: Stores<'_>) {
    a_version_is_written_over_its_predecessor_alone(stores.imports).await;
    a_chunk_is_stored_whole_and_once(stores).await;
    a_chunk_with_as_much_as_fits_is_stored(stores).await;
    what_stands_in_the_way_is_named_and_nothing_is_stored(stores).await;
    an_external_id_is_free_again_once_its_order_came_to_nothing(stores).await;
    of_many_with_one_freed_external_id_one_gets_it(stores).await;
    of_many_with_one_chunk_one_stores_it(stores).await;
    faults_come_in_the_order_of_their_rows(stores).await;
    a_customers_imports_are_listed(stores).await;
}

fn awaited(customer: UserId) -> Import {
    let new = NewImport {
        filename: "may.csv".to_owned(),
        size_bytes: 1_000,
        settings: domain::import::ImportSettings::default(),
    };
    Import::awaited(
        ImportId(Uuid::now_v7()),
        customer,
        new,
        at("2030-05-06T08:00:00.250Z"),
    )
}

/// A stored import that is being read.
async fn begun(imports: &dyn ImportStore, customer: UserId) -> Import {
    let awaited = awaited(customer);
    imports.put_import(&awaited).await.unwrap();
    let file = SeenFile {
        etag: "\"d41d8cd98f00b204e9800998ecf8427e\"".to_owned(),
        size_bytes: 1_000,
        is_unpacked: false,
    };
    let begun = awaited.begun(file, true, at("2030-05-06T08:00:01Z"));
    imports.put_import(&begun).await.unwrap();
    begun
}

/// The order of a row, with its own `external_id`.
fn order_of(fresh: &Fresh, import: &Import, row: u32) -> Order {
    let mut order = fresh.order(import.customer_id, at("2030-05-06T08:00:02Z"));
    order.id = import.id.order_in_row(row);
    order.import_id = Some(import.id);
    order.external_id = Some(format!("SO-{row}"));
    order
}

fn fault(row: u32) -> RowFault {
    RowFault {
        row,
        column: row.is_multiple_of(2).then(|| "pickup_lat".to_owned()),
        code: "missing".to_owned(),
        detail: "is missing; größer als nichts".to_owned(),
        candidates: Vec::new(),
    }
}

fn chunk(import: &Import, orders: Vec<Order>, faults: Vec<RowFault>) -> Chunk {
    let (accepted, rejected) = (orders.len() as u32, faults.len() as u32);
    let offset = import.offset + 50;
    Chunk {
        import: import.advanced(
            domain::import::Reached::at(offset),
            (accepted, 0),
            rejected,
            at("2030-05-06T08:00:03Z"),
        ),
        orders,
        faults,
    }
}

async fn a_version_is_written_over_its_predecessor_alone(imports: &dyn ImportStore) {
    let first = awaited(Fresh::new().user_id());
    assert_eq!(imports.import(first.id).await.unwrap(), None);
    let second = Import {
        version: 2,
        ..first.clone()
    };
    assert_conflict(imports.put_import(&second).await, "version 2 over nothing");
    imports.put_import(&first).await.unwrap();
    assert_conflict(imports.put_import(&first).await, "version 1 over version 1");
    let failure = ImportFailure {
        code: "encoding".to_owned(),
        detail: "is not UTF-8".to_owned(),
    };
    let failed = first.finished(Some(failure), 0, at("2030-05-06T08:00:09Z"));
    imports.put_import(&failed).await.unwrap();
    assert_eq!(imports.import(first.id).await.unwrap(), Some(failed));
}

async fn a_chunk_is_stored_whole_and_once(stores: Stores<'_>) {
    let Stores {
        imports,
        chunks,
        orders,
        ..
    } = stores;
    let fresh = Fresh::new();
    let import = begun(imports, fresh.user_id()).await;
    let order = order_of(&fresh, &import, 1);
    let first = chunk(&import, vec![order.clone()], vec![fault(2), fault(3)]);
    assert_eq!(
        chunks.store_chunk(&first).await.unwrap(),
        ChunkOutcome::Stored
    );
    assert_eq!(
        imports.import(import.id).await.unwrap().as_ref(),
        Some(&first.import)
    );
    assert_eq!(orders.order(order.id).await.unwrap(), Some(order));
    assert_eq!(
        chunks.store_chunk(&first).await.unwrap(),
        ChunkOutcome::Superseded
    );
    let ahead = chunk(
        &first.import.advanced(
            domain::import::Reached::at(60),
            (0, 0),
            0,
            import.updated_at,
        ),
        vec![],
        vec![],
    );
    assert_eq!(
        chunks.store_chunk(&ahead).await.unwrap(),
        ChunkOutcome::Superseded
    );
}

async fn a_chunk_with_as_much_as_fits_is_stored(stores: Stores<'_>) {
    let Stores {
        imports,
        chunks,
        orders,
        ..
    } = stores;
    let fresh = Fresh::new();
    let import = begun(imports, fresh.user_id()).await;
    let half = Chunk::ROOM as u32 / 2;
    let rows = (1..=half).map(|row| order_of(&fresh, &import, row));
    let full = chunk(&import, rows.collect(), vec![fault(half + 1)]);
    assert_eq!(
        chunks.store_chunk(&full).await.unwrap(),
        ChunkOutcome::Stored
    );
    let ids: Vec<_> = full.orders.iter().map(|order| order.id).collect();
    assert_eq!(orders.orders(&ids).await.unwrap().len(), half as usize);
}

async fn what_stands_in_the_way_is_named_and_nothing_is_stored(stores: Stores<'_>) {
    let Stores {
        imports,
        chunks,
        orders,
        placement,
    } = stores;
    let fresh = Fresh::new();
    let customer = fresh.user_id();
    let import = begun(imports, customer).await;
    // Placed directly, with the `external_id` of row 2.
    let mut placed = fresh.order(customer, at("2030-05-06T08:00:00Z"));
    placed.external_id = Some("SO-2".to_owned());
    let placed = placement.place(&placed, None).await.unwrap();
    assert_eq!(placed, Placement::Placed);
    let there = order_of(&fresh, &import, 3);
    orders.put_order(&there).await.unwrap();

    let rows: Vec<Order> = (1..=4).map(|row| order_of(&fresh, &import, row)).collect();
    let (first, taken) = (rows[0].id, rows[1].id);
    let outcome = chunks
        .store_chunk(&chunk(&import, rows, vec![fault(5)]))
        .await;
    let expected = ChunkOutcome::Refused {
        there: vec![there.id],
        taken: vec![taken],
    };
    assert_eq!(outcome.unwrap(), expected);
    assert_eq!(orders.order(first).await.unwrap(), None);
    assert_eq!(
        imports.import(import.id).await.unwrap(),
        Some(import.clone())
    );
    assert_eq!(imports.row_faults(import.id, 0, 10).await.unwrap(), []);

    // Another customer may use the same `external_id`.
    let other = begun(imports, fresh.user_id()).await;
    let stored = chunk(&other, vec![order_of(&fresh, &other, 2)], vec![]);
    assert_eq!(
        chunks.store_chunk(&stored).await.unwrap(),
        ChunkOutcome::Stored
    );
}

async fn an_external_id_is_free_again_once_its_order_came_to_nothing(stores: Stores<'_>) {
    let Stores {
        imports,
        chunks,
        orders,
        placement,
    } = stores;
    let fresh = Fresh::new();
    let customer = fresh.user_id();
    for (row, status, is_free) in [
        (1, OrderStatus::Cancelled, true),
        (2, OrderStatus::Failed, true),
        (3, OrderStatus::Delivered, false),
        (4, OrderStatus::Pending, false),
    ] {
        let mut earlier = fresh.order(customer, at("2030-05-06T08:00:00Z"));
        earlier.external_id = Some(format!("SO-{row}"));
        placement.place(&earlier, None).await.unwrap();
        let over = Order {
            status,
            version: earlier.version + 1,
            ..earlier
        };
        orders.put_order(&over).await.unwrap();
        let import = begun(imports, customer).await;
        let next = chunk(&import, vec![order_of(&fresh, &import, row)], vec![]);
        let expected = match is_free {
            true => ChunkOutcome::Stored,
            false => ChunkOutcome::Refused {
                there: vec![],
                taken: vec![next.orders[0].id],
            },
        };
        let outcome = chunks.store_chunk(&next).await.unwrap();
        assert_eq!(outcome, expected, "{status}");
        if is_free {
            // The new order has the id now, and a message that comes twice changes nothing.
            let again = chunks.store_chunk(&next).await.unwrap();
            assert_eq!(again, ChunkOutcome::Superseded);
            let other = begun(imports, customer).await;
            let taken = chunk(&other, vec![order_of(&fresh, &other, row)], vec![]);
            let outcome = chunks.store_chunk(&taken).await.unwrap();
            assert!(
                matches!(outcome, ChunkOutcome::Refused { .. }),
                "{outcome:?}"
            );
        }
    }
}

async fn of_many_with_one_freed_external_id_one_gets_it(stores: Stores<'_>) {
    let Stores {
        imports,
        chunks,
        orders,
        placement,
    } = stores;
    let fresh = Fresh::new();
    let customer = fresh.user_id();
    let mut earlier = fresh.order(customer, at("2030-05-06T08:00:00Z"));
    earlier.external_id = Some("SO-1".to_owned());
    placement.place(&earlier, None).await.unwrap();
    let over = Order {
        status: OrderStatus::Cancelled,
        version: earlier.version + 1,
        ..earlier
    };
    orders.put_order(&over).await.unwrap();
    let mut rivals = Vec::new();
    for _ in 0..4 {
        let import = begun(imports, customer).await;
        rivals.push(chunk(&import, vec![order_of(&fresh, &import, 1)], vec![]));
    }
    let outcomes = join_all(rivals.iter().map(|rival| chunks.store_chunk(rival))).await;
    let stored =
        |outcome: &&Result<ChunkOutcome, StoreError>| matches!(outcome, Ok(ChunkOutcome::Stored));
    assert_eq!(outcomes.iter().filter(stored).count(), 1, "{outcomes:?}");
}

async fn of_many_with_one_chunk_one_stores_it(stores: Stores<'_>) {
    let Stores {
        imports,
        chunks,
        orders,
        ..
    } = stores;
    let fresh = Fresh::new();
    let import = begun(imports, fresh.user_id()).await;
    let same = chunk(&import, vec![order_of(&fresh, &import, 1)], vec![fault(2)]);
    let outcomes = join_all((0..6).map(|_| chunks.store_chunk(&same))).await;
    let stored = outcomes
        .iter()
        .filter(|o| matches!(o, Ok(ChunkOutcome::Stored)));
    assert_eq!(stored.count(), 1, "{outcomes:?}");
    let lost = |outcome: &Result<ChunkOutcome, StoreError>| {
        matches!(
            outcome,
            Ok(ChunkOutcome::Superseded) | Err(StoreError::Conflict)
        )
    };
    assert_eq!(
        outcomes.iter().filter(|o| lost(o)).count(),
        5,
        "{outcomes:?}"
    );
    assert!(orders.order(same.orders[0].id).await.unwrap().is_some());
}

async fn faults_come_in_the_order_of_their_rows(stores: Stores<'_>) {
    let Stores {
        imports, chunks, ..
    } = stores;
    let mut import = begun(imports, Fresh::new().user_id()).await;
    // Nine sorts after ten as text, unless it is padded.
    for rows in [9..=10, 11..=13, 100..=100] {
        let stored = chunk(&import, vec![], rows.map(fault).collect());
        assert_eq!(
            chunks.store_chunk(&stored).await.unwrap(),
            ChunkOutcome::Stored
        );
        import = stored.import;
    }
    let rows = async |after, limit| -> Vec<u32> {
        let faults = imports.row_faults(import.id, after, limit).await.unwrap();
        faults.into_iter().map(|fault| fault.row).collect()
    };
    assert_eq!(rows(0, 100).await, [9, 10, 11, 12, 13, 100]);
    assert_eq!(rows(0, 3).await, [9, 10, 11, 12, 13], "whole chunks");
    assert_eq!(rows(13, 3).await, [100]);
    assert_eq!(rows(100, 3).await, [0; 0]);
    let first = imports.row_faults(import.id, 0, 1).await.unwrap();
    assert_eq!(first, [fault(9), fault(10)]);
}

async fn a_customers_imports_are_listed(stores: Stores<'_>) {
    let Stores {
        imports, chunks, ..
    } = stores;
    let customer = Fresh::new().user_id();
    let mut all = Vec::new();
    for number in 0..5 {
        let mut import = if number % 2 == 0 {
            begun(imports, customer).await
        } else {
            let import = awaited(customer);
            imports.put_import(&import).await.unwrap();
            import
        };
        if number == 4 {
            // A rejected row does not count as stored.
            let stored = chunk(&import, vec![], vec![fault(1)]);
            chunks.store_chunk(&stored).await.unwrap();
            import = stored.import;
        }
        all.insert(0, import);
    }
    let processing = Some(ImportStatus::Processing);
    for (status, limit) in [(None, 2), (None, 5), (processing, 2), (processing, 100)] {
        let expected: Vec<Import> = all
            .iter()
            .filter(|import| status.is_none_or(|status| import.status == status))
            .cloned()
            .collect();
        eventually("a customer's imports are listed, newest first", || async {
            let (mut found, mut before) = (Vec::new(), None);
            loop {
                let page = imports
                    .imports_of(customer, status, before, limit)
                    .await
                    .unwrap();
                found.extend(page.imports);
                before = page.next;
                if before.is_none() {
                    return found == expected;
                }
            }
        })
        .await;
    }
}
