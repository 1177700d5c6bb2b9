//! The settings of a function, read from its environment in one place and given out as types.
//!
//! Every fault is named at once, and the function does not start then: a missing variable is found at the deployment
//! and not by the first customer.

mod geocoder;
mod mail;
pub mod resources;
mod values;

use std::cell::RefCell;
use std::fmt;
use std::str::FromStr;

use thiserror::Error;

pub use geocoder::{GeocoderPace, GeocoderSettings};
pub use mail::{
    MailVia, RecipientKey, RecipientMessages, RecipientMoments, SesSender, TextMessages,
    TextSenderName, TextsAreOn,
};
pub use values::{
    CompanyName, LargestImport, MaxOpenOrders, NotificationWindow, PhotoOrigin, PlanTime,
    PlanningHorizon, ProofsKept, TrackingUrl,
};

/// A value that a function reads from its environment.
pub trait Setting: Sized {
    /// Reads the value. Returns `None` if a variable is missing or malformed; `env` notes each such fault.
    fn read(env: &Environment) -> Option<Self>;
}

/// The settings of this process: one type, or a tuple of up to eight.
///
/// # Errors
/// Everything that is wrong.
pub fn from_environment<T: Setting>() -> Result<T, ConfigError> {
    Environment::of(|name| std::env::var(name).ok()).all()
}

/// The variables of the process, and the faults that were found in them so far.
pub struct Environment {
    variable: fn(&str) -> Option<String>,
    faults: RefCell<Vec<String>>,
}

/// All faults of the environment.
#[derive(Error)]
#[error("configuration: {}", .0.join("; "))]
pub struct ConfigError(Vec<String>);

impl fmt::Debug for ConfigError {
    // Rust prints the error of `main` with `Debug`, and a person reads it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Environment {
    fn of(variable: fn(&str) -> Option<String>) -> Self {
        Self {
            variable,
            faults: RefCell::default(),
        }
    }

    /// Text that is not empty: the name of a table, the URL of a queue.
    pub fn text(&self, name: &str) -> Option<String> {
        let value = self.optional_text(name);
        if value.is_none() {
            self.note(format!("{name} is missing"));
        }
        value
    }

    /// Text that may be missing or empty. An empty text is `None`.
    pub fn optional_text(&self, name: &str) -> Option<String> {
        (self.variable)(name).filter(|value| !value.trim().is_empty())
    }

    /// An address that begins with `https://`, or with `http://` for a service on this machine: keys and addresses of
    /// people go there.
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

    /// A number that is not negative.
    pub fn quantity(&self, name: &str) -> Option<f64> {
        let number = self.parsed(name, |number: &f64| number.is_finite() && *number >= 0.0);
        number.unwrap_or_else(|()| {
            self.note(format!("{name} must be a number that is not negative"));
            None
        })
    }

    /// Notes a fault. [`from_environment`] fails then.
    pub fn note(&self, fault: String) {
        self.faults.borrow_mut().push(fault);
    }

    fn all<T: Setting>(&self) -> Result<T, ConfigError> {
        let read = T::read(self);
        let faults = self.faults.take();
        match read {
            Some(settings) if faults.is_empty() => Ok(settings),
            _ => {
                let error = ConfigError(faults);
                tracing::error!(%error, "the function cannot start");
                Err(error)
            }
        }
    }

    /// `Ok(None)` if the variable is missing, which is noted by then. `Err` if the value does not fit.
    fn parsed<T: FromStr>(&self, name: &str, fits: impl Fn(&T) -> bool) -> Result<Option<T>, ()> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        text.trim().parse().ok().filter(fits).map(Some).ok_or(())
    }
}

macro_rules! tuples {
    ($first:ident $($rest:ident)+) => {
        impl<$first: Setting, $($rest: Setting),+> Setting for ($first, $($rest),+) {
            fn read(env: &Environment) -> Option<Self> {
                // All of them are read before the first `None` ends it, so that each fault is noted.
                let settings = ($first::read(env), $($rest::read(env)),+);
                #[allow(non_snake_case, reason = "a variable is called as its type")]
                let ($first, $($rest),+) = settings;
                Some(($first?, $($rest?),+))
            }
        }

        tuples!($($rest)+);
    };
    ($last:ident) => {};
}

tuples!(A B C D E F G H);

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
    use domain::{LegEstimate, ZoneGrid};
    use jiff::tz::TimeZone;

    use super::resources::{ClaimsTable, OrdersTable, UsersTable};
    use super::*;

    fn sample(name: &str) -> Option<String> {
        let value = match name {
            "USERS_TABLE" => "users",
            "CLAIMS_TABLE" => " ",
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
    fn settings_are_read_by_their_types() {
        let (users, grid): (UsersTable, ZoneGrid) = Environment::of(sample).all().unwrap();
        assert_eq!(users.as_str(), "users");
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
            (found.is_some(), env.faults.take().join("; "))
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
            assert!(told.contains(&named), "{bad}");
        }
    }

    #[test]
    fn everything_that_is_wrong_is_named_at_once() {
        type All = (
            UsersTable,
            OrdersTable,
            ClaimsTable,
            PlanTime,
            TimeZone,
            LegEstimate,
            PlanningHorizon,
        );
        let error = Environment::of(sample).all::<All>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "configuration: ORDERS_TABLE is missing; CLAIMS_TABLE is missing; \
             PLAN_SECONDS must be a whole number from 1 to 600; \
             TIME_ZONE must be an IANA time zone such as Europe/Berlin; \
             LEG_SECONDS_PER_KM must be a number that is not negative; \
             PLANNING_HORIZON_HOURS is missing"
        );
    }
}
