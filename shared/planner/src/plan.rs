//! The output of planning: routes with their times.

use crate::instance::{Instance, StopKind, TravelCost};
use crate::waiting::Waiting;

/// The routes of the vehicles, and the unserved orders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The routes of the used vehicles, sorted by vehicle.
    pub routes: Vec<Route>,
    /// The orders that are on no route, sorted by index.
    pub unserved: Vec<Unserved>,
    /// Metres of driving, all routes together.
    pub distance_m: i64,
    /// Seconds of driving, without waiting and service, all routes together.
    pub duration_s: i64,
    /// The lateness of committed orders in seconds, all routes together.
    pub lateness_s: i64,
    /// The seconds that the served orders wait, all together and without weights.
    pub waiting_s: i64,
    /// The number of orders that are served by another vehicle than their current one.
    pub moves: usize,
    /// The cost in thousandths of a unit of travel: travel, fixed costs, weighted waiting and moves.
    pub cost_milli: i64,
    /// The rounds of ruin and recreate, all threads together; 0 if the exact solver proved the plan optimal.
    pub iterations: u64,
}

/// The stops of a vehicle in driving order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The index of the vehicle.
    pub vehicle: usize,
    /// The stops between the start and the end of the route.
    pub stops: Vec<TimedStop>,
    /// The breaks that are due before the route ends.
    pub breaks: Vec<TimedBreak>,
    /// Metres of driving, including the leg to the end point if there is one.
    pub distance_m: i64,
    /// Seconds of driving, without waiting and service, including the leg to the end point if there is one.
    pub duration_s: i64,
    /// The moment at which the last stop is served or, if there is an end point, the end point is reached. If a break
    /// is due by then, its end.
    pub finish_s: i64,
    /// The seconds by which the stops of committed orders begin after their windows, all together. If the vehicle might
    /// have to serve committed orders, the seconds by which the route exceeds its shift are added.
    pub lateness_s: i64,
}

/// A stop of a route with its times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimedStop {
    /// The index of the order.
    pub order: usize,
    /// Pickup or drop-off.
    pub kind: StopKind,
    /// The arrival of the vehicle.
    pub arrival_s: i64,
    /// The seconds between the arrival and the begin of service. They include breaks.
    pub waiting_s: i64,
    /// The end of service.
    pub departure_s: i64,
    /// The load of the vehicle after service.
    pub load: u64,
}

/// A break of a route with its times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimedBreak {
    /// The number of stops whose service begins before the break.
    pub after: usize,
    /// The begin of the break.
    pub begin_s: i64,
    /// The end of the break.
    pub end_s: i64,
}

/// An order that is on no route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unserved {
    /// The index of the order.
    pub order: usize,
    /// The reason.
    pub reason: UnservedReason,
}

/// Why an order is on no route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum UnservedReason {
    /// The instance has no vehicles.
    NoVehicle,
    /// The order allows no vehicle of the instance.
    NoAllowedVehicle,
    /// The order is larger than the capacity of every vehicle that may serve it, or all of these vehicles have as many
    /// orders as they may have.
    OverCapacity,
    /// No vehicle that may serve it can do so within the time windows and its shift, besides the other orders of the
    /// plan.
    OutsideTimeWindows,
}

impl Plan {
    /// The seconds that each served order waits until service at its drop-off begins, sorted by order. See
    /// [`Order::waiting_since_s`](crate::Order::waiting_since_s) for the start of waiting.
    #[must_use]
    pub fn waits(&self, instance: &Instance) -> Vec<(usize, i64)> {
        let mut waits: Vec<(usize, i64)> = self
            .deliveries()
            .map(|(order, _, begin_s)| {
                let waiting = Waiting::of(&instance.orders()[order]);
                (order, waiting.seconds(begin_s))
            })
            .collect();
        waits.sort_unstable();
        waits
    }

    /// The order, the vehicle and the begin of service of each drop-off.
    fn deliveries(&self) -> impl Iterator<Item = (usize, usize, i64)> {
        self.routes.iter().flat_map(|route| {
            let dropoffs = route.stops.iter().filter(|it| it.kind == StopKind::Dropoff);
            dropoffs.map(|stop| (stop.order, route.vehicle, stop.arrival_s + stop.waiting_s))
        })
    }

    /// Computes the totals from the routes.
    pub(crate) fn add_up(&mut self, instance: &Instance) {
        let objective = instance.objective();
        self.distance_m = self.routes.iter().map(|route| route.distance_m).sum();
        self.duration_s = self.routes.iter().map(|route| route.duration_s).sum();
        self.lateness_s = self.routes.iter().map(|route| route.lateness_s).sum();
        let (mut waiting_s, mut moves, mut weighted) = (0, 0, 0);
        for (order, vehicle, begin_s) in self.deliveries() {
            let order = &instance.orders()[order];
            let waiting = Waiting::of(order);
            waiting_s += waiting.seconds(begin_s);
            weighted += waiting.counted_seconds(begin_s) * i64::from(order.urgency);
            moves += usize::from(order.current_vehicle.is_some_and(|it| it != vehicle));
        }
        let travel = match objective.travel {
            TravelCost::Distance => self.distance_m,
            TravelCost::Duration => self.duration_s,
        };
        let used = self.routes.iter().map(|route| route.vehicle);
        let fixed: i64 = used.map(|it| instance.vehicles()[it].fixed_cost).sum();
        let price_of_moves = i64::try_from(moves).unwrap_or(i64::MAX) * objective.move_cost;
        self.waiting_s = waiting_s;
        self.moves = moves;
        self.cost_milli = 1000 * (travel + fixed + price_of_moves)
            + i64::from(objective.waiting_weight_milli) * weighted;
    }
}
