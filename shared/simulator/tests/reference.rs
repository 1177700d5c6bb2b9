//! The policies reproduce the figures of `reference.py`. The fixtures are what it prints with `--json`.

#![allow(clippy::unwrap_used)]

use domain::LegEstimate;
use serde_json::Value;
use simulator::exchange::reference_day;
use simulator::generate::PlainDay;
use simulator::policies::{insertion, nearest_idle, soonest};
use simulator::{Day, Figures, Outcome};

/// The seconds at a stop, in the world of the fixtures.
const SERVICE_S: u32 = 2;

const FIXTURES: [&str; 3] = [
    include_str!("reference/seed-1.json"),
    include_str!("reference/seed-2.json"),
    include_str!("reference/seed-3.json"),
];

/// The figures as the fixtures have them. For the policies that take one order at a time, the fixtures count until the
/// service at the drop-off begins.
fn rounded(day: &Day, outcome: &Outcome, until_service: bool) -> Value {
    let figures = Figures::of(day, outcome);
    let less = if until_service {
        f64::from(SERVICE_S)
    } else {
        0.0
    };
    let whole = |seconds: f64| (seconds - less).round() as i64;
    serde_json::json!({
        "mean_s": whole(figures.mean_s),
        "p90_s": whole(figures.p90_s),
        "max_s": whole(figures.max_s),
        "km_per_order": (figures.km_per_order * 100.0).round() / 100.0,
        "orders_per_agent": [figures.fewest, figures.most],
    })
}

#[test]
fn the_policies_reproduce_the_figures_of_the_reference() {
    assert_eq!(
        PlainDay::reference(1.0).estimate,
        LegEstimate {
            circuity: 1.3,
            base_s: 4.0,
            s_per_km: 2.0
        }
    );
    for fixture in FIXTURES {
        let fixture: Value = serde_json::from_str(fixture).unwrap();
        let day = reference_day(&fixture, 1.0).unwrap();
        let expected = &fixture["policies"];
        assert_eq!(
            rounded(&day, &nearest_idle(&day), true),
            expected["nearest idle"]
        );
        assert_eq!(rounded(&day, &soonest(&day), true), expected["soonest"]);
        for weight in ["0", "0.05", "0.1", "0.2", "0.5"] {
            let outcome = insertion(&day, weight.parse().unwrap());
            let name = format!("insertion {weight}");
            assert_eq!(rounded(&day, &outcome, false), expected[&name], "{name}");
        }
    }
}
