//! Builders of values for tests.

use std::sync::Arc;

use app::Caller;
use app::orders::{AssignOrder, ChangeInBulk, RoomForOrders};
use app::routes::by_hand::DispatchDesk;
use app::tracking::OfferWindows;
use domain::import::NewImport;
use domain::{
    AgentProfile, AskedProof, Break, Coordinates, DeliveryHours, DispatchRules, EmailNotifications,
    Import, LegEstimate, NewAccount, NewOrder, Order, OrderId, OrderStop, Priority, Role, Shift,
    Skill, Skills, TimeWindow, Timestamp, User, UserId, UserStatus, ZoneGrid,
};

use crate::memory::MemoryStore;
use crate::still::{CountedIds, NoJitter, StillClock, uuid_of};

/// The agent that the payloads in `events/` name.
pub const AGENT_OF_THE_EVENTS: &str = "63b4c8f2-4071-70e0-5d0f-8a1b2c3d4e5f";
/// The order that the payloads in `events/` name.
pub const ORDER_OF_THE_EVENTS: &str = "0197c56d-d900-7b6e-9d2f-4a1e5b7c8d90";

/// Locations of real places.
#[derive(Debug, Clone, Copy)]
pub struct Landmarks;

impl Landmarks {
    /// Barcelona.
    pub const PLACA_CATALUNYA: Coordinates = Coordinates {
        lat: 41.3870,
        lon: 2.1701,
    };
    /// Barcelona.
    pub const SAGRADA_FAMILIA: Coordinates = Coordinates {
        lat: 41.4036,
        lon: 2.1744,
    };
    /// Barcelona.
    pub const PARK_GUELL: Coordinates = Coordinates {
        lat: 41.4145,
        lon: 2.1527,
    };
    /// Barcelona.
    pub const BARCELONETA: Coordinates = Coordinates {
        lat: 41.3797,
        lon: 2.1894,
    };
    /// Barcelona.
    pub const CAMP_NOU: Coordinates = Coordinates {
        lat: 41.3809,
        lon: 2.1228,
    };
    /// Next to Barcelona, in the neighbouring zone.
    pub const BADALONA: Coordinates = Coordinates {
        lat: 41.4500,
        lon: 2.2474,
    };
    /// Tokyo. Its longitude is not a valid latitude.
    pub const TOKYO_STATION: Coordinates = Coordinates {
        lat: 35.6812,
        lon: 139.7671,
    };
}

/// A time, RFC 3339.
pub fn at(time: &str) -> Timestamp {
    time.parse().expect("an RFC 3339 time")
}

/// The zones of the tests.
pub fn grid() -> ZoneGrid {
    ZoneGrid::new(5).expect("H3 has a resolution 5")
}

/// Room for so many pending orders of each customer.
pub fn room(store: &Arc<MemoryStore>, most: u32) -> RoomForOrders {
    RoomForOrders {
        users: store.clone(),
        bounds: store.clone(),
        clock: Arc::new(StillClock::at("2030-05-06T08:00:00Z")),
        jitter: Arc::new(NoJitter),
        most,
    }
}

/// The desk of a dispatcher, over a store in memory.
pub fn desk(store: &Arc<MemoryStore>, clock: Arc<StillClock>) -> DispatchDesk {
    DispatchDesk {
        users: store.clone(),
        orders: store.clone(),
        routes: store.clone(),
        ledger: store.clone(),
        clock,
        ids: Arc::new(CountedIds::from(9_000_000)),
        jitter: Arc::new(NoJitter),
        grid: grid(),
        estimate: LegEstimate::default(),
        rules: DispatchRules::default(),
    }
}

/// Windows from Monday to Saturday, from 08:00 to 20:00 UTC.
pub fn offered_windows() -> OfferWindows {
    OfferWindows {
        hours: DeliveryHours::read("Mo-Sa 08:00-20:00").expect("hours"),
        zone: jiff::tz::TimeZone::UTC,
    }
}

/// A desk over a store with the agent and the order that the payloads in `events/` name. The agent is on duty, and the
/// order is pending.
pub fn desk_of_the_events() -> DispatchDesk {
    let mut agent = an_agent(1).on_duty().build();
    agent.id = AGENT_OF_THE_EVENTS.parse().expect("an id");
    let mut order = an_order(1).build();
    order.id = ORDER_OF_THE_EVENTS.parse().expect("an id");
    let store = Arc::new(MemoryStore::with([agent], [order]));
    desk(&store, Arc::new(StillClock::at("2030-05-06T08:00:00Z")))
}

/// A dispatcher puts that order on the route of that agent.
pub async fn assign_the_order_of_the_events(desk: &DispatchDesk) {
    let dispatcher = Caller {
        user_id: user_id(9),
        roles: vec![Role::Dispatcher],
        request_id: None,
    };
    let body = serde_json::json!({ "agent_id": AGENT_OF_THE_EVENTS });
    let assign = AssignOrder(desk.clone());
    let assigned = assign.run(&dispatcher, ORDER_OF_THE_EVENTS, &body, None);
    assigned.await.expect("the order may be assigned");
}

/// Changes many orders of a store.
pub fn bulk(store: &Arc<MemoryStore>) -> ChangeInBulk {
    ChangeInBulk {
        users: store.clone(),
        orders: store.clone(),
        routes: store.clone(),
        ledger: store.clone(),
        clock: Arc::new(StillClock::at("2030-05-06T08:30:00Z")),
        jitter: Arc::new(NoJitter),
        grid: grid(),
        estimate: LegEstimate::default(),
    }
}

/// The user id with this number.
pub fn user_id(number: u64) -> UserId {
    UserId(uuid_of(number))
}

/// Builds a user.
#[derive(Debug, Clone)]
pub struct UserBuilder(User);

/// An active customer.
pub fn a_customer(number: u64) -> UserBuilder {
    let created_at = at("2030-05-06T06:00:00Z");
    UserBuilder(User {
        id: user_id(number),
        role: Role::Customer,
        status: UserStatus::Active,
        name: format!("Ana {number}"),
        email: format!("ana{number}@example.com"),
        email_notifications: EmailNotifications::On,
        subscribed_at: Some(created_at),
        subscription_checked_at: None,
        subscription_lost_at: None,
        agent: None,
        max_open_orders: None,
        messages_off: std::collections::BTreeSet::new(),
        suspended_at: None,
        confirmed_at: Some(created_at),
        created_at,
        updated_at: created_at,
        version: 1,
    })
}

/// An active agent off duty. The vehicle has room for ten size units and starts from Plaça de Catalunya.
pub fn an_agent(number: u64) -> UserBuilder {
    let mut builder = a_customer(number);
    builder.0.role = Role::Agent;
    builder.0.name = format!("Berta {number}");
    builder.0.email = format!("berta{number}@example.com");
    builder.0.agent = Some(AgentProfile::new(
        10,
        Some(Landmarks::PLACA_CATALUNYA),
        grid(),
    ));
    builder
}

impl UserBuilder {
    fn with_profile(mut self, change: impl FnOnce(&mut AgentProfile)) -> Self {
        change(self.0.agent.as_mut().expect("an agent"));
        self
    }

    /// With another status.
    #[must_use]
    pub fn with_status(mut self, status: UserStatus) -> Self {
        self.0.status = status;
        self
    }

    /// With a limit of its own on pending orders.
    #[must_use]
    pub fn with_most_open_orders(mut self, most: u32) -> Self {
        self.0.max_open_orders = Some(most);
        self
    }

    /// On duty.
    #[must_use]
    pub fn on_duty(self) -> Self {
        self.with_profile(|profile| profile.on_duty = true)
    }

    /// With a vehicle of another capacity.
    #[must_use]
    pub fn with_capacity(self, capacity: u32) -> Self {
        self.with_profile(|profile| profile.capacity = capacity)
    }

    /// Starting elsewhere.
    #[must_use]
    pub fn starting_at(self, start: Coordinates) -> Self {
        self.with_profile(|profile| {
            profile.start_location = Some(start);
            profile.place(Some(start), grid());
        })
    }

    /// Working from one time to another (RFC 3339).
    #[must_use]
    pub fn with_shift(self, start: &str, end: &str) -> Self {
        self.with_profile(|profile| {
            profile.shift = Some(Shift {
                start: at(start),
                end: at(end),
            });
        })
    }

    /// With these skills.
    #[must_use]
    pub fn skilled_in(self, skills: &[&str]) -> Self {
        let named = |name: &&str| Skill::named(name).expect("the name of a skill");
        self.with_profile(|profile| profile.skills = skills.iter().map(named).collect())
    }

    /// Resting once: a break of so many minutes that begins from one time to another (RFC 3339).
    #[must_use]
    pub fn resting(self, from: &str, until: &str, minutes: u32) -> Self {
        self.with_profile(|profile| {
            profile.breaks.push(Break {
                window: TimeWindow {
                    start: at(from),
                    end: at(until),
                },
                duration_s: 60 * minutes,
            });
        })
    }

    /// The built user.
    pub fn build(self) -> User {
        self.0
    }
}

/// An import that waits for its file. The payloads in `events/` name its id and its customer.
pub fn an_import() -> Import {
    let id = "0197c56d-d900-7b6e-9d2f-4a1e5b7c8d90".parse();
    let customer = "c3a48a72-0061-70a5-1b6c-3f2c1a9d0b11".parse();
    let new = NewImport {
        filename: "may.csv".to_owned(),
        size_bytes: 100,
        settings: domain::import::ImportSettings::default(),
    };
    let now = at("2030-05-06T08:00:00Z");
    Import::awaited(id.expect("an id"), customer.expect("an id"), new, now)
}

/// Builds an order.
#[derive(Debug, Clone)]
pub struct OrderBuilder {
    number: u64,
    customer: UserId,
    placed_at: Timestamp,
    new: NewOrder,
}

/// A pending order from Plaça de Catalunya to the Sagrada Família, of size 1.
pub fn an_order(number: u64) -> OrderBuilder {
    OrderBuilder {
        number,
        customer: user_id(1),
        placed_at: at("2030-05-06T08:00:00Z"),
        new: NewOrder {
            pickup: stop(Landmarks::PLACA_CATALUNYA),
            dropoff: stop(Landmarks::SAGRADA_FAMILIA),
            size: 1,
            priority: Priority::Normal,
            requires: Skills::new(),
            notes: None,
            external_id: None,
            on_failure: domain::OnFailure::default(),
            requires_proof: AskedProof::default(),
        },
    }
}

fn stop(location: Coordinates) -> OrderStop {
    OrderStop {
        address: None,
        location,
        contact: None,
        window: None,
        service_s: 120,
    }
}

impl OrderBuilder {
    /// From this customer.
    #[must_use]
    pub fn of(mut self, customer: UserId) -> Self {
        self.customer = customer;
        self
    }

    /// Created at this time (RFC 3339).
    #[must_use]
    pub fn placed_at(mut self, time: &str) -> Self {
        self.placed_at = at(time);
        self
    }

    /// With this pickup location.
    #[must_use]
    pub fn from(mut self, pickup: Coordinates) -> Self {
        self.new.pickup.location = pickup;
        self
    }

    /// With this drop-off location.
    #[must_use]
    pub fn to(mut self, dropoff: Coordinates) -> Self {
        self.new.dropoff.location = dropoff;
        self
    }

    /// With this size.
    #[must_use]
    pub fn with_size(mut self, size: u32) -> Self {
        self.new.size = size;
        self
    }

    /// With this priority.
    #[must_use]
    pub fn with_priority(mut self, priority: Priority) -> Self {
        self.new.priority = priority;
        self
    }

    /// For an agent with these skills.
    #[must_use]
    pub fn requiring(mut self, skills: &[&str]) -> Self {
        let named = |name: &&str| Skill::named(name).expect("the name of a skill");
        self.new.requires = skills.iter().map(named).collect();
        self
    }

    /// With this `external_id`.
    #[must_use]
    pub fn named(mut self, external_id: &str) -> Self {
        self.new.external_id = Some(external_id.to_owned());
        self
    }

    /// With this pickup time window (RFC 3339).
    #[must_use]
    pub fn picked_up_between(mut self, start: &str, end: &str) -> Self {
        self.new.pickup.window = Some(TimeWindow {
            start: at(start),
            end: at(end),
        });
        self
    }

    /// With this drop-off time window (RFC 3339).
    #[must_use]
    pub fn dropped_off_between(mut self, start: &str, end: &str) -> Self {
        self.new.dropoff.window = Some(TimeWindow {
            start: at(start),
            end: at(end),
        });
        self
    }

    /// The built order.
    pub fn build(self) -> Order {
        let zone = grid()
            .zone_of(self.new.pickup.location)
            .expect("a place on earth");
        let id = OrderId(uuid_of(self.number));
        Order::placed(id, self.customer, self.new, zone, self.placed_at)
    }
}

/// The sign-up of Marta, the user in the payloads in `events/`.
pub fn marta_signs_up() -> NewAccount {
    NewAccount {
        email: "marta.puig@example.com".to_owned(),
        password: "Correct-Horse-7".to_owned(),
        name: "Marta Puig".to_owned(),
        role: Role::Customer,
        capacity: 1,
        start_location: None,
    }
}

/// Stores a profile with the setting `encoding: auto` for a customer.
pub async fn a_profile(store: &crate::MemoryStore, customer: &str, name: &str) {
    use app::ports::ProfileStore as _;
    let settings = domain::import::ImportSettings {
        encoding: Some("auto".to_owned()),
        ..Default::default()
    };
    let stored = store.profiles_of(customer.parse().unwrap()).await.unwrap();
    let more = stored.with(name, settings, at("2030-05-06T08:00:00Z"));
    store.put_profiles(&more.unwrap().unwrap()).await.unwrap();
}
