//! A request on points of its own: each vehicle's start, then each end of each order.
//!
//! So exactly one leg of a plan leads to each point. Two legs between the same places may have different times, such as
//! at noon and in the evening.

use app::ports::PlanRequest;
use domain::{Coordinates, Leg};
use planner::{Fault, Instance, InstanceSpec, Order, PlannerStop, StopKind, TravelMatrix, Vehicle};

/// The points of a request.
#[derive(Clone, Copy)]
pub(super) struct OwnPoints<'a>(pub(super) &'a PlanRequest);

impl OwnPoints<'_> {
    /// The point where a vehicle starts.
    pub(super) fn start(self, vehicle: usize) -> usize {
        vehicle
    }

    /// The point of a stop.
    pub(super) fn stop(self, order: usize, kind: StopKind) -> usize {
        self.0.vehicles.len() + 2 * order + usize::from(kind == StopKind::Dropoff)
    }

    /// The place of each point. The pickup of an order that is aboard has the place of its drop-off.
    pub(super) fn places(self) -> Vec<Coordinates> {
        let starts = self.0.vehicles.iter().map(|vehicle| vehicle.start);
        let stops = self.0.orders.iter().flat_map(|order| {
            let pickup = order.pickup.unwrap_or(order.dropoff);
            [pickup.point, order.dropoff.point]
        });
        starts
            .chain(stops)
            .map(|point| self.0.places[point])
            .collect()
    }

    /// The instance with these legs between the points.
    pub(super) fn instance(
        self,
        mut leg: impl FnMut(usize, usize) -> Leg,
    ) -> Result<Instance, Vec<Fault>> {
        let Self(request) = self;
        let points = request.vehicles.len() + 2 * request.orders.len();
        let at = |stop: PlannerStop, point| PlannerStop { point, ..stop };
        Instance::new(InstanceSpec {
            travel: TravelMatrix::measured(points, |from, to| {
                let leg = leg(from, to);
                (leg.distance_m, leg.duration_s)
            }),
            vehicles: (request.vehicles.iter().enumerate())
                .map(|(index, vehicle)| Vehicle {
                    start: self.start(index),
                    ..vehicle.clone()
                })
                .collect(),
            orders: (request.orders.iter().enumerate())
                .map(|(index, order)| Order {
                    pickup: order
                        .pickup
                        .map(|stop| at(stop, self.stop(index, StopKind::Pickup))),
                    dropoff: at(order.dropoff, self.stop(index, StopKind::Dropoff)),
                    ..order.clone()
                })
                .collect(),
            objective: request.objective,
        })
    }
}
