//! The log line and the metrics of one plan.

use app::messages::{Wake, WakeCause};
use app::routes::optimize_routes::PlanReport;
use domain::{UnplacedReason, VariantArray, Zone};
use runtime::metrics::Metrics;
use tracing::info;

/// Logs a plan for this number of wakes.
pub fn log(zone: Zone, wakes: usize, report: &PlanReport) {
    info!(
        %zone,
        wakes,
        provider = report.provider,
        fallbacks = fallbacks(report),
        assigned = report.assigned,
        moved = report.moved,
        unplaced = report.unplaced.len(),
        conflicts = report.conflicts,
        failed = report.failed,
        left_for_next = report.left_for_next,
        unread = report.unread,
        planned_for_ms = report.planned_for.as_millis() as u64,
        "zone planned"
    );
}

/// The providers that made no plan, each with the reason, such as `ors:timeout`.
fn fallbacks(report: &PlanReport) -> Option<String> {
    let each = report.fallbacks.iter();
    let each = each.map(|fallback| format!("{}:{}", fallback.provider, fallback.reason.name()));
    (!report.fallbacks.is_empty()).then(|| each.collect::<Vec<_>>().join(","))
}

pub fn count(wakes: &[Wake], report: &PlanReport) {
    let late = wakes.iter().filter(|it| it.cause == WakeCause::RouteLate);
    Metrics::new()
        .count("Wakes", wakes.len())
        .count("RoutesLate", late.count())
        .emit();
    if report.provider.is_none() {
        return;
    }
    for fallback in &report.fallbacks {
        Metrics::new()
            .of("Provider", fallback.provider)
            .of("Reason", fallback.reason.name())
            .count("ProviderFallbacks", 1)
            .emit();
    }
    // Without other dimensions, for an alarm. Problems that a provider does not accept and worse plans are normal, and
    // not counted.
    let failures = report.fallbacks.iter();
    let failures = failures.filter(|it| it.reason.is_failure()).count();
    if failures > 0 {
        Metrics::new().count("ProviderFailures", failures).emit();
    }
    Metrics::new()
        .count("OrdersAssigned", report.assigned)
        .count("OrdersMoved", report.moved)
        .count("CommitConflicts", report.conflicts)
        .count("CommitFailures", report.failed)
        .seconds("PlanSeconds", report.planned_for)
        .emit();
    for reason in UnplacedReason::VARIANTS {
        let unplaced = report.unplaced.iter().filter(|r| *r == reason).count();
        if unplaced > 0 {
            Metrics::new()
                .of("Reason", reason.name())
                .count("OrdersUnplaced", unplaced)
                .emit();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use app::ports::{Fallback, FallbackReason};

    #[test]
    fn who_was_passed_over_is_told() {
        let fallback = |provider, reason| Fallback { provider, reason };
        let report = PlanReport {
            fallbacks: vec![
                fallback("ors", FallbackReason::TooLarge),
                fallback("ors-matrix", FallbackReason::Quota),
            ],
            ..PlanReport::default()
        };
        let told = fallbacks(&report);
        assert_eq!(told.as_deref(), Some("ors:too_large,ors-matrix:quota"));
        assert_eq!(fallbacks(&PlanReport::default()), None);
    }

    #[test]
    fn a_worse_plan_is_no_failure() {
        assert_eq!(FallbackReason::WorsePlan.name(), "worse_plan");
        assert!(!FallbackReason::WorsePlan.is_failure());
        assert!(!FallbackReason::TooLarge.is_failure());
        assert!(FallbackReason::BrokenPlan.is_failure());
    }
}
