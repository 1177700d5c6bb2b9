//! The best place for an order in a route whose other stops keep their sequence.

use std::collections::HashMap;

use domain::{DispatchRules, LegEstimate, OrderId, RouteStop, StopKind, Timestamp};

use super::Run;

/// Where the pickup may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slots {
    /// The first place.
    pub(crate) first: usize,
    /// The last place.
    pub(crate) last: usize,
}

/// Inserts orders into the open stops of a run.
///
/// A place is better if, in this order, less lateness for time windows follows, and less driving and waiting. These are
/// weighed as in a plan. No place is used where the vehicle would carry more than it can.
pub(crate) struct Insertion<'a> {
    /// All stops that the sequence may have.
    stops: Vec<&'a RouteStop>,
    /// The load that a stop adds or takes.
    loads: Vec<i64>,
    /// The driving seconds to a stop from the start (row 0) and from each stop (the rows after it).
    legs: Vec<Vec<i64>>,
    /// The windows, in seconds from now.
    windows: Vec<(Option<i64>, Option<i64>)>,
    load_at_start: i64,
    capacity: i64,
    departs_s: i64,
    waiting_weight_milli: i64,
}

impl<'a> Insertion<'a> {
    /// For a run that departs at `departs`, with all stops that may be inserted. The stops of the run come first.
    pub(crate) fn new(
        run: &Run,
        departs: domain::route::Departure,
        stops: Vec<&'a RouteStop>,
        sizes: &HashMap<OrderId, u32>,
        (estimate, rules): (&LegEstimate, &DispatchRules),
        now: Timestamp,
    ) -> Self {
        let size = |stop: &RouteStop| i64::from(sizes.get(&stop.order_id).copied().unwrap_or(1));
        let second = |time: Timestamp| time.duration_since(now).as_secs();
        let picked_up = |order: OrderId| {
            let mut pickups = stops.iter().filter(|stop| stop.kind == StopKind::Pickup);
            pickups.any(|stop| stop.order_id == order)
        };
        let aboard = stops.iter().filter(|stop| !picked_up(stop.order_id));
        let from = std::iter::once(departs.location).chain(stops.iter().map(|it| it.location));
        let legs = from.map(|from| {
            let to = stops.iter().map(|to| estimate.leg(from, to.location));
            to.map(|leg| i64::from(leg.duration_s)).collect()
        });
        Self {
            load_at_start: aboard.map(|stop| size(stop)).sum(),
            loads: stops
                .iter()
                .map(|stop| match stop.kind {
                    StopKind::Pickup => size(stop),
                    StopKind::Dropoff => -size(stop),
                })
                .collect(),
            legs: legs.collect(),
            windows: stops
                .iter()
                .map(|stop| (stop.not_before.map(second), stop.not_after.map(second)))
                .collect(),
            capacity: i64::from(run.capacity()),
            departs_s: second(departs.at),
            waiting_weight_milli: rules.waiting_weight_milli.into(),
            stops,
        }
    }

    /// The sequence with a pickup and a drop-off at the best places. `None` if the vehicle has no room anywhere.
    pub(crate) fn best(
        &self,
        sequence: &[usize],
        (pickup, dropoff): (usize, usize),
        slots: Slots,
    ) -> Option<Vec<usize>> {
        let mut best = None;
        for first in slots.first..=slots.last.min(sequence.len()) {
            for second in first..=sequence.len() {
                let mut candidate = Vec::with_capacity(sequence.len() + 2);
                candidate.extend_from_slice(&sequence[..first]);
                candidate.push(pickup);
                candidate.extend_from_slice(&sequence[first..second]);
                candidate.push(dropoff);
                candidate.extend_from_slice(&sequence[second..]);
                let Some(cost) = self.cost(&candidate) else {
                    continue;
                };
                if best.as_ref().is_none_or(|(least, _)| cost < *least) {
                    best = Some((cost, candidate));
                }
            }
        }
        best.map(|(_, sequence)| sequence)
    }

    /// The sequence with a stop of an order that is aboard at the best place, which is `first` or a later one. `None`
    /// if the vehicle has no room anywhere.
    pub(crate) fn best_hand_over(
        &self,
        sequence: &[usize],
        dropoff: usize,
        first: usize,
    ) -> Option<Vec<usize>> {
        let places = first..=sequence.len();
        let candidates = places.filter_map(|place| {
            let mut candidate = sequence.to_vec();
            candidate.insert(place, dropoff);
            Some((self.cost(&candidate)?, candidate))
        });
        let best = candidates.min_by_key(|(cost, _)| *cost);
        best.map(|(_, sequence)| sequence)
    }

    /// The sequence with a pickup and a drop-off at its end.
    pub(crate) fn last(&self, sequence: &[usize], visits: (usize, usize)) -> Vec<usize> {
        let mut last = sequence.to_vec();
        last.extend([visits.0, visits.1]);
        last
    }

    /// The lateness, and the cost in thousandths of a second of driving. `None` if the vehicle has no room.
    fn cost(&self, sequence: &[usize]) -> Option<(i64, i64)> {
        let mut load = self.load_at_start;
        let (mut at, mut row) = (self.departs_s, 0);
        let (mut late, mut driving, mut waiting) = (0, 0, 0);
        for stop in sequence {
            load += self.loads[*stop];
            if self.loads[*stop] > 0 && load > self.capacity {
                return None;
            }
            let leg = self.legs[row][*stop];
            let (opens, closes) = self.windows[*stop];
            let begins = (at + leg).max(opens.unwrap_or(0)).max(0);
            late += closes.map_or(0, |closes| (begins - closes).max(0));
            driving += leg;
            if self.stops[*stop].kind == StopKind::Dropoff {
                waiting += begins;
            }
            at = begins + i64::from(self.stops[*stop].service_s);
            row = stop + 1;
        }
        Some((late, 1000 * driving + self.waiting_weight_milli * waiting))
    }
}
