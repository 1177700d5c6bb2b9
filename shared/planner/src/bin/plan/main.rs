//! Plans routes for a file of orders and vehicles.
#![warn(clippy::pedantic)]
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line answers there"
)]
#![expect(
    clippy::disallowed_methods,
    reason = "a person who waits is told how long the search takes"
)]

mod answer;
mod args;
mod geojson;
mod input;
mod json;
mod lilim;
mod progress;
mod sequences;
mod table;

use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use planner::{Plan, check, solve_with};

use args::{Args, Output};
use input::Input;

/// The exit code for a bad file, as for bad arguments.
const BAD_INPUT: u8 = 2;

fn main() -> ExitCode {
    let started = Instant::now();
    let args = Args::parse();
    let input = match Input::read(&args) {
        Ok(input) => input,
        Err(faults) => {
            for fault in faults {
                eprintln!("{}: {fault}", args.file.display());
            }
            return ExitCode::from(BAD_INPUT);
        }
    };
    if args.output == Output::Geojson && input.names.coordinates.is_empty() {
        eprintln!(
            "{}: locations: GeoJSON needs their latitudes and longitudes",
            args.file.display()
        );
        return ExitCode::from(BAD_INPUT);
    }
    let plan = match &args.check {
        Some(file) => match sequences::read(file, &input) {
            Ok(routes) => Plan::timed(&input.instance, &routes),
            Err(fault) => {
                eprintln!("{}: {fault}", file.display());
                return ExitCode::from(BAD_INPUT);
            }
        },
        None => search(&args, &input, started),
    };
    if let (Some(file), Err(violations)) = (&args.check, check(&input.instance, &plan)) {
        for violation in violations {
            eprintln!("{}: {violation}", file.display());
        }
        return ExitCode::FAILURE;
    }
    // With a limit of rounds, the same call gives the same bytes.
    let seconds = if args.iterations.is_some() {
        0.0
    } else {
        started.elapsed().as_secs_f64()
    };
    let text = match args.output {
        Output::Json => answer::Answer::new(&input, &plan, seconds).to_json(),
        Output::Geojson => Ok(geojson::draw(&input, &plan)),
        Output::Table => Ok(table::draw(&answer::Answer::new(&input, &plan, seconds))),
    };
    match text {
        Ok(text) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("the plan cannot be written: {error}");
            ExitCode::FAILURE
        }
    }
}

fn search(args: &Args, input: &Input, started: Instant) -> Plan {
    // Reading the file is part of the time limit.
    let options = args.options(started.elapsed());
    let mut progress = progress::Line::new(input.instance.orders().len());
    let plan = solve_with(&input.instance, &options, |it| progress.show(it));
    progress.clear();
    plan
}
