//! Strategies for random instances.

use planner::{
    Break, Instance, InstanceSpec, Objective, Order, PlannerStop, Shift, StopKind, TravelCost,
    TravelMatrix, Vehicle, Window,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

/// A number that becomes an index modulo the length of a list.
type Pick = usize;

#[derive(Clone, Debug)]
struct RawStop {
    point: Pick,
    window: Option<(i64, i64)>,
    service_s: i64,
}

#[derive(Clone, Debug)]
struct RawOrder {
    pickup: RawStop,
    dropoff: RawStop,
    size: u32,
    pinned: Option<Pick>,
    current: Option<Pick>,
    /// Bits of the vehicles that may serve the order.
    allowed: Option<usize>,
    aboard: bool,
    committed: bool,
    frozen: Frozen,
    urgency: u32,
    waiting_since_s: i64,
    promise_s: Option<i64>,
}

/// The stops of an order that are frozen if it is pinned.
#[derive(Clone, Copy, Debug)]
enum Frozen {
    Nothing,
    First,
    Both,
    /// Other frozen stops may be between the two.
    BothApart,
}

#[derive(Clone, Debug)]
struct RawVehicle {
    start: Pick,
    end: Option<Pick>,
    capacity: u32,
    shift: (i64, i64),
    /// Each: the pause before it, the width of its span, its length.
    breaks: Vec<(i64, i64, i64)>,
    max_orders: Option<u32>,
    fixed_cost: i64,
    planned: Vec<(Pick, bool)>,
}

fn stop() -> impl Strategy<Value = RawStop> {
    (
        0..100_usize,
        option::weighted(0.6, (-100..400_i64, 0..400_i64)),
        0..20_i64,
    )
        .prop_map(|(point, window, service_s)| RawStop {
            point,
            window: window.map(|(from, width)| (from, from + width)),
            service_s,
        })
}

fn order() -> impl Strategy<Value = RawOrder> {
    let frozen = prop_oneof![
        4 => Just(Frozen::Nothing),
        3 => Just(Frozen::First),
        1 => Just(Frozen::Both),
        1 => Just(Frozen::BothApart),
    ];
    let places = (
        stop(),
        stop(),
        1..5_u32,
        option::weighted(0.3, 0..100_usize),
        option::weighted(0.3, 0..100_usize),
        option::weighted(0.4, 0..16_usize),
    );
    let state = (
        prop::bool::weighted(0.15),
        prop::bool::weighted(0.25),
        frozen,
    );
    let waiting = (
        prop_oneof![3 => Just(1_u32), 1 => Just(3_u32), 1 => Just(10_u32)],
        prop_oneof![1 => Just(0_i64), 2 => -300..300_i64],
        option::weighted(0.4, 0..300_i64),
    );
    (places, state, waiting).prop_map(|(places, state, waiting)| {
        let (pickup, dropoff, size, pinned, current, allowed) = places;
        let (aboard, committed, frozen) = state;
        let (urgency, waiting_since_s, promise_s) = waiting;
        RawOrder {
            pickup,
            dropoff,
            size,
            pinned,
            current,
            allowed,
            aboard,
            committed,
            frozen,
            urgency,
            waiting_since_s,
            promise_s,
        }
    })
}

fn objective() -> impl Strategy<Value = Objective> {
    let travel = prop_oneof![Just(TravelCost::Distance), Just(TravelCost::Duration)];
    let weight = prop_oneof![
        4 => Just(0_u32),
        3 => Just(200_u32),
        1 => Just(50_u32),
        1 => Just(333_u32),
        1 => Just(1500_u32),
    ];
    let move_cost = prop_oneof![2 => Just(0_i64), 3 => 0..60_i64];
    (travel, prop::bool::ANY, weight, move_cost).prop_map(
        |(travel, minimise_vehicles, waiting_weight_milli, move_cost)| Objective {
            travel,
            minimise_vehicles,
            waiting_weight_milli,
            move_cost,
        },
    )
}

fn vehicle() -> impl Strategy<Value = RawVehicle> {
    (
        0..100_usize,
        option::of(0..100_usize),
        1..8_u32,
        (-50..100_i64, -100..700_i64),
        option::weighted(0.3, 0..4_u32),
        prop_oneof![3 => Just(0_i64), 1 => 0..50_i64],
        prop_oneof![
            1 => Just(Vec::new()),
            1 => vec((-40..200_i64, 0..60_i64, 1..80_i64), 0..=3)
        ],
        prop_oneof![
            Just(Vec::new()),
            vec((0..100_usize, prop::bool::ANY), 0..12)
        ],
    )
        .prop_map(
            |(start, end, capacity, (from, length), max_orders, fixed_cost, breaks, planned)| {
                RawVehicle {
                    start,
                    end,
                    capacity,
                    shift: (from, from + length),
                    breaks,
                    max_orders,
                    fixed_cost,
                    planned,
                }
            },
        )
}

/// Random legs, or the distances on a line, for which the triangle inequality holds.
fn travel(points: usize) -> impl Strategy<Value = TravelMatrix> {
    let lawless = vec((0..100_u32, 0..60_u32), points * points).prop_map(move |legs| {
        let mut legs = legs.into_iter();
        TravelMatrix::measured(points, |from, to| {
            let leg = legs.next().unwrap_or((0, 0));
            if from == to { (0, 0) } else { leg }
        })
    });
    let line = vec(0..60_u32, points).prop_map(move |at| {
        TravelMatrix::measured(points, |from, to| {
            let gap = at[from].abs_diff(at[to]);
            (10 * gap, gap)
        })
    });
    prop_oneof![lawless, line]
}

/// Instances with at most this many orders and vehicles.
pub fn instance(orders: usize, vehicles: usize) -> impl Strategy<Value = Instance> {
    let points = 1..=(2 * orders + vehicles);
    let parts = points.prop_flat_map(move |points| {
        (
            travel(points),
            vec(vehicle(), 0..=vehicles),
            vec(order(), 0..=orders),
            objective(),
        )
    });
    parts.prop_map(|(travel, vehicles, orders, objective)| {
        let points = travel.points();
        let spec = InstanceSpec {
            vehicles: built_vehicles(points, &vehicles, &orders),
            orders: built_orders(points, vehicles.len(), &orders),
            travel,
            objective,
        };
        Instance::new(spec).expect("built to be valid")
    })
}

fn built_stop(points: usize, raw: &RawStop) -> PlannerStop {
    PlannerStop {
        point: raw.point % points,
        window: raw.window.map(|(earliest_s, latest_s)| Window {
            earliest_s,
            latest_s,
        }),
        service_s: raw.service_s,
    }
}

fn pin(vehicles: usize, raw: &RawOrder) -> Option<usize> {
    let wanted = raw.pinned.or(raw.aboard.then_some(raw.pickup.point));
    wanted.filter(|_| vehicles > 0).map(|it| it % vehicles)
}

fn built_orders(points: usize, vehicles: usize, raw: &[RawOrder]) -> Vec<Order> {
    raw.iter()
        .map(|it| Order {
            pickup: (!it.aboard || vehicles == 0).then(|| built_stop(points, &it.pickup)),
            dropoff: built_stop(points, &it.dropoff),
            size: it.size,
            pinned_to: pin(vehicles, it),
            allowed_vehicles: it.allowed.map(|bits| {
                let listed = (0..vehicles).filter(|vehicle| bits >> vehicle & 1 == 1);
                listed.collect()
            }),
            committed: it.committed,
            current_vehicle: it.current.filter(|_| vehicles > 0).map(|it| it % vehicles),
            urgency: it.urgency,
            waiting_since_s: it.waiting_since_s,
            promise_s: it.promise_s,
        })
        .collect()
}

fn built_vehicles(points: usize, raw: &[RawVehicle], orders: &[RawOrder]) -> Vec<Vehicle> {
    raw.iter()
        .enumerate()
        .map(|(index, it)| Vehicle {
            start: it.start % points,
            end: it.end.map(|end| end % points),
            capacity: it.capacity,
            shift: Shift {
                start_s: it.shift.0,
                end_s: it.shift.1,
            },
            breaks: breaks(it.shift.0, &it.breaks),
            max_orders: it.max_orders,
            fixed_cost: it.fixed_cost,
            frozen: frozen(raw.len(), index, orders),
            planned: planned(&it.planned, orders.len()),
        })
        .collect()
}

fn breaks(start_s: i64, raw: &[(i64, i64, i64)]) -> Vec<Break> {
    let mut ends_s = start_s;
    let breaks = raw.iter().enumerate();
    breaks
        .map(|(at, &(pause, width, duration_s))| {
            // Only the first break may be due before the shift.
            let earliest_s = ends_s + if at == 0 { pause } else { pause.max(0) };
            let latest_s = earliest_s + width;
            ends_s = latest_s + duration_s;
            Break {
                window: Window {
                    earliest_s,
                    latest_s,
                },
                duration_s,
            }
        })
        .collect()
}

fn frozen(vehicles: usize, vehicle: usize, orders: &[RawOrder]) -> Vec<(usize, StopKind)> {
    let mut begin = Vec::new();
    let mut end = Vec::new();
    for (index, order) in orders.iter().enumerate() {
        if pin(vehicles, order) != Some(vehicle) {
            continue;
        }
        let dropoff = (index, StopKind::Dropoff);
        match (order.frozen, order.aboard) {
            (Frozen::Nothing, _) => {}
            (Frozen::First | Frozen::Both, true) => begin.push(dropoff),
            (Frozen::BothApart, true) => end.push(dropoff),
            (Frozen::First, false) => begin.push((index, StopKind::Pickup)),
            (Frozen::Both, false) => begin.extend([(index, StopKind::Pickup), dropoff]),
            (Frozen::BothApart, false) => {
                begin.push((index, StopKind::Pickup));
                end.push(dropoff);
            }
        }
    }
    begin.append(&mut end);
    begin
}

/// An old route, which need not make sense.
fn planned(raw: &[(Pick, bool)], orders: usize) -> Vec<(usize, StopKind)> {
    if orders == 0 {
        return Vec::new();
    }
    let stops = raw.iter().flat_map(|&(pick, is_whole)| {
        let stops = [
            (pick % orders, StopKind::Pickup),
            (pick % orders, StopKind::Dropoff),
        ];
        stops.into_iter().skip(usize::from(!is_whole))
    });
    stops.collect()
}
