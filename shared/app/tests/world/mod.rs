//! The whole of Waybill in memory: use cases, stores, streams, queues and mail.

#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use app::agents::{UpdateAgent, UpdateLocation};
use app::customers::{FollowCustomer, UpdateCustomer};
use app::events::{PublishEvents, StateChange};
use app::messages::{News, Notification, Wake};
use app::notifications::{Letterhead, SendNotifications, Told};
use app::orders::ChangeInBulk;
use app::orders::SweepPendingOrders;
use app::orders::UpdateOrderStatus;
use app::orders::{AssignOrder, ReleaseOrder};
use app::orders::{CreateOrder, EditOrder, GetOrder, ListOrders, QuoteOrder, RoomForOrders};
use app::recipients::{Moments, TellRecipient, Texts};
use app::routes::by_hand::{AssignmentAnswer, DispatchDesk, SequenceAnswer, TransferAnswer};
use app::routes::optimize_routes::{OptimizeRoutes, OptimizeSettings};
use app::routes::{PreviewPlan, PreviewQuery, SequenceStops, TransferRoute};
use app::{Caller, Refusal};
use domain::{
    AllowedNumbers, DispatchRules, LegEstimate, Order, OrderId, RequiredProof, Role, Route,
    ServiceArea, User, UserId, Zone,
};
use jiff::SignedDuration;
use serde_json::{Value, json};
use testkit::build::{bulk, grid, room};
use testkit::{
    CountedIds, CountedRounds, FirstComeFirstServed, MemoryCustomers, MemoryIdentity, MemoryMailer,
    MemoryNotifications, MemoryPhones, MemorySes, MemoryStore, MemoryWakes, NoJitter, StillClock,
};

pub struct World {
    pub store: Arc<MemoryStore>,
    pub identity: Arc<MemoryIdentity>,
    pub wakes: Arc<MemoryWakes>,
    pub notifications: Arc<MemoryNotifications>,
    /// The customers whose orders follow a suspension.
    pub customers: Arc<MemoryCustomers>,
    pub mailer: Arc<MemoryMailer>,
    /// Emails to recipients.
    pub ses: Arc<MemorySes>,
    /// Text messages to recipients.
    pub phones: Arc<MemoryPhones>,
    /// The moments at which recipients are told something. None, unless a test wants it.
    pub moments: Moments,
    pub provider: Arc<FirstComeFirstServed>,
    pub clock: Arc<StillClock>,
    /// The clock of those who send emails. It moves while emails wait for each other.
    pub mail_clock: Arc<StillClock>,
    pub ids: Arc<CountedIds>,
    pub service_area: ServiceArea,
    pub most_open_orders: u32,
    /// Plans in place of `provider`, if there is one.
    pub planner: Option<CountedRounds>,
    /// The names of the news that emails have told.
    pub told: Mutex<Vec<String>>,
    /// How often each stream record and message is delivered.
    pub deliveries: usize,
}

impl World {
    pub fn with(
        users: impl IntoIterator<Item = User>,
        orders: impl IntoIterator<Item = Order>,
    ) -> Self {
        let mail_clock = Arc::new(StillClock::at("2030-05-06T08:00:00Z"));
        Self {
            store: Arc::new(MemoryStore::with(users, orders)),
            identity: Arc::default(),
            wakes: Arc::default(),
            notifications: Arc::default(),
            customers: Arc::default(),
            mailer: Arc::new(MemoryMailer::as_strict_as_sns(mail_clock.clone())),
            provider: Arc::default(),
            clock: Arc::new(StillClock::at("2030-05-06T08:00:00Z")),
            ses: MemorySes::new(mail_clock.clone()).into(),
            phones: Arc::default(),
            moments: Moments::new(),
            mail_clock,
            ids: Arc::default(),
            service_area: ServiceArea::default(),
            most_open_orders: 100_000,
            planner: None,
            told: Mutex::default(),
            deliveries: 1,
        }
    }

    pub fn place_order(&self) -> CreateOrder {
        CreateOrder {
            required_proof: RequiredProof::default(),
            orders: self.store.clone(),
            placement: self.store.clone(),
            room: RoomForOrders {
                clock: self.clock.clone(),
                ..room(&self.store, self.most_open_orders)
            },
            clock: self.clock.clone(),
            ids: self.ids.clone(),
            grid: grid(),
            service_area: self.service_area.clone(),
            longest_leg: domain::LongestLeg::default(),
            addresses: None,
        }
    }

    pub fn list_orders(&self) -> ListOrders {
        ListOrders {
            users: self.store.clone(),
            orders: self.store.clone(),
            routes: self.store.clone(),
            locations: self.store.clone(),
            estimate: LegEstimate::default(),
            clock: self.clock.clone(),
        }
    }

    pub fn show_order(&self) -> GetOrder {
        GetOrder {
            users: self.store.clone(),
            orders: self.store.clone(),
            routes: self.store.clone(),
            locations: self.store.clone(),
            estimate: LegEstimate::default(),
            clock: self.clock.clone(),
        }
    }

    pub fn update_location(&self) -> UpdateLocation {
        UpdateLocation {
            users: self.store.clone(),
            locations: self.store.clone(),
            clock: self.clock.clone(),
            jitter: Arc::new(NoJitter),
        }
    }

    pub fn change_status(&self) -> UpdateOrderStatus {
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
            grid: grid(),
            estimate: LegEstimate::default(),
        }
    }

    pub fn show_proof(&self) -> app::tracking::ShowProof {
        app::tracking::ShowProof {
            pins: self.store.clone(),
            secrets: self.ids.clone(),
            proofs: self.store.clone(),
            urls: Arc::new(testkit::MemoryProofFiles::default()),
            kept_for: SignedDuration::from_hours(24 * 90),
        }
    }

    pub fn edit_order(&self) -> EditOrder {
        EditOrder {
            users: self.store.clone(),
            orders: self.store.clone(),
            routes: self.store.clone(),
            ledger: self.store.clone(),
            clock: self.clock.clone(),
            jitter: Arc::new(NoJitter),
            grid: grid(),
            estimate: LegEstimate::default(),
            service_area: self.service_area.clone(),
            longest_leg: domain::LongestLeg::default(),
            required_proof: RequiredProof::default(),
            addresses: None,
        }
    }

    pub fn quote_order(&self) -> QuoteOrder {
        QuoteOrder {
            users: self.store.clone(),
            orders: self.store.clone(),
            routes: self.store.clone(),
            provider: match self.planner {
                Some(planner) => Arc::new(planner),
                None => self.provider.clone(),
            },
            clock: self.clock.clone(),
            ids: self.ids.clone(),
            jitter: Arc::new(NoJitter),
            grid: grid(),
            estimate: LegEstimate::default(),
            service_area: self.service_area.clone(),
            longest_leg: domain::LongestLeg::default(),
            rules: DispatchRules::default(),
            time_limit: Duration::from_millis(300),
            addresses: None,
        }
    }

    pub fn update_agent(&self) -> UpdateAgent {
        UpdateAgent {
            users: self.store.clone(),
            orders: self.store.clone(),
            routes: self.store.clone(),
            ledger: self.store.clone(),
            sessions: self.identity.clone(),
            clock: self.clock.clone(),
            jitter: Arc::new(NoJitter),
            grid: grid(),
            estimate: LegEstimate::default(),
        }
    }

    pub fn update_customer(&self) -> UpdateCustomer {
        UpdateCustomer {
            users: self.store.clone(),
            queue: self.customers.clone(),
            sessions: self.identity.clone(),
            clock: self.clock.clone(),
            jitter: Arc::new(NoJitter),
        }
    }

    pub fn follow_customer(&self) -> FollowCustomer {
        FollowCustomer {
            users: self.store.clone(),
            orders: self.store.clone(),
            bulk: ChangeInBulk {
                clock: self.clock.clone(),
                ..bulk(&self.store)
            },
            queue: self.customers.clone(),
            clock: self.clock.clone(),
        }
    }

    /// A dispatcher sets the status of a customer.
    pub async fn set_customer(&self, number: u64, status: &str) -> Result<(), Refusal> {
        let id = testkit::build::user_id(number).to_string();
        let update = self.update_customer();
        let body = json!({"status": status});
        update.run(&dispatcher(), &id, &body).await.map(|_| ())
    }

    pub fn desk(&self) -> DispatchDesk {
        DispatchDesk {
            ids: self.ids.clone(),
            ..testkit::build::desk(&self.store, self.clock.clone())
        }
    }

    pub async fn assign(&self, order: OrderId, body: Value) -> Result<AssignmentAnswer, Refusal> {
        let assign = AssignOrder(self.desk());
        assign
            .run(&dispatcher(), &order.to_string(), &body, None)
            .await
    }

    pub async fn release(&self, order: OrderId, body: Value) -> Result<(), Refusal> {
        let release = ReleaseOrder(self.desk());
        let id = order.to_string();
        let released = release.run(&dispatcher(), &id, &body, None).await;
        released.map(|_| ())
    }

    pub async fn sequence(&self, agent: UserId, body: Value) -> Result<SequenceAnswer, Refusal> {
        let sequence = SequenceStops(self.desk());
        sequence
            .run(&dispatcher(), &agent.to_string(), &body, None)
            .await
    }

    pub async fn transfer(&self, agent: UserId, body: Value) -> Result<TransferAnswer, Refusal> {
        let transfer = TransferRoute(self.desk());
        transfer
            .run(&dispatcher(), &agent.to_string(), &body, None)
            .await
    }

    /// The agent's open route.
    pub fn open_route(&self, number: u64) -> Option<Route> {
        let id = testkit::build::user_id(number);
        let routes = self.store.all_routes();
        routes
            .into_iter()
            .find(|route| route.agent_id == id && route.status.is_open())
    }

    pub fn announce(&self) -> PublishEvents {
        PublishEvents {
            wakes: self.wakes.clone(),
            outboxes: self.store.clone(),
            promises: self.store.clone(),
            recipients: self.store.clone(),
            moments: self.moments.clone(),
            texts: true,
            notifications: self.notifications.clone(),
            window_s: 30,
            without_agents: self.store.clone(),
            clock: self.clock.clone(),
            grid: grid(),
        }
    }

    pub fn optimize(&self) -> OptimizeRoutes {
        OptimizeRoutes {
            users: self.store.clone(),
            orders: self.store.clone(),
            routes: self.store.clone(),
            ledger: self.store.clone(),
            leases: self.store.clone(),
            without_agents: self.store.clone(),
            wakes: self.wakes.clone(),
            provider: match self.planner {
                Some(planner) => Arc::new(planner),
                None => self.provider.clone(),
            },
            clock: self.clock.clone(),
            ids: self.ids.clone(),
            jitter: Arc::new(NoJitter),
            grid: grid(),
            estimate: LegEstimate::default(),
            settings: OptimizeSettings {
                horizon: SignedDuration::from_hours(12),
                time_limit: Duration::from_secs(1),
                lease: SignedDuration::from_secs(60),
                rules: DispatchRules::default(),
            },
        }
    }

    /// What the next plan of a zone would change, for a dispatcher.
    pub async fn preview(&self, zone: Zone) -> Value {
        let optimize = self.optimize();
        let preview_plan = PreviewPlan {
            users: self.store.clone(),
            orders: self.store.clone(),
            routes: self.store.clone(),
            provider: optimize.provider,
            clock: self.clock.clone(),
            ids: Arc::new(CountedIds::from(8_000_000)),
            jitter: Arc::new(NoJitter),
            grid: grid(),
            estimate: LegEstimate::default(),
            rules: optimize.settings.rules,
            horizon: optimize.settings.horizon,
            time_limit: optimize.settings.time_limit,
        };
        let query = PreviewQuery {
            zone: Some(zone.to_string()),
            agent_id: None,
        };
        let answer = preview_plan.run(&dispatcher(), &query).await.unwrap();
        serde_json::to_value(answer).unwrap()
    }

    pub fn send_notifications(&self) -> SendNotifications {
        SendNotifications {
            users: self.store.clone(),
            orders: self.store.clone(),
            routes: self.store.clone(),
            outboxes: self.store.clone(),
            promises: self.store.clone(),
            notifications: self.notifications.clone(),
            mailer: self.mailer.clone(),
            clock: self.mail_clock.clone(),
            letterhead: Letterhead {
                company: "Missatgers SL".to_owned(),
                time_zone: jiff::tz::TimeZone::get("Europe/Madrid").unwrap(),
            },
            recipients: (!self.moments.is_empty()).then(|| self.tell_recipient()),
        }
    }

    /// Tells recipients of the moments of this world, by email or by text message to Spain.
    pub fn tell_recipient(&self) -> TellRecipient {
        TellRecipient {
            users: self.store.clone(),
            orders: self.store.clone(),
            routes: self.store.clone(),
            messages: self.store.clone(),
            links: self.store.clone(),
            pseudonyms: self.store.clone(),
            mailer: Some(self.ses.clone()),
            texts: Some(Texts {
                sender: self.phones.clone(),
                allowed: AllowedNumbers::read("34").unwrap(),
                per_month: 1_000,
            }),
            notifications: self.notifications.clone(),
            clock: self.mail_clock.clone(),
            letterhead: Letterhead {
                company: "Missatgers SL".to_owned(),
                time_zone: jiff::tz::TimeZone::get("Europe/Madrid").unwrap(),
            },
            page: "https://example.com/track".to_owned(),
            moments: self.moments.clone(),
        }
    }

    pub fn sweep_pending_orders(&self) -> SweepPendingOrders {
        SweepPendingOrders {
            orders: self.store.clone(),
            place: self.store.clone(),
            wakes: self.wakes.clone(),
            clock: self.clock.clone(),
        }
    }

    /// A sweep with enough time.
    pub async fn sweep(&self) {
        let a_minute = Duration::from_secs(60);
        let report = self.sweep_pending_orders().run(a_minute).await.unwrap();
        assert!(report.is_over);
    }

    /// Lets streams and queues work until nothing moves any more. What fails is delivered again, as SQS does.
    pub async fn settle(&self) {
        for _ in 0..200 {
            if !self.deliver().await {
                return;
            }
        }
        panic!("streams and queues never come to rest");
    }

    async fn deliver(&self) -> bool {
        let changes = self.store.take_changes();
        for change in &changes {
            for _ in 0..self.deliveries {
                self.announce_surely(change).await;
            }
        }
        let wakes = self.wakes.take();
        let mut by_zone: BTreeMap<Zone, Vec<Wake>> = BTreeMap::new();
        for (wake, _) in &wakes {
            by_zone.entry(wake.zone).or_default().push(wake.clone());
        }
        for (zone, wakes) in &by_zone {
            for _ in 0..self.deliveries {
                if self.optimize().run(*zone, wakes).await.is_err() {
                    self.wakes_again(wakes).await;
                }
            }
        }
        let notifications = self.notifications.take_messages();
        // By now, all of them may come, and nobody has got an email just now.
        self.mail_clock.advance(SignedDuration::from_secs(61));
        for notification in &notifications {
            for _ in 0..self.deliveries {
                self.notify_surely(notification).await;
            }
        }
        let customers = self.customers.take_messages();
        for message in &customers {
            for _ in 0..self.deliveries {
                let follow = self.follow_customer();
                let time = Duration::from_secs(120);
                follow.run(message.clone(), time).await.unwrap();
            }
        }
        !(changes.is_empty()
            && wakes.is_empty()
            && notifications.is_empty()
            && customers.is_empty())
    }

    async fn announce_surely(&self, change: &StateChange) {
        self.announce()
            .run(std::slice::from_ref(change))
            .await
            .unwrap();
    }

    pub async fn wakes_again(&self, wakes: &[Wake]) {
        use app::ports::Queue;
        self.wakes.send(wakes, 0).await.unwrap();
    }

    async fn notify_surely(&self, notification: &Notification) {
        let told = self.send_notifications().run(notification).await.unwrap();
        if let Told::Sent(news) = told {
            let names = news.iter().map(News::name);
            self.told.lock().unwrap().extend(names);
        }
    }

    /// The names of all news that emails have told since the last call, which begin with this word.
    pub fn take_told(&self, word: &str) -> Vec<String> {
        let mut told = self.told.lock().unwrap();
        let (taken, left) = told.drain(..).partition(|name| name.starts_with(word));
        *told = left;
        taken
    }

    pub async fn set_status(
        &self,
        caller: &Caller,
        order: OrderId,
        status: &str,
    ) -> Result<(), Refusal> {
        let body = json!({"status": status, "reason": "as the test wants it"});
        self.change_status()
            .run(caller, &order.to_string(), &body)
            .await
            .map(|_| ())
    }

    pub async fn update(&self, caller: &Caller, agent: UserId, body: Value) -> Result<(), Refusal> {
        self.update_agent()
            .run(caller, &agent.to_string(), &body)
            .await
            .map(|_| ())
    }

    pub fn order(&self, id: OrderId) -> Order {
        let orders = self.store.all_orders();
        orders
            .into_iter()
            .find(|order| order.id == id)
            .expect("the order is stored")
    }

    pub fn only_route(&self) -> Route {
        let mut routes = self.store.all_routes();
        assert_eq!(routes.len(), 1, "one route");
        routes.remove(0)
    }

    /// What must hold between any two steps, whatever has happened.
    pub fn assert_consistent(&self) {
        let (orders, routes, users) = (
            self.store.all_orders(),
            self.store.all_routes(),
            self.store.all_users(),
        );
        let open: Vec<&Route> = routes
            .iter()
            .filter(|route| route.status.is_open())
            .collect();
        for order in &orders {
            let on: Vec<&&Route> = open
                .iter()
                .filter(|route| route.open_orders().contains(&order.id))
                .collect();
            let travelling = order.status.is_on_route();
            assert_eq!(
                on.len(),
                usize::from(travelling),
                "{:?} {}",
                order.status,
                order.id
            );
            if let Some(route) = on.first() {
                let assignment = order.assignment.expect("an assignment");
                assert_eq!(
                    (assignment.agent_id, assignment.route_id),
                    (route.agent_id, route.id)
                );
            }
        }
        for user in users.iter().filter(|user| user.role == Role::Agent) {
            let theirs: Vec<_> = open
                .iter()
                .filter(|route| route.agent_id == user.id)
                .map(|r| r.id)
                .collect();
            let named = user
                .agent
                .as_ref()
                .and_then(|profile| profile.open_route_id);
            assert_eq!(
                theirs,
                named.into_iter().collect::<Vec<_>>(),
                "one open route, and the agent knows it"
            );
        }
    }
}

pub fn customer(number: u64) -> Caller {
    caller(number, Role::Customer)
}

pub fn agent(number: u64) -> Caller {
    caller(number, Role::Agent)
}

pub fn dispatcher() -> Caller {
    caller(999, Role::Dispatcher)
}

fn caller(number: u64, role: Role) -> Caller {
    Caller {
        user_id: testkit::build::user_id(number),
        roles: vec![role],
        request_id: Some(format!("request-{number}")),
    }
}
