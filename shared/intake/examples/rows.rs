//! Measures the CPU time of a row without a store: the time to cut it from the file, check it and make an order of it.
//! For comparison, the `csv` crate only cuts the same bytes into cells.
//!
//! `cargo run --release -p intake --example rows -- [FILE] [ROWS]`. Without a file, the program makes up rows. The last
//! line of the output is JSON.
#![expect(
    clippy::disallowed_methods,
    reason = "a measurement of real files at the present time"
)]
#![allow(clippy::print_stdout, clippy::expect_used, clippy::unwrap_used)]

use std::fmt::Write as _;
use std::hint::black_box;

use domain::Timestamp;
use intake::csv::{Beginning, HEAD, Rows, Step};

const ROUNDS: usize = 7;
/// A round reads at least this many bytes. It reads a short file several times, since Linux counts CPU time in steps of
/// 4 ms.
const ROUND_BYTES: usize = 100_000_000;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let first = arguments.next();
    let rows = arguments.next().or_else(|| first.clone());
    let bytes = match first
        .as_deref()
        .filter(|name| name.parse::<usize>().is_err())
    {
        Some(file) => std::fs::read(file).expect("the file can be read"),
        None => made_up(rows.and_then(|rows| rows.parse().ok()).unwrap_or(100_000)),
    };
    // The time windows of the made-up rows are in May 2030. For a file, the clock is read.
    let now: Timestamp = if first.is_some_and(|name| name.parse::<usize>().is_err()) {
        Timestamp::now()
    } else {
        "2030-05-01T00:00:00Z".parse().unwrap()
    };
    let (mut bare, mut ours) = (f64::MAX, f64::MAX);
    let mut counts = (0, 0, 0);
    let passes = ROUND_BYTES.div_ceil(bytes.len().max(1));
    for _ in 0..ROUNDS {
        let begun = cpu_ns();
        for _ in 0..passes {
            counts.0 = bare_csv(&bytes);
        }
        bare = bare.min(cpu_ns() - begun);
        let begun = cpu_ns();
        for _ in 0..passes {
            (counts.1, counts.2) = read_rows(&bytes, now);
        }
        ours = ours.min(cpu_ns() - begun);
    }
    let (cut, accepted, rejected) = counts;
    let per_row = |ns: f64| ns / passes as f64 / f64::from(accepted + rejected);
    println!(
        "{{\"rows\": {}, \"bytes\": {}, \"cut_by_csv\": {cut}, \"accepted\": {accepted}, \"rejected\": {rejected}, \
         \"csv_crate_ns_per_row\": {:.0}, \"parse_and_validate_ns_per_row\": {:.0}, \"ratio\": {:.2}}}",
        accepted + rejected,
        bytes.len(),
        per_row(bare),
        per_row(ours),
        ours / bare,
    );
}

/// The CPU time of this process so far, in nanoseconds.
fn cpu_ns() -> f64 {
    let told = std::fs::read_to_string("/proc/self/schedstat").expect("Linux tells it");
    let first = told.split_whitespace().next();
    first.and_then(|ns| ns.parse().ok()).expect("a number")
}

/// Cuts the file with the `csv` crate in its fastest form: it reuses one record and does not check the text.
fn bare_csv(bytes: &[u8]) -> u32 {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes);
    let mut record = csv::ByteRecord::new();
    let mut rows = 0;
    while reader.read_byte_record(&mut record).expect("from memory") {
        black_box(&record);
        rows += 1;
    }
    rows
}

fn read_rows(bytes: &[u8], now: Timestamp) -> (u32, u32) {
    let head = &bytes[..bytes.len().min(HEAD)];
    let beginning = Beginning::read(head, bytes.len() <= HEAD).expect("a file of orders");
    let mut rows = Rows::new(&beginning.layout, beginning.rows_at, 0);
    let mut input = &bytes[beginning.rows_at as usize..];
    let (mut accepted, mut rejected) = (0, 0);
    while rows.advance(&mut input, true).expect("a readable file") == Step::Row {
        let read = rows.row().read(now);
        match black_box(&read) {
            Ok(_) => accepted += 1,
            Err(_) => rejected += 1,
        }
    }
    (accepted, rejected)
}

/// Makes up rows such as a shop exports. Most rows fill nearly every column, and one in fifty is wrong.
fn made_up(rows: usize) -> Vec<u8> {
    let mut text = intake::Column::NAMES.join(",");
    text.push('\n');
    let mut seed = 42_u64;
    let mut chance = move |most: u64| {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % most
    };
    for row in 0..rows {
        let mut place = || {
            let (lat, lon) = (chance(90_000), chance(140_000));
            format!(
                "41.{:05},2.{:05}",
                35_000 + lat % 60_000,
                5_000 + lon % 90_000
            )
        };
        let (pickup, dropoff) = (place(), place());
        let hour = 8 + row % 8;
        let lat = if row % 50 == 7 { "north" } else { &pickup };
        let _ = writeln!(
            text,
            "{lat},\"Carrer de Mallorca {row}, Barcelona\",Núria {row},+34 600 {:06},2030-05-06T{hour:02}:00:00Z,\
             2030-05-06T{:02}:30:00Z,120,{dropoff},Gran Via {row},\
             \"Pau \"\"P\"\" Puig\",+34 611 {:06},,,90,{},,SO-{row}",
            row % 1_000_000,
            hour + 2,
            row % 1_000_000,
            1 + row % 9,
        );
    }
    text.into_bytes()
}
