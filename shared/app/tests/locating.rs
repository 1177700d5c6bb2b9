//! Addresses in files: rows with addresses alone become orders that wait, and are placed at the pace of the geocoder.

#![allow(clippy::unwrap_used, clippy::panic)]
#![expect(
    clippy::disallowed_methods,
    reason = "the clock of the runtime is paused: only sleeping moves it"
)]

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use app::addresses::{PlaceAddresses, Region};
use app::imports::{GetImport, IngestOrders, LocateOrders, LocatingEnd, Progress};
use app::messages::{ImportKey, LocateImport};
use app::orders::RoomForOrders;
use app::ports::{
    Clock, Geocoder, GeocoderError, ImportStore, OrderStore, PlaceCandidate, UserStore,
};
use app::{Caller, Refusal};
use async_trait::async_trait;
use domain::import::{Cancellation, Locating};
use domain::{
    Actor, Coordinates, Import, ImportStatus, LongestLeg, Order, OrderStatus, RequiredProof, Role,
    ServiceArea, Timestamp, UserStatus,
};
use jiff::SignedDuration;
use serde_json::{Value, json};
use testkit::build::{bulk, grid, room};
use testkit::{
    CountedIds, Landmarks, MemoryFiles, MemoryImportQueue, MemoryLocateQueue, MemoryPlaceCache,
    MemoryStore, NoJitter, a_customer, an_import, at,
};
use tokio::time::{Instant, sleep, timeout};

const HEADER: &str = "pickup_address,dropoff_address,external_id\n";
/// The time of an invocation.
const RUN: Duration = Duration::from_secs(60);
/// The time after which a message of a run that died comes again.
const COMES_AGAIN: Duration = Duration::from_secs(660);

/// The clock of the paused runtime. Only sleeping moves it.
struct VirtualClock {
    begun: Instant,
    at: Timestamp,
}

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        self.at + SignedDuration::try_from(self.begun.elapsed()).unwrap()
    }
}

/// A geocoder that takes 40 requests in any minute, and fails sometimes.
#[derive(Default)]
struct PacedGeocoder {
    /// Every so many requests one fails; 0 for none.
    fails_every: u32,
    /// Each request for this address fails.
    fails_for: Option<&'static str>,
    begun: AtomicU32,
    failed: AtomicU32,
    throttled: AtomicU32,
    answered: Mutex<HashMap<String, u32>>,
    last_minute: Mutex<VecDeque<Instant>>,
    known: Mutex<HashMap<String, Vec<PlaceCandidate>>>,
    /// No answers before this time, because the quota is used up.
    quota_back: Mutex<Option<Instant>>,
}

impl PacedGeocoder {
    fn answers(&self) -> u32 {
        self.answered.lock().unwrap().values().sum()
    }

    fn knows(&self, address: &str, candidates: &[(Coordinates, f64)]) {
        let candidates = candidates
            .iter()
            .map(|(location, confidence)| candidate(address, *location, *confidence));
        self.known
            .lock()
            .unwrap()
            .insert(address.to_owned(), candidates.collect());
    }
}

fn candidate(label: &str, location: Coordinates, confidence: f64) -> PlaceCandidate {
    PlaceCandidate {
        label: label.to_owned(),
        location,
        confidence,
    }
}

#[async_trait]
impl Geocoder for PacedGeocoder {
    async fn candidates(&self, address: &str) -> Result<Vec<PlaceCandidate>, GeocoderError> {
        let begun = self.begun.fetch_add(1, Ordering::Relaxed) + 1;
        let now = Instant::now();
        let full = {
            let mut last_minute = self.last_minute.lock().unwrap();
            while last_minute
                .front()
                .is_some_and(|it| now - *it >= Duration::from_secs(60))
            {
                last_minute.pop_front();
            }
            last_minute.push_back(now);
            last_minute.len() > 40
        };
        let away = self
            .quota_back
            .lock()
            .unwrap()
            .is_some_and(|back| now < back);
        sleep(Duration::from_millis(1_200)).await;
        if full || away {
            self.throttled.fetch_add(1, Ordering::Relaxed);
            return Err(GeocoderError::Quota {
                retry_after: None,
                cause: "enough".into(),
            });
        }
        let one_of_many = self.fails_every > 0 && begun.is_multiple_of(self.fails_every);
        if one_of_many || self.fails_for == Some(address) {
            self.failed.fetch_add(1, Ordering::Relaxed);
            return Err(GeocoderError::Unavailable("503".into()));
        }
        *self
            .answered
            .lock()
            .unwrap()
            .entry(address.to_owned())
            .or_default() += 1;
        Ok(self
            .known
            .lock()
            .unwrap()
            .get(address)
            .cloned()
            .unwrap_or_default())
    }
}

#[derive(Debug, Clone, Copy)]
enum Message {
    Import(ImportKey),
    Locate(LocateImport),
}

struct World {
    store: Arc<MemoryStore>,
    files: MemoryFiles,
    imports: Arc<MemoryImportQueue>,
    locating: Arc<MemoryLocateQueue>,
    geocoder: Arc<PacedGeocoder>,
    cache: Arc<MemoryPlaceCache>,
    clock: Arc<VirtualClock>,
    ids: Arc<CountedIds>,
    /// Whether a geocoder is configured.
    places: bool,
    /// The messages in flight: when they are due, and how often they were delivered.
    sent: Mutex<Vec<(Instant, Message, u32)>>,
    /// The runs of `locate-orders` that die after so long.
    kills: Mutex<HashMap<u32, Duration>>,
    runs: AtomicU32,
    most_deliveries: AtomicU32,
}

fn key() -> ImportKey {
    let import = an_import();
    ImportKey {
        customer_id: import.customer_id,
        import_id: import.id,
    }
}

impl World {
    async fn with(file: impl Into<Vec<u8>>) -> Self {
        let world = Self {
            store: Arc::default(),
            files: MemoryFiles::default(),
            imports: Arc::default(),
            locating: Arc::default(),
            geocoder: Arc::default(),
            cache: Arc::default(),
            clock: Arc::new(VirtualClock {
                begun: Instant::now(),
                at: at("2030-05-06T08:00:00Z"),
            }),
            ids: Arc::default(),
            places: true,
            sent: Mutex::default(),
            kills: Mutex::default(),
            runs: AtomicU32::new(0),
            most_deliveries: AtomicU32::new(0),
        };
        world.store.put_import(&an_import()).await.unwrap();
        world.files.upload(key(), file);
        world.send(Message::Import(key()), Duration::ZERO, 0);
        world
    }

    fn send(&self, message: Message, after: Duration, deliveries: u32) {
        self.sent
            .lock()
            .unwrap()
            .push((Instant::now() + after, message, deliveries));
    }

    fn ingest(&self) -> IngestOrders {
        IngestOrders {
            required_proof: RequiredProof::default(),
            imports: self.store.clone(),
            locating: self.store.clone(),
            addresses: self.places.then(|| self.locating.clone() as _),
            chunks: self.store.clone(),
            room: RoomForOrders {
                clock: self.clock.clone(),
                ..room(&self.store, 100_000)
            },
            bulk: bulk(&self.store),
            files: Arc::new(self.files.clone()),
            queue: self.imports.clone(),
            clock: self.clock.clone(),
            jitter: Arc::new(NoJitter),
            grid: grid(),
            service_area: ServiceArea::default(),
            longest_leg: LongestLeg::default(),
            most_bytes: 10_000_000,
        }
    }

    fn locate(&self) -> LocateOrders {
        let addresses = PlaceAddresses {
            geocoder: self.geocoder.clone(),
            cache: self.cache.clone(),
            region: Region::default(),
            least_confidence: 0.8,
        };
        LocateOrders {
            imports: self.store.clone(),
            locating: self.store.clone(),
            orders: self.store.clone(),
            users: self.store.clone(),
            addresses: self.places.then_some(addresses),
            turns: self.store.clone(),
            per_minute: 40,
            queue: self.locating.clone(),
            ends: self.imports.clone(),
            clock: self.clock.clone(),
            ids: self.ids.clone(),
            jitter: Arc::new(NoJitter),
            grid: grid(),
            service_area: ServiceArea::default(),
            longest_leg: LongestLeg::default(),
        }
    }

    /// Delivers the next message, when it is due. `false` if there is none.
    async fn deliver(&self) -> bool {
        let next = {
            let mut sent = self.sent.lock().unwrap();
            let next = sent.iter().enumerate().min_by_key(|(_, it)| it.0);
            let next = next.map(|(index, _)| index);
            next.map(|index| sent.remove(index))
        };
        let Some((due, message, deliveries)) = next else {
            return false;
        };
        tokio::time::sleep_until(due).await;
        self.most_deliveries
            .fetch_max(deliveries + 1, Ordering::Relaxed);
        let done = match message {
            Message::Import(key) => self.ingest().run(key, RUN).await.is_ok(),
            Message::Locate(asked) => {
                let run = self.runs.fetch_add(1, Ordering::Relaxed) + 1;
                let dies = self.kills.lock().unwrap().remove(&run);
                let within = dies.unwrap_or(Duration::from_secs(900));
                matches!(
                    timeout(within, self.locate().run(asked, RUN)).await,
                    Ok(Ok(_))
                )
            }
        };
        if !done {
            self.send(message, COMES_AGAIN, deliveries + 1);
        }
        for (key, delay_s) in self.imports.take() {
            self.send(Message::Import(key), Duration::from_secs(delay_s.into()), 0);
        }
        for (asked, delay_s) in self.locating.take() {
            self.send(
                Message::Locate(asked),
                Duration::from_secs(delay_s.into()),
                0,
            );
        }
        true
    }

    /// Delivers all messages until none is left.
    async fn run_out(&self) -> Import {
        for _ in 0..10_000 {
            if !self.deliver().await {
                return self.import();
            }
        }
        panic!("never over");
    }

    fn import(&self) -> Import {
        self.store.all_imports().remove(0)
    }

    fn order(&self, row: u32) -> Order {
        let id = an_import().id.order_in_row(row);
        let orders = self.store.all_orders();
        orders.into_iter().find(|order| order.id == id).unwrap()
    }

    async fn account(&self) -> Value {
        let show = GetImport {
            users: self.store.clone(),
            imports: self.store.clone(),
            locating: self.store.clone(),
            urls: Arc::new(self.files.clone()),
        };
        let caller = Caller {
            user_id: key().customer_id,
            roles: vec![Role::Dispatcher],
            request_id: None,
        };
        let answer = show
            .run(&caller, &key().import_id.to_string())
            .await
            .unwrap();
        serde_json::to_value(answer).unwrap()
    }
}

fn near(number: u32) -> Coordinates {
    Coordinates {
        lat: 41.35 + f64::from(number % 100) / 1_000.0,
        lon: 2.1 + f64::from(number / 100) / 1_000.0,
    }
}

/// The acceptance: 10,000 rows with 2,000 addresses, a geocoder that takes 40 requests a minute and fails sometimes,
/// and three runs that die. The clock is virtual.
#[tokio::test(start_paused = true)]
async fn ten_thousand_rows_with_two_thousand_addresses_cost_two_thousand_answers() {
    let street = |number: u32| format!("Carrer {number}, Barcelona");
    let mut file = HEADER.to_owned();
    let stops = |row: u32| (row % 2_000, (row * 7 + 3) % 2_000);
    for row in 1..=10_000 {
        let (from, to) = stops(row);
        file.push_str(&format!(
            "\"{}\",\"{}\",SO-{row}\n",
            street(from),
            street(to)
        ));
    }
    let mut world = World::with(file).await;
    let geocoder = PacedGeocoder {
        fails_every: 23,
        ..PacedGeocoder::default()
    };
    let is_bad = |number: u32| number % 100 == 7 || number % 100 == 8;
    for number in 0..2_000 {
        match number % 100 {
            7 => {}
            8 => geocoder.knows(
                &street(number),
                &[(near(number), 0.9), (Landmarks::TOKYO_STATION, 0.9)],
            ),
            _ => geocoder.knows(&street(number), &[(near(number), 0.9)]),
        }
    }
    world.geocoder = Arc::new(geocoder);
    *world.kills.lock().unwrap() = HashMap::from([
        (3, Duration::from_millis(7_300)),
        (20, Duration::from_millis(15_150)),
        (41, Duration::from_millis(31_620)),
    ]);
    let begun = Instant::now();
    let import = world.run_out().await;

    assert!(world.kills.lock().unwrap().is_empty(), "three runs died");
    let geocoder = &world.geocoder;
    let answered = geocoder.answered.lock().unwrap().clone();
    assert_eq!(answered.len(), 2_000);
    assert!(
        answered.values().all(|times| *times == 1),
        "an address was answered twice"
    );
    let (asked, failed) = (
        geocoder.begun.load(Ordering::Relaxed),
        geocoder.failed.load(Ordering::Relaxed),
    );
    assert_eq!(
        geocoder.throttled.load(Ordering::Relaxed),
        0,
        "more than 40 in a minute"
    );
    let died = asked - failed - 2_000;
    // The clock is virtual and nothing is random, so these numbers are the same each time.
    let runs = world.runs.load(Ordering::Relaxed);
    let minutes = begun.elapsed().as_secs() / 60;
    assert_eq!((failed, died, runs, minutes), (90, 1, 76, 85));
    assert!(
        world.most_deliveries.load(Ordering::Relaxed) <= 2,
        "only the dead runs came again"
    );

    let bad = (1..=10_000).filter(|row| {
        let (from, to) = stops(*row);
        is_bad(from) || is_bad(to)
    });
    let bad: Vec<u32> = bad.collect();
    let located = 10_000 - bad.len();
    assert_eq!(
        (import.accepted, import.rejected, import.to_place),
        (10_000, 0, 10_000)
    );
    assert_eq!(import.status, ImportStatus::CompletedWithErrors);
    let account = world.account().await;
    assert_eq!(
        account["addresses"],
        json!({"located": located, "waiting": 0, "failed": bad.len(), "cancelled": 0})
    );
    assert_eq!(account["errors"][0]["code"], "address_not_placed");
    let orders = world.store.all_orders();
    assert_eq!(orders.len(), 10_000);
    let pending = orders.iter().filter(|order| order.may_be_planned());
    assert_eq!(pending.count(), located);
    let failures = orders
        .iter()
        .filter(|order| order.status == OrderStatus::Failed);
    assert_eq!(failures.count(), bad.len());
    let file = world.files.rejected(key()).unwrap();
    let names = file.lines().skip(1).map(|line| {
        line.split('"')
            .nth(4)
            .unwrap()
            .split(',')
            .nth(1)
            .unwrap()
            .to_owned()
    });
    let expected: Vec<String> = bad.iter().map(|row| format!("SO-{row}")).collect();
    assert_eq!(names.collect::<Vec<_>>(), expected);
}

/// A world with two rows: the shop and two doors that the geocoder knows.
async fn two_rows() -> World {
    let file = format!("{HEADER}Shop 1,Door 1,SO-1\nshop  1,Door 2,SO-2\n");
    let world = World::with(file).await;
    world
        .geocoder
        .knows("Shop 1", &[(Landmarks::PLACA_CATALUNYA, 0.9)]);
    world
        .geocoder
        .knows("Door 1", &[(Landmarks::SAGRADA_FAMILIA, 0.9)]);
    world
        .geocoder
        .knows("Door 2", &[(Landmarks::CAMP_NOU, 0.9)]);
    world
}

/// Reads the file, and looks up no address yet.
async fn read_file(world: &World) {
    assert!(world.deliver().await);
    assert_eq!(world.import().to_place, 2);
    assert_eq!(world.import().status, ImportStatus::Processing);
}

#[tokio::test(start_paused = true)]
async fn a_row_with_addresses_alone_is_an_order_that_waits_and_then_wakes_its_zone() {
    let world = two_rows().await;
    read_file(&world).await;
    let order = world.order(1);
    assert_eq!(order.unplaced_reason().unwrap().name(), "address_pending");
    assert!(!order.may_be_planned() && order.zone.is_none());
    let told = serde_json::to_value(app::answers::OrderAnswer::of(order, None)).unwrap();
    assert_eq!(told["unplaced_reason"], "address_pending");
    assert_eq!(
        told["pickup"],
        json!({"address": "Shop 1", "service_s": 120})
    );
    let account = world.account().await;
    assert_eq!(
        account["addresses"],
        json!({"located": 0, "waiting": 2, "failed": 0, "cancelled": 0})
    );
    world.store.take_changes();
    let import = world.run_out().await;
    assert_eq!(import.status, ImportStatus::Completed);
    assert_eq!(world.geocoder.answers(), 3, "the shop is asked for once");
    let order = world.order(2);
    assert_eq!(order.pickup.location, Some(Landmarks::PLACA_CATALUNYA));
    assert_eq!(order.dropoff.location, Some(Landmarks::CAMP_NOU));
    assert!(order.may_be_planned());
    let before = Order {
        zone: None,
        ..order.clone()
    };
    assert!(
        !before.may_be_planned(),
        "the stream shows an order that may be planned now"
    );
}

#[tokio::test(start_paused = true)]
async fn without_a_geocoder_a_row_needs_its_coordinates() {
    let file = "pickup_lat,pickup_lon,dropoff_lat,dropoff_lon,dropoff_address\n\
                41.38,2.17,,,Door 1\n41.38,2.17,41.40,2.17,\n";
    let mut world = World::with(file).await;
    world.places = false;
    let import = world.run_out().await;
    assert_eq!(
        (import.accepted, import.rejected, import.to_place),
        (1, 1, 0)
    );
    assert_eq!(world.account().await["errors"][0]["code"], "missing");

    let world = World::with(file).await;
    world
        .geocoder
        .knows("Door 1", &[(Landmarks::SAGRADA_FAMILIA, 0.9)]);
    let import = world.run_out().await;
    assert_eq!(
        (import.accepted, import.rejected, import.to_place),
        (2, 0, 1)
    );
    assert_eq!(
        world.order(1).dropoff.location,
        Some(Landmarks::SAGRADA_FAMILIA)
    );
    let account = world.account().await;
    assert_eq!(
        account["addresses"]["located"], 1,
        "the other row came with its locations"
    );
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_placed_fails_with_its_candidates_and_its_row() {
    let file = format!(
        "{HEADER}Shop 1,Door 1,SO-1\nShop 1,Nowhere,SO-2\n\"Shop, corner\",Twice,SO-3\nShop 1,Far,SO-4\n,Door 1,SO-5\n"
    );
    let world = World::with(file).await;
    world
        .geocoder
        .knows("Shop 1", &[(Landmarks::PLACA_CATALUNYA, 0.9)]);
    world
        .geocoder
        .knows("Shop, corner", &[(Landmarks::PLACA_CATALUNYA, 0.9)]);
    world
        .geocoder
        .knows("Door 1", &[(Landmarks::SAGRADA_FAMILIA, 0.9)]);
    world.geocoder.knows(
        "Twice",
        &[(Landmarks::CAMP_NOU, 0.9), (Landmarks::BADALONA, 0.9)],
    );
    world
        .geocoder
        .knows("Far", &[(Landmarks::TOKYO_STATION, 0.9)]);
    let import = world.run_out().await;
    assert_eq!(
        (import.accepted, import.rejected, import.to_place),
        (4, 1, 4)
    );
    assert_eq!(import.status, ImportStatus::CompletedWithErrors);
    let account = world.account().await;
    assert_eq!(
        account["addresses"],
        json!({"located": 1, "waiting": 0, "failed": 3, "cancelled": 0})
    );
    let told: Vec<_> = account["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| {
            let candidates = error["candidates"].as_array().map_or(0, Vec::len);
            (
                error["row"].as_u64().unwrap(),
                error["code"].as_str().unwrap(),
                candidates,
            )
        })
        .collect();
    let expected = [
        (2, "address_not_placed", 0),
        (3, "address_not_placed", 2),
        (4, "leg_too_long", 0),
        (5, "missing", 0),
    ];
    assert_eq!(told, expected);
    let file = world.files.rejected(key()).unwrap();
    let lines: Vec<&str> = file.lines().skip(1).collect();
    assert_eq!(lines.len(), 4);
    assert!(
        lines[1].starts_with("\"Shop, corner\",Twice,SO-3,3,dropoff_address,address_not_placed,"),
        "{}",
        lines[1]
    );
    let order = world.order(3);
    let line = order.history.last().unwrap();
    assert_eq!(
        (line.status, line.by),
        (OrderStatus::Failed, Actor::Geocoder)
    );
    assert_eq!(line.reason.as_deref(), Some("address_not_placed"));
    let told = serde_json::to_value(app::answers::OrderAnswer::of(order, None)).unwrap();
    assert_eq!(told["address_errors"][0]["pointer"], "#/dropoff/address");
    assert_eq!(
        told["address_errors"][0]["candidates"][1]["location"]["lat"],
        Landmarks::BADALONA.lat
    );
    assert_eq!(told.get("unplaced_reason"), None);
}

#[tokio::test(start_paused = true)]
async fn a_quota_that_is_used_up_is_waited_for_and_no_message_fails() {
    let world = two_rows().await;
    let back = Instant::now() + Duration::from_secs(5 * 3600);
    *world.geocoder.quota_back.lock().unwrap() = Some(back);
    let import = world.run_out().await;
    assert_eq!(import.status, ImportStatus::Completed);
    assert_eq!(world.geocoder.answers(), 3);
    assert_eq!(world.most_deliveries.load(Ordering::Relaxed), 1);
    assert!(Instant::now() >= back);
    let throttled = world.geocoder.throttled.load(Ordering::Relaxed);
    assert!(throttled < 5 * 60 * 3, "{throttled}");
}

#[tokio::test(start_paused = true)]
async fn a_geocoder_that_fails_for_hours_brings_the_message_to_the_dead_letters_and_loses_nothing()
{
    let mut world = two_rows().await;
    let geocoder = PacedGeocoder {
        fails_every: 1,
        ..PacedGeocoder::default()
    };
    world.geocoder = Arc::new(geocoder);
    for _ in 0..200 {
        world.deliver().await;
        if world.most_deliveries.load(Ordering::Relaxed) >= 5 {
            break;
        }
    }
    assert!(world.most_deliveries.load(Ordering::Relaxed) >= 5);
    assert!(
        world.clock.now() > at("2030-05-06T11:00:00Z"),
        "{}",
        world.clock.now()
    );
    // The operator sends the message again when the geocoder is back.
    world.geocoder = two_rows().await.geocoder;
    let import = world.run_out().await;
    assert_eq!(import.status, ImportStatus::Completed);
    assert_eq!(world.geocoder.answers(), 3);
}

/// A world with 120 doors, and a geocoder that always fails for one address.
async fn doors(fails_for: Option<&'static str>) -> World {
    let mut file = HEADER.to_owned();
    for row in 1..=120 {
        file += &format!("Shop 1,Door {row},SO-{row}\n");
    }
    let mut world = World::with(file).await;
    let geocoder = PacedGeocoder {
        fails_for,
        ..PacedGeocoder::default()
    };
    geocoder.knows("Shop 1", &[(Landmarks::PLACA_CATALUNYA, 0.9)]);
    for row in 1..=120 {
        geocoder.knows(&format!("Door {row}"), &[(near(row), 0.9)]);
    }
    world.geocoder = Arc::new(geocoder);
    world
}

#[tokio::test(start_paused = true)]
async fn an_address_that_the_geocoder_always_fails_for_does_not_stop_the_rows_behind_it() {
    let world = doors(Some("Door 7")).await;
    let import = world.run_out().await;
    assert_eq!(import.status, ImportStatus::CompletedWithErrors);
    let account = world.account().await;
    assert_eq!(
        account["addresses"],
        json!({"located": 119, "waiting": 0, "failed": 1, "cancelled": 0})
    );
    assert_eq!(account["errors"][0]["row"], 7);
    assert_eq!(account["errors"][0]["code"], "address_not_placed");
    assert!(world.clock.now() < at("2030-05-06T09:00:00Z"));
    assert_eq!(world.most_deliveries.load(Ordering::Relaxed), 1);
    // One request finds out that the geocoder answers. No other address is asked for twice.
    assert_eq!(world.geocoder.answers(), 121);
}

#[tokio::test(start_paused = true)]
async fn while_the_geocoder_answers_nothing_no_address_is_given_up() {
    let mut world = doors(None).await;
    while world.geocoder.answers() < 20 {
        world.deliver().await;
    }
    let known = world.geocoder;
    world.geocoder = Arc::new(PacedGeocoder {
        fails_every: 1,
        ..PacedGeocoder::default()
    });
    while world.clock.now() < at("2030-05-06T11:00:00Z") {
        world.deliver().await;
    }
    let located = world.account().await["addresses"]["located"].clone();
    assert_ne!(located, 120, "the geocoder was away");
    world.geocoder = known;
    assert_eq!(world.run_out().await.status, ImportStatus::Completed);
    assert_eq!(world.geocoder.answers(), 121);
}

#[tokio::test(start_paused = true)]
async fn a_suspended_customer_costs_no_requests_and_goes_on_later() {
    let world = two_rows().await;
    read_file(&world).await;
    let mut ana = a_customer(1).build();
    ana.id = key().customer_id;
    let suspended = ana
        .customer_set_to(UserStatus::Suspended, ana.updated_at)
        .unwrap();
    world.store.put_user(&ana).await.unwrap();
    world.store.put_user(&suspended).await.unwrap();
    for _ in 0..4 {
        assert!(world.deliver().await);
    }
    assert_eq!(world.geocoder.begun.load(Ordering::Relaxed), 0);
    let active = suspended
        .customer_set_to(UserStatus::Active, ana.updated_at)
        .unwrap();
    world.store.put_user(&active).await.unwrap();
    assert_eq!(world.run_out().await.status, ImportStatus::Completed);
    assert_eq!(world.most_deliveries.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_import_asks_for_nothing_more_and_its_account_adds_up() {
    let world = two_rows().await;
    read_file(&world).await;
    let import = world.import();
    let cancellation = Cancellation {
        by: Actor::Customer,
        reason: None,
        only_pending: false,
        requested_at: world.clock.now(),
        row: 0,
        cancelled: 0,
        kept: 0,
        finished_at: None,
    };
    world
        .store
        .put_import(&import.cancelling(cancellation, world.clock.now()))
        .await
        .unwrap();
    world.send(Message::Import(key()), Duration::from_secs(40), 0);
    let import = world.run_out().await;
    assert_eq!(import.status, ImportStatus::Cancelled);
    assert_eq!(world.geocoder.begun.load(Ordering::Relaxed), 0);
    assert_eq!(world.order(1).status, OrderStatus::Cancelled);
    assert_eq!(
        world.account().await["addresses"],
        json!({"located": 0, "waiting": 0, "failed": 0, "cancelled": 2})
    );
}

#[tokio::test(start_paused = true)]
async fn an_order_whose_window_ends_before_its_turn_fails_and_costs_no_request() {
    let file = "pickup_address,dropoff_address,dropoff_window_start,dropoff_window_end\n\
                Shop 1,Door 1,2030-05-06T07:00:00Z,2030-05-06T08:00:30Z\n";
    let world = World::with(file).await;
    assert!(world.deliver().await);
    sleep(Duration::from_secs(60)).await;
    let import = world.run_out().await;
    assert_eq!(import.status, ImportStatus::CompletedWithErrors);
    assert_eq!(world.geocoder.begun.load(Ordering::Relaxed), 0);
    let account = world.account().await;
    assert_eq!(account["addresses"]["failed"], 1);
    assert_eq!(account["errors"][0]["code"], "window_passed");
    assert_eq!(world.files.rejected(key()).unwrap().lines().count(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_order_that_somebody_cancels_or_locates_meanwhile_is_counted_as_that() {
    let world = two_rows().await;
    read_file(&world).await;
    let now = world.clock.now();
    let cancelled = world
        .order(1)
        .step(OrderStatus::Cancelled, Actor::Customer, None, now);
    world.store.put_order(&cancelled.unwrap()).await.unwrap();
    let zone = grid().zone_of(Landmarks::BADALONA).unwrap();
    let order = world.order(2);
    let located = order.located(Landmarks::BADALONA, Landmarks::CAMP_NOU, zone, now);
    world.store.put_order(&located.unwrap()).await.unwrap();
    let import = world.run_out().await;
    assert_eq!(import.status, ImportStatus::Completed);
    assert_eq!(world.geocoder.begun.load(Ordering::Relaxed), 0);
    assert_eq!(
        world.account().await["addresses"],
        json!({"located": 1, "waiting": 0, "failed": 0, "cancelled": 1})
    );
}

#[tokio::test(start_paused = true)]
async fn two_runs_at_once_ask_for_an_address_once() {
    let world = two_rows().await;
    read_file(&world).await;
    let asked = |chain| LocateImport {
        import: key(),
        chain,
    };
    // One chain goes on and the other ends, or the two share the addresses.
    let (one, two) = (world.locate(), world.locate());
    let (first, second) = tokio::join!(one.run(asked(7), RUN), two.run(asked(7), RUN));
    let ends = [first.unwrap().end, second.unwrap().end];
    assert!(ends.contains(&LocatingEnd::Settled), "{ends:?}");
    assert!(
        world
            .geocoder
            .answered
            .lock()
            .unwrap()
            .values()
            .all(|times| *times == 1)
    );
    assert_eq!(world.geocoder.begun.load(Ordering::Relaxed), 3);
}

#[tokio::test(start_paused = true)]
async fn a_second_chain_leaves_the_import_to_the_first_one() {
    let world = two_rows().await;
    read_file(&world).await;
    let asked = |chain| LocateImport {
        import: key(),
        chain,
    };
    let held = Locating::none(key().import_id).held_by(Some(domain::import::Chain {
        id: 7,
        alive_until: world.clock.now() + SignedDuration::from_mins(30),
    }));
    let store: &dyn app::ports::LocatingStore = world.store.as_ref();
    store.put_locating(&held, &[]).await.unwrap();
    let report = world.locate().run(asked(9), RUN).await.unwrap();
    assert_eq!(report.end, LocatingEnd::LeftToOthers);
    assert_eq!(
        store.locating(key().import_id).await.unwrap().version,
        held.version + 1
    );
    assert_eq!(world.geocoder.begun.load(Ordering::Relaxed), 0);
    // The first chain is dead: half an hour later another one takes over.
    sleep(Duration::from_secs(1801)).await;
    let report = world.locate().run(asked(9), RUN).await.unwrap();
    assert_eq!((report.end, report.located), (LocatingEnd::Settled, 2));
}

#[tokio::test(start_paused = true)]
async fn an_import_without_a_row_to_place_ends_at_once() {
    let file = "pickup_lat,pickup_lon,dropoff_lat,dropoff_lon\n41.38,2.17,41.40,2.17\n";
    let world = World::with(file).await;
    let report = world.ingest().run(key(), RUN).await.unwrap();
    assert_eq!(report.progress, Progress::Over(ImportStatus::Completed));
    assert!(world.locating.take().is_empty());
    let nobody = LocateImport {
        import: ImportKey {
            customer_id: testkit::build::user_id(9),
            ..key()
        },
        chain: 1,
    };
    assert!(matches!(
        world.locate().run(nobody, RUN).await,
        Err(Refusal::NotFound)
    ));
}
