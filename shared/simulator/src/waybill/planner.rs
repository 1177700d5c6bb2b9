//! The planner in virtual time: it plans at once, and its answer comes when the plan's time is over.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use app::ports::{PlanAnswer, PlanRequest, ProviderError, RouteProvider};
use async_trait::async_trait;
use domain::LegEstimate;
use futures::channel::oneshot;
use testkit::provider::plan_in_rounds;

use crate::stopwatch::Stopwatch;

/// An instance with up to this many orders that any vehicle may serve gets the usual rounds. With twice as many such
/// orders, it gets twice as many rounds, and so on.
const FREE_ORDERS: u64 = 20;
/// No instance gets more rounds than this many times the usual ones: the time for a plan is limited.
const MOST_TIMES: u64 = 8;

/// Facts about a plan.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct PlanMade {
    /// The vehicles of the instance.
    pub vehicles: usize,
    /// The orders of the instance.
    pub orders: usize,
    /// The assigned orders that may move.
    pub movable: usize,
    /// The seconds of CPU.
    pub cpu_s: f64,
}

/// The plans in the making, by the number of their run.
#[derive(Debug, Default)]
pub(super) struct Desk {
    plans: Mutex<Plans>,
}

#[derive(Debug, Default)]
struct Plans {
    /// Plans whose time is not over yet.
    waiting: BTreeMap<u64, oneshot::Sender<()>>,
    begun: Vec<u64>,
    made: BTreeMap<u64, PlanMade>,
}

impl Desk {
    fn plans(&self) -> MutexGuard<'_, Plans> {
        self.plans.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of plans whose time is not over yet.
    pub(super) fn waiting(&self) -> usize {
        self.plans().waiting.len()
    }

    /// The runs whose plans were begun since the last call.
    pub(super) fn take_begun(&self) -> Vec<u64> {
        std::mem::take(&mut self.plans().begun)
    }

    /// Gives a run its plan.
    pub(super) fn hand_out(&self, run: u64) {
        if let Some(answer) = self.plans().waiting.remove(&run) {
            // Without a receiver, nobody waits for the plan any more.
            let _ = answer.send(());
        }
    }

    /// The facts about the plan of a run. `None` if the run needed no plan.
    pub(super) fn take_made(&self, run: u64) -> Option<PlanMade> {
        self.plans().made.remove(&run)
    }
}

/// The embedded planner of one run, with a number of rounds in place of a time limit.
#[derive(Debug)]
pub(super) struct VirtualPlanner {
    pub(super) desk: Arc<Desk>,
    pub(super) run: u64,
    pub(super) estimate: LegEstimate,
    pub(super) rounds: u64,
}

#[async_trait]
impl RouteProvider for VirtualPlanner {
    async fn plan(&self, request: PlanRequest) -> Result<PlanAnswer, ProviderError> {
        let movable = request
            .orders
            .iter()
            .filter(|order| order.current_vehicle.is_some() && order.pinned_to.is_none());
        let mut made = PlanMade {
            vehicles: request.vehicles.len(),
            orders: request.orders.len(),
            movable: movable.count(),
            cpu_s: 0.0,
        };
        let stopwatch = Stopwatch::start();
        let free = request.orders.iter().filter(|it| it.pinned_to.is_none());
        let times = (free.count() as u64).div_ceil(FREE_ORDERS);
        let rounds = self.rounds * times.clamp(1, MOST_TIMES);
        let answer = plan_in_rounds(request, self.estimate, rounds);
        made.cpu_s = stopwatch.cpu_s();
        let (sender, over) = oneshot::channel();
        {
            let mut plans = self.desk.plans();
            plans.made.insert(self.run, made);
            plans.waiting.insert(self.run, sender);
            plans.begun.push(self.run);
        }
        // The desk lives as long as the day, so the answer always comes.
        let _ = over.await;
        answer
    }
}
