//! An instance from a file, with the names that its parts have there.

use std::fmt;
use std::fs;

use planner::{Instance, InstanceSpec, TravelCost, Vehicle};
use serde::Serialize;

use crate::args::{Args, Format};
use crate::{json, lilim};

/// An instance with its names.
pub(crate) struct Input {
    pub(crate) instance: Instance,
    pub(crate) names: Names,
    pub(crate) measures: Measures,
}

/// The names of vehicles and orders, and the coordinates of points.
#[derive(Debug, Default)]
pub(crate) struct Names {
    pub(crate) vehicles: Vec<Name>,
    pub(crate) orders: Vec<Name>,
    /// The latitude and longitude of each point; empty if they are unknown.
    pub(crate) coordinates: Vec<(f64, f64)>,
}

/// The name of a vehicle or an order.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub(crate) enum Name {
    Text(String),
    Number(u64),
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.pad(text),
            Self::Number(number) => f.pad(&number.to_string()),
        }
    }
}

/// The units of the answer.
pub(crate) enum Measures {
    /// Metres and seconds.
    Metric,
    /// Seconds. The file has no distances.
    Seconds,
    /// The units of the file. The answer is measured again in full precision.
    Plane(lilim::Plane),
}

/// A fault of a file: its place and its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileFault {
    pub(crate) place: String,
    pub(crate) what: String,
}

impl FileFault {
    pub(crate) fn new(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            what: what.into(),
        }
    }
}

impl fmt::Display for FileFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.place.is_empty() {
            f.write_str(&self.what)
        } else {
            write!(f, "{}: {}", self.place, self.what)
        }
    }
}

/// The parts of an instance as they are in the file.
pub(crate) struct Parts {
    pub(crate) travel: planner::TravelMatrix,
    /// Whether the file has distances. If not, they are 0.
    pub(crate) has_distances: bool,
    pub(crate) vehicles: Vec<Vehicle>,
    pub(crate) orders: Vec<planner::Order>,
    pub(crate) names: Names,
    pub(crate) measures: Measures,
}

fn text_of(args: &Args) -> Result<String, FileFault> {
    let bytes = fs::read(&args.file).map_err(|error| FileFault::new("", error.to_string()))?;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let what = match error.as_bytes() {
            [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "is UTF-16; save it as UTF-8".to_owned(),
            _ => format!("is not UTF-8: byte {} belongs to no character", at + 1),
        };
        FileFault::new("", what)
    })
}

/// A place of an instance as it is called in a file.
fn in_file(place: &str) -> String {
    let place = place.replace(".pinned_to", ".vehicle");
    place.replace(".allowed_vehicles", ".vehicles")
}

impl Input {
    pub(crate) fn read(args: &Args) -> Result<Self, Vec<FileFault>> {
        let text = text_of(args).map_err(|fault| vec![fault])?;
        // Some editors put a byte order mark in front of the text.
        let plain = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let parts = match args.format() {
            Format::Json => json::read(plain),
            Format::Lilim => lilim::read(plain),
        }?;
        drop(text);
        let objective = args.objective(parts.has_distances);
        if !parts.has_distances && objective.travel == TravelCost::Distance {
            let what = "is needed, since the objective counts distances";
            return Err(vec![FileFault::new("travel.distances_m", what)]);
        }
        let instance = Instance::new(InstanceSpec {
            travel: parts.travel,
            vehicles: parts.vehicles,
            orders: parts.orders,
            objective,
        })
        .map_err(|faults| {
            faults
                .into_iter()
                .map(|fault| FileFault::new(in_file(&fault.place), fault.kind.to_string()))
                .collect::<Vec<_>>()
        })?;
        Ok(Self {
            instance,
            names: parts.names,
            measures: parts.measures,
        })
    }
}
