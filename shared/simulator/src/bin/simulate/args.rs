//! The arguments of the command line.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use clap::Parser;
use domain::{Coordinates, LegEstimate, Timestamp};
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

/// Simulates the day of a file of orders with different numbers of agents
#[derive(Debug, Parser)]
#[command(name = "simulate", version)]
pub(crate) struct Args {
    /// The file of orders, as for an import
    pub(crate) file: PathBuf,
    /// The numbers of agents to try: 6..9
    #[arg(long, value_parser = range)]
    pub(crate) agents: (usize, usize),
    /// The working hours: 08:00-16:00
    #[arg(long, default_value = "08:00-16:00")]
    pub(crate) shift: Hours,
    /// The time zone of the shift
    #[arg(long, default_value = "Etc/UTC")]
    pub(crate) zone: String,
    /// The day. Time windows that have ended when the shift begins are refused, as in an import [default: today]
    #[arg(long)]
    pub(crate) date: Option<Date>,
    /// Where all agents start: LAT,LON [default: the middle of the pickups]
    #[arg(long, value_parser = place, allow_hyphen_values = true)]
    pub(crate) start: Option<Coordinates>,
    /// The capacity of each vehicle, in size units
    #[arg(long, default_value_t = 10)]
    pub(crate) capacity: u32,
    /// LegBaseSeconds
    #[arg(long, default_value_t = 210.0)]
    pub(crate) base_seconds: f64,
    /// LegSecondsPerKm
    #[arg(long, default_value_t = 96.0)]
    pub(crate) seconds_per_km: f64,
    /// The rounds of a plan with up to 20 free orders; a larger plan gets more
    #[arg(long, default_value_t = 4_000)]
    pub(crate) rounds: u64,
    /// Write a page with charts to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) page: Option<PathBuf>,
}

impl Args {
    /// The beginning of the shift.
    pub(crate) fn begins(&self) -> Option<Timestamp> {
        let zone = TimeZone::get(&self.zone).ok()?;
        let date = self.date.unwrap_or_else(|| today(&zone));
        let begins = date.to_datetime(self.shift.from).to_zoned(zone).ok()?;
        Some(begins.timestamp())
    }

    pub(crate) fn estimate(&self) -> LegEstimate {
        LegEstimate {
            base_s: self.base_seconds,
            s_per_km: self.seconds_per_km,
            ..LegEstimate::default()
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a person who names no day means today"
)]
fn today(zone: &TimeZone) -> Date {
    Timestamp::now().to_zoned(zone.clone()).date()
}

/// Working hours. They may end after midnight.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Hours {
    pub(crate) from: Time,
    until: Time,
}

impl Hours {
    pub(crate) fn length_s(self) -> f64 {
        let same_day = self.from.duration_until(self.until).as_secs_f64();
        if same_day > 0.0 {
            same_day
        } else {
            same_day + 24.0 * 3600.0
        }
    }
}

impl FromStr for Hours {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let time = |text: &str| text.trim().parse::<Time>().ok();
        let (from, until) = text.split_once('-').unwrap_or_default();
        match (time(from), time(until)) {
            (Some(from), Some(until)) => Ok(Self { from, until }),
            _ => Err("must be like 08:00-16:00".to_owned()),
        }
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (from, until) = (self.from.strftime("%H:%M"), self.until.strftime("%H:%M"));
        write!(f, "{from}-{until}")
    }
}

fn range(text: &str) -> Result<(usize, usize), String> {
    let (fewest, most) = text.split_once("..").unwrap_or((text, text));
    match (fewest.parse(), most.parse()) {
        (Ok(fewest), Ok(most)) if 0 < fewest && fewest <= most => Ok((fewest, most)),
        _ => Err("must be a number such as 6, or a range such as 6..9".to_owned()),
    }
}

fn place(text: &str) -> Result<Coordinates, String> {
    let numbers = text.split_once(',');
    let numbers = numbers.and_then(|(lat, lon)| {
        let number = |text: &str| text.trim().parse::<f64>().ok();
        Some((number(lat)?, number(lon)?))
    });
    match numbers {
        Some((lat, lon)) if lat.abs() <= 90.0 && lon.abs() <= 180.0 => Ok(Coordinates { lat, lon }),
        _ => Err("must be LAT,LON".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(text: &str) -> Option<f64> {
        let hours: Option<Hours> = text.parse().ok();
        hours.map(|hours| hours.length_s() / 3600.0)
    }

    #[test]
    fn a_shift_may_end_after_midnight() {
        assert_eq!(hours("08:00-16:30"), Some(8.5));
        assert_eq!(hours("22:00-06:00"), Some(8.0));
        assert_eq!(hours("8-16"), None);
        assert_eq!(hours("08:00"), None);
    }

    #[test]
    fn one_number_of_agents_is_a_range_too() {
        assert_eq!(range("6..9"), Ok((6, 9)));
        assert_eq!(range("6"), Ok((6, 6)));
        assert!(range("9..6").is_err() && range("0..2").is_err() && range("six").is_err());
    }

    #[test]
    fn a_place_is_on_earth() {
        let sydney = Coordinates {
            lat: -33.86,
            lon: 151.2,
        };
        assert_eq!(place("-33.86, 151.2"), Ok(sydney));
        assert!(place("151.2,-33.86").is_err() && place("NaN,1").is_err());
    }

    #[test]
    fn the_shift_begins_in_its_time_zone() {
        let words = "simulate f.csv --agents 3 --date 2030-05-06 --zone Europe/Madrid";
        let args = Args::parse_from(words.split(' '));
        let begins: Timestamp = "2030-05-06T06:00:00Z".parse().unwrap();
        assert_eq!(args.begins(), Some(begins));
    }
}
