//! The metropolis and a small city.

use simulator::Day;
use simulator::Figures;
use simulator::compare::Work;
use simulator::metropolis::Metropolis;
use simulator::policies::soonest;
use simulator::stopwatch::Stopwatch;
use simulator::waybill::{Report, SimulationError, run as simulate};

use crate::Done;
use crate::args::Args;

pub(crate) fn run(args: &Args, hours: f64) -> Done {
    let metropolis = Metropolis {
        agents: args.metropolis_agents,
        dense: args.metropolis_agents * 3 / 8,
        hours,
        ..Metropolis::whole_day()
    };
    let mut small = 0.0;
    for seed in 1..=args.seeds {
        let day = metropolis.small_city(seed);
        small += simulated(args, &day)?.0.mean_s / args.seeds as f64;
    }
    println!("small city: mean {small:.0} s over {} days", args.seeds);
    let day = metropolis
        .day(1, testkit::build::grid())
        .ok_or("the city is in no zone")?;
    let large = show(args, "metropolis", &day)?;
    println!("metropolis / small city: mean {:.3}", large / small);
    Ok(())
}

fn simulated(args: &Args, day: &Day) -> Result<(Figures, Report), SimulationError> {
    let report = simulate(day, args.deployment())?;
    Ok((Figures::of(day, &report.outcome), report))
}

/// Returns the mean seconds to the door.
fn show(args: &Args, name: &str, day: &Day) -> Result<f64, SimulationError> {
    let stopwatch = Stopwatch::start();
    let (figures, report) = simulated(args, day)?;
    let cpu_s = stopwatch.cpu_s();
    let work = Work::of(day, &report);
    let plans = report.plans.iter();
    let largest = plans.clone().map(|plan| plan.made.orders).max();
    let slowest_s = plans
        .clone()
        .map(|plan| plan.made.cpu_s)
        .fold(0.0, f64::max);
    let planning_s: f64 = plans.map(|plan| plan.made.cpu_s).sum();
    let orders = day.orders.len() as f64;
    let other = Figures::of(day, &soonest(day));
    println!("{name}: {} agents, {orders} orders", day.agents.len());
    println!(
        "  waiting: mean {:.0} s, p90 {:.0} s, max {:.0} s; {:.2} km/order; {} to {} orders per agent; {} left over",
        figures.mean_s,
        figures.p90_s,
        figures.max_s,
        figures.km_per_order,
        figures.fewest,
        figures.most,
        figures.left_over,
    );
    println!(
        "  soonest: mean {:.0} s, p90 {:.0} s; {:.2} km/order",
        other.mean_s, other.p90_s, other.km_per_order
    );
    println!(
        "  plans: {}, the largest of {} orders, {:.2} s of CPU on average and {slowest_s:.2} s at most; moves/order \
         {:.2}; churn {:.3}; conflicts {}",
        report.plans.len(),
        largest.unwrap_or_default(),
        work.cpu_s,
        work.moves_per_order,
        work.churn,
        work.conflicts,
    );
    println!(
        "  for each order: {:.3} s of CPU in plans, {:.3} s in the simulation, {:.1} store requests, {:.2} emails",
        planning_s / orders,
        cpu_s / orders,
        work.requests_per_order,
        work.emails_per_order,
    );
    Ok(figures.mean_s)
}
