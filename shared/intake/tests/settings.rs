//! Files with other columns, times, numbers and encodings than ours.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod reading;

use domain::order::OrderDraft;
use domain::{RowFault, Timestamp};
use intake::csv::{
    Beginning, CellFault, Decoder, EncodingGuess, FileEncoding, FileFault, Format, HEAD, Rows, Step,
};
use intake::{Column, read_new_import};
use proptest::prelude::*;
use serde_json::{Value, json};

const SHOPIFY: &[u8] = include_bytes!("../../../tests/cases/1-shopify-orders-export.csv");
const ONFLEET: &[u8] = include_bytes!("../../../tests/cases/3-onfleet-import-template.csv");
const EXCEL: &[u8] = include_bytes!("../../../tests/cases/5-excel-semicolon-cp1252.csv");
const SHEETS: &[u8] = include_bytes!("../../../tests/cases/6-google-sheets-download.csv");

const HEADER: &str = "pickup_lat,pickup_lon,dropoff_lat,dropoff_lon";
const GOOD: &str = "41.98325,2.82460,41.98617,2.82330";

/// Before the days in the files.
fn now() -> Timestamp {
    "2026-12-01T08:00:00Z".parse().unwrap()
}

fn format(settings: Value) -> Format {
    let mut body = json!({"filename": "a.csv", "size_bytes": 1});
    let members = settings.as_object().unwrap().clone();
    body.as_object_mut().unwrap().extend(members);
    Format::of(&read_new_import(&body, None, now()).unwrap().settings)
}

type Outcomes = Vec<Result<OrderDraft, CellFault>>;

fn read(settings: Value, file: &[u8]) -> Result<Outcomes, FileFault> {
    let head = &file[..file.len().min(HEAD)];
    let beginning = Beginning::read_as(&format(settings), head, file.len() <= HEAD)?;
    let mut rows = Rows::new(&beginning.layout, beginning.rows_at, 0);
    let mut input = &file[beginning.rows_at as usize..];
    let mut found = Vec::new();
    loop {
        match rows.advance(&mut input, true)? {
            Step::Row => found.push(rows.row().read(now())),
            Step::Pickup => {}
            Step::End | Step::NeedsInput => return Ok(found),
        }
    }
}

fn orders(settings: Value, file: impl AsRef<[u8]>) -> Vec<OrderDraft> {
    let found = read(settings, file.as_ref()).unwrap();
    found.into_iter().map(|row| row.unwrap()).collect()
}

fn only_fault(settings: Value, file: impl AsRef<[u8]>) -> (Option<Column>, &'static str, String) {
    let mut found = read(settings, file.as_ref()).unwrap();
    assert_eq!(found.len(), 1);
    let fault = found.remove(0).unwrap_err();
    (fault.column, fault.code, fault.detail)
}

fn decoded(encoding: &str, file: &[u8]) -> Vec<u8> {
    Decoder::new(FileEncoding::named(encoding).unwrap(), 0).decode(file, true)
}

#[test]
fn a_row_that_may_be_a_pickup_is_no_order_and_ends_the_pickup_before_it() {
    let file = |word: &str| {
        let stop = |address: &str, word: &str| format!("41.98,2.82,{address},{word}\n");
        let (shop, door) = (stop("Shop", word), stop("Door", "FALSE"));
        let first = stop("First", "TRUE");
        format!("Latitude,Longitude,Address,Pickup\n{first}{door}{shop}{door}")
    };
    let settings = || json!({"preset": "onfleet"});
    for yes in ["True", "VERDADERO", "wahr", " Vrai ", "y", "x", "1"] {
        let found = orders(settings(), file(yes));
        let pickups: Vec<_> = found
            .iter()
            .map(|it| it.pickup.address.as_deref())
            .collect();
        assert_eq!(pickups, [Some("First"), Some("Shop")], "{yes}");
    }
    for no in ["false", "FALSO", "", "0", "Delivery"] {
        let found = orders(settings(), file(no));
        assert!(
            found
                .iter()
                .all(|it| it.pickup.address.as_deref() == Some("First"))
        );
        assert_eq!(found.len(), 3, "{no}");
    }
    for doubtful in ["maybe", "TRUE?", "pendiente"] {
        let found = read(settings(), file(doubtful).as_bytes()).unwrap();
        let [good, shop, after] = <[_; 3]>::try_from(found).unwrap();
        assert!(good.is_ok());
        let fault = shop.unwrap_err();
        assert_eq!((fault.column, fault.code), (None, "invalid"));
        assert!(
            fault.detail.contains("Pickup must say TRUE"),
            "{}",
            fault.detail
        );
        // It was perhaps the pickup of this row.
        assert_eq!(after.unwrap_err().column, Some(Column::PickupLat));
    }
}

#[test]
fn a_time_of_day_of_a_preset_names_the_settings_that_it_needs() {
    let header = "Latitude,Longitude,Earliest Time,Latest Time";
    let settings =
        json!({"preset": "circuit", "defaults": {"pickup_lat": 41.98, "pickup_lon": 2.82}});
    let (column, _, detail) = only_fault(settings, format!("{header}\n41.98,2.82,9:30,11:30"));
    assert_eq!(column, Some(Column::DropoffWindowStart));
    assert!(detail.contains("setting date"), "{detail}");
}

#[test]
fn more_habits_of_programs_are_read() {
    let one = |header: &str, row: &str| orders(json!({}), format!("{header}\n{row}"));
    // The separator is a bar, or is named in a quoted cell.
    let bars = one(&HEADER.replace(',', "|"), &GOOD.replace(',', "|"));
    assert_eq!(bars.len(), 1);
    for line in ["sep=|", "\"sep=|\""] {
        let named = one(line, &format!("{HEADER}\n{GOOD}").replace(',', "|"));
        assert_eq!(named.len(), 1, "{line}");
    }
    // Two byte order marks, and names with characters that nobody sees.
    assert_eq!(one(&format!("\u{feff}\u{feff}{HEADER}"), GOOD).len(), 1);
    assert_eq!(
        one(&HEADER.replace(',', "\u{200b},\u{2060}"), GOOD).len(),
        1
    );
    // Ctrl-Z ends the file right after the last row, with or without a line end.
    for end in ["\u{1a}", "\u{1a}\n", "\r\n\u{1a}", "\n\u{1a}\r\n"] {
        assert_eq!(one(HEADER, &format!("{GOOD}{end}")).len(), 1, "{end:?}");
    }
    let (column, code, _) = only_fault(json!({}), format!("{HEADER}\n\u{1a}{GOOD}"));
    assert_eq!((column, code), (Some(Column::PickupLat), "not_a_number"));
    // A phone number that was taken for a number.
    let phone = |text: &str| format!("{HEADER},dropoff_contact_phone\n{GOOD},{text}");
    for text in ["34930000201.0", "'34930000201.0"] {
        let found = orders(json!({}), phone(text)).remove(0);
        let contact = found.dropoff.contact.unwrap();
        assert_eq!(contact.phone.as_deref(), Some("34930000201"), "{text}");
    }
    for text in ["3.493E11", "3.4930e+11", "\"3,493E+11\""] {
        let (column, code, detail) = only_fault(json!({}), phone(text));
        assert_eq!(
            (column, code),
            (Some(Column::DropoffContactPhone), "invalid")
        );
        assert!(detail.contains("digits are lost"), "{text}: {detail}");
    }
}

#[test]
fn an_export_of_shopify_has_an_order_for_each_order() {
    let settings = json!({
        "preset": "shopify",
        "defaults": {"pickup_lat": 41.98325, "pickup_lon": 2.8246, "pickup_address": "Forn del Pla",
                     "dropoff_lat": 41.98617, "dropoff_lon": 2.8233},
    });
    let fault = |settings: &Value| {
        read(settings.clone(), SHOPIFY).unwrap()[0]
            .clone()
            .unwrap_err()
    };
    // An address in the file and coordinates from the defaults are two places.
    assert_eq!(fault(&settings).code, "missing");

    let with_places = String::from_utf8(SHOPIFY.to_vec()).unwrap();
    let with_places =
        with_places
            .replacen("Tags,", "dropoff_lat,", 1)
            .replacen("Risk Level", "dropoff_lon", 1);
    let with_places = with_places
        .replace("\"local, fragile\",Low", "41.98617,2.8233")
        .replace("5550000001002,,Low", "5550000001002,41.98617,2.8233");
    let settings = json!({
        "preset": "shopify",
        "defaults": {"pickup_lat": 41.98325, "pickup_lon": 2.8246, "pickup_address": "Forn del Pla"},
    });
    let [first, second] = orders(settings, with_places).try_into().unwrap();
    assert_eq!(first.external_id.as_deref(), Some("#1001"));
    assert_eq!(first.pickup.address.as_deref(), Some("Forn del Pla"));
    assert_eq!(
        first.dropoff.address.as_deref(),
        Some("Plaça de la Independència 4, 2n 1a, 17001, Girona, ES")
    );
    let contact = first.dropoff.contact.unwrap();
    assert_eq!(
        (contact.name.as_deref(), contact.phone.as_deref()),
        (Some("Aina Roca"), Some("+34930000200"))
    );
    assert_eq!(first.notes.as_deref(), Some("Ring \"Roca\"\nThen wait"));
    assert_eq!(second.external_id.as_deref(), Some("#1002"));
    assert_eq!(
        second.dropoff.contact.unwrap().phone.as_deref(),
        Some("0034 930 000 201")
    );
}

#[test]
fn a_pickup_of_onfleet_is_the_pickup_of_the_rows_after_it() {
    let text = String::from_utf8(ONFLEET.to_vec()).unwrap();
    let settings = json!({"preset": "onfleet", "time_zone": "Europe/Madrid"});
    let [order] = orders(settings.clone(), &text).try_into().unwrap();
    assert_eq!(
        order.pickup.address.as_deref(),
        Some("Rambla de la Llibertat 1, 17004, Girona, Spain")
    );
    assert_eq!(
        (
            order.pickup.location.unwrap().lat,
            order.dropoff.location.unwrap().lat
        ),
        (41.98325, 41.98617)
    );
    assert_eq!(
        order.pickup.contact.unwrap().name.as_deref(),
        Some("Goods desk")
    );
    let window = order.pickup.window.unwrap();
    assert_eq!(window.start.to_string(), "2026-12-07T08:00:00Z");
    assert_eq!(
        order.dropoff.window.unwrap().end.to_string(),
        "2026-12-07T12:30:00Z"
    );
    assert_eq!(order.notes.as_deref(), Some("Crate 7, Prefers a call"));

    // Without the zone, the row says what is missing.
    let (column, code, detail) = only_fault(json!({"preset": "onfleet"}), &text);
    assert_eq!((column, code), (Some(Column::PickupWindowStart), "invalid"));
    assert!(detail.contains("time_zone"), "{detail}");

    // Rows before any pickup, and rows after a pickup that cannot be read, lack it.
    let lines: Vec<&str> = text.lines().collect();
    let (header, pickup, dropoff) = (lines[0], lines[1], lines[2]);
    let torn = pickup.replacen("Goods desk", "\"Goods\" desk", 1);
    let file = [
        header, dropoff, pickup, dropoff, &torn, dropoff, pickup, dropoff,
    ]
    .join("\n");
    let found = read(settings, file.as_bytes()).unwrap();
    let codes: Vec<&str> = found
        .iter()
        .map(|row| row.as_ref().map_or_else(|fault| fault.code, |_| ""))
        .collect();
    assert_eq!(codes, ["missing", "", "text_after_quote", "missing", ""]);
}

#[test]
fn a_file_of_excel_in_spanish_is_read_in_its_encoding() {
    let fault = read(json!({}), EXCEL).unwrap_err();
    assert_eq!(fault.code, "encoding");
    assert!(fault.detail.contains("windows-1252"), "{}", fault.detail);

    let text = decoded("windows-1252", EXCEL);
    let codes = |settings: Value| -> Vec<(usize, &'static str)> {
        let found = read(settings, &text).unwrap();
        assert_eq!(found.len(), 33);
        let faults = found.iter().enumerate();
        faults
            .filter_map(|(row, found)| Some((row + 1, found.as_ref().err()?.code)))
            .collect()
    };
    assert_eq!(codes(json!({})), [(2, "decimal_comma"), (3, "invalid")]);
    assert_eq!(codes(json!({"decimal": ","})), [(3, "invalid")]);
    let order = read(json!({}), &text).unwrap().remove(4).unwrap();
    assert_eq!(order.notes.as_deref(), Some("Avisar “Roca”, 3 €"));
    assert_eq!(
        order.dropoff.contact.unwrap().name.as_deref(),
        Some("Núria Sala")
    );
}

#[test]
fn a_download_of_google_sheets_is_read_with_its_local_times_and_commas() {
    let codes = |settings: Value| -> Vec<Option<(Option<Column>, &'static str)>> {
        let found = read(settings, SHEETS).unwrap();
        found
            .iter()
            .map(|row| row.as_ref().err().map(|fault| (fault.column, fault.code)))
            .collect()
    };
    let phone = Some((Some(Column::DropoffContactPhone), "invalid"));
    let error = Some((Some(Column::DropoffLat), "not_a_number"));
    let comma = Some((Some(Column::DropoffLat), "decimal_comma"));
    let time = Some((Some(Column::DropoffWindowStart), "invalid"));
    let as_it_is = codes(json!({}));
    assert_eq!(as_it_is[..2], [None, phone]);
    assert_eq!(as_it_is[3..6], [comma, time, None]);
    assert_eq!(as_it_is[6..], [error, None]);
    let told = codes(json!({"decimal": ",", "date_order": "dmy", "time_zone": "Europe/Madrid"}));
    assert_eq!(told[3..6], [None, None, None]);
    let order = read(
        json!({"date_order": "dmy", "time_zone": "Europe/Madrid"}),
        SHEETS,
    )
    .unwrap()
    .remove(4)
    .unwrap();
    assert_eq!(
        order.dropoff.window.unwrap().start.to_string(),
        "2026-12-07T08:30:00Z"
    );
}

#[test]
fn other_columns_are_ignored_and_listed() {
    let file =
        format!("Order,Remark,{HEADER},Street,City,Colour\n7,Ring,{GOOD},Carrer 1,Girona,red\n");
    let address = ["street", "CITY"];
    let settings =
        json!({"columns": {"Order": "external_id", "notes": "remark", "dropoff_address": address}});
    let beginning = Beginning::read_as(&format(settings.clone()), file.as_bytes(), true).unwrap();
    assert_eq!(beginning.layout.ignored(), ["Colour"]);
    let [order] = orders(settings, file).try_into().unwrap();
    assert_eq!(order.external_id.as_deref(), Some("7"));
    assert_eq!(order.notes.as_deref(), Some("Ring"));
    assert_eq!(order.dropoff.address.as_deref(), Some("Carrer 1, Girona"));
}

#[test]
fn what_the_settings_name_must_be_in_the_file_once() {
    let settings = json!({"columns": {"notes": ["Remark", "More"], "external_id": "Order"}});
    let fault = read(settings, b"Order,pickup_lat,pickup_lon,Order,Remark\n").unwrap_err();
    assert_eq!(fault.code, "missing_column");
    for told in [
        "no column More, dropoff_lat, dropoff_lon",
        "There twice: Order",
    ] {
        assert!(fault.detail.contains(told), "{told}: {}", fault.detail);
    }
}

#[test]
fn defaults_fill_what_a_row_leaves_empty() {
    let settings = json!({"defaults": {
        "pickup_lat": 41.98325, "pickup_lon": 2.8246, "size": 3, "notes": "Ring", "pickup_service_s": 60,
    }});
    let file = "dropoff_lat,dropoff_lon,size,notes\n41.98617,2.8233,,\n41.98617,2.8233,1,Wait\n";
    let [first, second] = orders(settings, file).try_into().unwrap();
    assert_eq!((first.size, first.notes.as_deref()), (3, Some("Ring")));
    assert_eq!((second.size, second.notes.as_deref()), (1, Some("Wait")));
    assert_eq!(
        (first.pickup.location.unwrap().lon, first.pickup.service_s),
        (2.8246, 60)
    );
}

#[test]
fn the_names_of_the_columns_may_stand_further_down() {
    let file = format!("Orders of May;;\r\n\"printed on\"\r\n{HEADER}\r\n\r\n{GOOD}\r\n");
    assert_eq!(orders(json!({"header_row": 3}), &file).len(), 1);
    let fault = read(json!({"header_row": 9}), file.as_bytes()).unwrap_err();
    assert_eq!(fault.code, "missing_column");
}

#[test]
fn circuit_has_times_of_day_and_minutes() {
    let file = "Address Line 1,City,Latitude,Longitude,Earliest time,Latest time,Time at stop,Notes,pickup_lat,\
                pickup_lon\n\
                Carrer 1,Girona,41.98617,2.8233,9:30 AM,11:00,2.5,Ring,41.98325,2.8246\n";
    let settings = json!({"preset": "circuit", "time_zone": "Europe/Madrid", "date": "2026-12-07"});
    let [order] = orders(settings, file).try_into().unwrap();
    assert_eq!(order.dropoff.service_s, 150);
    assert_eq!(
        order.dropoff.window.unwrap().start.to_string(),
        "2026-12-07T08:30:00Z"
    );
    let (column, _, detail) = only_fault(
        json!({"preset": "circuit", "time_zone": "Europe/Madrid"}),
        file,
    );
    assert_eq!(column, Some(Column::DropoffWindowStart));
    assert!(detail.contains("setting date"), "{detail}");
}

#[test]
fn an_order_of_woocommerce_falls_back_on_the_billing_address() {
    let file = "order_number,status,shipping_first_name,shipping_last_name,shipping_address_1,shipping_postcode,\
                shipping_city,billing_first_name,billing_last_name,billing_address_1,billing_city,billing_phone,\
                customer_note,dropoff_lat,dropoff_lon\n\
                11,processing,Aina,Roca,Carrer 1,17001,Girona,B,C,Carrer 9,Salt,600,Ring,41.98617,2.8233\n\
                12,processing,,,,,,Biel,Ferrer,Carrer 9,Salt,601,,41.98617,2.8233\n";
    let settings = json!({"preset": "woocommerce", "defaults": {"pickup_lat": 41.98325, "pickup_lon": 2.8246}});
    let found = orders(settings, file);
    let told: Vec<_> = found
        .iter()
        .map(|order| {
            let contact = order.dropoff.contact.clone().unwrap();
            (
                order.external_id.as_deref().unwrap(),
                contact.name.unwrap(),
                order.dropoff.address.clone().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (
                "11",
                "Aina Roca".to_owned(),
                "Carrer 1, 17001, Girona".to_owned()
            ),
            ("12", "Biel Ferrer".to_owned(), "Carrer 9, Salt".to_owned()),
        ]
    );
}

#[test]
fn a_stray_quote_costs_one_line_in_a_file_without_coordinates_too() {
    let mut file =
        "Order number,Shipping First Name,Shipping address 1,Shipping city,Customer note\n"
            .to_owned();
    for row in 1..=20 {
        let note = match row {
            4 => "\"5 pipe",
            14 => "\"flat",
            6 => "\"two\nlines, with a comma\"",
            _ => "",
        };
        file.push_str(&format!("{row},Aina,Carrer {row},Girona,{note}\n"));
    }
    let settings = json!({"preset": "woocommerce", "defaults": {
        "pickup_lat": 41.98325, "pickup_lon": 2.8246, "dropoff_lat": 41.98325, "dropoff_lon": 2.8246,
    }});
    let found = read(settings, file.as_bytes()).unwrap();
    assert_eq!(found.len(), 20);
    let torn: Vec<usize> = (1..=20)
        .filter(|row| {
            found[row - 1]
                .as_ref()
                .is_err_and(|fault| fault.code == "unterminated_quote")
        })
        .collect();
    assert_eq!(torn, [4, 14]);
}

#[test]
fn rejected_rows_keep_their_pickups_their_columns_and_the_line_of_the_header() {
    let settings = json!({"preset": "onfleet", "time_zone": "Europe/Madrid", "header_row": 2});
    let text = String::from_utf8(ONFLEET.to_vec())
        .unwrap()
        .replace(",41.98617,", ",north,");
    let text = format!("Tasks\r\n{text}");
    let rejects = |text: &str| -> Vec<u8> {
        let beginning =
            Beginning::read_as(&format(settings.clone()), text.as_bytes(), true).unwrap();
        let mut rows = Rows::new(&beginning.layout, beginning.rows_at, 0);
        let mut input = &text.as_bytes()[beginning.rows_at as usize..];
        let mut out = Vec::new();
        intake::csv::rejected_header(&beginning.layout, &mut out);
        loop {
            match rows.advance(&mut input, true).unwrap() {
                Step::Row => {
                    let fault = rows.row().read(now()).unwrap_err();
                    intake::csv::rejected_pickup(&rows, &mut out);
                    let fault = RowFault {
                        row: rows.row().number(),
                        column: None,
                        code: fault.code.to_owned(),
                        detail: String::new(),
                        candidates: Vec::new(),
                    };
                    intake::csv::rejected_line(&rows.row(), &beginning.layout, &fault, &mut out);
                }
                Step::Pickup => {}
                Step::End | Step::NeedsInput => return out,
            }
        }
    };
    let once = String::from_utf8(rejects(&text)).unwrap();
    assert!(
        once.contains("Team North") || once.contains("Team Nord"),
        "{once}"
    );
    assert_eq!(
        orders(settings.clone(), once.replace("north", "41.98617")).len(),
        1
    );
    // Sent again as it is, the file is the same.
    assert_eq!(String::from_utf8(rejects(&once)).unwrap(), once);
}

#[test]
fn a_guess_needs_a_character_that_is_not_ascii() {
    let mut guess = EncodingGuess::default();
    assert!(!guess.look_at(b"pickup_lat,notes\n", false));
    assert!(guess.look_at("Plaça, Núria".as_bytes(), true));
    assert!(guess.guess().is_utf8());
    let mut guess = EncodingGuess::default();
    guess.look_at(EXCEL, true);
    assert_eq!(guess.guess().name(), "windows-1252");
}

#[test]
fn bytes_that_are_no_text_in_the_encoding_reject_their_row() {
    // A first byte of two, and a line end: the line ends all the same.
    let mut file = format!("{HEADER},notes\n{GOOD},").into_bytes();
    file.extend(b"\x83\n");
    file.extend(format!("{GOOD},ok\n").into_bytes());
    let text = decoded("shift_jis", &file);
    let beginning = Beginning::read_decoded(&Format::default(), &text, true).unwrap();
    let mut rows = Rows::new(&beginning.layout, beginning.rows_at, 0);
    let mut input = &text[beginning.rows_at as usize..];
    assert_eq!(rows.advance(&mut input, true), Ok(Step::Row));
    assert_eq!(rows.row().read(now()).unwrap_err().code, "encoding");
    assert_eq!(rows.advance(&mut input, true), Ok(Step::Row));
    assert!(rows.row().read(now()).is_ok());
}

proptest! {
    /// Whatever the encoding and the pieces, the text is the same, and each line leads back to its bytes.
    #[test]
    fn a_file_is_decoded_alike_in_pieces_of_any_size(
        lines in prop::collection::vec(("[a-z,;\"]{0,12}[àéñ€]{0,3}", "(\r\n|\n|\r)"), 0..30),
        end in "[a-zé]{0,5}",
        piece in 1_usize..40,
        name in prop::sample::select(vec!["windows-1252", "utf-16le", "utf-16be"]),
    ) {
        let text: String = lines.iter().map(|(line, end)| format!("{line}{end}")).chain([end]).collect();
        let bytes: Vec<u8> = match name {
            "utf-16le" => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            "utf-16be" => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
            _ => text.chars().map(|it| if it == '€' { 0x80 } else { u32::from(it) as u8 }).collect(),
        };
        let encoding = FileEncoding::named(name).unwrap();
        let mut decoder = Decoder::new(encoding, 0);
        let mut found = Vec::new();
        let pieces = bytes.chunks(piece).count();
        for (number, piece) in bytes.chunks(piece).enumerate() {
            found.extend(decoder.decode(piece, number + 1 == pieces));
        }
        prop_assert_eq!(String::from_utf8(found).unwrap(), text.clone());
        for (at, end) in text.match_indices(['\n', '\r']) {
            let rest = &text[at + end.len()..];
            let place = decoder.place((at + end.len()) as u64);
            let again = Decoder::new(encoding, place).decode(&bytes[place as usize..], true);
            prop_assert_eq!(String::from_utf8(again).unwrap(), rest);
        }
    }
}
