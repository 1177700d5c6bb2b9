//! A company's own file of orders.

use std::collections::HashSet;

use domain::{NewOrder, RowFault, Timestamp};
use intake::Column;
use intake::csv::{Beginning, FileFault, HEAD, Rows, Step};

/// The orders of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct OrdersFile {
    /// The orders of the good rows.
    pub orders: Vec<NewOrder>,
    /// The faults of the rejected rows.
    pub rejected: Vec<RowFault>,
}

/// Reads a file like an import at this moment.
///
/// # Errors
/// If the file is no file of orders, or cannot be read to its end.
pub fn read(bytes: &[u8], now: Timestamp) -> Result<OrdersFile, FileFault> {
    let head = bytes.get(..HEAD).unwrap_or(bytes);
    let beginning = Beginning::read(head, bytes.len() <= HEAD)?;
    let mut rows = Rows::new(&beginning.layout, beginning.rows_at, 0);
    let begin = usize::try_from(beginning.rows_at).unwrap_or(usize::MAX);
    let mut input = bytes.get(begin..).unwrap_or_default();
    let mut file = OrdersFile {
        orders: Vec::new(),
        rejected: Vec::new(),
    };
    let mut external_ids = HashSet::new();
    while rows.advance(&mut input, true)? == Step::Row {
        let row = rows.row();
        match row.read(now) {
            Ok(draft) => match &draft.external_id {
                Some(id) if !external_ids.insert(id.clone()) => {
                    file.rejected.push(doubled(row.number()));
                }
                // The file is read without a geocoder, so each stop has its location.
                _ => file.orders.extend(draft.located(None, None)),
            },
            Err(fault) => file.rejected.push(RowFault {
                row: row.number(),
                column: fault.column.map(|column| column.to_string()),
                code: fault.code.to_owned(),
                detail: fault.detail,
                candidates: Vec::new(),
            }),
        }
    }
    Ok(file)
}

/// The fault of a row with the `external_id` of an earlier row.
fn doubled(row: u32) -> RowFault {
    RowFault {
        row,
        column: Some(Column::ExternalId.to_string()),
        code: "external_id_doubled".to_owned(),
        detail: "was used in an earlier row of the file".to_owned(),
        candidates: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2030-05-06T06:00:00Z";

    #[test]
    fn good_rows_become_orders_and_bad_rows_say_why() {
        let file = "pickup_lat,pickup_lon,dropoff_lat,dropoff_lon,size\n\
                    41.4,2.1,41.5,2.2,3\n\
                    north,2.1,41.5,2.2,1\n";
        let read = read(file.as_bytes(), NOW.parse().unwrap()).unwrap();
        assert_eq!(read.orders.len(), 1);
        assert_eq!(read.orders[0].size, 3);
        let fault = &read.rejected[0];
        assert_eq!(
            (fault.row, fault.column.as_deref()),
            (2, Some("pickup_lat"))
        );
    }

    #[test]
    fn an_external_id_counts_once() {
        let file = "external_id,pickup_lat,pickup_lon,dropoff_lat,dropoff_lon\n\
                    A,41.4,2.1,41.5,2.2\n\
                    A,41.4,2.1,41.6,2.2\n\
                    ,41.4,2.1,41.5,2.2\n\
                    ,41.4,2.1,41.5,2.2\n";
        let read = read(file.as_bytes(), NOW.parse().unwrap()).unwrap();
        assert_eq!(read.orders.len(), 3);
        assert_eq!((read.rejected[0].row, read.rejected.len()), (2, 1));
    }

    #[test]
    fn a_file_that_is_no_file_of_orders_says_what_it_is() {
        let fault = read(b"PK\x03\x04", NOW.parse().unwrap()).unwrap_err();
        assert!(fault.detail.contains("XLSX"), "{}", fault.detail);
    }
}
