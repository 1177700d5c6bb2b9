//! The value of a plan, by which plans are compared.

use crate::instance::Instance;
use crate::plan::Plan;

/// The value of a plan. The smaller one is better. The fields are compared one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlanValue {
    /// The number of unserved committed orders.
    pub unserved_committed: usize,
    /// The number of unserved orders.
    pub unserved: usize,
    /// The sum of the urgencies of unserved orders.
    pub unserved_urgency: u64,
    /// The lateness of committed orders in seconds.
    pub lateness_s: i64,
    /// The number of used vehicles if the instance minimises it, otherwise 0.
    pub minimised_vehicles: usize,
    /// The cost in thousandths of a unit of travel.
    pub cost_milli: i64,
    /// The number of used vehicles.
    pub vehicles: usize,
}

impl Plan {
    /// The value of the plan: for comparing it with another plan of the same instance.
    #[must_use]
    pub fn value(&self, instance: &Instance) -> PlanValue {
        let unserved = || self.unserved.iter().map(|it| it.order);
        let vehicles = self.routes.len();
        PlanValue {
            unserved_committed: unserved().filter(|it| instance.is_committed(*it)).count(),
            unserved: self.unserved.len(),
            unserved_urgency: unserved()
                .map(|it| u64::from(instance.orders()[it].urgency))
                .sum(),
            lateness_s: self.lateness_s,
            minimised_vehicles: if instance.objective().minimise_vehicles {
                vehicles
            } else {
                0
            },
            cost_milli: self.cost_milli,
            vehicles,
        }
    }
}
