//! The answer as a table and as a page.

use simulator::page::Page;
use simulator::page::charts::{Series, agent_days, bars, lines};
use simulator::staffing::Answer;

use crate::args::Args;

/// The rows of the table. The first one is its head.
pub(crate) fn rows(answers: &[Answer]) -> Vec<Vec<String>> {
    let head = [
        "agents",
        "delivered",
        "left over",
        "mean min",
        "p90 min",
        "longest",
        "late",
        "km/order",
        "idlest",
        "busiest",
        "busy",
    ];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    rows.extend(answers.iter().map(|answer| {
        let it = &answer.figures;
        let minutes = |seconds: f64| format!("{:.0}", seconds / 60.0);
        vec![
            answer.agents.to_string(),
            it.delivered.to_string(),
            it.left_over.to_string(),
            minutes(it.mean_s),
            minutes(it.p90_s),
            minutes(it.max_s),
            format!("{:.1} %", 100.0 * it.late),
            format!("{:.2}", it.km_per_order),
            it.fewest.to_string(),
            it.most.to_string(),
            format!("{:.0} %", 100.0 * answer.busy),
        ]
    }));
    rows
}

/// The page.
pub(crate) fn page(name: &str, args: &Args, orders: usize, answers: &[Answer]) -> Page {
    let mut page = Page::titled(&format!("How many agents does {name} need?"));
    page.paragraph(&format!(
        "{orders} orders, and a shift of {}. Waiting is the time from the moment at which an order may be picked up to \
         the end of the service at the door. An order is late after four hours, and if it is left over.",
        args.shift
    ));
    page.table(&rows(answers));
    let by_agents = |value: fn(&Answer) -> f64| -> Vec<(String, f64)> {
        let rows = answers.iter();
        rows.map(|it| (format!("{} agents", it.agents), value(it)))
            .collect()
    };
    page.chart(&bars(
        "mean waiting",
        &by_agents(|it| it.figures.mean_s),
        |seconds| format!("{:.0} min", seconds / 60.0),
    ));
    page.chart(&bars(
        "share of the shift in which the agents are busy",
        &by_agents(|it| it.busy),
        |share| format!("{:.0} %", 100.0 * share),
    ));
    let first_hour = f64::from(args.shift.from.hour());
    let series = answers.iter().map(|answer| Series {
        name: format!("{} agents", answer.agents),
        points: answer.waiting_by_hour.clone(),
    });
    page.chart(&lines(
        "mean waiting of the orders that were delivered in each hour of the shift",
        "hours since the shift began",
        "minutes",
        &series.collect::<Vec<_>>(),
    ));
    for answer in answers {
        page.heading(&format!("A day with {} agents", answer.agents));
        page.chart(&agent_days(
            "driving, pickups and drop-offs of each agent",
            &answer.visits,
            first_hour,
        ));
    }
    page
}
