//! Tells a company how many agents its own file of orders needs.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line answers there"
)]

mod args;
mod page;

use std::io::IsTerminal as _;
use std::process::ExitCode;

use clap::Parser;
use simulator::orders_file::{self, OrdersFile};
use simulator::staffing::{Answer, Question};
use simulator::waybill::Deployment;

use args::Args;

/// The exit code for a bad file, as for bad arguments.
const BAD_INPUT: u8 = 2;
/// The most rejected rows that are shown.
const SHOWN: usize = 20;

fn main() -> ExitCode {
    let args = Args::parse();
    let file = args.file.display();
    let Some(begins) = args.begins() else {
        eprintln!(
            "simulate: there is no such day or time in the time zone {}",
            args.zone
        );
        return ExitCode::from(BAD_INPUT);
    };
    let bytes = match std::fs::read(&args.file) {
        Ok(bytes) => bytes,
        Err(error) => {
            eprintln!("simulate: {file}: {error}");
            return ExitCode::from(BAD_INPUT);
        }
    };
    let read = match orders_file::read(&bytes, begins) {
        Ok(read) => read,
        Err(fault) => {
            eprintln!("simulate: {file}: {}: {}", fault.code, fault.detail);
            return ExitCode::from(BAD_INPUT);
        }
    };
    show_rejected(&read);
    let Some(start) = args.start.or_else(|| middle(&read)) else {
        eprintln!("simulate: {file}: no row is an order");
        return ExitCode::from(BAD_INPUT);
    };
    let question = Question {
        orders: read.orders,
        begins,
        shift_s: args.shift.length_s(),
        start,
        capacity: args.capacity,
        estimate: args.estimate(),
    };
    match answer(&args, &question) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("simulate: {error}");
            ExitCode::FAILURE
        }
    }
}

fn show_rejected(read: &OrdersFile) {
    for fault in read.rejected.iter().take(SHOWN) {
        let column = fault.column.as_deref().unwrap_or("the row");
        eprintln!(
            "row {}: {column}: {}: {}",
            fault.row, fault.code, fault.detail
        );
    }
    let rejected = read.rejected.len();
    if rejected > SHOWN {
        eprintln!("and {} more rejected rows", rejected - SHOWN);
    }
    if rejected > 0 {
        eprintln!(
            "{rejected} rows are rejected, and {} are orders",
            read.orders.len()
        );
    }
}

/// The middle of all pickups.
fn middle(read: &OrdersFile) -> Option<domain::Coordinates> {
    let many = read.orders.len() as f64;
    let places = || read.orders.iter().map(|order| order.pickup.location);
    (many > 0.0).then(|| domain::Coordinates {
        lat: places().map(|place| place.lat).sum::<f64>() / many,
        lon: places().map(|place| place.lon).sum::<f64>() / many,
    })
}

fn answer(args: &Args, question: &Question) -> Result<(), Box<dyn std::error::Error>> {
    let deployment = Deployment {
        rounds: args.rounds,
        ..Deployment::default()
    };
    let terminal = std::io::stderr().is_terminal();
    let mut answers = Vec::new();
    for agents in args.agents.0..=args.agents.1 {
        if terminal {
            eprint!("\r\x1b[Ka day with {agents} agents …");
        }
        answers.push(question.answer(agents, deployment)?);
    }
    if terminal {
        eprint!("\r\x1b[K");
    }
    println!("{} orders, shift {}", question.orders.len(), args.shift);
    for row in page::rows(&answers) {
        let cells: Vec<String> = row.iter().map(|cell| format!("{cell:>10}")).collect();
        println!("{}", cells.concat());
    }
    if let Some(file) = &args.page {
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(file, page_of(args, question, &answers))?;
        eprintln!("the page is {}", file.display());
    }
    Ok(())
}

fn page_of(args: &Args, question: &Question, answers: &[Answer]) -> String {
    let name = args.file.file_name().unwrap_or_default().to_string_lossy();
    page::page(&name, args, question.orders.len(), answers).html()
}
