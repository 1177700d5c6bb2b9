//! Files as spreadsheets and other programs write them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod reading;

use domain::order::OrderDraft;
use reading::read;

const H: &str = "external_id,pickup_lat,pickup_lon,dropoff_lat,dropoff_lon";
const PLACES: &str = "41.98325,2.82460,41.98617,2.82330";

/// A file with one more column, and a row for each of its cells.
fn with(column: &str, cells: &[&str]) -> String {
    let rows = cells.iter().enumerate();
    let rows: String = rows
        .map(|(number, cell)| format!("E{number},{PLACES},{cell}\n"))
        .collect();
    format!("{H},{column}\n{rows}")
}

fn orders(file: &str) -> Vec<OrderDraft> {
    let (rows, fault) = read(file);
    assert_eq!(fault, None);
    rows.into_iter()
        .map(|(_, outcome)| outcome.unwrap())
        .collect()
}

/// The code and the words of each row.
fn faults(file: &str) -> Vec<(&'static str, String)> {
    let (rows, fault) = read(file);
    assert_eq!(fault, None);
    let faults = rows.into_iter().map(|(_, outcome)| outcome.unwrap_err());
    faults.map(|fault| (fault.code, fault.detail)).collect()
}

fn assert_told(file: &str, told: &[(&str, &str)]) {
    let found = faults(file);
    assert_eq!(found.len(), told.len());
    for ((code, detail), (expected, words)) in found.iter().zip(told) {
        assert_eq!(code, expected, "{detail}");
        assert!(detail.contains(words), "{words}: {detail}");
    }
}

#[test]
fn cells_that_are_left_off_at_the_end_are_empty() {
    let file =
        format!("{H},size,notes\nE1,{PLACES},1,first\nE2,{PLACES}\nE3,{PLACES},2\nE4,{PLACES},,\n");
    let found: Vec<(u32, Option<String>)> = orders(&file)
        .into_iter()
        .map(|order| (order.size, order.notes))
        .collect();
    assert_eq!(
        found,
        [
            (1, Some("first".to_owned())),
            (1, None),
            (2, None),
            (1, None)
        ]
    );
    // A cell that each row needs is not left off.
    assert_told(
        &format!("{H},notes\nE1,1,2,3\n"),
        &[("too_few_cells", "4 cells")],
    );
}

#[test]
fn a_number_may_have_zeros_after_the_point() {
    let sizes: Vec<u32> = orders(&with("size", &["1.0", "2.000", "3."]))
        .iter()
        .map(|order| order.size)
        .collect();
    assert_eq!(sizes, [1, 2, 3]);
    assert_told(
        &with("size", &["2.5", "\"1,200\"", "\"1,5\"", "1'200", "1 200"]),
        &[
            ("invalid", "whole number"),
            ("invalid", "without separators"),
            ("decimal_comma", "point"),
            ("invalid", "without separators"),
            ("invalid", "without separators"),
        ],
    );
    // Spreadsheets that separate cells with semicolons separate thousands with points.
    let semicolons = with("size", &["1.000"]).replace(',', ";");
    assert_told(&semicolons, &[("invalid", "thousands")]);
    assert_eq!(orders(&with("size", &["1.0"]).replace(',', ";"))[0].size, 1);
}

#[test]
fn a_number_that_is_none_is_told_why() {
    let file = |lat: &str| format!("{H}\nA,41.98325,2.82460,{lat},2.82330\n");
    for (lat, told) in [
        ("\u{200b}41.98617", "U+200B"),
        ("41.98617\u{2060}", "U+2060"),
        ("\u{2212}41.98617", "U+2212 in place of a minus"),
        ("４１.98617", "U+FF14"),
        ("41.98617°", "without °"),
        ("41°59'10.2\"N", "N, S, E or W"),
        ("41.98617 N", "N, S, E or W"),
        ("4.198.617", "more than one point"),
        ("#N/A", "formula"),
        ("north", "is not a number"),
    ] {
        assert_told(&file(lat), &[("not_a_number", told)]);
    }
    assert_eq!(orders(&file("\u{a0}41.98617 ")).len(), 1);
}

#[test]
fn phone_numbers_come_back_or_are_refused() {
    let cells = [
        "=\"0034930000201\"",
        "\"=\"\"0034930000201\"\"\"",
        "'0034930000201",
        "0034930000201",
    ];
    for order in orders(&with("dropoff_contact_phone", &cells)) {
        let contact = order.dropoff.contact.unwrap();
        assert_eq!(contact.phone.as_deref(), Some("0034930000201"));
    }
    let ruined = ["3.4930E+11", "\"3,4930E+11\"", "3e+9"];
    assert_told(
        &with("dropoff_contact_phone", &ruined),
        &[("invalid", "format the column as text"); 3],
    );
    assert_told(
        &with("notes", &["#REF!", "#N/A"]),
        &[("invalid", "formula"); 2],
    );
}

#[test]
fn an_address_of_several_lines_becomes_one_line() {
    let order = orders(&with(
        "dropoff_address",
        &["\"Plaça 4\r\n\n 17001 Girona \n\""],
    ))
    .remove(0);
    assert_eq!(
        order.dropoff.address.as_deref(),
        Some("Plaça 4, 17001 Girona")
    );
}

#[test]
fn a_name_is_the_same_however_it_is_written() {
    let header = H.replace("external_id,", "");
    let rows: String = [
        "CAFÈ-4",
        " CAFE\u{300}-4",
        "\u{feff}CAFÈ-4\u{200b}",
        "'=CAFÈ-4",
    ]
    .map(|name| format!("{PLACES},{name}\n"))
    .concat();
    let names: Vec<Option<String>> = orders(&format!("{header},external_id\n{rows}"))
        .into_iter()
        .map(|order| order.external_id)
        .collect();
    assert_eq!(
        names[..3],
        [
            Some("CAFÈ-4".to_owned()),
            Some("CAFÈ-4".to_owned()),
            Some("CAFÈ-4".to_owned())
        ]
    );
    assert_eq!(names[3].as_deref(), Some("=CAFÈ-4"));
}

#[test]
fn control_z_ends_a_file() {
    assert_eq!(orders(&format!("{H}\r\nZ1,{PLACES}\r\n\u{1a}")).len(), 1);
    assert_eq!(orders(&format!("{H}\nZ1,{PLACES}\n\u{1a}\n")).len(), 1);
}

#[test]
fn one_answer_names_everything_that_is_wrong_with_the_columns() {
    let fault = read(
        "pickup_lat,pickup_lng,dropoff_lat,dropoff_lng,Recipient,Zip,size,size\n1,2,3,4,a,b,1,1\n",
    )
    .1
    .unwrap();
    assert_eq!(fault.code, "unknown_column");
    for told in [
        "\"pickup_lng\" (did you mean pickup_lon?)",
        "\"dropoff_lng\" (did you mean dropoff_lon?)",
        "\"recipient\"",
        "\"zip\"",
        "There twice: size.",
        "no column pickup_lon, dropoff_lon.",
    ] {
        assert!(fault.detail.contains(told), "{told}: {}", fault.detail);
    }
    assert!(!fault.detail.contains("\"zip\" ("), "{}", fault.detail);
    let fault = read("PK_ORDER;pickup_lat;pickup_lon;dropoff_lat;dropoff_lon\n")
        .1
        .unwrap();
    assert_eq!(fault.code, "unknown_column");
    assert!(fault.detail.contains("pk_order"), "{}", fault.detail);
}

#[test]
fn a_file_of_fixed_width_is_read() {
    let file = "EXTERNAL_ID ,PICKUP_LAT,PICKUP_LON,DROPOFF_LAT,DROPOFF_LON,DROPOFF_ADDRESS   ,DROPOFF_WINDOW_START  ,\
                DROPOFF_WINDOW_END    ,SIZE    ,NOTES       \r\n\
                H-0000004711,41.98325  ,2.82460   ,41.98617  ,2.82330   ,\"Placa 4, Girona \",2030-05-07T08:00:00Z  ,\
                2030-05-07T12:00:00Z  ,       2,\"            \"\r\n\
                H-0000004712,41.98325  ,2.82460   ,41.98617  ,2.82330   ,\"                \",2030-05-07T00:00:00Z  ,\
                9999-12-31T23:59:59Z  ,   2.000,\"LAST ROW    \"\r\n\u{1a}";
    let found = orders(file);
    assert_eq!(found.len(), 2);
    assert_eq!(
        (found[1].size, found[1].notes.as_deref()),
        (2, Some("LAST ROW"))
    );
    let window = found[1].dropoff.window.unwrap();
    assert_eq!(window.end, domain::stop::OPEN_END);
    assert_eq!(found[1].dropoff.address, None);
}
