//! What the embedded planner makes is believed, whoever says it; and nothing is once a stop of it is missing or late.

use std::time::Duration;

use app::ports::{FallbackReason, PlanAnswer, PlanRequest};
use domain::{Coordinates, LegEstimate, StopKind as DomainKind};
use planner::{Order, PlannerStop, Shift, StopKind, TravelMatrix, Vehicle, Window};
use proptest::prelude::*;

use super::{Draft, DraftRoute, DraftStop};
use crate::route_provider::embedded::searched;

const PLACES: usize = 5;

fn place(number: usize) -> Coordinates {
    Coordinates {
        lat: 35.6 + number as f64 / 40.0,
        lon: 139.7 - (number * number) as f64 / 90.0,
    }
}

fn a_stop() -> impl Strategy<Value = PlannerStop> {
    let window = prop::option::of((0_i64..9_000, 600_i64..9_000));
    (0..PLACES, window, 0_i64..300).prop_map(|(point, window, service_s)| PlannerStop {
        point,
        window: window.map(|(earliest_s, long_s)| Window {
            earliest_s,
            latest_s: earliest_s + long_s,
        }),
        service_s,
    })
}

/// Pending orders, and some that are on a route: aboard, or tied to it, the first of them perhaps its next stop.
fn a_request() -> impl Strategy<Value = PlanRequest> {
    let vehicle = (0..PLACES, 2_u32..6, 7_200_i64..36_000, any::<bool>());
    let order = (
        a_stop(),
        a_stop(),
        1_u32..3,
        prop::option::of((0_usize..3, any::<bool>())),
    );
    (
        prop::collection::vec(vehicle, 1..4),
        prop::collection::vec(order, 1..8),
    )
        .prop_map(|(vehicles, orders)| {
            let count = vehicles.len();
            let orders: Vec<Order> = (orders.into_iter())
                .map(|(pickup, dropoff, size, tied)| {
                    let Some((vehicle, aboard)) = tied.filter(|(vehicle, _)| *vehicle < count)
                    else {
                        return Order::new(pickup, dropoff, size);
                    };
                    Order {
                        pickup: (!aboard).then_some(pickup),
                        pinned_to: Some(vehicle),
                        committed: true,
                        ..Order::new(pickup, dropoff, size)
                    }
                })
                .collect();
            let vehicles = vehicles.into_iter().enumerate();
            let vehicles = vehicles.map(|(index, (start, capacity, end_s, under_way))| {
                let shift = Shift { start_s: 0, end_s };
                let mut vehicle = Vehicle::new(start, capacity, shift);
                let next = orders
                    .iter()
                    .position(|order| order.pinned_to == Some(index));
                let next = next.filter(|_| under_way).map(|order| {
                    let aboard = orders[order].pickup.is_none();
                    let kind = if aboard {
                        StopKind::Dropoff
                    } else {
                        StopKind::Pickup
                    };
                    (order, kind)
                });
                vehicle.frozen.extend(next);
                vehicle
            });
            PlanRequest {
                at: testkit::at("2030-05-06T08:00:00Z"),
                places: (0..PLACES).map(place).collect(),
                vehicles: vehicles.collect(),
                orders,
                objective: planner::Objective::duration(),
                time_limit: Duration::from_millis(5),
            }
        })
}

fn planned(request: &PlanRequest) -> PlanAnswer {
    let estimate = LegEstimate::default();
    let travel = TravelMatrix::measured(PLACES, |from, to| {
        let leg = estimate.leg(place(from), place(to));
        (leg.distance_m, leg.duration_s)
    });
    searched(request.clone(), travel, "somebody", 1).unwrap()
}

fn as_said(answer: &PlanAnswer) -> Draft {
    let routes = answer.routes.iter().map(|route| DraftRoute {
        vehicle: route.vehicle,
        stops: (route.visits.iter())
            .map(|visit| DraftStop {
                order: visit.order,
                kind: match visit.kind {
                    DomainKind::Pickup => StopKind::Pickup,
                    DomainKind::Dropoff => StopKind::Dropoff,
                },
                leg: domain::Leg {
                    distance_m: visit.distance_m,
                    duration_s: visit.duration_s,
                },
            })
            .collect(),
        geometry: route.geometry.clone(),
    });
    Draft {
        routes: routes.collect(),
        left_over: answer.unplaced.iter().map(|it| it.order).collect(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_plan_that_keeps_the_rules_is_believed_and_timed_alike(request in a_request()) {
        let answer = planned(&request);
        let believed = as_said(&answer).believed(&request, "somebody");
        let believed = believed.map_err(|it| TestCaseError::fail(it.detail))?;
        prop_assert_eq!(believed.routes, answer.routes);
        let unplaced = |answer: &[app::ports::UnplacedOrder]| {
            let mut orders: Vec<usize> = answer.iter().map(|it| it.order).collect();
            orders.sort_unstable();
            orders
        };
        prop_assert_eq!(unplaced(&believed.unplaced), unplaced(&answer.unplaced));
    }

    #[test]
    fn an_order_that_is_dropped_is_missed(request in a_request(), which in any::<prop::sample::Index>()) {
        let mut draft = as_said(&planned(&request));
        let dropped = which.index(request.orders.len());
        draft.left_over.retain(|order| *order != dropped);
        for route in &mut draft.routes {
            // We add frozen pickups to each answer.
            let frozen = &request.vehicles[route.vehicle].frozen;
            route.stops.retain(|stop| {
                let is_frozen = frozen.contains(&(stop.order, stop.kind));
                stop.order != dropped || (is_frozen && stop.kind == StopKind::Pickup)
            });
        }
        let refused = draft.believed(&request, "somebody").unwrap_err();
        prop_assert_eq!(refused.reason, FallbackReason::MissingOrder);
    }

    #[test]
    fn one_stop_of_two_is_a_broken_plan(request in a_request(), which in any::<prop::sample::Index>()) {
        let mut draft = as_said(&planned(&request));
        let pickups: Vec<(usize, usize)> = (0..draft.routes.len())
            .flat_map(|route| {
                let stops = draft.routes[route].stops.iter().enumerate();
                let pickups = stops.filter(|(_, stop)| stop.kind == StopKind::Pickup);
                pickups.map(move |(stop, _)| (route, stop)).collect::<Vec<_>>()
            })
            .collect();
        prop_assume!(!pickups.is_empty());
        let (route, stop) = pickups[which.index(pickups.len())];
        draft.routes[route].stops.remove(stop);
        let refused = draft.believed(&request, "somebody").unwrap_err();
        prop_assert_eq!(refused.reason, FallbackReason::BrokenPlan);
    }

    #[test]
    fn a_pending_order_that_comes_after_the_shift_is_a_broken_plan(request in a_request()) {
        let mut draft = as_said(&planned(&request));
        let late = draft.routes.iter_mut().find(|route| {
            route.stops.iter().any(|stop| !request.orders[stop.order].committed)
        });
        prop_assume!(late.is_some());
        let first = late.and_then(|route| route.stops.first_mut());
        first.unwrap().leg.duration_s += 40_000;
        let refused = draft.believed(&request, "somebody").unwrap_err();
        prop_assert_eq!(refused.reason, FallbackReason::BrokenPlan);
    }
}
