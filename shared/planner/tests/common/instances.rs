//! Strategies for random instances.

use planner::{
    Instance, InstanceSpec, Objective, Order, PlannerStop, Shift, StopKind, TravelMatrix, Vehicle,
    Window,
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
    tied: Option<Pick>,
    aboard: bool,
    committed: bool,
    next: bool,
}

#[derive(Clone, Debug)]
struct RawVehicle {
    start: Pick,
    end: Option<Pick>,
    capacity: u32,
    shift: (i64, i64),
    max_orders: Option<u32>,
    fixed_cost: i64,
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
    (
        (
            stop(),
            stop(),
            1..5_u32,
            option::weighted(0.3, 0..100_usize),
        ),
        prop::bool::weighted(0.15),
        prop::bool::weighted(0.25),
        prop::bool::weighted(0.5),
    )
        .prop_map(
            |((pickup, dropoff, size, tied), aboard, committed, next)| RawOrder {
                pickup,
                dropoff,
                size,
                tied,
                aboard,
                committed,
                next,
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
    )
        .prop_map(
            |(start, end, capacity, (from, length), max_orders, fixed_cost)| RawVehicle {
                start,
                end,
                capacity,
                shift: (from, from + length),
                max_orders,
                fixed_cost,
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
            prop::bool::ANY,
            prop::bool::ANY,
        )
    });
    parts.prop_map(
        |(travel, vehicles, orders, by_duration, minimise_vehicles)| {
            let points = travel.points();
            let spec = InstanceSpec {
                vehicles: built_vehicles(points, &vehicles, &orders),
                orders: built_orders(points, vehicles.len(), &orders),
                travel,
                objective: if by_duration {
                    Objective::Duration
                } else {
                    Objective::Distance
                },
                minimise_vehicles,
            };
            Instance::new(spec).expect("built to be valid")
        },
    )
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

fn tie(vehicles: usize, raw: &RawOrder) -> Option<usize> {
    let wanted = raw.tied.or(raw.aboard.then_some(raw.pickup.point));
    wanted.filter(|_| vehicles > 0).map(|it| it % vehicles)
}

fn built_orders(points: usize, vehicles: usize, raw: &[RawOrder]) -> Vec<Order> {
    raw.iter()
        .map(|it| Order {
            pickup: (!it.aboard || vehicles == 0).then(|| built_stop(points, &it.pickup)),
            dropoff: built_stop(points, &it.dropoff),
            size: it.size,
            vehicle: tie(vehicles, it),
            committed: it.committed,
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
            max_orders: it.max_orders,
            fixed_cost: it.fixed_cost,
            next_stop: orders
                .iter()
                .position(|order| order.next && tie(raw.len(), order) == Some(index))
                .map(|next| {
                    let kind = if orders[next].aboard {
                        StopKind::Dropoff
                    } else {
                        StopKind::Pickup
                    };
                    (next, kind)
                }),
        })
        .collect()
}
