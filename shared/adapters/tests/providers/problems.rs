//! Problems to ask about, in Tokyo and Los Angeles: whoever takes a longitude for a latitude finds no such place.

use std::time::Duration;

use app::ports::PlanRequest;
use domain::{Coordinates, LegEstimate};
use planner::{Break, Order, PlannerStop, Shift, StopKind, Vehicle, Window};
use testkit::at;

pub const TOKYO: Coordinates = Coordinates {
    lat: 35.6812,
    lon: 139.7671,
};
pub const SHIBUYA: Coordinates = Coordinates {
    lat: 35.658,
    lon: 139.7016,
};
pub const SHINJUKU: Coordinates = Coordinates {
    lat: 35.6896,
    lon: 139.7006,
};
pub const UENO: Coordinates = Coordinates {
    lat: 35.7141,
    lon: 139.7774,
};
pub const LOS_ANGELES: Coordinates = Coordinates {
    lat: 34.0522,
    lon: -118.2437,
};
pub const SANTA_MONICA: Coordinates = Coordinates {
    lat: 34.0195,
    lon: -118.4912,
};

pub const SHIFT: Shift = Shift {
    start_s: 0,
    end_s: 8 * 3_600,
};

pub fn request(places: &[Coordinates], vehicles: Vec<Vehicle>, orders: Vec<Order>) -> PlanRequest {
    PlanRequest {
        at: at("2030-05-06T08:00:00Z"),
        places: places.to_vec(),
        vehicles,
        orders,
        objective: planner::Objective::duration(),
        time_limit: Duration::from_millis(300),
    }
}

pub fn stop(point: usize, window: Option<(i64, i64)>) -> PlannerStop {
    PlannerStop {
        point,
        window: window.map(|(earliest_s, latest_s)| Window {
            earliest_s,
            latest_s,
        }),
        service_s: 120,
    }
}

/// One agent, one pending order.
pub fn one_order(window: Option<(i64, i64)>) -> PlanRequest {
    let order = Order::new(stop(1, None), stop(2, window), 1);
    let places = [LOS_ANGELES, SANTA_MONICA, LOS_ANGELES];
    request(&places, vec![Vehicle::new(0, 4, SHIFT)], vec![order])
}

/// Everything that a problem may have:
///
/// - vehicle 0 has order 0 aboard and order 1 still to pick up;
/// - vehicle 1 is on its way to pick order 2 up, and may have no other;
/// - order 3 pends, within windows; order 4 pends, and it is too late for it;
/// - vehicle 2 is at the end of its shift.
pub fn everything() -> PlanRequest {
    let places = [TOKYO, SHIBUYA, SHINJUKU, UENO];
    let off_duty = Shift {
        start_s: 0,
        end_s: -60,
    };
    let mut second = Vehicle::new(3, 4, SHIFT);
    second.frozen = vec![(2, StopKind::Pickup)];
    second.max_orders = Some(1);
    let mut assigned = Order::new(stop(2, Some((-600, -60))), stop(3, Some((0, 7_200))), 1);
    assigned.pinned_to = Some(0);
    assigned.committed = true;
    let mut next = Order::new(stop(1, Some((0, 3_600))), stop(0, None), 1);
    next.pinned_to = Some(1);
    next.committed = true;
    let orders = vec![
        Order::aboard(0, stop(1, Some((0, 5_400))), 2),
        assigned,
        next,
        Order::new(stop(0, Some((900, 7_200))), stop(2, Some((900, 10_800))), 1),
        Order::new(stop(0, None), stop(1, Some((-7_200, -3_600))), 1),
    ];
    let vehicles = vec![
        Vehicle::new(0, 4, SHIFT),
        second,
        Vehicle::new(0, 4, off_duty),
    ];
    request(&places, vehicles, orders)
}

/// Three agents, and four pending orders: for the first two agents, for the last two, for anybody and for nobody.
pub fn allowed_vehicles() -> PlanRequest {
    let mut request = one_order(None);
    request.vehicles = vec![request.vehicles[0].clone(); 3];
    let for_vehicles = |allowed: Option<&[usize]>| Order {
        allowed_vehicles: allowed.map(<[usize]>::to_vec),
        ..request.orders[0].clone()
    };
    request.orders = vec![
        for_vehicles(Some(&[0, 1])),
        for_vehicles(Some(&[1, 2])),
        for_vehicles(None),
        for_vehicles(Some(&[])),
    ];
    request
}

/// One pending order, and an agent with two breaks: one has begun, and the other is due later.
pub fn resting() -> PlanRequest {
    let mut request = one_order(None);
    let pause = |earliest_s, latest_s, duration_s| Break {
        window: Window {
            earliest_s,
            latest_s,
        },
        duration_s,
    };
    request.vehicles[0].breaks = vec![pause(-600, -300, 900), pause(1_000, 1_900, 1_800)];
    request
}

/// When vehicle 1 of [`everything`] is done with its next stop.
pub fn second_is_free_at() -> i64 {
    i64::from(LegEstimate::default().leg(UENO, SHIBUYA).duration_s) + 120
}
