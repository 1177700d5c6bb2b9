//! Route providers: one with plans that a test can predict, and the real planner.

use std::sync::Mutex;

use app::ports::{
    PlanAnswer, PlanRequest, PlannedRoute, PlannedVisit, ProviderError, RouteProvider,
    UnplacedOrder,
};
use async_trait::async_trait;
use domain::{LegEstimate, StopKind, UnplacedReason};

type Meanwhile = Box<dyn FnOnce() + Send>;

/// Leaves each order with its vehicle, gives each other order to the first vehicle that has room for it, and serves the
/// orders one after the other. Ignores time windows and shifts.
#[derive(Default)]
pub struct FirstComeFirstServed {
    meanwhile: Mutex<Option<Meanwhile>>,
    asked: Mutex<Vec<PlanRequest>>,
}

impl FirstComeFirstServed {
    /// Runs a function while the next plan is made.
    pub fn meanwhile(&self, happens: impl FnOnce() + Send + 'static) {
        *self.meanwhile.lock().unwrap() = Some(Box::new(happens));
    }

    /// The requests since the last call.
    pub fn take_requests(&self) -> Vec<PlanRequest> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

struct Tour<'a> {
    request: &'a PlanRequest,
    point: usize,
    at_s: i64,
    visits: Vec<PlannedVisit>,
}

impl Tour<'_> {
    fn visit(&mut self, order: usize, kind: StopKind, stop: &planner::PlannerStop) {
        let places = &self.request.places;
        let leg = LegEstimate::default().leg(places[self.point], places[stop.point]);
        let begin_s = self.at_s + i64::from(leg.duration_s);
        self.visits.push(PlannedVisit {
            order,
            kind,
            begin_s,
            distance_m: leg.distance_m,
            duration_s: leg.duration_s,
        });
        self.point = stop.point;
        self.at_s = begin_s + stop.service_s;
    }

    fn serve_frozen(&mut self, vehicle: usize) {
        let request = self.request;
        for (index, kind) in &request.vehicles[vehicle].frozen {
            let order = &request.orders[*index];
            match (kind, &order.pickup) {
                (planner::StopKind::Pickup, Some(pickup)) => {
                    self.visit(*index, StopKind::Pickup, pickup);
                }
                _ => self.visit(*index, StopKind::Dropoff, &order.dropoff),
            }
        }
    }

    /// Makes the stops of an order that are not made yet.
    fn serve(&mut self, index: usize) {
        let made = |kind| {
            let visits = self.visits.iter();
            visits
                .filter(|visit| visit.order == index)
                .any(|visit| visit.kind == kind)
        };
        let order = &self.request.orders[index];
        let (pickup, dropoff) = (made(StopKind::Pickup), made(StopKind::Dropoff));
        if let Some(stop) = order.pickup.as_ref().filter(|_| !pickup) {
            self.visit(index, StopKind::Pickup, stop);
        }
        if !dropoff {
            self.visit(index, StopKind::Dropoff, &order.dropoff);
        }
    }
}

#[async_trait]
impl RouteProvider for FirstComeFirstServed {
    async fn plan(&self, request: PlanRequest) -> Result<PlanAnswer, ProviderError> {
        let happens = self.meanwhile.lock().unwrap().take();
        if let Some(happens) = happens {
            happens();
        }
        let mut taken = vec![Vec::new(); request.vehicles.len()];
        let mut unplaced = Vec::new();
        for (index, order) in request.orders.iter().enumerate() {
            let vehicle = order.pinned_to.or(order.current_vehicle).or_else(|| {
                (0..taken.len()).find(|v| {
                    let vehicle = &request.vehicles[*v];
                    let most = vehicle.max_orders.map_or(usize::MAX, |most| most as usize);
                    taken[*v].len() < most && order.size <= vehicle.capacity && order.allows(*v)
                })
            });
            match vehicle {
                Some(vehicle) => taken[vehicle].push(index),
                None => unplaced.push(UnplacedOrder {
                    order: index,
                    reason: if (0..taken.len()).any(|v| order.allows(v)) {
                        UnplacedReason::OverCapacity
                    } else {
                        UnplacedReason::NoAgentWithSkills
                    },
                }),
            }
        }
        let driven = taken
            .into_iter()
            .enumerate()
            .filter(|(_, orders)| !orders.is_empty());
        let routes = driven.map(|(vehicle, orders)| {
            let mut tour = Tour {
                request: &request,
                point: request.vehicles[vehicle].start,
                at_s: request.vehicles[vehicle].shift.start_s,
                visits: Vec::new(),
            };
            tour.serve_frozen(vehicle);
            for order in orders {
                tour.serve(order);
            }
            PlannedRoute {
                vehicle,
                visits: tour.visits,
                geometry: None,
            }
        });
        let answer = PlanAnswer {
            provider: "first-come-first-served",
            routes: routes.collect(),
            unplaced,
            fallbacks: Vec::new(),
        };
        self.asked.lock().unwrap().push(request);
        Ok(answer)
    }
}

/// The planner on estimated legs, with a number of rounds in place of a time limit. So a test gets the same plans on
/// every machine.
#[derive(Debug, Clone, Copy)]
pub struct CountedRounds(pub u64);

#[async_trait]
impl RouteProvider for CountedRounds {
    async fn plan(&self, request: PlanRequest) -> Result<PlanAnswer, ProviderError> {
        plan_in_rounds(request, LegEstimate::default(), self.0)
    }
}

/// The plan of the planner on estimated legs after this number of rounds. The plan is checked.
///
/// # Errors
/// If the request is no valid instance.
pub fn plan_in_rounds(
    request: PlanRequest,
    estimate: LegEstimate,
    rounds: u64,
) -> Result<PlanAnswer, ProviderError> {
    let places = &request.places;
    let travel = planner::TravelMatrix::measured(places.len(), |from, to| {
        let leg = estimate.leg(places[from], places[to]);
        (leg.distance_m, leg.duration_s)
    });
    let instance = planner::Instance::new(planner::InstanceSpec {
        travel,
        vehicles: request.vehicles,
        orders: request.orders,
        objective: request.objective,
    })
    .map_err(|faults| ProviderError::InvalidProblem(format!("{faults:?}")))?;
    let options = planner::Options::new(planner::Limit::Iterations(rounds));
    let plan = planner::solve(&instance, &options);
    planner::check(&instance, &plan).expect("a plan that keeps the rules");
    Ok(PlanAnswer::of("counted-rounds", &instance, &plan))
}
