//! Waybill and the policies on the same days.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;
use thiserror::Error;

use crate::clairvoyant::{NoInstance, clairvoyant};
use crate::day::Day;
use crate::figures::Figures;
use crate::outcome::{Outcome, Visit};
use crate::policies::{insertion, nearest_idle, soonest};
use crate::waybill::{Deployment, Report, SimulationError, run};

/// The main policy for the comparison with Waybill.
const BASIS: &str = "insertion 0.2";
/// Waybill's name in tables.
const WAYBILL: &str = "waybill";
/// The name of the plan that knows the day in advance.
const BOUND: &str = "clairvoyant";

/// A day cannot be compared.
#[derive(Debug, Error)]
pub enum CompareError {
    /// Waybill failed.
    #[error(transparent)]
    Waybill(#[from] SimulationError),
    /// No plan in advance can be made.
    #[error(transparent)]
    Clairvoyant(#[from] NoInstance),
}

/// Waybill's work on a day, besides the figures.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Work {
    /// The orders that changed their agent, for each order.
    pub moves_per_order: f64,
    /// The mean share of movable orders that a plan moved because of a new order.
    pub churn: f64,
    /// Emails for each order.
    pub emails_per_order: f64,
    /// Messages to recipients for each order, with all moments switched on.
    pub messages_per_order: f64,
    /// The most messages about one order.
    pub most_messages: f64,
    /// The plans.
    pub plans: f64,
    /// The mean seconds of CPU of a plan.
    pub cpu_s: f64,
    /// Commits that lost a race.
    pub conflicts: f64,
    /// Requests to the store for each order.
    pub requests_per_order: f64,
}

impl Work {
    /// The work of a day.
    pub fn of(day: &Day, report: &Report) -> Self {
        let plans = report.plans.len() as f64;
        let orders = day.orders.len().max(1) as f64;
        let cpu_s: f64 = report.plans.iter().map(|plan| plan.made.cpu_s).sum();
        let conflicts: usize = report.plans.iter().map(|plan| plan.conflicts).sum();
        Self {
            moves_per_order: report.moved() as f64 / orders,
            churn: report.churn(),
            emails_per_order: report.emails as f64 / orders,
            messages_per_order: report.messages.iter().sum::<usize>() as f64 / orders,
            most_messages: report.messages.iter().copied().max().unwrap_or_default() as f64,
            plans,
            cpu_s: cpu_s / plans.max(1.0),
            conflicts: conflicts as f64,
            requests_per_order: report.requests as f64 / orders,
        }
    }
}

/// The results of one day.
#[derive(Debug, Clone, Serialize)]
pub struct DayResults {
    /// Each policy with its figures.
    pub figures: Vec<(String, Figures)>,
    /// Waybill's work.
    pub work: Work,
    /// For charts.
    #[serde(skip)]
    pub sample: Sample,
}

/// The outcome of a day in detail.
#[derive(Debug, Clone, Default)]
pub struct Sample {
    /// Each policy with the sorted seconds to the door.
    pub waits: Vec<(String, Vec<f64>)>,
    /// The stops of Waybill's agents.
    pub visits: Vec<Vec<Visit>>,
}

/// Runs all policies on a day.
///
/// # Errors
/// If the simulation fails, which is a defect, or if the day is too large for a plan in advance.
pub fn compare(
    day: &Day,
    deployment: Deployment,
    clairvoyant_rounds: u64,
) -> Result<DayResults, CompareError> {
    let report = run(day, deployment)?;
    let weight_milli = deployment.rules.waiting_weight_milli;
    let mut outcomes = vec![
        (WAYBILL, report.outcome.clone()),
        (BASIS, insertion(day, 0.2)),
        ("soonest", soonest(day)),
        ("nearest idle", nearest_idle(day)),
    ];
    if clairvoyant_rounds > 0 {
        outcomes.push((BOUND, clairvoyant(day, weight_milli, clairvoyant_rounds)?));
    }
    let named = |(name, outcome): &(&str, Outcome)| {
        let figures = Figures::of(day, outcome);
        ((*name).to_owned(), figures)
    };
    let waits = |(name, outcome): &(&str, Outcome)| ((*name).to_owned(), outcome.waits(day));
    Ok(DayResults {
        figures: outcomes.iter().map(named).collect(),
        work: Work::of(day, &report),
        sample: Sample {
            waits: outcomes.iter().map(waits).collect(),
            visits: report.outcome.visits,
        },
    })
}

/// The results of several days.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Comparison {
    /// Each day.
    pub days: Vec<DayResults>,
}

impl Comparison {
    /// Adds a day.
    pub fn add(&mut self, mut results: DayResults) {
        if !self.days.is_empty() {
            // Charts show the first day.
            results.sample = Sample::default();
        }
        self.days.push(results);
    }

    /// Adds a policy that was run in another program, if it has the figures of all days. The days have the seeds 1, 2,
    /// 3 and so on.
    pub fn add_policy(&mut self, name: &str, by_seed: &BTreeMap<u64, Figures>) {
        let figures = (1..).map(|seed| by_seed.get(&seed));
        let figures: Option<Vec<&Figures>> = figures.take(self.days.len()).collect();
        for (day, figures) in self.days.iter_mut().zip(figures.unwrap_or_default()) {
            day.figures.push((name.to_owned(), *figures));
        }
    }

    fn mean(&self, value: impl Fn(&DayResults) -> f64) -> f64 {
        self.days.iter().map(value).sum::<f64>() / self.days.len().max(1) as f64
    }

    fn most(&self, value: impl Fn(&DayResults) -> f64) -> f64 {
        self.days.iter().map(value).fold(0.0, f64::max)
    }

    /// The means of the figures of each policy.
    pub fn policies(&self) -> Vec<(String, MeanFigures)> {
        let Some(first) = self.days.first() else {
            return Vec::new();
        };
        let names = first.figures.iter().enumerate();
        names
            .map(|(index, (name, _))| {
                let mean = |value: fn(&Figures) -> f64| {
                    self.mean(|day| day.figures.get(index).map_or(0.0, |(_, it)| value(it)))
                };
                let figures = MeanFigures {
                    mean_s: mean(|it| it.mean_s),
                    p90_s: mean(|it| it.p90_s),
                    max_s: mean(|it| it.max_s),
                    late: mean(|it| it.late),
                    km_per_order: mean(|it| it.km_per_order),
                    fewest: mean(|it| it.fewest as f64),
                    most: mean(|it| it.most as f64),
                    left_over: mean(|it| it.left_over as f64),
                };
                (name.clone(), figures)
            })
            .collect()
    }

    /// The means of Waybill's work, and the most messages about an order of any day.
    pub fn work(&self) -> Work {
        Work {
            moves_per_order: self.mean(|day| day.work.moves_per_order),
            churn: self.mean(|day| day.work.churn),
            emails_per_order: self.mean(|day| day.work.emails_per_order),
            messages_per_order: self.mean(|day| day.work.messages_per_order),
            most_messages: self.most(|day| day.work.most_messages),
            plans: self.mean(|day| day.work.plans),
            cpu_s: self.mean(|day| day.work.cpu_s),
            conflicts: self.mean(|day| day.work.conflicts),
            requests_per_order: self.mean(|day| day.work.requests_per_order),
        }
    }

    /// Waybill's figures relative to those of each policy.
    pub fn ratios(&self) -> Vec<Ratio> {
        let policies = self.policies();
        let Some((_, waybill)) = policies.first() else {
            return Vec::new();
        };
        let others = policies.iter().skip(1);
        others
            .map(|(name, other)| Ratio {
                to: name.clone(),
                mean: waybill.mean_s / other.mean_s,
                p90: waybill.p90_s / other.p90_s,
                max: waybill.max_s / other.max_s,
                km: waybill.km_per_order / other.km_per_order,
            })
            .collect()
    }

    /// A table for people.
    pub fn table(&self) -> String {
        let mut text = format!(
            "{:14}{:>8}{:>8}{:>8}{:>7}{:>9}{:>7}{:>6}{:>6}\n",
            "policy", "mean s", "p90 s", "max s", "late", "km/order", "agents", "", "left"
        );
        for (name, it) in self.policies() {
            let _ = writeln!(
                text,
                "{name:14}{:>8.0}{:>8.0}{:>8.0}{:>6.1}%{:>9.2}{:>7.1}{:>6.1}{:>6.1}",
                it.mean_s,
                it.p90_s,
                it.max_s,
                100.0 * it.late,
                it.km_per_order,
                it.fewest,
                it.most,
                it.left_over,
            );
        }
        for ratio in self.ratios() {
            let _ = writeln!(
                text,
                "waybill / {:14} mean {:.3}  p90 {:.3}  max {:.3}  km {:.3}",
                ratio.to, ratio.mean, ratio.p90, ratio.max, ratio.km
            );
        }
        let work = self.work();
        let _ = writeln!(
            text,
            "moves/order {:.2}  churn {:.3}  emails/order {:.2}  messages/order {:.2} (most {})  \
             plans {:.1}  CPU/plan {:.3} s  conflicts {:.1}  store requests/order {:.1}",
            work.moves_per_order,
            work.churn,
            work.emails_per_order,
            work.messages_per_order,
            work.most_messages,
            work.plans,
            work.cpu_s,
            work.conflicts,
            work.requests_per_order,
        );
        text
    }

    /// The same for programs, with each day.
    pub fn json(&self) -> String {
        let all = serde_json::json!({
            "policies": self.policies(),
            "ratios": self.ratios(),
            "work": self.work(),
            "days": self.days,
        });
        all.to_string()
    }
}

/// Figures as means over several days.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct MeanFigures {
    /// See [`Figures`].
    pub mean_s: f64,
    /// See [`Figures`].
    pub p90_s: f64,
    /// See [`Figures`].
    pub max_s: f64,
    /// See [`Figures`].
    pub late: f64,
    /// See [`Figures`].
    pub km_per_order: f64,
    /// See [`Figures`].
    pub fewest: f64,
    /// See [`Figures`].
    pub most: f64,
    /// See [`Figures`].
    pub left_over: f64,
}

/// Waybill's figures divided by those of a policy.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Ratio {
    /// The policy.
    pub to: String,
    /// Of the means.
    pub mean: f64,
    /// Of the 90th percentiles.
    pub p90: f64,
    /// Of the maxima.
    pub max: f64,
    /// Of the kilometres for each order.
    pub km: f64,
}
