//! The plan as a readable table.

use std::fmt::Write;

use crate::answer::{Answer, Measure};

/// A line for each route, a line for each unserved order, and a line with the totals.
pub(crate) fn draw(answer: &Answer) -> String {
    let mut text = format!(
        "{:<12} {:>6} {:>12} {:>12} {:>12} {:>12}\n",
        "vehicle", "stops", "distance", "duration", "first", "last"
    );
    for route in &answer.routes {
        let first = route.stops.first().map(|stop| stop.arrival_s);
        let last = route.stops.last().map(|stop| stop.departure_s);
        // Writing into a string cannot fail.
        let _ = writeln!(
            text,
            "{:<12} {:>6} {:>12} {:>12} {:>12} {:>12}",
            route.vehicle,
            route.stops.len(),
            number(Some(route.distance_m)),
            number(Some(route.duration_s)),
            number(first),
            number(last),
        );
    }
    for unserved in &answer.unserved {
        let _ = writeln!(text, "left over: {} ({})", unserved.order, unserved.reason);
    }
    let _ = write!(
        text,
        "{} orders placed, {} left over, {} vehicles, distance {}, duration {}, \
         {} iterations in {:.1} s",
        answer.served,
        answer.unserved.len(),
        answer.vehicles,
        number(Some(answer.distance_m)),
        number(Some(answer.duration_s)),
        answer.iterations,
        answer.seconds,
    );
    if let Some(price) = &answer.price {
        let _ = write!(
            text,
            "\nwaiting: mean {:.0} s, 90th percentile {} s, longest {} s; {} moves; cost {:.1}",
            price.waiting_mean_s, price.waiting_p90_s, price.waiting_max_s, price.moves, price.cost,
        );
    }
    text
}

fn number(measure: Option<Measure>) -> String {
    match measure {
        Some(Measure::Whole(number)) => number.to_string(),
        Some(Measure::Exact(number)) => format!("{number:.2}"),
        Some(Measure::Unknown) => "-".to_owned(),
        None => String::new(),
    }
}
