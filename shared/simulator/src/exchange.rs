//! Days as JSON, to and from policies in other languages, and the figures of such policies.

use std::collections::BTreeMap;

use domain::Coordinates;
use serde_json::{Value, json};

use crate::day::{Day, DayAgent, DayOrder, Duty, GENERATED_DAY};
use crate::figures::Figures;
use crate::generate::{PlainDay, order_between};
use crate::streets::Streets;

/// The figures for each policy, each scenario and each seed.
pub type OtherFigures = BTreeMap<String, BTreeMap<String, BTreeMap<u64, Figures>>>;

/// A day for `local/bench-day/vroom_policy.py`.
pub fn day_json(name: &str, seed: u64, day: &Day) -> Value {
    let place = |place: Coordinates| json!([place.lat, place.lon]);
    let orders = day.orders.iter().map(|order| {
        json!({
            "at_s": order.at_s,
            "pickup": place(order.pickup()),
            "dropoff": place(order.dropoff()),
            "service_s": [order.new.pickup.service_s, order.new.dropoff.service_s],
            "cancelled_s": order.cancelled_s,
            "pickup_fails": order.pickup_fails,
        })
    });
    let agents = day.agents.iter().map(|agent| {
        let duties = agent.duties.iter();
        // JSON has no infinity: `serde_json` writes null.
        let duties = duties.map(|duty| json!([duty.from_s, duty.until_s]));
        json!({"start": place(agent.start), "duties": duties.collect::<Vec<_>>()})
    });
    json!({
        "name": name,
        "seed": seed,
        "promise_s": day.promise_s,
        "streets": {
            "base_s": day.streets.estimate.base_s,
            "s_per_km": day.streets.estimate.s_per_km,
            "noise": day.streets.noise,
            "seed": day.streets.seed,
        },
        "orders": orders.collect::<Vec<_>>(),
        "agents": agents.collect::<Vec<_>>(),
    })
}

/// A day that `reference.py --json` printed, made slower by this factor. `None` if the text is no such day.
pub fn reference_day(printed: &Value, scale: f64) -> Option<Day> {
    let plain = PlainDay::reference(scale);
    let place = |pair: &Value| {
        Some(Coordinates {
            lat: pair.get(0)?.as_f64()?,
            lon: pair.get(1)?.as_f64()?,
        })
    };
    let orders = printed.get("demand")?.as_array()?.iter().map(|order| {
        let (pickup, dropoff) = (place(order.get("pickup")?)?, place(order.get("dropoff")?)?);
        Some(DayOrder {
            at_s: order.get("at_s")?.as_f64()? * scale,
            customer: 0,
            new: order_between(pickup, dropoff, plain.service_s),
            cancelled_s: None,
            pickup_fails: false,
        })
    });
    let agents = printed.get("agents")?.as_array()?.iter().map(|agent| {
        let on_duty_s = agent.get("on_duty_s")?.as_f64()? * scale;
        Some(DayAgent {
            start: place(agent.get("start")?)?,
            duties: vec![Duty::from(on_duty_s)],
            capacity: 1_000,
            has_shifts: false,
        })
    });
    Some(Day {
        begins: GENERATED_DAY,
        orders: orders.collect::<Option<_>>()?,
        agents: agents.collect::<Option<_>>()?,
        streets: Streets::quiet(plain.estimate),
        promise_s: 4.0 * 3600.0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_without_an_end_says_null() {
        let day = PlainDay::reference(1.0).generate(1);
        let json = day_json("plain", 1, &day);
        assert_eq!(json["agents"][1]["duties"], json!([[10.0, null]]));
        assert_eq!(json["orders"].as_array().unwrap().len(), 60);
        assert_eq!(json["orders"][59]["at_s"], 200.0);
    }

    #[test]
    fn figures_of_others_are_read() {
        let figures = r#"{"mean_s": 1.5, "p90_s": 2, "max_s": 3, "late": 0, "km_per_order": 1, "fewest": 1,
                          "most": 2, "delivered": 3, "left_over": 0}"#;
        let text = format!(r#"{{"vroom": {{"light": {{"1": {figures}}}}}}}"#);
        let others: OtherFigures = serde_json::from_str(&text).unwrap();
        assert_eq!(others["vroom"]["light"][&1].mean_s, 1.5);
    }
}
