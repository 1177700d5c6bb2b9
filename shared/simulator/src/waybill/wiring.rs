//! The use cases over stores and queues in memory.

use std::sync::Arc;
use std::time::Duration;

use app::Caller;
use app::agents::UpdateAgent;
use app::events::PublishEvents;
use app::notifications::{Letterhead, SendNotifications};
use app::orders::{CreateOrder, RoomForOrders, SweepPendingOrders, UpdateOrderStatus};
use app::recipients::{Moments, TellRecipient};
use app::routes::optimize_routes::{OptimizeRoutes, OptimizeSettings};
use domain::{
    LegEstimate, LongestLeg, Moment, RequiredProof, Role, ServiceArea, User, UserId, VariantArray,
    ZoneGrid,
};
use jiff::{SignedDuration, tz::TimeZone};
use testkit::build::{room, user_id};
use testkit::{
    CountedIds, MemoryIdentity, MemoryMailer, MemoryNotifications, MemorySes, MemoryStore,
    MemoryWakes, NoJitter, StillClock, a_customer, an_agent,
};

use super::planner::{Desk, VirtualPlanner};
use super::settings::Deployment;
use crate::day::Day;

/// The timeout of the optimizer.
const LEASE: SignedDuration = SignedDuration::from_secs(60);
/// The time of a sweep.
pub(super) const SWEEP: Duration = Duration::from_secs(45);
/// MaxOpenOrders. No simulated customer reaches it.
const MOST_OPEN_ORDERS: u32 = 100_000;
/// The first user id of an agent. Customers have the ids below.
const FIRST_AGENT: u64 = 1_000_000;

/// All of Waybill.
pub(super) struct Wiring {
    pub(super) store: Arc<MemoryStore>,
    pub(super) wakes: Arc<MemoryWakes>,
    pub(super) notifications: Arc<MemoryNotifications>,
    pub(super) mailer: Arc<MemoryMailer>,
    /// The emails to recipients.
    pub(super) ses: Arc<MemorySes>,
    pub(super) clock: Arc<StillClock>,
    pub(super) desk: Arc<Desk>,
    ids: Arc<CountedIds>,
    grid: ZoneGrid,
    estimate: LegEstimate,
    deployment: Deployment,
}

impl Wiring {
    pub(super) fn of(day: &Day, deployment: Deployment) -> Self {
        let clock = Arc::new(StillClock::at(&day.begins.to_string()));
        Self {
            store: Arc::new(MemoryStore::with(users(day), [])),
            wakes: Arc::default(),
            notifications: Arc::default(),
            mailer: Arc::default(),
            ses: Arc::new(MemorySes::new(clock.clone())),
            clock,
            desk: Arc::default(),
            ids: Arc::default(),
            grid: testkit::build::grid(),
            estimate: day.streets.estimate,
            deployment,
        }
    }

    pub(super) fn create_order(&self) -> CreateOrder {
        CreateOrder {
            required_proof: RequiredProof::default(),
            orders: self.store.clone(),
            placement: self.store.clone(),
            room: RoomForOrders {
                clock: self.clock.clone(),
                ..room(&self.store, MOST_OPEN_ORDERS)
            },
            clock: self.clock.clone(),
            ids: self.ids.clone(),
            grid: self.grid,
            service_area: ServiceArea::default(),
            // A day of any size can be simulated.
            longest_leg: LongestLeg { km: u32::MAX },
            addresses: None,
        }
    }

    pub(super) fn update_order_status(&self) -> UpdateOrderStatus {
        UpdateOrderStatus {
            proof: app::orders::CheckProof {
                proofs: self.store.clone(),
                pins: self.store.clone(),
            },
            users: self.store.clone(),
            orders: self.store.clone(),
            routes: self.store.clone(),
            ledger: self.store.clone(),
            clock: self.clock.clone(),
            jitter: Arc::new(NoJitter),
            grid: self.grid,
            estimate: self.estimate,
        }
    }

    pub(super) fn update_agent(&self) -> UpdateAgent {
        UpdateAgent {
            users: self.store.clone(),
            orders: self.store.clone(),
            routes: self.store.clone(),
            ledger: self.store.clone(),
            sessions: Arc::<MemoryIdentity>::default(),
            clock: self.clock.clone(),
            jitter: Arc::new(NoJitter),
            grid: self.grid,
            estimate: self.estimate,
        }
    }

    pub(super) fn publish_events(&self) -> PublishEvents {
        PublishEvents {
            wakes: self.wakes.clone(),
            outboxes: self.store.clone(),
            promises: self.store.clone(),
            recipients: self.store.clone(),
            moments: all_moments(),
            texts: false,
            notifications: self.notifications.clone(),
            window_s: self.deployment.notification_window_s as u32,
            without_agents: self.store.clone(),
            clock: self.clock.clone(),
            grid: self.grid,
        }
    }

    pub(super) fn optimize_routes(&self, run: u64) -> OptimizeRoutes {
        OptimizeRoutes {
            users: self.store.clone(),
            orders: self.store.clone(),
            routes: self.store.clone(),
            ledger: self.store.clone(),
            leases: self.store.clone(),
            without_agents: self.store.clone(),
            wakes: self.wakes.clone(),
            provider: Arc::new(VirtualPlanner {
                desk: self.desk.clone(),
                run,
                estimate: self.estimate,
                rounds: self.deployment.rounds,
            }),
            clock: self.clock.clone(),
            ids: self.ids.clone(),
            jitter: Arc::new(NoJitter),
            grid: self.grid,
            estimate: self.estimate,
            settings: OptimizeSettings {
                horizon: SignedDuration::from_hours(12),
                // The planner counts rounds instead.
                time_limit: Duration::from_secs(10),
                lease: LEASE,
                rules: self.deployment.rules,
            },
        }
    }

    pub(super) fn send_notifications(&self) -> SendNotifications {
        SendNotifications {
            users: self.store.clone(),
            orders: self.store.clone(),
            routes: self.store.clone(),
            outboxes: self.store.clone(),
            promises: self.store.clone(),
            notifications: self.notifications.clone(),
            mailer: self.mailer.clone(),
            clock: self.clock.clone(),
            letterhead: letterhead(),
            recipients: Some(self.tell_recipient()),
        }
    }

    /// Recipients are told of every moment, so that the bound on messages is tried.
    fn tell_recipient(&self) -> TellRecipient {
        TellRecipient {
            users: self.store.clone(),
            orders: self.store.clone(),
            routes: self.store.clone(),
            messages: self.store.clone(),
            links: self.store.clone(),
            pseudonyms: self.store.clone(),
            mailer: Some(self.ses.clone()),
            texts: None,
            notifications: self.notifications.clone(),
            clock: self.clock.clone(),
            letterhead: letterhead(),
            page: "https://example.com/track".to_owned(),
            moments: all_moments(),
        }
    }

    pub(super) fn sweep_pending_orders(&self) -> SweepPendingOrders {
        SweepPendingOrders {
            orders: self.store.clone(),
            place: self.store.clone(),
            wakes: self.wakes.clone(),
            clock: self.clock.clone(),
        }
    }
}

fn users(day: &Day) -> Vec<User> {
    let customers = day.orders.iter().map(|order| order.customer).max();
    let customers = (0..=customers.unwrap_or_default())
        .map(|number| a_customer(customer_number(number)).build());
    let agents = day.agents.iter().enumerate().map(|(index, agent)| {
        an_agent(FIRST_AGENT + index as u64)
            .starting_at(agent.start)
            .with_capacity(agent.capacity)
            .build()
    });
    customers.chain(agents).collect()
}

fn letterhead() -> Letterhead {
    Letterhead {
        company: "Waybill".to_owned(),
        time_zone: TimeZone::UTC,
    }
}

fn all_moments() -> Moments {
    Moment::VARIANTS.iter().copied().collect()
}

fn customer_number(customer: usize) -> u64 {
    customer as u64 + 1
}

pub(super) fn customer(number: usize) -> Caller {
    Caller {
        user_id: user_id(customer_number(number)),
        roles: vec![Role::Customer],
        request_id: None,
    }
}

pub(super) fn agent(index: usize) -> Caller {
    Caller {
        user_id: agent_id(index),
        roles: vec![Role::Agent],
        request_id: None,
    }
}

pub(super) fn agent_id(index: usize) -> UserId {
    user_id(FIRST_AGENT + index as u64)
}
