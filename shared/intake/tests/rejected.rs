//! The content of the file of rejected rows, and its way back through the reader.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod reading;

use domain::RowFault;
use intake::csv::{Beginning, HEAD, Rows, Step};
use proptest::prelude::*;
use reading::{now, read};

const HEADER: &str = "pickup_lat,pickup_lon,dropoff_lat,dropoff_lon,dropoff_address,notes";
const UTF8_MARK: &str = "\u{feff}";

/// The file of rejected rows for a file.
fn rejects_of(file: &[u8]) -> Vec<u8> {
    let head = &file[..file.len().min(HEAD)];
    let beginning = Beginning::read(head, file.len() <= HEAD).unwrap();
    let mut rows = Rows::new(&beginning.layout, beginning.rows_at, 0);
    let mut input = &file[beginning.rows_at as usize..];
    let mut out = Vec::new();
    intake::csv::rejected_header(&beginning.layout, &mut out);
    while rows.advance(&mut input, true).unwrap() == Step::Row {
        let row = rows.row();
        let Err(fault) = row.read(now()) else {
            continue;
        };
        let fault = RowFault {
            row: row.number(),
            column: fault.column.map(|column| column.to_string()),
            code: fault.code.to_owned(),
            detail: fault.detail,
            candidates: Vec::new(),
        };
        intake::csv::rejected_line(&row, &beginning.layout, &fault, &mut out);
    }
    out
}

/// The cells of each line of a file of rejected rows. The first line is the header.
fn cells(rejects: &[u8], separator: u8) -> Vec<Vec<String>> {
    let text = rejects.strip_prefix(UTF8_MARK.as_bytes()).expect("a mark");
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(separator)
        .flexible(true)
        .has_headers(false)
        .from_reader(text);
    let lines = reader.records().map(Result::unwrap);
    lines
        .map(|line| line.iter().map(str::to_owned).collect())
        .collect()
}

/// The file that a spreadsheet saves from these cells. All cells have quotes.
fn saved(lines: &[Vec<String>], separator: u8) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new()
        .delimiter(separator)
        .flexible(true)
        .quote_style(csv::QuoteStyle::Always)
        .from_writer(Vec::new());
    lines
        .iter()
        .for_each(|line| writer.write_record(line).unwrap());
    writer.into_inner().unwrap()
}

/// The code of each row. `None` for a row that is an order.
fn codes(file: &[u8]) -> Vec<Option<&'static str>> {
    let (rows, fault) = read(file);
    assert_eq!(fault, None);
    rows.into_iter()
        .map(|(_, outcome)| outcome.err().map(|fault| fault.code))
        .collect()
}

#[test]
fn they_come_back_with_their_cells_and_harmless() {
    let file = " Pickup_Lat ;pickup_lon;dropoff_lat;dropoff_lon;notes;rejected_row\n\
                -1;2;3;x;\"=SUM(A1), \"\"b\"\"\nc\";9\n1;2;3;4;@me;8;surplus;;=more; \n";
    let rejects = rejects_of(file.as_bytes());
    let lines = cells(&rejects, b';');
    assert_eq!(
        lines[0],
        [
            "Pickup_Lat",
            "pickup_lon",
            "dropoff_lat",
            "dropoff_lon",
            "notes",
            "rejected_row",
            "rejected_column",
            "rejected_code",
            "rejected_detail"
        ]
    );
    assert_eq!(
        lines[1][..8],
        [
            "'-1",
            "2",
            "3",
            "x",
            "'=SUM(A1), \"b\"\nc",
            "1",
            "dropoff_lon",
            "not_a_number"
        ]
    );
    assert_eq!(
        lines[2][..8],
        ["1", "2", "3", "4", "'@me", "2", "", "too_many_cells"]
    );
    assert_eq!(lines[2][9..], ["surplus", "", "'=more"]);

    // The first row is corrected. It is an order when the file is sent again.
    let mended = String::from_utf8(rejects).unwrap().replace(";x;", ";4;");
    let (rows, fault) = read(&mended);
    assert_eq!((rows.len(), fault), (2, None), "{mended}");
    let order = rows[0].1.clone().unwrap();
    assert_eq!(
        (order.pickup.location.unwrap().lat, order.notes.as_deref()),
        (-1.0, Some("=SUM(A1), \"b\"\nc"))
    );
}

#[test]
fn a_row_whose_cells_were_lost_or_moved_is_no_order_before_it_is_mended() {
    let good = "41.38,2.17,41.40,2.15";
    let mut file = format!(
        "{HEADER}\n{good},Carrer Major, 5,ring twice\n41.38,2.17,41.4\n{good},{},\n",
        "x".repeat(301)
    )
    .into_bytes();
    // The bad row comes after the head. In the head, it would make the whole file a fault.
    while file.len() <= HEAD {
        file.extend_from_slice(format!("{good},,{}\n", "x".repeat(900)).as_bytes());
    }
    file.extend_from_slice(format!("{good},Pla").as_bytes());
    file.extend_from_slice(b"\xe7a,\n");
    let refused = [
        Some("too_many_cells"),
        Some("too_few_cells"),
        Some("invalid"),
        Some("encoding"),
    ];
    let rejects = rejects_of(&file);
    assert_eq!(codes(&rejects), refused);
    // The result is the same each time the file is sent.
    let again = rejects_of(&rejects);
    assert_eq!(codes(&again), refused);
    let detail = read(&rejects).0[1].1.clone().unwrap_err().detail;
    assert!(detail.contains("empty its rejected_code cell"), "{detail}");

    let mut lines = cells(&again, b',');
    assert_eq!(lines[1][4..6], ["Carrer Major", " 5"]);
    assert_eq!(lines[1][10..], ["ring twice"]);
    assert_eq!(lines[2][2..6], ["41.4", "", "", ""]);
    assert_eq!(lines[4][4], "Pla\u{fffd}a");
    // The row is corrected, but its code is still there.
    lines[1].truncate(10);
    (lines[1][4], lines[1][5]) = ("Carrer Major, 5".to_owned(), "ring twice".to_owned());
    (lines[2][2], lines[2][3]) = ("41.40".to_owned(), "2.15".to_owned());
    lines[3][4] = "short".to_owned();
    lines[4][4] = "Plaça".to_owned();
    lines[1][8] = String::new();
    lines[4][8] = " ".to_owned();
    let mended = saved(&lines, b',');
    assert_eq!(codes(&mended), [None, Some("too_few_cells"), None, None]);
    let address = |row: usize| read(&mended).0[row].1.clone().unwrap().dropoff.address;
    assert_eq!(address(0).as_deref(), Some("Carrer Major, 5"));
    assert_eq!(address(3).as_deref(), Some("Plaça"));
}

#[test]
fn surplus_cells_are_still_too_many_when_the_code_alone_was_emptied() {
    let file = format!("{HEADER}\n41.38,2.17,41.40,2.15,Carrer Major, 5,ring twice\n");
    let mut lines = cells(&rejects_of(file.as_bytes()), b',');
    lines[1][8] = String::new();
    assert_eq!(codes(&saved(&lines, b',')), [Some("too_many_cells")]);
}

#[test]
fn they_are_laid_out_as_the_file_and_cut_by_no_program_within_a_cell() {
    for separator in [",", ";", "\t"] {
        let file = format!("{HEADER},size\n41.38,2.17,41.40,2.15,ADDRESS,NOTES,0\n");
        let file = file.replace(',', separator);
        let file = file
            .replace("ADDRESS", "\"a;=1+1\"")
            .replace("NOTES", "\"a\t=1,=2\"");
        let rejects = rejects_of(file.as_bytes());
        let text = String::from_utf8(rejects.clone()).unwrap();
        let header = format!("{HEADER},size,rejected_row,").replace(',', separator);
        assert!(text.starts_with(&format!("{UTF8_MARK}{header}")), "{text}");
        assert!(text.contains("\"a;=1+1\""), "{text}");
        assert!(text.contains("\"a\t=1,=2\""), "{text}");
        let expected = read(file).0[0].1.clone();
        assert_eq!(read(rejects).0[0].1, expected);
    }
}

#[test]
fn a_header_cell_that_is_blank_or_has_tabs_around_it_is_known_again() {
    let file = "\tpickup_lat,\t,pickup_lon, ,dropoff_lat,dropoff_lon\n1,,2,,3,x\n1,y,2,,3,4\n";
    let rejects = rejects_of(file.as_bytes());
    assert_eq!(
        codes(&rejects),
        [Some("not_a_number"), Some("too_many_cells")]
    );
    assert_eq!(cells(&rejects, b',')[0][..2], ["pickup_lat", ""]);
}

/// Texts that people write into cells, and texts that a spreadsheet would run as formulas.
fn a_cell() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-zç' ]{0,8}",
        4 => "['=+@\t\r\n -]{0,4}[a-z1,;\t\"=']{0,6}",
        1 => Just("\t".to_owned()),
    ]
}

/// By how many cells a row is longer than the header. A row with fewer cells lacks a coordinate.
fn cells_more() -> impl Strategy<Value = i32> {
    prop_oneof![4 => 0_i32..4, 1 => -6_i32..-4]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn sent_again_unmended_no_row_is_an_order_and_mended_each_is_what_it_was_to_be(
        rows in proptest::collection::vec(
            (a_cell(), a_cell(), cells_more(), prop_oneof![6 => Just(false), 1 => Just(true)]),
            1..8,
        ),
        separator in prop_oneof![Just(b','), Just(b';'), Just(b'\t')],
    ) {
        let header: Vec<String> = HEADER.split(',').chain(["", "size"]).map(str::to_owned).collect();
        // A size of 0 is a fault of a cell. A wrong number of cells is a fault of the row and comes first.
        let line = |size: &str, (address, notes, more, is_latin1): &(String, String, i32, bool)| {
            let mut line = vec!["41.38", "2.17", "41.40", "2.15", address, notes, "", size];
            line.extend((0..*more).map(|_| "surplus"));
            line.truncate((line.len() as i32 + more.min(&0)) as usize);
            let mut line: Vec<String> = line.into_iter().map(str::to_owned).collect();
            if *is_latin1 && line.len() > 4 {
                line[4] = "Pla?a".to_owned();
            }
            line
        };
        let file = |size: &str| {
            let mut lines = vec![header.clone()];
            // The head must be good.
            let filler = ["1", "2", "3", "4", &"x".repeat(300), "", "", "1"].map(str::to_owned);
            lines.extend(vec![filler.to_vec(); HEAD / 300]);
            lines.extend(rows.iter().map(|row| line(size, row)));
            let mut bytes = saved(&lines, separator);
            while let Some(at) = bytes.windows(5).position(|five| five == b"Pla?a") {
                bytes[at + 3] = b'\xe7';
            }
            bytes
        };
        let skipped = HEAD / 300;
        let rejects = rejects_of(&file("0"));
        let expected: Vec<_> = codes(&file("0")).split_off(skipped);
        prop_assert_eq!(expected.len(), rows.len());
        prop_assert!(expected.iter().all(Option::is_some));
        // A row that is not corrected is refused each time.
        prop_assert_eq!(codes(&rejects), expected.clone());
        let again = rejects_of(&rejects);
        prop_assert_eq!(codes(&again), expected.clone());
        let own = |file: &[u8]| -> Vec<Vec<String>> {
            let lines = cells(file, separator).into_iter();
            lines.map(|mut line| { line.drain(8..12); line }).collect()
        };
        prop_assert_eq!(own(&again), own(&rejects), "no cell is lost on the way");
        let formula = |cell: &String| {
            cell.starts_with(['\t', '\r']) || cell.trim_start().starts_with(['=', '+', '-', '@'])
        };
        prop_assert!(!cells(&rejects, separator).iter().flatten().any(formula));

        // The size is corrected. A row without a fault as a whole becomes the order that it would have been.
        let mut lines = cells(&rejects, separator);
        lines.iter_mut().skip(1).for_each(|line| line[7] = "1".to_owned());
        let mended = read(saved(&lines, separator)).0;
        let wanted = read(file("1")).0.split_off(skipped);
        for (place, code) in expected.iter().enumerate() {
            if matches!(code, Some("too_few_cells" | "too_many_cells" | "encoding")) {
                prop_assert_eq!(mended[place].1.as_ref().unwrap_err().code, code.unwrap());
            } else {
                prop_assert_eq!(&mended[place].1, &wanted[place].1);
                // The bytes are the same, except for an apostrophe.
                for (came, went) in lines[place + 1][4..6].iter().zip([&rows[place].0, &rows[place].1]) {
                    let is_same = came == went || came.strip_prefix('\'') == Some(went) || went.trim().is_empty();
                    prop_assert!(is_same, "{:?} came back as {:?}", went, came);
                }
            }
        }
    }
}
