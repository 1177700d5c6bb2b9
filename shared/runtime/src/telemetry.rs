//! Logs: a line of JSON each, on standard output. What they hold and what they never hold is in `docs/LOGGING.md`.

use std::panic;

use thiserror::Error;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::{SubscriberInitExt as _, TryInitError};

/// At `debug` these write down bodies, headers and tokens; so they never get further than `info`.
const TALKATIVE: [&str; 6] = ["aws", "h2", "hyper", "lambda_runtime", "reqwest", "rustls"];

/// Why there are no logs.
#[derive(Debug, Error)]
pub enum TelemetryError {
    /// `RUST_LOG` is no filter.
    #[error("RUST_LOG must be a level, or target=level pairs such as info,app=debug")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    /// Called twice.
    #[error("logs are set up already")]
    Twice(#[from] TryInitError),
}

/// Sets up the logs of this process, at the level that `RUST_LOG` names.
///
/// # Errors
/// When `RUST_LOG` cannot be read.
pub fn init() -> Result<(), TelemetryError> {
    let wanted = std::env::var("RUST_LOG").unwrap_or_default();
    let format = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false);
    tracing_subscriber::registry()
        .with(format)
        .with(filter(&wanted)?)
        .try_init()?;
    // A panic's text may quote what was worked on: the place where it happened has to do.
    panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        tracing::error!(place, "panic");
    }));
    Ok(())
}

fn filter(wanted: &str) -> Result<Targets, tracing_subscriber::filter::ParseError> {
    let wanted = match wanted.trim() {
        "" => Targets::new().with_default(LevelFilter::INFO),
        text => text.parse()?,
    };
    let default = wanted.default_level().unwrap_or(LevelFilter::OFF);
    let capped = TALKATIVE.map(|target| (target, default.min(LevelFilter::INFO)));
    let asked_for = wanted.iter().map(|(target, level)| {
        let is_of = |prefix: &str| target.starts_with(prefix);
        let most = if TALKATIVE.into_iter().any(is_of) {
            LevelFilter::INFO
        } else {
            LevelFilter::TRACE
        };
        (target.to_owned(), level.min(most))
    });
    Ok(Targets::new()
        .with_default(default)
        .with_targets(capped)
        .with_targets(asked_for))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing::Level;

    #[test]
    fn nothing_said_means_info() {
        let filter = filter("").unwrap();
        assert!(filter.would_enable("app::orders", &Level::INFO));
        assert!(!filter.would_enable("app::orders", &Level::DEBUG));
    }

    #[test]
    fn those_who_would_write_down_tokens_are_held_back() {
        for wanted in [
            "trace",
            "debug,aws_smithy_runtime=trace",
            "info,lambda_runtime=trace",
        ] {
            let filter = filter(wanted).unwrap();
            for target in [
                "aws_smithy_runtime::client",
                "lambda_runtime",
                "hyper::proto",
            ] {
                assert!(
                    !filter.would_enable(target, &Level::DEBUG),
                    "{wanted} {target}"
                );
            }
        }
        assert!(filter("debug").unwrap().would_enable("app", &Level::DEBUG));
        assert!(!filter("warn").unwrap().would_enable("hyper", &Level::INFO));
    }

    #[test]
    fn a_filter_that_cannot_be_read_is_an_error() {
        assert!(filter("app=loud").is_err());
    }
}
