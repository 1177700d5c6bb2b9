//! Values that no other test uses.

use domain::ids::Uuid;
use domain::route::Departure;
use domain::{
    AskedProof, Break, Contact, Coordinates, Language, Leg, NewOrder, Order, OrderId, OrderStop,
    Priority, Route, RouteId, RouteStatus, RouteStop, Skill, StopKind, StopStatus, TimeWindow,
    Timestamp, User, UserId, Zone,
};
use jiff::{SignedDuration, Timestamp as Time};

use crate::build::{a_customer, an_agent, grid};

/// Makes values with new ids, in its own zone.
#[derive(Debug, Clone, Copy)]
pub struct Fresh {
    place: Coordinates,
}

impl Default for Fresh {
    fn default() -> Self {
        Self::new()
    }
}

impl Fresh {
    /// Picks a random place on earth, far from the poles.
    pub fn new() -> Self {
        let [.., a, b, c, d] = Uuid::now_v7().into_bytes();
        let part = |high: u8, low: u8| f64::from(u16::from_be_bytes([high, low])) / 65_536.0;
        Self {
            place: Coordinates {
                lat: part(a, b) * 120.0 - 60.0,
                lon: part(c, d) * 360.0 - 180.0,
            },
        }
    }

    /// The zone.
    pub fn zone(&self) -> Zone {
        grid().zone_of(self.place).expect("a place on earth")
    }

    /// The place.
    pub fn place(&self) -> Coordinates {
        self.place
    }

    /// A new id.
    pub fn user_id(&self) -> UserId {
        UserId(Uuid::now_v7())
    }

    /// A new id.
    pub fn route_id(&self) -> RouteId {
        RouteId(Uuid::now_v7())
    }

    /// An active customer, not stored yet.
    pub fn customer(&self) -> User {
        User {
            id: self.user_id(),
            ..a_customer(1).build()
        }
    }

    /// An active agent in the zone, on duty, not stored yet.
    pub fn agent(&self) -> User {
        User {
            id: self.user_id(),
            ..an_agent(1).starting_at(self.place).on_duty().build()
        }
    }

    /// A pending order in the zone with every field that an order can have, not stored yet.
    pub fn order(&self, customer: UserId, placed_at: Time) -> Order {
        let pickup = OrderStop {
            address: Some("Carrer de Mallorca 401, 08013 Barcelona".to_owned()),
            location: self.place,
            contact: Some(Contact {
                name: Some("Núria".to_owned()),
                phone: Some("+34 600 000 000".to_owned()),
                email: Some("roser@example.com".to_owned()),
                language: Some(Language::Ca),
            }),
            window: Some(TimeWindow {
                start: placed_at,
                end: later(placed_at, 7200),
            }),
            service_s: 90,
        };
        let dropoff = OrderStop {
            address: None,
            location: Coordinates {
                lat: self.place.lat + 0.01,
                lon: self.place.lon / 3.0,
            },
            contact: None,
            window: None,
            service_s: 0,
        };
        let new = NewOrder {
            pickup,
            dropoff,
            size: 3,
            priority: Priority::High,
            requires: Skill::named("cold").into_iter().collect(),
            notes: Some("third floor, no lift 🚲".to_owned()),
            external_id: Some("SO-1001".to_owned()),
            on_failure: domain::OnFailure::default(),
            requires_proof: AskedProof::default(),
        };
        let id = OrderId(Uuid::now_v7());
        Order::placed(id, customer, new, self.zone(), placed_at)
    }

    /// The first version of a route that serves these orders, not stored yet.
    pub fn route(&self, agent: UserId, orders: &[Order], at: Time) -> Route {
        let both = |order: &Order| {
            [
                (StopKind::Pickup, order.pickup.clone(), order.id),
                (StopKind::Dropoff, order.dropoff.clone(), order.id),
            ]
        };
        let stops = orders
            .iter()
            .flat_map(both)
            .map(|(kind, stop, order_id)| RouteStop {
                kind,
                order_id,
                location: stop.location.unwrap(),
                address: stop.address,
                eta: later(at, 600),
                not_before: stop.window.map(|window| window.start),
                not_after: stop.window.map(|window| window.end),
                service_s: stop.service_s,
                leg: Leg {
                    distance_m: 1300,
                    duration_s: 306,
                },
                status: StopStatus::Pending,
                done_at: None,
                pinned: false,
                returns: false,
            });
        Route {
            id: self.route_id(),
            agent_id: agent,
            status: RouteStatus::Assigned,
            from: Departure {
                location: self.place,
                at,
            },
            breaks: vec![Break {
                window: TimeWindow {
                    start: at,
                    end: later(at, 900),
                },
                duration_s: 1800,
            }],
            stops: stops.collect(),
            provider: "embedded".to_owned(),
            geometry: Some("_p~iF~ps|U_ulLnnqC".to_owned()),
            left_in_first_step: 0,
            decisions: Vec::new(),
            created_at: at,
            updated_at: at,
            version: 1,
        }
    }

    /// A pending order, assigned to a route.
    pub fn on_route(&self, order: &Order, route: &Route) -> Order {
        let at = route.updated_at;
        let assigned = order.assigned(route.agent_id, route.id, at);
        assigned.expect("a pending order")
    }
}

/// The time `seconds` later.
pub(crate) fn later(at: Timestamp, seconds: i64) -> Timestamp {
    at + SignedDuration::from_secs(seconds)
}
