//! The arguments of the command line.

use std::path::PathBuf;

use clap::Parser;
use domain::{Coordinates, DispatchRules};
use jiff::SignedDuration;
use simulator::generate::PlainDay;
use simulator::waybill::Deployment;

/// Compares Waybill with simple policies on the days of reference.py
#[derive(Debug, Parser)]
#[command(name = "bench-day", version)]
pub(crate) struct Args {
    /// The number of days, each with its own seed
    #[arg(long, default_value_t = 3)]
    pub(crate) seeds: u64,
    /// Use the days in these files instead, with commas in between. `reference.py --json` prints such files
    #[arg(long, value_name = "FILES", value_delimiter = ',')]
    pub(crate) days: Vec<PathBuf>,
    /// How many times slower than reference.py the world is; 50 is about as slow as life
    #[arg(long, default_value_t = 50.0)]
    pub(crate) scale: f64,
    /// The number of agents
    #[arg(long, default_value_t = 5)]
    pub(crate) agents: usize,
    /// The number of orders
    #[arg(long, default_value_t = 60)]
    pub(crate) orders: usize,
    /// The orders that exist when the day begins
    #[arg(long, default_value_t = 10)]
    pub(crate) first: usize,
    /// The seconds between the other orders [default: 4 × scale]
    #[arg(long)]
    pub(crate) every: Option<f64>,
    /// The seconds until the next agent comes on duty [default: 8 × scale]
    #[arg(long)]
    pub(crate) stagger: Option<f64>,
    /// The middle of the city: LAT,LON
    #[arg(long, default_value = "52.52,13.40", value_parser = place)]
    pub(crate) city: Coordinates,
    /// The side of the city, in kilometres
    #[arg(long, default_value_t = 6.0)]
    pub(crate) side: f64,
    /// How far true driving times may be from their estimates: 0.3 means 30 %
    #[arg(long, default_value_t = 0.0)]
    pub(crate) noise: f64,
    /// WaitingWeight
    #[arg(long, default_value_t = 0.2)]
    pub(crate) weight: f64,
    /// PromiseMinutes
    #[arg(long, default_value_t = 240)]
    pub(crate) promise: i64,
    /// MoveSeconds [default: 1.2 × scale]
    #[arg(long)]
    pub(crate) move_seconds: Option<u32>,
    /// FreezeSeconds [default: 12 × scale]
    #[arg(long)]
    pub(crate) freeze_seconds: Option<i64>,
    /// OptimizationWindowSeconds [default: 10, or 1 if the scale is below 10]
    #[arg(long)]
    pub(crate) window: Option<f64>,
    /// StreamWindowSeconds [default: 1, or 0 if the scale is below 10]
    #[arg(long)]
    pub(crate) stream_window: Option<f64>,
    /// The seconds of a plan from its reads to its commit [default: 4, or 2 if the scale is below 10]
    #[arg(long)]
    pub(crate) planning: Option<f64>,
    /// The rounds of a plan with up to 20 free orders; a larger plan gets more
    #[arg(long, default_value_t = 4_000)]
    pub(crate) rounds: u64,
    /// The rounds of the clairvoyant plan; 0 leaves it out
    #[arg(long, default_value_t = 10_000)]
    pub(crate) clairvoyant_rounds: u64,
    /// Run these scenarios instead: names with commas in between, or all. The flags of the deployment still apply
    #[arg(long, value_name = "NAMES")]
    pub(crate) scenarios: Option<String>,
    /// Write a page with charts of the scenarios to this file
    #[arg(long, value_name = "FILE", requires = "scenarios")]
    pub(crate) page: Option<PathBuf>,
    /// Write the days of the scenarios to this folder as JSON, and do nothing else
    #[arg(long, value_name = "FOLDER", requires = "scenarios")]
    pub(crate) write_days: Option<PathBuf>,
    /// Compare with the figures in this file too; local/bench-day/vroom_policy.py writes such files
    #[arg(long, value_name = "FILE", requires = "scenarios")]
    pub(crate) others: Option<PathBuf>,
    /// Simulate this many hours of a metropolis with 800 agents instead, and of a small city; 8 is the whole day
    #[arg(long, value_name = "HOURS")]
    pub(crate) metropolis: Option<f64>,
    /// The agents of the metropolis, three eighths of them in one zone
    #[arg(long, value_name = "AGENTS", default_value_t = 800)]
    pub(crate) metropolis_agents: usize,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

impl Args {
    pub(crate) fn plain_day(&self) -> PlainDay {
        let reference = PlainDay::reference(self.scale);
        PlainDay {
            city: self.city,
            side_km: self.side,
            agents: self.agents,
            orders: self.orders,
            first: self.first,
            every_s: self.every.unwrap_or(reference.every_s),
            stagger_s: self.stagger.unwrap_or(reference.stagger_s),
            ..reference
        }
    }

    pub(crate) fn deployment(&self) -> Deployment {
        let usual = if self.scale < 10.0 {
            Deployment::local_and_compressed()
        } else {
            Deployment::default()
        };
        let scaled = |seconds: f64| (seconds * self.scale).round();
        let freeze_s = self.freeze_seconds.unwrap_or(scaled(12.0) as i64);
        Deployment {
            rules: DispatchRules {
                waiting_weight_milli: (self.weight * 1000.0).round() as u32,
                promise: SignedDuration::from_mins(self.promise),
                move_s: self.move_seconds.unwrap_or(scaled(1.2) as u32),
                freeze: SignedDuration::from_secs(freeze_s),
            },
            optimization_window_s: self.window.unwrap_or(usual.optimization_window_s),
            stream_window_s: self.stream_window.unwrap_or(usual.stream_window_s),
            planning_s: self.planning.unwrap_or(usual.planning_s),
            rounds: self.rounds,
            ..usual
        }
    }
}

fn place(text: &str) -> Result<Coordinates, String> {
    let numbers = text.split_once(',');
    let numbers = numbers.and_then(|(lat, lon)| Some((lat.parse().ok()?, lon.parse().ok()?)));
    let (lat, lon) = numbers.ok_or("must be LAT,LON")?;
    Ok(Coordinates { lat, lon })
}
