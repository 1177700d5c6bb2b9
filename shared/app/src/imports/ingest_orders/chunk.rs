//! Rows that one transaction stores.

use std::collections::{HashMap, HashSet};

use domain::import::Reached;
use domain::order::OrderDraft;
use domain::{Import, Order, OrderId, RowFault, Timestamp};
use intake::Column;
use intake::csv::{CellFault, ImportRow};

use super::IngestOrders;
use crate::orders::OUTSIDE_SERVICE_AREA;
use crate::ports::Chunk;

/// The most text in one chunk, in bytes. An order is little longer than its row, and a transaction takes 4 MB.
const MOST_TEXT: usize = 1_500_000;

/// The rows since the last chunk.
pub(super) struct Gathered {
    now: Timestamp,
    orders: Vec<(u32, Order)>,
    external_ids: HashSet<String>,
    faults: Vec<RowFault>,
    /// The number of orders that were stored before.
    there: u32,
    /// The number of those whose addresses had to be placed.
    there_to_place: u32,
    text: usize,
    /// Where these rows end in the file.
    reached: Reached,
}

impl Gathered {
    /// No rows yet. The file has been read up to a place. The orders of the next rows are created at `now`.
    pub(super) fn new(reached: Reached, now: Timestamp) -> Self {
        Self {
            now,
            orders: Vec::new(),
            external_ids: HashSet::new(),
            faults: Vec::new(),
            there: 0,
            there_to_place: 0,
            text: 0,
            reached,
        }
    }

    /// Whether the next row might not fit.
    pub(super) fn is_full(&self) -> bool {
        // The store may still reject each row whose `external_id` is taken.
        self.room_taken() + 2 > Chunk::ROOM
            || self.faults.len() + self.external_ids.len() >= Chunk::MOST_FAULTS
            || self.text >= MOST_TEXT
    }

    fn room_taken(&self) -> usize {
        self.orders.len() + self.external_ids.len()
    }

    /// The number of new orders.
    pub(super) fn orders(&self) -> u32 {
        self.orders.len() as u32
    }

    /// Whether there is nothing to store.
    pub(super) fn is_empty(&self) -> bool {
        self.orders.is_empty() && self.faults.is_empty()
    }

    /// Adds a row, as an order or as a fault. The next row begins at the place that is reached.
    pub(super) fn take(
        &mut self,
        row: &ImportRow<'_>,
        reached: Reached,
        import: &Import,
        ingest: &IngestOrders,
    ) {
        self.reached = reached;
        self.text += row.len();
        match self.order(row, import, ingest) {
            Ok(order) => {
                self.external_ids.extend(order.external_id.clone());
                self.orders.push((row.number(), order));
            }
            Err(fault) => self.reject(row.number(), fault),
        }
    }

    fn order(
        &self,
        row: &ImportRow<'_>,
        import: &Import,
        ingest: &IngestOrders,
    ) -> Result<Order, CellFault> {
        let new: OrderDraft = row.read(self.now)?;
        let named = new.external_id.as_ref();
        if named.is_some_and(|name| self.external_ids.contains(name)) {
            let detail = "was used in an earlier row of the file";
            return Err(of_external_id("external_id_doubled", detail));
        }
        for (stop, column) in [
            (&new.pickup, Column::PickupLat),
            (&new.dropoff, Column::DropoffLat),
        ] {
            let outside = |at| !ingest.service_area.covers(at);
            if stop.location.is_some_and(outside) {
                return Err(CellFault {
                    column: Some(column),
                    code: "outside_service_area",
                    detail: OUTSIDE_SERVICE_AREA.to_owned(),
                });
            }
        }
        let id = import.id.order_in_row(row.number());
        let new = OrderDraft {
            requires_proof: new.requires_proof.or(&ingest.required_proof),
            ..new
        };
        if new.has_address_to_place() {
            let mut order = Order::to_place(id, import.customer_id, new, self.now);
            order.import_id = Some(import.id);
            return Ok(order);
        }
        let nowhere = || CellFault {
            column: Some(Column::PickupLat),
            code: "invalid",
            detail: "is not a place on earth".to_owned(),
        };
        let new = new.located(None, None).ok_or_else(nowhere)?;
        let (from, to) = (new.pickup.location, new.dropoff.location);
        if !ingest.longest_leg.allows(from, to) {
            return Err(CellFault {
                column: Some(Column::DropoffLat),
                code: "leg_too_long",
                detail: ingest.longest_leg.fault(),
            });
        }
        let zone = ingest.grid.zone_of(new.pickup.location);
        let zone = zone.ok_or_else(nowhere)?;
        let mut order = Order::placed(id, import.customer_id, new, zone, self.now);
        order.import_id = Some(import.id);
        Ok(order)
    }

    fn reject(&mut self, row: u32, fault: CellFault) {
        let fault = RowFault {
            row,
            column: fault.column.map(|column| column.to_string()),
            code: fault.code.to_owned(),
            detail: fault.detail,
            candidates: Vec::new(),
        };
        // The faults stay sorted by row. A row that the store refuses is added after later rows.
        let place = self.faults.partition_point(|other| other.row < row);
        self.faults.insert(place, fault);
    }

    /// Removes the orders that the store refused. An order that is stored already counts as accepted. An order whose
    /// `external_id` is taken is rejected.
    pub(super) fn without(&mut self, there: &[OrderId], taken: &[OrderId]) {
        let rows: HashMap<OrderId, u32> = self
            .orders
            .iter()
            .map(|(row, order)| (order.id, *row))
            .collect();
        let (there, taken): (HashSet<_>, HashSet<_>) =
            (there.iter().collect(), taken.iter().collect());
        let unplaced = self.orders.iter().filter(|(_, order)| order.came_unplaced);
        self.there_to_place += unplaced.filter(|(_, it)| there.contains(&it.id)).count() as u32;
        self.orders
            .retain(|(_, order)| !there.contains(&order.id) && !taken.contains(&order.id));
        self.there += there.iter().filter(|id| rows.contains_key(id)).count() as u32;
        for id in taken.difference(&there) {
            if let Some(row) = rows.get(id) {
                let detail = "was used for an earlier order that is not failed or cancelled";
                self.reject(*row, of_external_id("external_id_taken", detail));
            }
        }
    }

    /// The chunk that stores these rows after the rows of `import`.
    pub(super) fn chunk(&self, import: &Import) -> Chunk {
        let accepted = self.orders() + self.there;
        let unplaced = self.orders.iter().filter(|(_, order)| order.came_unplaced);
        let to_place = unplaced.count() as u32 + self.there_to_place;
        let rejected = self.faults.len() as u32;
        Chunk {
            import: import.advanced(self.reached, (accepted, to_place), rejected, self.now),
            orders: self.orders.iter().map(|(_, order)| order.clone()).collect(),
            faults: self.faults.clone(),
        }
    }
}

fn of_external_id(code: &'static str, detail: &str) -> CellFault {
    CellFault {
        column: Some(Column::ExternalId),
        code,
        detail: detail.to_owned(),
    }
}
