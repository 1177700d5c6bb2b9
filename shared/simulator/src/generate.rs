//! Generated days.

use domain::{AskedProof, Coordinates, LegEstimate, NewOrder, OrderStop, Priority, Skills};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::day::{Day, DayAgent, DayOrder, Duty, GENERATED_DAY};
use crate::streets::Streets;

/// The kilometres of a degree of latitude, as in `reference.py`.
const KM_PER_DEGREE: f64 = 111.2;

/// The days of `reference.py`, at any speed. All points are in a square city. Orders go from a few shops to any point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlainDay {
    /// The middle of the city.
    pub city: Coordinates,
    /// The side of the square, in kilometres.
    pub side_km: f64,
    /// The number of agents.
    pub agents: usize,
    /// The number of orders.
    pub orders: usize,
    /// The orders that exist when the day begins.
    pub first: usize,
    /// The seconds from one of the other orders to the next.
    pub every_s: f64,
    /// The time at which the first agent comes on duty.
    pub on_duty_s: f64,
    /// The seconds until the next agent comes on duty.
    pub stagger_s: f64,
    /// The seconds of service at each stop.
    pub service_s: u32,
    /// The driving times.
    pub estimate: LegEstimate,
}

impl PlainDay {
    /// The world of `reference.py`, `scale` times slower. 50 is about life size.
    pub fn reference(scale: f64) -> Self {
        Self {
            city: Coordinates {
                lat: 52.52,
                lon: 13.40,
            },
            side_km: 6.0,
            agents: 5,
            orders: 60,
            first: 10,
            every_s: 4.0 * scale,
            on_duty_s: 2.0 * scale,
            stagger_s: 8.0 * scale,
            service_s: (2.0 * scale).round() as u32,
            estimate: LegEstimate {
                circuity: 1.3,
                base_s: 4.0 * scale,
                s_per_km: 2.0 * scale,
            },
        }
    }

    /// The day with this seed.
    pub fn generate(&self, seed: u64) -> Day {
        let mut dice = StdRng::seed_from_u64(seed);
        let mut point = || point_near(self.city, self.side_km, &mut dice);
        let shops: Vec<Coordinates> = (0..(self.orders / 6).max(3)).map(|_| point()).collect();
        let agents = (0..self.agents).map(|index| DayAgent {
            start: point(),
            duties: vec![Duty::from(self.on_duty_s + index as f64 * self.stagger_s)],
            capacity: 1_000,
            has_shifts: false,
        });
        let agents = agents.collect();
        let orders = (0..self.orders).map(|index| {
            let shop = dice.random_range(0..shops.len());
            let dropoff = point_near(self.city, self.side_km, &mut dice);
            let late = (index + 1).saturating_sub(self.first);
            DayOrder {
                at_s: late as f64 * self.every_s,
                customer: shop,
                new: order_between(shops[shop], dropoff, self.service_s),
                cancelled_s: None,
                pickup_fails: false,
            }
        });
        Day {
            begins: GENERATED_DAY,
            orders: orders.collect(),
            agents,
            streets: Streets::quiet(self.estimate),
            promise_s: 240.0 * 60.0,
        }
    }
}

/// A point in a square around a place.
pub fn point_near(middle: Coordinates, side_km: f64, dice: &mut StdRng) -> Coordinates {
    let mut degrees = || dice.random_range(-0.5..=0.5) * side_km / KM_PER_DEGREE;
    Coordinates {
        lat: middle.lat + degrees(),
        lon: middle.lon + degrees() / middle.lat.to_radians().cos(),
    }
}

/// An order of size 1 without time windows.
pub fn order_between(pickup: Coordinates, dropoff: Coordinates, service_s: u32) -> NewOrder {
    let stop = |location| OrderStop {
        address: None,
        location,
        contact: None,
        window: None,
        service_s,
    };
    NewOrder {
        pickup: stop(pickup),
        dropoff: stop(dropoff),
        size: 1,
        priority: Priority::Normal,
        requires: Skills::new(),
        notes: None,
        external_id: None,
        on_failure: domain::OnFailure::default(),
        requires_proof: AskedProof::default(),
    }
}
