//! A route while its stops are made and its orders leave it.

#![allow(clippy::unwrap_used)]

use domain::route::Departure;
use domain::{
    Break, Coordinates, Leg, LegEstimate, OrderId, Route, RouteId, RouteStatus, RouteStop,
    StopKind, StopStatus, TimeWindow, Timestamp, UserId, ids::Uuid,
};
use jiff::ToSpan;
use proptest::prelude::*;

fn start() -> Timestamp {
    "2030-05-06T08:00:00Z".parse().unwrap()
}

fn order(n: u128) -> OrderId {
    OrderId(Uuid::from_u128(n))
}

fn place(n: u32) -> Coordinates {
    Coordinates {
        lat: 41.38 + f64::from(n) * 0.01,
        lon: 2.17,
    }
}

/// A route with this many orders: first all pickups, then all drop-offs. The estimate gives the times.
fn route(orders: u32) -> Route {
    let estimate = LegEstimate::default();
    let mut at = Departure {
        location: place(0),
        at: start(),
    };
    let visits = [StopKind::Pickup, StopKind::Dropoff]
        .into_iter()
        .flat_map(|kind| (0..orders).map(move |n| (kind, n)));
    let stops = visits
        .zip(1..)
        .map(|((kind, n), index)| {
            let location = place(index);
            let leg = estimate.leg(at.location, location);
            let eta = at.at + i64::from(leg.duration_s).seconds();
            at = Departure {
                location,
                at: eta + 120.seconds(),
            };
            RouteStop {
                kind,
                order_id: order(n.into()),
                location,
                address: None,
                eta,
                not_before: None,
                not_after: None,
                service_s: 120,
                leg,
                status: StopStatus::Pending,
                done_at: None,
                pinned: false,
                returns: false,
            }
        })
        .collect();
    Route {
        id: RouteId(Uuid::from_u128(9)),
        agent_id: UserId(Uuid::from_u128(8)),
        status: RouteStatus::Assigned,
        from: Departure {
            location: place(0),
            at: start(),
        },
        breaks: Vec::new(),
        stops,
        provider: "embedded".to_owned(),
        geometry: None,
        left_in_first_step: 0,
        decisions: Vec::new(),
        created_at: start(),
        updated_at: start(),
        version: 1,
    }
}

#[test]
fn the_first_stop_begins_the_route_and_the_last_completes_it() {
    let begun =
        route(1).with_stop_made(order(0), StopKind::Pickup, &LegEstimate::default(), start());
    assert_eq!(begun.status, RouteStatus::InProgress);
    let done = begun.with_stop_made(
        order(0),
        StopKind::Dropoff,
        &LegEstimate::default(),
        start() + 1.hour(),
    );
    assert_eq!(done.status, RouteStatus::Completed);
    assert_eq!(done.position(), place(2));
}

#[test]
fn a_delivery_makes_the_pickup_as_well() {
    let done = route(1).with_stop_made(
        order(0),
        StopKind::Dropoff,
        &LegEstimate::default(),
        start(),
    );
    assert!(
        done.stops
            .iter()
            .all(|stop| stop.status == StopStatus::Done)
    );
}

#[test]
fn a_route_that_delivers_nothing_is_cancelled() {
    let empty =
        route(2).with_orders_skipped(&[order(0), order(1)], &LegEstimate::default(), start());
    assert_eq!(empty.status, RouteStatus::Cancelled);
    assert_eq!(empty.total(), Leg::default());
}

#[test]
fn a_way_by_a_stop_that_falls_away_is_none_any_more() {
    let mut before = route(3);
    before.geometry = Some("_p~iF~ps|U_ulLnnqC".to_owned());
    let off = |orders: &[OrderId]| {
        let after = before.with_orders_skipped(orders, &LegEstimate::default(), start());
        after.geometry
    };
    assert_eq!(off(&[order(1)]), Some(String::new()));
    assert_eq!(off(&[]), before.geometry);
    let made = before.with_stop_made(order(0), StopKind::Pickup, &LegEstimate::default(), start());
    assert_eq!(made.geometry, before.geometry);
    let without = route(3).with_orders_skipped(&[order(1)], &LegEstimate::default(), start());
    assert_eq!(without.geometry, None, "there is nothing to write");
}

#[test]
fn stops_after_one_that_falls_away_come_earlier_and_those_before_stay() {
    let before = route(3);
    let after = before.with_orders_skipped(&[order(1)], &LegEstimate::default(), start());
    assert_eq!(after.stops[0].eta, before.stops[0].eta);
    assert_eq!(after.stops[1].status, StopStatus::Skipped);
    assert!(after.stops[2].eta < before.stops[2].eta);
    assert!(after.total().duration_s < before.total().duration_s);
}

#[test]
fn nobody_arrives_before_a_window_opens() {
    let mut before = route(2);
    let opens = start() + 5.hours();
    before.stops[2].not_before = Some(opens);
    before.stops[2].eta = opens;
    let after = before.with_orders_skipped(&[order(1)], &LegEstimate::default(), start());
    assert_eq!(after.stops[2].eta, opens);
}

#[test]
fn the_agent_is_where_the_last_stop_was_made_even_out_of_turn() {
    let out_of_turn = route(2)
        .with_stop_made(
            order(1),
            StopKind::Pickup,
            &LegEstimate::default(),
            start() + 10.minutes(),
        )
        .with_stop_made(
            order(0),
            StopKind::Pickup,
            &LegEstimate::default(),
            start() + 20.minutes(),
        );
    assert_eq!(out_of_turn.position(), place(1));
}

#[test]
fn a_tap_times_the_open_stops_from_now() {
    let before = route(2);
    let late = before.stops[0].eta + 25.minutes();
    let after = before.with_stop_made(order(0), StopKind::Pickup, &LegEstimate::default(), late);
    let leg = i64::from(after.stops[1].leg.duration_s);
    assert_eq!(after.stops[1].eta, late + leg.seconds());
    assert_eq!(
        after.stops[1].leg, before.stops[1].leg,
        "a leg of the road network stays"
    );
    let early = before.stops[0].eta - 2.minutes();
    let after = before.with_stop_made(order(0), StopKind::Pickup, &LegEstimate::default(), early);
    assert!(after.stops[1].eta < before.stops[1].eta);
}

#[test]
fn a_stop_made_out_of_turn_changes_the_legs_from_and_over_it() {
    let estimate = LegEstimate::default();
    let before = route(3);
    let after = before.with_stop_made(order(1), StopKind::Pickup, &estimate, start());
    assert_eq!(after.stops[0].leg, estimate.leg(place(2), place(1)));
    assert_eq!(after.stops[2].leg, estimate.leg(place(1), place(3)));
    assert_eq!(after.stops[3].leg, before.stops[3].leg);
}

#[test]
fn no_open_stop_is_expected_in_the_past() {
    let now = start() + 3.hours();
    let expected = route(2).expected_at(now);
    let etas: Vec<Timestamp> = expected.open_stops().map(|stop| stop.eta).collect();
    assert_eq!(etas[0], now);
    let leg = i64::from(expected.stops[1].leg.duration_s);
    assert_eq!(etas[1], now + 120.seconds() + leg.seconds());
    assert_eq!(
        route(2).expected_at(start()),
        route(2),
        "a route in time stays"
    );
}

#[test]
fn orders_that_are_given_back_leave_no_stop() {
    let estimate = LegEstimate::default();
    let mut given_back = route(3);
    for _ in 0..50 {
        given_back = given_back.with_orders_given_back(&[order(1)], &estimate, start());
    }
    assert_eq!(given_back.stops.len(), 4);
    assert_eq!(given_back.stops[1].leg, estimate.leg(place(1), place(3)));
    let empty = given_back.with_orders_given_back(&[order(0), order(2)], &estimate, start());
    assert_eq!(
        (empty.stops.len(), empty.status),
        (0, RouteStatus::Cancelled)
    );
}

#[derive(Debug, Clone)]
enum Step {
    Make(u32, StopKind),
    Skip(u32),
    GiveBack(u32),
}

fn any_step() -> impl Strategy<Value = Step> {
    let kind = prop_oneof![Just(StopKind::Pickup), Just(StopKind::Dropoff)];
    prop_oneof![
        (0..4_u32, kind).prop_map(|(n, kind)| Step::Make(n, kind)),
        (0..4_u32).prop_map(Step::Skip),
        (0..4_u32).prop_map(Step::GiveBack),
    ]
}

proptest! {
    #[test]
    fn whatever_happens_the_status_fits_the_stops(steps in prop::collection::vec(any_step(), 0..20)) {
        let mut route = route(4);
        for (step, minute) in steps.into_iter().zip(1_i64..) {
            let at = start() + minute.minutes();
            let version = route.version;
            route = match step {
                Step::Make(n, kind) => route.with_stop_made(order(n.into()), kind, &LegEstimate::default(), at),
                Step::Skip(n) => {
                    route.with_orders_skipped(&[order(n.into())], &LegEstimate::default(), at)
                }
                Step::GiveBack(n) => {
                    route.with_orders_given_back(&[order(n.into())], &LegEstimate::default(), at)
                }
            };
            prop_assert_eq!(route.version, version + 1);
            let open = route.open_stops().count();
            prop_assert_eq!(route.status.is_open(), open > 0);
            let delivered = route.stops.iter().any(|stop| {
                stop.kind == StopKind::Dropoff && stop.status == StopStatus::Done
            });
            prop_assert_eq!(route.status == RouteStatus::Completed, open == 0 && delivered);
            let etas: Vec<Timestamp> = route.open_stops().map(|stop| stop.eta).collect();
            prop_assert!(etas.is_sorted(), "open stops are in the order of their times");
            let legs: u32 = route.stops.iter().map(|stop| stop.leg.distance_m).sum();
            prop_assert_eq!(route.total().distance_m, legs);
        }
    }
}

#[test]
fn a_break_delays_the_stops_behind_it() {
    let mut resting = route(2);
    let (estimate, whole) = (LegEstimate::default(), route(2));
    // On the way to the second pickup.
    let due = whole.stops[0].eta + 60.seconds();
    resting.breaks = vec![Break {
        window: TimeWindow {
            start: due,
            end: due + 10.minutes(),
        },
        duration_s: 1800,
    }];
    let made_at = whole.stops[0].eta;
    let made = |route: &Route| {
        let made = route.with_stop_made(order(0), StopKind::Pickup, &estimate, made_at);
        made.open_stops().map(|stop| stop.eta).collect::<Vec<_>>()
    };
    let later: Vec<Timestamp> = made(&whole).iter().map(|eta| *eta + 30.minutes()).collect();
    assert_eq!(made(&resting), later);
    // Nobody is expected twice as late because the answer is read during the break.
    let tapped = resting.with_stop_made(order(0), StopKind::Pickup, &estimate, made_at);
    let read = tapped.expected_at(due + 5.minutes());
    assert_eq!(
        read.open_stops().map(|stop| stop.eta).collect::<Vec<_>>(),
        later
    );
}

#[test]
fn a_tap_while_a_break_is_due_begins_it() {
    let mut resting = route(1);
    let tap = resting.stops[0].eta;
    resting.breaks = vec![Break {
        window: TimeWindow {
            start: tap - 5.minutes(),
            end: tap,
        },
        duration_s: 600,
    }];
    let estimate = LegEstimate::default();
    let made = resting.with_stop_made(order(0), StopKind::Pickup, &estimate, tap);
    let leg = i64::from(resting.stops[1].leg.duration_s).seconds();
    assert_eq!(made.stops[1].eta, tap + 10.minutes() + leg);
    // Ten minutes after it was due, it is over.
    let tap = tap + 5.minutes();
    let made = resting.with_stop_made(order(0), StopKind::Pickup, &estimate, tap);
    assert_eq!(made.stops[1].eta, tap + leg);
}

fn seen(north: f64, minute: i64) -> Departure {
    Departure {
        location: Coordinates {
            lat: 41.38 + north * 0.01,
            lon: 2.17,
        },
        at: start() + minute.minutes(),
    }
}

fn etas(route: &Route) -> Vec<Timestamp> {
    route.open_stops().map(|stop| stop.eta).collect()
}

#[test]
fn an_agent_who_is_seen_near_the_next_stop_comes_earlier_and_who_stands_still_comes_later() {
    let estimate = LegEstimate::default();
    let plan = route(2).with_stop_made(order(0), StopKind::Pickup, &estimate, start());
    let leg_s = i64::from(plan.stops[1].leg.duration_s);
    let next = |seen| etas(&plan.clone().timed_from(seen, &estimate));
    let half = start() + 2.minutes() + (leg_s / 2).seconds();
    let early = next(seen(1.5, 2));
    assert!(
        (early[0] - half).get_seconds().abs() <= 1,
        "half of the leg is left"
    );
    let late = next(seen(1.0, 30));
    assert_eq!(late[0], start() + 30.minutes() + leg_s.seconds());
    let away = next(seen(-3.0, 30));
    assert!(away[0] > late[0] && away[0] < late[0] + 20.minutes());
    for moved in [early, late, away] {
        let gaps = |etas: &[Timestamp]| -> Vec<_> {
            etas.windows(2)
                .map(|pair| pair[1].duration_since(pair[0]))
                .collect()
        };
        assert_eq!(gaps(&moved), gaps(&etas(&plan)), "the legs behind it stay");
    }
}

#[test]
fn a_tap_says_more_than_a_location_that_is_older() {
    let estimate = LegEstimate::default();
    let tapped_at = start() + 10.minutes();
    let plan = route(2).with_stop_made(order(0), StopKind::Pickup, &estimate, tapped_at);
    assert_eq!(plan.clone().timed_from(seen(0.5, 9), &estimate), plan);
    assert_ne!(plan.clone().timed_from(seen(1.5, 10), &estimate), plan);
}

#[test]
fn a_location_changes_only_times() {
    let estimate = LegEstimate::default();
    let plan = route(2).with_stop_made(order(0), StopKind::Pickup, &estimate, start());
    let mut timed = plan.clone().timed_from(seen(1.5, 5), &estimate);
    for (stop, planned) in timed.stops.iter_mut().zip(&plan.stops) {
        stop.eta = planned.eta;
    }
    assert_eq!(timed, plan);
}

#[test]
fn nobody_starts_before_the_plan_says_so() {
    let estimate = LegEstimate::default();
    let plan = route(1);
    assert_eq!(plan.clone().timed_from(seen(0.0, -30), &estimate), plan);
    let late = plan.clone().timed_from(seen(0.0, 20), &estimate);
    assert_eq!(late.stops[0].eta, plan.stops[0].eta + 20.minutes());
}

#[test]
fn a_window_and_the_rest_of_a_break_hold_for_who_is_seen_too() {
    let estimate = LegEstimate::default();
    let mut plan = route(1).with_stop_made(order(0), StopKind::Pickup, &estimate, start());
    plan.stops[1].not_before = Some(start() + 3.hours());
    let early = plan.clone().timed_from(seen(2.0, 5), &estimate);
    assert_eq!(early.stops[1].eta, start() + 3.hours());
    plan.stops[1].not_before = None;
    plan.breaks = vec![Break {
        window: TimeWindow {
            start: start() + 1.minute(),
            end: start() + 2.minutes(),
        },
        duration_s: 1800,
    }];
    let resting = plan.clone().timed_from(seen(2.0, 5), &estimate);
    assert_eq!(resting.stops[1].eta, start() + 31.minutes());
}
