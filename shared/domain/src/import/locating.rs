//! How far the addresses of an import's rows are placed on the map.

use jiff::Timestamp;

use super::{Import, LONGEST_DETAIL, RowFault};
use crate::ids::ImportId;
use crate::order::{Order, WINDOW_PASSED};
use crate::place::Placing;
use crate::route::StopKind;

/// The messages that follow each other and place the addresses of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chain {
    /// The number that its messages have.
    pub id: u64,
    /// Another chain may take its place after this time: by then its next message would have been there.
    pub alive_until: Timestamp,
}

/// How far the addresses of an import are placed. The rows are counted in their order, so each of them counts once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Locating {
    /// The import.
    pub import_id: ImportId,
    /// The orders of all rows up to this one have their locations, or have ended.
    pub row: u32,
    /// The orders among them that got their locations.
    pub located: u32,
    /// Those that failed: an address was not placed, or the time window ended before.
    pub failed: u32,
    /// Those that were cancelled before.
    pub cancelled: u32,
    /// The number of runs since the last progress that the geocoder failed.
    pub fruitless: u32,
    /// The chain of messages that goes on. `None` at the end of the rows that were read.
    pub chain: Option<Chain>,
    /// The number of changes. A write succeeds only if the stored version is the one that was read.
    pub version: u64,
}

impl Locating {
    /// Of an import of which no address was looked at. It is not stored.
    pub fn none(import_id: ImportId) -> Self {
        Self {
            import_id,
            row: 0,
            located: 0,
            failed: 0,
            cancelled: 0,
            fruitless: 0,
            chain: None,
            version: 0,
        }
    }

    /// The number of orders whose addresses wait.
    pub fn waiting(&self, import: &Import) -> u32 {
        let settled = self.located + self.failed + self.cancelled;
        import.to_place.saturating_sub(settled)
    }

    /// Whether another chain than this one goes on.
    pub fn is_left_to_others(&self, chain: u64, now: Timestamp) -> bool {
        self.chain
            .is_some_and(|other| other.id != chain && other.alive_until > now)
    }

    /// The same with the next version. A run that has read the version before reads the import again.
    #[must_use]
    pub fn marked(&self) -> Self {
        Self {
            version: self.version + 1,
            ..self.clone()
        }
    }

    /// With the chain that goes on. `None` if there is nothing left to do.
    #[must_use]
    pub fn held_by(&self, chain: Option<Chain>) -> Self {
        Self {
            chain,
            ..self.marked()
        }
    }

    /// After one more run in which the geocoder failed.
    #[must_use]
    pub fn hindered(&self) -> Self {
        Self {
            fruitless: self.fruitless + 1,
            ..self.marked()
        }
    }

    /// After the next rows, up to `row`. `settled` are their orders. Also answers the faults of those that failed.
    pub fn through(&self, row: u32, settled: &[(u32, &Order)]) -> (Self, Vec<RowFault>) {
        let mut through = Self {
            row,
            fruitless: 0,
            ..self.marked()
        };
        let mut faults = Vec::new();
        for (row, order) in settled {
            match order.placing() {
                None | Some(Placing::Waits) => {}
                Some(Placing::Located) => through.located += 1,
                Some(Placing::Cancelled) => through.cancelled += 1,
                Some(Placing::Failed) => {
                    through.failed += 1;
                    faults.push(fault(*row, order));
                }
            }
        }
        (through, faults)
    }
}

/// What the account of the import says about the row of a failed order.
fn fault(row: u32, order: &Order) -> RowFault {
    let Some(first) = order.place_faults.first() else {
        return RowFault {
            row,
            column: None,
            code: WINDOW_PASSED.to_owned(),
            detail: "a time window ended before the address was placed on the map".to_owned(),
            candidates: Vec::new(),
        };
    };
    let mut detail = first.detail.clone();
    for other in order.place_faults.iter().skip(1) {
        let more = format!("; {} {}", column(other.stop), other.detail);
        if detail.len() + more.len() <= LONGEST_DETAIL {
            detail.push_str(&more);
        }
    }
    if detail.len() > LONGEST_DETAIL {
        let end = (0..=LONGEST_DETAIL)
            .rev()
            .find(|end| detail.is_char_boundary(*end));
        detail.truncate(end.unwrap_or_default());
    }
    RowFault {
        row,
        column: Some(column(first.stop).to_owned()),
        code: first.code.clone(),
        detail,
        candidates: first.candidates.clone(),
    }
}

fn column(stop: StopKind) -> &'static str {
    match stop {
        StopKind::Pickup => "pickup_address",
        StopKind::Dropoff => "dropoff_address",
    }
}
