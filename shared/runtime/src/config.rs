//! Configuration from the environment.
//!
//! Everything that is wrong is named at once, and the function then does not start: a missing variable is found
//! when it is deployed and not by the first customer.

mod geocoder;

use std::cell::RefCell;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use domain::{LegEstimate, ZoneGrid};
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use thiserror::Error;

pub use geocoder::GeocoderSettings;

/// The variables of the process, and what is wrong with them. Each method notes a fault and answers `None` where
/// its variable is missing or malformed; [`Environment::all`] turns the notes into an error.
pub struct Environment {
    variable: fn(&str) -> Option<String>,
    faults: RefCell<Vec<String>>,
}

/// What is wrong with the environment, all of it.
#[derive(Error)]
#[error("configuration: {}", .0.join("; "))]
pub struct ConfigError(Vec<String>);

impl fmt::Debug for ConfigError {
    // What `main` returns is printed with `Debug`, and is read by a person.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Default for Environment {
    fn default() -> Self {
        Self::new()
    }
}

impl Environment {
    /// The environment of this process.
    pub fn new() -> Self {
        Self::of(|name| std::env::var(name).ok())
    }

    fn of(variable: fn(&str) -> Option<String>) -> Self {
        Self {
            variable,
            faults: RefCell::default(),
        }
    }

    /// Text that is not empty: a table's name, a queue's URL.
    pub fn text(&self, name: &str) -> Option<String> {
        let value = (self.variable)(name).filter(|value| !value.trim().is_empty());
        if value.is_none() {
            self.note(format!("{name} is missing"));
        }
        value
    }

    /// Text that may be missing or empty.
    pub fn optional_text(&self, name: &str) -> Option<String> {
        (self.variable)(name).filter(|value| !value.trim().is_empty())
    }

    /// An address that begins with `https://`, or with `http://` for a service on this machine: keys and addresses of people
    /// go there.
    pub fn url(&self, name: &str) -> Option<String> {
        let url = self.text(name)?;
        let sheltered = url.starts_with("https://") || is_on_this_machine(&url);
        if !sheltered {
            self.note(format!(
                "{name} must begin with https://, or be http://127.0.0.1 or http://localhost"
            ));
        }
        sheltered.then_some(url)
    }

    /// `true` or `false`.
    pub fn flag(&self, name: &str) -> Option<bool> {
        self.one_of(name, &["true", "false"])
            .map(|value| value == "true")
    }

    /// `ZONE_RESOLUTION`: how finely the country is cut into zones.
    pub fn zone_grid(&self) -> Option<ZoneGrid> {
        let resolution = self.whole_number("ZONE_RESOLUTION", 0..=15)?;
        let grid = ZoneGrid::new(u8::try_from(resolution).ok()?);
        grid.map_err(|error| self.note(format!("ZONE_RESOLUTION: {error}")))
            .ok()
    }

    /// `LEG_CIRCUITY`, `LEG_BASE_SECONDS`, `LEG_SECONDS_PER_KM`: how a leg is estimated without a road network.
    pub fn leg_estimate(&self) -> Option<LegEstimate> {
        let circuity = self.quantity("LEG_CIRCUITY");
        let base_s = self.quantity("LEG_BASE_SECONDS");
        let s_per_km = self.quantity("LEG_SECONDS_PER_KM");
        Some(LegEstimate {
            circuity: circuity?,
            base_s: base_s?,
            s_per_km: s_per_km?,
        })
    }

    /// `PLANNING_HORIZON_HOURS`: orders whose windows open later than this from now wait.
    pub fn planning_horizon(&self) -> Option<SignedDuration> {
        let hours = self.whole_number("PLANNING_HORIZON_HOURS", 1..=24 * 366)?;
        Some(SignedDuration::from_hours(i64::from(hours)))
    }

    /// `PLAN_SECONDS`: how long one plan may take.
    pub fn plan_time(&self) -> Option<Duration> {
        let seconds = self.whole_number("PLAN_SECONDS", 1..=600)?;
        Some(Duration::from_secs(seconds.into()))
    }

    /// `MAX_IMPORT_MB`: how large a file of orders may be. In bytes; an MB is a million of them.
    pub fn largest_import(&self) -> Option<u64> {
        let megabytes = self.whole_number("MAX_IMPORT_MB", 1..=1_000)?;
        Some(u64::from(megabytes) * 1_000_000)
    }

    /// `TIME_ZONE`: where the emails' readers live.
    pub fn time_zone(&self) -> Option<TimeZone> {
        let name = self.text("TIME_ZONE")?;
        let zone = TimeZone::get(&name).ok();
        if zone.is_none() {
            self.note("TIME_ZONE must be an IANA time zone such as Europe/Berlin".to_owned());
        }
        zone
    }

    /// A variable that must have one of a few values.
    pub fn one_of(&self, name: &str, known: &[&'static str]) -> Option<&'static str> {
        let value = self.text(name)?;
        let found = known.iter().copied().find(|known| *known == value);
        if found.is_none() {
            self.note(format!("{name} must be one of {}", known.join(", ")));
        }
        found
    }

    /// A whole number within a range.
    pub fn whole_number(&self, name: &str, range: std::ops::RangeInclusive<u32>) -> Option<u32> {
        let number = self.parsed(name, |number| range.contains(number));
        number.unwrap_or_else(|()| {
            let (least, most) = (range.start(), range.end());
            self.note(format!(
                "{name} must be a whole number from {least} to {most}"
            ));
            None
        })
    }

    /// What was read, if all of it is there and nothing is wrong.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub fn all<T: Settings>(&self, settings: T) -> Result<T::Whole, ConfigError> {
        let faults = self.faults.take();
        match settings.whole() {
            Some(whole) if faults.is_empty() => Ok(whole),
            _ => {
                let error = ConfigError(faults);
                tracing::error!(%error, "the function cannot start");
                Err(error)
            }
        }
    }

    fn quantity(&self, name: &str) -> Option<f64> {
        let number = self.parsed(name, |number: &f64| number.is_finite() && *number >= 0.0);
        number.unwrap_or_else(|()| {
            self.note(format!("{name} must be a number that is not negative"));
            None
        })
    }

    /// `Ok(None)` where it is missing, which is noted by then; `Err` where it does not fit.
    fn parsed<T: FromStr>(&self, name: &str, fits: impl Fn(&T) -> bool) -> Result<Option<T>, ()> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        text.trim().parse().ok().filter(fits).map(Some).ok_or(())
    }

    fn note(&self, fault: String) {
        self.faults.borrow_mut().push(fault);
    }
}

/// Several settings, each of which may be missing.
pub trait Settings {
    /// The same settings, none of them missing.
    type Whole;

    /// All of them, or nothing.
    fn whole(self) -> Option<Self::Whole>;
}

macro_rules! settings {
    ($($name:ident)*) => {
        impl<$($name),*> Settings for ($(Option<$name>,)*) {
            type Whole = ($($name,)*);

            #[allow(non_snake_case)]
            fn whole(self) -> Option<Self::Whole> {
                let ($($name,)*) = self;
                Some(($($name?,)*))
            }
        }
    };
}

settings!(A);
settings!(A B);
settings!(A B C);
settings!(A B C D);
settings!(A B C D E);
settings!(A B C D E F);
settings!(A B C D E F G);
settings!(A B C D E F G H);
settings!(A B C D E F G H I);
settings!(A B C D E F G H I J);

/// `http://127.0.0.1` or `http://localhost`, with or without a port and a path. A name before an `@` is no host.
fn is_on_this_machine(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("http://") else {
        return false;
    };
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    let (host, port) = authority.split_once(':').unwrap_or((authority, ""));
    matches!(host, "127.0.0.1" | "localhost") && port.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(name: &str) -> Option<String> {
        let value = match name {
            "USERS_TABLE" => "users",
            "EMPTY" => " ",
            "ZONE_RESOLUTION" => "5",
            "PLAN_SECONDS" => "soon",
            "TIME_ZONE" => "Atlantis/Capital",
            "LEG_CIRCUITY" => "1.3",
            "LEG_BASE_SECONDS" => "210",
            "LEG_SECONDS_PER_KM" => "-1",
            _ => return None,
        };
        Some(value.to_owned())
    }

    #[test]
    fn what_is_there_is_given_back() {
        let env = Environment::of(sample);
        let (users, grid) = env.all((env.text("USERS_TABLE"), env.zone_grid())).unwrap();
        assert_eq!(users, "users");
        let here = domain::Coordinates {
            lat: 41.4,
            lon: 2.2,
        };
        assert!(grid.zone_of(here).is_some());
    }

    #[test]
    fn a_key_goes_nowhere_but_over_tls_or_to_this_machine() {
        let url = |value: &str| {
            // Each setting has its own name for a value.
            let env = Environment::of(|name| Some(name.to_owned()));
            let found = env.url(value);
            (
                found.is_some(),
                env.all((found,)).err().map(|it| it.to_string()),
            )
        };
        for good in [
            "https://api.openrouteservice.org",
            "https://roads.example:8443/ors/",
            "http://127.0.0.1:8080",
            "http://127.0.0.1",
            "http://localhost:8080/ors",
        ] {
            assert!(url(good).0, "{good}");
        }
        for bad in [
            "http://roads.example",
            "http://10.0.0.1",
            "http://127.0.0.1.roads.example",
            "http://localhost.roads.example",
            "http://127.0.0.1@roads.example",
            "http://127.0.0.1:80@roads.example",
            "ftp://127.0.0.1",
            "roads.example",
        ] {
            let (taken, told) = url(bad);
            assert!(!taken, "{bad}");
            let named = format!("{bad} must begin with https://");
            assert!(told.unwrap().contains(&named), "{bad}");
        }
    }

    #[test]
    fn everything_that_is_wrong_is_named_at_once() {
        let env = Environment::of(sample);
        let error = env
            .all((
                env.text("USERS_TABLE"),
                env.text("ORDERS_TABLE"),
                env.text("EMPTY"),
                env.plan_time(),
                env.time_zone(),
                env.leg_estimate(),
                env.planning_horizon(),
            ))
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "configuration: ORDERS_TABLE is missing; EMPTY is missing; \
             PLAN_SECONDS must be a whole number from 1 to 600; \
             TIME_ZONE must be an IANA time zone such as Europe/Berlin; \
             LEG_SECONDS_PER_KM must be a number that is not negative; \
             PLANNING_HORIZON_HOURS is missing"
        );
    }
}
