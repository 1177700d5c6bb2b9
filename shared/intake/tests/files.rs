//! Files as people send them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod reading;

use domain::StopProof;
use domain::order::OrderDraft;
use intake::csv::{Beginning, HEAD, LONGEST_ROW, Rows, Step};
use intake::{AddressAlone, Column, read_order};
use proptest::prelude::*;
use reading::{now, read, read_in_pieces};

const HEADER: &str = "pickup_lat,pickup_lon,dropoff_lat,dropoff_lon";
const GOOD: &str = "41.38,2.17,41.40,2.15";

fn orders(file: impl AsRef<[u8]>) -> Vec<OrderDraft> {
    let (rows, fault) = read(file);
    assert_eq!(fault, None);
    rows.into_iter()
        .map(|(_, outcome)| outcome.unwrap())
        .collect()
}

fn fails(file: impl AsRef<[u8]>) -> (usize, &'static str) {
    let (rows, fault) = read(file);
    (rows.len(), fault.expect("a file that fails").code)
}

/// The column and the code of the only row's fault.
fn rejected(header: &str, row: &str) -> (Option<&'static str>, &'static str) {
    let (mut rows, fault) = read(format!("{header}\n{row}\n"));
    assert_eq!((rows.len(), fault), (1, None));
    let fault = rows.remove(0).1.unwrap_err();
    (fault.column.map(|column| column.name()), fault.code)
}

#[test]
fn a_row_with_every_column_is_the_order_that_the_api_would_take() {
    let header = Column::NAMES.join(",");
    let row = "41.38,2.17,\"Carrer 1, 2n\",Núria,+34 600,Nuria@Example.com,ca,\
               2030-05-06T09:00:00Z,2030-05-06T10:00:00+01:00,60,\
               41.40,2.15,Gran Via 2,Pau,+34 611,pau@example.com,es,\
               2030-05-06T09:00:00Z,2030-05-06T12:00:00Z,0,3,high,\
               \"Cold, cargo-bike;cold\",\"ring\ntwice\",SO-1,retry,photo,\"pin, signature\",A-1 A-2,B-1";
    // 10:00+01:00 is 09:00Z, which is not after the start.
    let (rows, _) = read(format!("{header}\n{row}\n"));
    let fault = rows[0].1.clone().unwrap_err();
    assert_eq!(
        (fault.column, fault.code),
        (Some(Column::PickupWindowEnd), "invalid")
    );
    let row = row.replace("10:00:00+01:00", "10:00:00Z");
    let body = serde_json::json!({
        "pickup": {
            "address": "Carrer 1, 2n", "location": {"lat": 41.38, "lon": 2.17},
            "contact": {"name": "Núria", "phone": "+34 600", "email": "nuria@example.com", "language": "ca"},
            "window": {"start": "2030-05-06T09:00:00Z", "end": "2030-05-06T10:00:00Z"}, "service_s": 60,
        },
        "dropoff": {
            "address": "Gran Via 2", "location": {"lat": 41.40, "lon": 2.15},
            "contact": {"name": "Pau", "phone": "+34 611", "email": "pau@example.com", "language": "es"},
            "window": {"start": "2030-05-06T09:00:00Z", "end": "2030-05-06T12:00:00Z"}, "service_s": 0,
        },
        "size": 3, "priority": "high", "requires": ["cold", "cargo-bike"],
        "notes": "ring\ntwice", "external_id": "SO-1", "on_failure": "retry",
        "requires_proof": {
            "pickup": {"photo": true, "barcodes": ["A-1", "A-2"]},
            "dropoff": {"signature": true, "pin": true, "barcodes": ["B-1"]},
        },
    });
    let draft = read_order(&body, AddressAlone::Refused, now()).unwrap();
    let expected = draft;
    assert_eq!(orders(format!("{header}\n{row}\n")), [expected]);
}

#[test]
fn files_come_in_many_shapes() {
    let expected = orders(format!("{HEADER}\n{GOOD}\n"));
    assert_eq!(expected.len(), 1);
    let shapes = [
        format!("\u{feff}{HEADER}\n{GOOD}"),
        format!("{HEADER}\r\n{GOOD}\r\n"),
        format!("{HEADER}\r{GOOD}\r"),
        format!("\n\n{HEADER}\n\n   \n,,,\n{GOOD}\n\n"),
        format!(",,,\n{HEADER}\n{GOOD}\n"),
        format!("   \n \t \r\n;;;\n\"\",\"\"\n{HEADER}\n{GOOD}\n"),
        format!("\u{feff}   \n,,\n{HEADER}\n{GOOD}\n").replace(',', ";"),
        format!("\n\tX{HEADER}\n\t{GOOD}\n")
            .replace(',', "\t")
            .replace('X', ""),
        format!("{HEADER}\n{GOOD}\n").replace(',', ";"),
        format!("{HEADER}\n{GOOD}\n").replace(',', "\t"),
        format!(
            "sep=;\r\n{}",
            format!("{HEADER}\n{GOOD}\n").replace(',', ";")
        ),
        "Dropoff_Lon, DROPOFF_LAT ,pickup_lat,pickup_lon\n2.15, 41.40 ,\"41.38\",\t2.17\n"
            .to_owned(),
        format!("{HEADER},,\n{GOOD},,\n"),
        "pickup_lat,,pickup_lon,dropoff_lat,dropoff_lon\n41.38,,2.17,41.40,2.15\n".to_owned(),
        format!("{HEADER},size,notes\n{GOOD},,\n"),
        format!(
            "{HEADER},rejected_row,rejected_column,rejected_code,rejected_detail\n{GOOD},1,size,invalid,no\n"
        ),
        format!("{HEADER}\n'{},2.17,41.40,2.15\n", "+41.38"),
    ];
    for shape in shapes {
        assert_eq!(orders(&shape), expected, "{shape:?}");
    }
}

#[test]
fn empty_lines_are_not_counted() {
    let (rows, _) = read(format!("{HEADER}\n\n{GOOD}\n;\n , ,\n\r\n{GOOD}\n"));
    let numbers: Vec<u32> = rows.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, [1, 2, 3]);
    assert_eq!(rows[1].1.as_ref().unwrap_err().code, "too_few_cells");
}

#[test]
fn a_header_alone_has_no_rows() {
    assert_eq!(orders(HEADER), []);
    assert_eq!(orders(format!("{HEADER}\r\n\r\n")), []);
}

#[test]
fn what_is_no_csv_of_orders_fails_as_a_whole() {
    let utf16 =
        |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_le_bytes).collect() };
    let file = format!("{HEADER}\n{GOOD}\n");
    let mut marked = vec![0xff, 0xfe];
    marked.extend(utf16(&file));
    let latin1 = [
        HEADER.as_bytes(),
        b",notes\n41.38,2.17,41.40,2.15,Pla\xe7a\n",
    ]
    .concat();
    let columns: Vec<String> = (0..10_000).map(|number| format!("c{number}")).collect();
    for (file, code) in [
        (Vec::new(), "empty_file"),
        (b"\n \n".to_vec(), "empty_file"),
        (b"\xef\xbb\xbf\r\n".to_vec(), "empty_file"),
        (b",,,\n;,;\n".to_vec(), "unknown_column"),
        (b",,,\n , \n,\n".to_vec(), "empty_file"),
        (b",,,".to_vec(), "empty_file"),
        (",\n".repeat(HEAD).into_bytes(), "row_too_long"),
        (b"PK\x03\x04\x14\0\x06\0".to_vec(), "not_csv"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1".to_vec(), "not_csv"),
        (b"a,b\n\0\x01\0\0c\0\0\0\0".to_vec(), "not_csv"),
        (marked, "encoding"),
        (utf16(&file), "encoding"),
        (latin1, "encoding"),
        (columns.join(",").into_bytes(), "too_many_columns"),
        (
            format!("{HEADER},pikup_adress\n").into_bytes(),
            "unknown_column",
        ),
        (
            format!("{HEADER},Pickup_Lat\n").into_bytes(),
            "doubled_column",
        ),
        (
            b"pickup_lat,pickup_lon,size\n1,2,3\n".to_vec(),
            "missing_column",
        ),
        (
            b"pickup_lat,\"pickup_lon\n1,2\n".to_vec(),
            "unterminated_quote",
        ),
        (vec![b'x'; HEAD * 2], "row_too_long"),
    ] {
        let shown = String::from_utf8_lossy(&file[..file.len().min(60)]).into_owned();
        assert_eq!(fails(file), (0, code), "{shown:?}");
    }
}

#[test]
fn another_encoding_is_named() {
    let file = format!("{HEADER},notes\n{GOOD},Plaça\r\n");
    let utf32 = |bytes: fn(char) -> [u8; 4]| -> Vec<u8> { file.chars().flat_map(bytes).collect() };
    let utf16 =
        |bytes: fn(u16) -> [u8; 2]| -> Vec<u8> { file.encode_utf16().flat_map(bytes).collect() };
    let (le32, be32) = (
        utf32(|letter| u32::from(letter).to_le_bytes()),
        utf32(|letter| u32::from(letter).to_be_bytes()),
    );
    let (le16, be16) = (utf16(u16::to_le_bytes), utf16(u16::to_be_bytes));
    let latin1: Vec<u8> = file.chars().map(|letter| letter as u8).collect();
    for (bytes, name) in [
        (le32.clone(), "UTF-32"),
        (be32.clone(), "UTF-32"),
        ([b"\xff\xfe\0\0", &le32[..]].concat(), "UTF-32"),
        ([b"\0\0\xfe\xff", &be32[..]].concat(), "UTF-32"),
        (le16.clone(), "UTF-16"),
        (be16.clone(), "UTF-16"),
        ([b"\xff\xfe", &le16[..]].concat(), "UTF-16"),
        ([b"\xfe\xff", &be16[..]].concat(), "UTF-16"),
        (latin1, "windows-1252"),
    ] {
        let fault = read(bytes).1.unwrap();
        assert_eq!(fault.code, "encoding", "{name}");
        assert!(fault.detail.contains(name), "{name}: {}", fault.detail);
    }
}

#[test]
fn what_cannot_be_read_any_further_keeps_the_rows_before() {
    let good = format!("{HEADER},notes\n{GOOD},fine\n{GOOD},fine\n");
    let huge = "x".repeat(10_000_000);
    assert_eq!(
        fails(format!("{good}{GOOD},{huge}\n{GOOD},fine\n")),
        (2, "row_too_long")
    );
    assert_eq!(
        fails(format!("{good}{GOOD},\"{huge}\"\n{GOOD},fine\n")),
        (2, "row_too_long")
    );
    assert_eq!(
        fails(format!("{good}{}\n", ",".repeat(LONGEST_ROW + 1))),
        (2, "row_too_long")
    );
    let longest = LONGEST_ROW - GOOD.len() - 2;
    let (rows, fault) = read(format!("{good}{GOOD},{}\n", "x".repeat(longest)));
    assert_eq!(
        (rows.len(), fault),
        (3, None),
        "too long for notes, but not for a row"
    );
}

#[test]
fn a_bad_row_says_where_and_why() {
    let of_four = |row| rejected(HEADER, row);
    assert_eq!(
        of_four("41.38,,41.40,2.15"),
        (Some("pickup_lon"), "missing")
    );
    assert_eq!(
        of_four("41.38,\" \",41.40,2.15"),
        (Some("pickup_lon"), "missing")
    );
    assert_eq!(
        of_four("north,2.17,41.40,2.15"),
        (Some("pickup_lat"), "not_a_number")
    );
    assert_eq!(
        of_four("\"41,38\",2.17,41.40,2.15"),
        (Some("pickup_lat"), "decimal_comma")
    );
    assert_eq!(
        of_four("95,2.17,41.40,2.15"),
        (Some("pickup_lat"), "invalid")
    );
    assert_eq!(
        of_four("NaN,2.17,41.40,2.15"),
        (Some("pickup_lat"), "invalid")
    );
    assert_eq!(of_four("41.38,2.17,41.40"), (None, "too_few_cells"));
    assert_eq!(of_four("41.38,2.17,41.40,2.15,x"), (None, "too_many_cells"));
    let with = |column: &'static str, cell: &str| {
        let outcome = rejected(&format!("{HEADER},{column}"), &format!("{GOOD},{cell}"));
        assert_eq!(outcome.0, Some(column));
        outcome.1
    };
    assert_eq!(with("size", "0"), "invalid");
    assert_eq!(with("size", "1.5"), "invalid");
    assert_eq!(with("size", "\"1,5\""), "decimal_comma");
    assert_eq!(with("pickup_service_s", "soon"), "not_a_number");
    assert_eq!(with("priority", "very high"), "invalid");
    assert_eq!(with("requires", "a b c d e f g h i"), "invalid");
    assert_eq!(with("external_id", "\"a\nb\""), "invalid");
    assert_eq!(with("on_failure", "later"), "invalid");
    assert_eq!(with("requires_proof_pickup", "pin"), "invalid");
    assert_eq!(with("requires_proof_dropoff", "none photo"), "invalid");
    assert_eq!(with("requires_proof_dropoff_barcodes", "A A"), "invalid");
    let half_a_window = format!("{HEADER},pickup_window_start,pickup_window_end");
    let half = rejected(&half_a_window, &format!("{GOOD},2030-05-06T09:00:00Z,"));
    assert_eq!(half, (Some("pickup_window_end"), "missing"));
    let semicolons = rejected(&HEADER.replace(',', ";"), "41,38;2.17;41.40;2.15");
    assert_eq!(semicolons, (Some("pickup_lat"), "decimal_comma"));
}

#[test]
fn a_row_says_what_proof_it_requires_or_follows_the_company() {
    let asked = |columns: &str, cells: &str| {
        let file = format!("{HEADER},{columns}\n{GOOD},{cells}\n");
        orders(file).remove(0).requires_proof
    };
    let both = "requires_proof_pickup,requires_proof_dropoff";
    let none = asked(both, ",");
    assert_eq!((none.pickup, none.dropoff), (None, None));
    let said = asked(both, "none,Photo".to_lowercase().as_str());
    assert_eq!(said.pickup, Some(StopProof::default()));
    let photo = StopProof {
        photo: true,
        ..StopProof::default()
    };
    assert_eq!(said.dropoff, Some(photo));
    let codes = asked("requires_proof_dropoff_barcodes", "\"A-1; A-2\"");
    assert_eq!(codes.pickup, None);
    assert_eq!(codes.dropoff.unwrap().barcodes, ["A-1", "A-2"]);
}

#[test]
fn a_cell_may_end_in_any_character_after_doubled_quotes() {
    for address in [
        "\"Aragó\" 5, Sarrià",
        "3\" tub, Núria à",
        "Bar \"Roca\" €",
        "\"😀",
    ] {
        let cell = address.replace('"', "\"\"");
        let file = format!("{HEADER},dropoff_address\n{GOOD},\"{cell}\"\n");
        let kept = orders(file).remove(0).dropoff.address;
        assert_eq!(kept.as_deref(), Some(address));
    }
}

#[test]
fn what_is_wrong_in_a_column_is_told_of_that_column() {
    let long = "x".repeat(2_000);
    let header = Column::NAMES.join(",");
    for (place, column) in Column::NAMES.iter().copied().enumerate() {
        let mut row: Vec<&str> = vec![
            "41.38",
            "2.17",
            "",
            "",
            "",
            "",
            "",
            "2030-05-06T09:00:00Z",
            "2030-05-06T11:00:00Z",
            "",
            "41.40",
            "2.15",
            "",
            "",
            "",
            "",
            "",
            "2030-05-06T09:00:00Z",
            "2030-05-06T12:00:00Z",
            "",
            "",
            "",
            "",
            "",
            "",
            "",
            "",
            "",
            "",
            "",
        ];
        assert_eq!(orders(format!("{header}\n{}\n", row.join(","))).len(), 1);
        row[place] = &long;
        let (found, _) = rejected(&header, &row.join(","));
        assert_eq!(found, Some(column));
    }
}

#[test]
fn all_faults_of_a_row_are_told() {
    let (rows, _) = read(format!("{HEADER},size\n95,,\"41,4\",2.15,0\n"));
    let fault = rows[0].1.clone().unwrap_err();
    assert_eq!(
        (fault.column, fault.code),
        (Some(Column::PickupLon), "missing")
    );
    for column in ["pickup_lat", "dropoff_lat", "size"] {
        assert!(fault.detail.contains(column), "{}", fault.detail);
    }
}

#[test]
fn a_row_with_every_cell_wrong_names_each_of_them() {
    let header = Column::NAMES.join(",");
    let long = "x".repeat(2_000);
    for cell in [long.as_str(), "x\u{1}"] {
        let cells = Column::ALL.iter();
        let cells = cells.map(|column| {
            if *column == Column::Notes {
                &long
            } else {
                cell
            }
        });
        let cells: Vec<&str> = cells.collect();
        let (rows, _) = read(format!("{header}\n{}\n", cells.join(",")));
        let fault = rows[0].1.clone().unwrap_err();
        for column in Column::ALL {
            let is_named = fault.column == Some(*column) || fault.detail.contains(column.name());
            assert!(is_named, "{column}: {}", fault.detail);
        }
        let length = fault.detail.len();
        assert!(length <= domain::import::LONGEST_DETAIL, "{length}");
    }
}

#[test]
fn four_coordinates_that_are_missing_leave_room_for_the_others() {
    let row = ",,,,0,soon,-1,tomorrow";
    let header = format!("{HEADER},size,pickup_service_s,dropoff_service_s,dropoff_window_end");
    let (rows, _) = read(format!("{header}\n{row}\n"));
    let detail = rows[0].1.clone().unwrap_err().detail;
    for told in [
        "pickup_lon is missing",
        "dropoff_lat is missing",
        "dropoff_lon is missing",
        "size must be a whole number from 1 to 10000",
        "pickup_service_s is not a number",
        "dropoff_service_s must be",
        "dropoff_window_end must be a time",
    ] {
        assert!(detail.contains(told), "{told}: {detail}");
    }
}

#[test]
fn a_row_in_another_encoding_is_rejected_alone_where_the_head_was_good() {
    let mut file = format!("{HEADER},notes\n").into_bytes();
    let line = format!("{GOOD},{}\n", "x".repeat(900));
    while file.len() <= HEAD {
        file.extend_from_slice(line.as_bytes());
    }
    file.extend_from_slice(b"41.38,2.17,41.40,2.15,Pla\xe7a\n");
    file.extend_from_slice(line.as_bytes());
    let (rows, fault) = read(file);
    assert_eq!(fault, None);
    let codes: Vec<&str> = rows
        .iter()
        .filter_map(|(_, row)| row.as_ref().err())
        .map(|f| f.code)
        .collect();
    assert_eq!(codes, ["encoding"]);
}

proptest! {
    #[test]
    fn pieces_of_any_size_make_no_difference(
        rows in proptest::collection::vec(
            prop_oneof![
                Just(format!("{GOOD},fine\n")), Just(format!("{GOOD},\"a\nb\"\r\n")), Just("\r\n".to_owned()),
                Just(format!("{GOOD},\"say \"\"hi\"\"\"\n")), Just("x,2\n".to_owned()), Just(",,,,\n".to_owned()),
                Just(format!("{GOOD},ç\r")), Just(format!("{GOOD},\"open")),
            ],
            0..12,
        ),
        piece in 1_usize..40,
    ) {
        let file = format!("{HEADER},notes\n{}", rows.concat());
        prop_assert_eq!(read_in_pieces(file.as_bytes(), piece), read(&file));
    }

    #[test]
    fn reading_goes_on_after_any_row(
        rows in proptest::collection::vec(
            prop_oneof![
                Just(format!("{GOOD},fine\r\n")), Just("\r\n\r\n".to_owned()), Just(format!("{GOOD},\"a\r\nb\"\r\n")),
                Just("x,2\n".to_owned()), Just(format!("{GOOD},mac\r")),
            ],
            1..12,
        ),
    ) {
        let file = format!("{HEADER},notes\n{}", rows.concat());
        let (expected, fault) = read(&file);
        prop_assert_eq!(fault, None);
        let beginning = Beginning::read(file.as_bytes(), true).unwrap();
        let (mut at, mut number) = (beginning.rows_at, 0);
        let mut found = Vec::new();
        loop {
            // A new reader starts at each row.
            let mut rows = Rows::new(&beginning.layout, at, number);
            let mut input = &file.as_bytes()[at as usize..];
            match rows.advance(&mut input, true).unwrap() {
                Step::Row => {
                    number = rows.row().number();
                    found.push((number, rows.row().read(now())));
                }
                _ => break,
            }
            at = rows.offset();
        }
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), piece in 1_usize..50) {
        let _ = read_in_pieces(&bytes, piece);
        let after_header = [HEADER.as_bytes(), b"\n", &bytes].concat();
        let _ = read_in_pieces(&after_header, piece);
    }
}
