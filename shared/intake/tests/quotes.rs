//! Files with stray quotes: no row disappears.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod reading;

use intake::csv::{Beginning, LONGEST_ROW, Rows, Step};
use proptest::prelude::*;
use reading::{now, read, read_in_pieces};

const HEADER: &str =
    "external_id,pickup_lat,pickup_lon,dropoff_lat,dropoff_lon,dropoff_address,notes";

fn row(id: &str, address: &str, notes: &str) -> String {
    format!("{id},41.98325,2.82460,41.98617,2.82330,{address},{notes}")
}

fn file(rows: &[String]) -> String {
    format!("{HEADER}\n{}\n", rows.join("\n"))
}

/// The external id of each row that is an order, or else its column and its code.
fn outcomes(file: &str) -> Vec<String> {
    let (rows, fault) = read(file);
    assert_eq!(fault, None);
    let outcomes = rows.into_iter().map(|(_, outcome)| match outcome {
        Ok(order) => order.external_id.unwrap_or_default(),
        Err(fault) => format!(
            "{} {}",
            fault.column.map_or("", |column| column.name()),
            fault.code
        ),
    });
    outcomes.collect()
}

#[test]
fn stray_quotes_in_two_rows_cost_two_rows() {
    let mut rows: Vec<String> = (1..=200)
        .map(|number| row(&format!("E{number}"), "", "ok"))
        .collect();
    rows[3] = row("E4", "", "\"5 pipe");
    rows[13] = row("E14", "", "\"flat");
    let (found, fault) = read(file(&rows));
    assert_eq!((found.len(), fault), (200, None));
    let rejected: Vec<(u32, &str)> = found
        .iter()
        .filter_map(|(number, row)| Some((*number, row.as_ref().err()?.code)))
        .collect();
    assert_eq!(
        rejected,
        [(4, "unterminated_quote"), (14, "unterminated_quote")]
    );
}

#[test]
fn each_fault_of_a_quote_has_its_word_and_reading_goes_on() {
    let rows = [
        row("A", "", "\"5\" pipe"),
        row("B", "\"Carrer\"Major", ""),
        row("C", "\"Ring \\\"Roca\\\" now\"", ""),
        row("D", "", "\"no end"),
        row("E", "\"Placa Major 2, Girona\"", "fine"),
        row("F", "", "\""),
    ];
    let expected = [
        "notes text_after_quote",
        "dropoff_address text_after_quote",
        "dropoff_address text_after_quote",
        "notes unterminated_quote",
        "E",
        "notes unterminated_quote",
    ];
    assert_eq!(outcomes(&file(&rows)), expected);
    let windows = file(&rows).replace('\n', "\r\n");
    assert_eq!(outcomes(&windows), expected);
    assert_eq!(outcomes(windows.trim_end()), expected);
    let backslash = read(file(&rows)).0[2].1.clone().unwrap_err().detail;
    assert!(backslash.contains("backslash"), "{backslash}");
}

#[test]
fn a_quote_that_closes_in_a_later_row_has_not_made_the_rows_between_a_note() {
    // As CSV goes, the notes of the first row are rows 2 and 3.
    let rows = [
        row("A", "", "\"5 pipe"),
        row("B", "", "fine"),
        row("C", "", "\""),
        row("D", "", "fine"),
    ];
    let lost = [
        "notes unterminated_quote",
        "B",
        "notes unterminated_quote",
        "D",
    ];
    assert_eq!(outcomes(&file(&rows)), lost);
    // Here the second row has the closing quote, in the same column or in another one.
    for second in [row("B", "5 pipe\"", ""), row("B", "", "5 pipe\"")] {
        let rows = [row("A", "\"5 pipe", ""), second, row("C", "", "")];
        let found = outcomes(&file(&rows));
        assert_eq!(found, ["dropoff_address unterminated_quote", "B", "C"]);
    }
    // A decimal comma in these rows is no reason to lose them.
    let rows = [row("A", "", "\"5 pipe"), row("B", "", "\"")].join("\n");
    let semicolons = format!("{HEADER}\n{rows}")
        .replace(',', ";")
        .replace('.', ",");
    let found = outcomes(&semicolons);
    assert_eq!(found.len(), 2, "{found:?}");
}

#[test]
fn a_correctly_quoted_cell_may_have_lines_in_any_column() {
    let notes_first = "notes,pickup_lat,pickup_lon,dropoff_lat,dropoff_lon,external_id";
    let rows = "\"Ring, then\nwait, 3, 4, 5\",1,2,3,4,A\n\"a\r\n\r\nb\",1,2,3,4,B\n";
    assert_eq!(outcomes(&format!("{notes_first}\n{rows}")), ["A", "B"]);
    let rows = [
        row(
            "A",
            "\"Carrer Major, 5\"",
            "\"a\n\n\"\"b\"\"\n, c, d, e, f, g\"",
        ),
        row("B", "", "\"\n\""),
    ];
    assert_eq!(outcomes(&file(&rows)), ["A", "B"]);
    let notes = read(file(&rows)).0[0].1.clone().unwrap().notes;
    assert_eq!(notes.as_deref(), Some("a\n\n\"b\"\n, c, d, e, f, g"));
}

#[test]
fn spaces_around_quotes_are_no_text() {
    let file = "external_id, pickup_lat, pickup_lon, dropoff_lat, dropoff_lon, \"dropoff_address\"\n\
                S1,1,2,3,4, \"Placa Major 2, Girona\"\nS2,1,2,3,4,\t\"Placa Major 3\"  \n\"S3\" , \"1\",2,3,4,5\n";
    assert_eq!(outcomes(file), ["S1", "S2", "S3"]);
    let address = read(file).0[1].1.clone().unwrap().dropoff.address;
    assert_eq!(address.as_deref(), Some("Placa Major 3"));
}

#[test]
fn a_quote_within_a_cell_without_quotes_is_a_character() {
    let rows = [row("A", "5\" pipe", "Bar \"Roca\"")];
    let order = read(file(&rows)).0.remove(0).1.unwrap();
    assert_eq!(order.dropoff.address.as_deref(), Some("5\" pipe"));
    assert_eq!(order.notes.as_deref(), Some("Bar \"Roca\""));
}

#[test]
fn a_quote_that_is_open_for_longer_than_a_row_costs_its_line() {
    let fine: Vec<String> = (0..LONGEST_ROW / 40)
        .map(|number| row(&format!("E{number}"), "", ""))
        .collect();
    let rows = [&[row("A", "", "\"open")], &fine[..]].concat();
    for piece in [7_000, LONGEST_ROW, LONGEST_ROW + 1, usize::MAX] {
        let (found, fault) = read_in_pieces(file(&rows).as_bytes(), piece);
        assert_eq!((found.len(), fault), (rows.len(), None));
        let rejected = found.iter().filter(|(_, row)| row.is_err()).count();
        assert_eq!(rejected, 1);
    }
}

/// A line with the quotes put in at these places.
fn with_quotes(line: &str, places: &[prop::sample::Index]) -> String {
    let mut line = line.to_owned();
    for place in places {
        line.insert(place.index(line.len() + 1), '"');
    }
    line
}

fn some_quotes() -> impl Strategy<Value = Vec<prop::sample::Index>> {
    prop_oneof![
        3 => Just(Vec::new()),
        2 => prop::collection::vec(any::<prop::sample::Index>(), 1..4),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn every_line_is_an_order_or_a_rejected_row(
        quotes in prop::collection::vec(some_quotes(), 1..12),
        end in prop_oneof![Just("\n"), Just("\r\n")],
        piece in 1_usize..400,
    ) {
        let lines: Vec<String> = quotes
            .iter()
            .enumerate()
            .map(|(number, places)| with_quotes(&row(&format!("E{number}"), "Placa Major", "ring"), places))
            .collect();
        let file = format!("{HEADER}{end}{}", lines.join(end));
        let (rows, fault) = read_in_pieces(file.as_bytes(), piece);
        prop_assert_eq!(fault, None);
        prop_assert_eq!(rows.len(), lines.len(), "{}", file);
        for (places, (_, outcome)) in quotes.iter().zip(&rows) {
            prop_assert!(outcome.is_ok() || !places.is_empty(), "{}", file);
        }
    }

    #[test]
    fn a_row_of_several_lines_is_one_record_for_other_programs(
        cells in prop::collection::vec(("[a-z,\"\n]{0,12}", "[a-z,\"\n]{0,12}", some_quotes()), 1..8),
    ) {
        let quoted = |cell: &str| format!("\"{}\"", cell.replace('"', "\"\""));
        let rows: Vec<String> = cells
            .iter()
            .map(|(address, notes, places)| with_quotes(&row("E", &quoted(address), &quoted(notes)), places))
            .collect();
        let file = file(&rows);
        let beginning = Beginning::read(file.as_bytes(), true).unwrap();
        let mut reader = Rows::new(&beginning.layout, beginning.rows_at, 0);
        let mut input = &file.as_bytes()[beginning.rows_at as usize..];
        let mut from = beginning.rows_at as usize;
        while reader.advance(&mut input, true).unwrap() == Step::Row {
            let to = reader.offset() as usize;
            let taken = file[from..to].trim_matches('\n');
            if taken.contains('\n') && reader.row().read(now()).is_ok() {
                let mut program = csv::ReaderBuilder::new();
                program.has_headers(false).flexible(true);
                let mut program = program.from_reader(taken.as_bytes());
                let records = program.records().map(Result::unwrap);
                let is_blank = |record: &csv::StringRecord| record.iter().all(|cell| cell.trim().is_empty());
                let records: Vec<csv::StringRecord> = records.filter(|record| !is_blank(record)).collect();
                prop_assert_eq!(records.len(), 1, "{}", taken);
                let cells: Vec<&[u8]> = reader.row().cells().map(<[u8]>::trim_ascii).collect();
                let theirs: Vec<&[u8]> = records[0].iter().map(|cell| cell.as_bytes().trim_ascii()).collect();
                prop_assert_eq!(cells, theirs);
            }
            from = to;
        }
        let undisturbed = cells.iter().all(|(.., places)| places.is_empty());
        prop_assert!(!undisturbed || outcomes(&file).len() == cells.len());
    }
}
