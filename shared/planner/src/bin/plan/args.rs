//! The arguments of the command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use planner::{Limit, Objective, Options, TravelCost};

/// Plans routes for orders and vehicles: the stops of each vehicle and their times
#[derive(Debug, Parser)]
#[command(name = "plan", version)]
pub(crate) struct Args {
    /// The file with the instance
    pub(crate) file: PathBuf,
    /// The format of the file [default: lilim if its name ends in .txt, otherwise json]
    #[arg(long, value_enum)]
    pub(crate) format: Option<Format>,
    /// Stop after this many seconds, including the reading of the file
    #[arg(long, value_name = "S", default_value_t = 5.0, value_parser = positive)]
    pub(crate) seconds: f64,
    /// Stop after this many rounds instead; the same call then gives the same bytes, with `seconds` 0
    #[arg(long, value_name = "N", conflicts_with = "seconds")]
    pub(crate) iterations: Option<u64>,
    /// The seed of the random numbers
    #[arg(long, value_name = "K", default_value_t = 0)]
    pub(crate) seed: u64,
    /// The number of threads
    #[arg(long, value_name = "T", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) threads: u16,
    /// The number to minimise when all possible orders are served: `vehicles` and then distance (the default for
    /// lilim), `distance` (the default for json), or `duration` (the default for json if waiting or moves have a price,
    /// or if the file has no distances)
    #[arg(long, value_enum)]
    pub(crate) objective: Option<Aim>,
    /// The cost of a second of waiting of an order with urgency 1, in seconds or metres of travel, in steps of 0.001
    #[arg(long, value_name = "W", default_value = "0", value_parser = thousandths)]
    pub(crate) waiting: Thousandths,
    /// The cost of serving an order with another vehicle than its current one, in seconds or metres of travel
    #[arg(long, value_name = "C", default_value_t = 0)]
    pub(crate) move_seconds: u32,
    /// Check and measure the plan in this file instead of planning. The file has the format of a JSON answer; only its
    /// vehicles and stops are read
    #[arg(long, value_name = "ANSWER")]
    pub(crate) check: Option<PathBuf>,
    /// The format of the answer
    #[arg(long, value_enum, default_value_t = Output::Json)]
    pub(crate) output: Output,
}

/// A decimal number in thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Thousandths(u32);

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// JSON with vehicles, orders and locations
    Json,
    /// The format of Li and Lim
    Lilim,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Aim {
    Vehicles,
    Distance,
    Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    Json,
    Table,
    Geojson,
}

impl Args {
    pub(crate) fn format(&self) -> Format {
        let ending = self.file.extension().and_then(|it| it.to_str());
        self.format.unwrap_or(if ending == Some("txt") {
            Format::Lilim
        } else {
            Format::Json
        })
    }

    fn aim(&self, has_distances: bool) -> Aim {
        self.objective.unwrap_or(match self.format() {
            Format::Lilim => Aim::Vehicles,
            Format::Json if !has_distances => Aim::Duration,
            // The prices are in seconds of driving.
            Format::Json if self.waiting.0 > 0 || self.move_seconds > 0 => Aim::Duration,
            Format::Json => Aim::Distance,
        })
    }

    /// The objective for a file with or without distances.
    pub(crate) fn objective(&self, has_distances: bool) -> Objective {
        let aim = self.aim(has_distances);
        Objective {
            travel: match aim {
                Aim::Duration => TravelCost::Duration,
                Aim::Vehicles | Aim::Distance => TravelCost::Distance,
            },
            minimise_vehicles: aim == Aim::Vehicles,
            waiting_weight_milli: self.waiting.0,
            move_cost: i64::from(self.move_seconds),
        }
    }

    /// The options of the search, after `spent` of its time has passed.
    pub(crate) fn options(&self, spent: Duration) -> Options {
        let limit = self.iterations.map_or_else(
            || Limit::Time(Duration::from_secs_f64(self.seconds).saturating_sub(spent)),
            Limit::Iterations,
        );
        Options {
            limit,
            seed: self.seed,
            threads: usize::from(self.threads),
        }
    }
}

fn positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(seconds) if seconds > 0.0 && seconds <= 1e6 => Ok(seconds),
        _ => Err("not a number of seconds above 0 and up to 1000000".to_owned()),
    }
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to be whole and in range"
)]
fn thousandths(text: &str) -> Result<Thousandths, String> {
    let number = text.parse::<f64>().map(|weight| weight * 1000.0);
    match number {
        Ok(number) if (0.0..=1e6).contains(&number) && (number - number.round()).abs() < 1e-6 => {
            Ok(Thousandths(number.round() as u32))
        }
        _ => Err("not a number from 0 to 1000 in steps of 0.001".to_owned()),
    }
}
