//! Files whose rows may have addresses alone, because a geocoder will place them.

#![allow(clippy::unwrap_used)]

use domain::order::OrderDraft;
use intake::csv::{Beginning, CellFault, FileFault, Format, Rows, Step};
use jiff::Timestamp;

type Read = Vec<(u32, Result<OrderDraft, CellFault>)>;

fn read(file: &str, takes_addresses: bool) -> Result<Read, FileFault> {
    let now: Timestamp = "2030-05-06T08:00:00Z".parse().unwrap();
    let format = Format::default().taking_addresses(takes_addresses);
    let beginning = Beginning::read_as(&format, file.as_bytes(), true)?;
    let mut rows = Rows::new(&beginning.layout, beginning.rows_at, 0);
    let mut input = &file.as_bytes()[beginning.rows_at as usize..];
    let mut found = Vec::new();
    while rows.advance(&mut input, true)? == Step::Row {
        found.push((rows.row().number(), rows.row().read(now)));
    }
    Ok(found)
}

fn codes(read: &Read) -> Vec<(u32, &str)> {
    let code =
        |read: &Result<OrderDraft, CellFault>| read.as_ref().map_or_else(|it| it.code, |_| "");
    read.iter().map(|(row, read)| (*row, code(read))).collect()
}

#[test]
fn a_file_with_addresses_needs_no_columns_of_coordinates() {
    let file = "pickup_address,dropoff_address\nShop 1,Door 1\n";
    assert_eq!(read(file, false).unwrap_err().code, "missing_column");
    let read = read(file, true).unwrap();
    let order = read[0].1.as_ref().unwrap();
    assert_eq!(order.pickup.address_to_place(), Some("Shop 1"));
    assert_eq!(order.dropoff.location, None);
}

#[test]
fn the_coordinates_of_a_stop_without_an_address_column_are_required() {
    let fault = read("pickup_address,dropoff_lat\nShop 1,41.4\n", true).unwrap_err();
    assert_eq!(fault.code, "missing_column");
    assert!(fault.detail.contains("dropoff_lon") && !fault.detail.contains("pickup_lat"));
}

#[test]
fn each_stop_of_a_row_has_both_coordinates_or_an_address() {
    let file = "pickup_lat,pickup_lon,pickup_address,dropoff_lat,dropoff_lon,dropoff_address\n\
                41.38,2.17,,41.40,2.17,\n\
                ,,Shop 1,41.40,2.17,\n\
                41.38,2.17,Shop 1,,,Door 1\n\
                41.38,,Shop 1,,,Door 1\n\
                41.38,2.17,,,,\n\
                north,2.17,Shop 1,,,Door 1\n";
    let with = read(file, true).unwrap();
    let expected = [
        (1, ""),
        (2, ""),
        (3, ""),
        (4, "missing"),
        (5, "missing"),
        (6, "not_a_number"),
    ];
    assert_eq!(codes(&with), expected);
    let missing = with[4].1.as_ref().unwrap_err();
    assert!(
        missing.detail.contains("the coordinates or the address"),
        "{}",
        missing.detail
    );
    let without = read(file, false).unwrap();
    let expected = [
        (1, ""),
        (2, "missing"),
        (3, "missing"),
        (4, "missing"),
        (5, "missing"),
    ];
    assert_eq!(codes(&without)[..5], expected);
}

#[test]
fn a_stray_quote_costs_one_line_of_addresses_too() {
    let file = "pickup_address,dropoff_address,notes\n\
                Shop 1,Door 1,\"5 pipe\n\
                Shop 1,Door 2,\n\
                Shop 1,Door 3,\"flat\n\
                Shop 1,Door 4,\"two\nlines\"\n";
    let read = read(file, true).unwrap();
    let expected = [
        (1, "unterminated_quote"),
        (2, ""),
        (3, "unterminated_quote"),
        (4, ""),
    ];
    assert_eq!(codes(&read), expected);
}
