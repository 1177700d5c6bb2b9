//! What the caller asks for.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use planner::{Limit, Objective, Options};

/// Plans routes: orders and vehicles in, who drives where and when out.
#[derive(Debug, Parser)]
#[command(name = "plan", version)]
pub(crate) struct Args {
    /// The problem
    pub(crate) file: PathBuf,
    /// What the file holds: by its name's ending if not given
    #[arg(long, value_enum)]
    pub(crate) format: Option<Format>,
    /// Stop after this long, reading included
    #[arg(long, value_name = "S", default_value_t = 5.0, value_parser = positive)]
    pub(crate) seconds: f64,
    /// Stop after this many rounds instead: the same bytes each time, `seconds` being 0
    #[arg(long, value_name = "N", conflicts_with = "seconds")]
    pub(crate) iterations: Option<u64>,
    /// Where the random numbers start
    #[arg(long, value_name = "K", default_value_t = 0)]
    pub(crate) seed: u64,
    /// How many threads search
    #[arg(long, value_name = "T", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) threads: u16,
    /// What to minimise once all orders are placed that can be: `vehicles`,
    /// then distance (as is usual for lilim), `distance` (for json), or `duration`
    #[arg(long, value_enum)]
    pub(crate) objective: Option<Aim>,
    /// Do not plan, but check and measure the plan in this file: an answer as
    /// JSON, of which only vehicles and stops are read
    #[arg(long, value_name = "ANSWER")]
    pub(crate) check: Option<PathBuf>,
    /// How to answer
    #[arg(long, value_enum, default_value_t = Output::Json)]
    pub(crate) output: Output,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Vehicles, orders and locations as JSON
    Json,
    /// Pickup-and-delivery problems as Li and Lim write them
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

    fn aim(&self) -> Aim {
        self.objective.unwrap_or(match self.format() {
            Format::Lilim => Aim::Vehicles,
            Format::Json => Aim::Distance,
        })
    }

    pub(crate) fn objective(&self) -> Objective {
        match self.aim() {
            Aim::Duration => Objective::Duration,
            Aim::Vehicles | Aim::Distance => Objective::Distance,
        }
    }

    pub(crate) fn minimises_vehicles(&self) -> bool {
        self.aim() == Aim::Vehicles
    }

    /// How the search is to run when so much of its time is spent already.
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
