//! The page of `make bench-day`.

use simulator::compare::Comparison;
use simulator::page::Page;
use simulator::page::charts::{Series, agent_days, bars, lines};
use simulator::scenarios::Scenario;

/// The points of a line of waiting times.
const POINTS: usize = 50;

/// A scenario with its results.
pub(crate) type Result = (Scenario, Comparison);

/// The page with all scenarios.
pub(crate) fn page(results: &[Result], seeds: u64) -> Page {
    let mut page = Page::titled("Waybill: days of a courier company");
    page.paragraph(&format!(
        "Waybill's own use cases, run in virtual time on {seeds} generated days of each kind, and simple policies on \
         the same days. Waiting is the time from placing an order to the end of the service at the door.",
    ));
    page.table(&ratio_rows(results));
    page.note(
        "Each cell: Waybill's mean waiting / 90th percentile / kilometres for each order, relative to the policy. \
         Below 1 is better than the policy.",
    );
    for (scenario, comparison) in results {
        add_scenario(&mut page, scenario, comparison);
    }
    page
}

fn ratio_rows(results: &[Result]) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for (scenario, comparison) in results {
        let ratios = comparison.ratios();
        if rows.is_empty() {
            let names = ratios.iter().map(|ratio| ratio.to.clone());
            rows.push(std::iter::once("day".to_owned()).chain(names).collect());
        }
        let cells = ratios
            .iter()
            .map(|it| format!("{:.2} / {:.2} / {:.2}", it.mean, it.p90, it.km));
        rows.push(
            std::iter::once(scenario.name.to_owned())
                .chain(cells)
                .collect(),
        );
    }
    rows
}

fn add_scenario(page: &mut Page, scenario: &Scenario, comparison: &Comparison) {
    page.heading(scenario.name);
    page.paragraph(&format!(
        "{}. {} agents, {} orders, {:.0} × {:.0} km.",
        scenario.about, scenario.agents, scenario.orders, scenario.side_km, scenario.side_km
    ));
    let policies = comparison.policies();
    let head = [
        "policy",
        "mean min",
        "p90 min",
        "longest min",
        "late",
        "km/order",
        "idlest",
        "busiest",
        "left over",
    ];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for (name, it) in &policies {
        rows.push(vec![
            name.clone(),
            format!("{:.1}", it.mean_s / 60.0),
            format!("{:.1}", it.p90_s / 60.0),
            format!("{:.1}", it.max_s / 60.0),
            format!("{:.1} %", 100.0 * it.late),
            format!("{:.2}", it.km_per_order),
            format!("{:.1}", it.fewest),
            format!("{:.1}", it.most),
            format!("{:.1}", it.left_over),
        ]);
    }
    page.table(&rows);
    let work = comparison.work();
    page.note(&format!(
        "Waybill: {:.2} moves and {:.2} emails for each order; {:.2} messages to its recipient, at most {}; \
         {:.0} plans a day, {:.3} s of CPU each; a plan for a new order moves {:.1} % of the movable orders.",
        work.moves_per_order,
        work.emails_per_order,
        work.messages_per_order,
        work.most_messages,
        work.plans,
        work.cpu_s,
        100.0 * work.churn
    ));
    let minutes = |seconds: f64| format!("{:.0} min", seconds / 60.0);
    let means = policies.iter().map(|(name, it)| (name.clone(), it.mean_s));
    page.chart(&bars("mean waiting", &means.collect::<Vec<_>>(), minutes));
    let km = policies
        .iter()
        .map(|(name, it)| (name.clone(), it.km_per_order));
    page.chart(&bars(
        "kilometres for each order",
        &km.collect::<Vec<_>>(),
        |it| format!("{it:.2} km"),
    ));
    if let Some(day) = comparison.days.first() {
        let series = day.sample.waits.iter().map(|(name, waits)| Series {
            name: name.clone(),
            points: quantiles(waits),
        });
        page.chart(&lines(
            "the first day: share of the orders that waited less",
            "minutes",
            "%",
            &series.collect::<Vec<_>>(),
        ));
        page.chart(&agent_days(
            "the first day with Waybill: driving, pickups and drop-offs of each agent",
            &day.sample.visits,
            8.0,
        ));
    }
}

/// Points from no orders to all orders.
fn quantiles(sorted: &[f64]) -> Vec<(f64, f64)> {
    let last = sorted.len().saturating_sub(1);
    let share = |point: usize| point as f64 / POINTS as f64;
    (0..=POINTS)
        .filter_map(|point| {
            let wait = sorted.get((share(point) * last as f64) as usize)?;
            Some((wait / 60.0, 100.0 * share(point)))
        })
        .collect()
}
