//! Orders with addresses and without locations.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::Arc;

use app::addresses::{PlaceAddresses, Region};
use app::orders::CreateOrder;
use app::{Caller, Refusal};
use domain::{Coordinates, Order, RequiredProof, Role};
use jiff::SignedDuration;
use serde_json::{Value, json};
use testkit::build::{grid, room, user_id};
use testkit::{CountedIds, Landmarks, MemoryGeocoder, MemoryPlaceCache, MemoryStore, StillClock};

struct Office {
    store: Arc<MemoryStore>,
    geocoder: Arc<MemoryGeocoder>,
    clock: Arc<StillClock>,
    place_order: CreateOrder,
}

impl Office {
    fn new() -> Self {
        let (store, geocoder): (Arc<MemoryStore>, Arc<MemoryGeocoder>) = Default::default();
        let clock = Arc::new(StillClock::at("2030-05-06T08:00:00Z"));
        geocoder.knows(
            "Marunouchi 1-9-1",
            &[("Tokyo Station", Landmarks::TOKYO_STATION, 0.9)],
        );
        let place_order = CreateOrder {
            required_proof: RequiredProof::default(),
            orders: store.clone(),
            placement: store.clone(),
            room: room(&store, 100_000),
            clock: clock.clone(),
            ids: Arc::new(CountedIds::default()),
            grid: grid(),
            service_area: domain::ServiceArea::default(),
            // Each address is in another town, and one of them is at 0, 0.
            longest_leg: domain::LongestLeg { km: 20_100 },
            addresses: Some(PlaceAddresses {
                geocoder: geocoder.clone(),
                cache: Arc::new(MemoryPlaceCache::default()),
                region: Region::default(),
                least_confidence: 0.8,
            }),
        };
        Self {
            store,
            geocoder,
            clock,
            place_order,
        }
    }

    async fn place(&self, body: &Value, key: Option<&str>) -> Result<Order, Refusal> {
        let caller = Caller {
            user_id: user_id(1),
            roles: vec![Role::Customer],
            request_id: None,
        };
        let placed = self.place_order.run(&caller, body, key);
        placed.await.map(|_| self.store.all_orders().pop().unwrap())
    }

    /// The pickup location of an order from this address, or the refused fields.
    async fn pickup_of(&self, address: &str) -> Result<Coordinates, Vec<(String, String, usize)>> {
        match self.place(&from(address), None).await {
            Ok(order) => Ok(order.pickup.location.unwrap()),
            Err(Refusal::Unplaceable(addresses)) => Err(addresses
                .into_iter()
                .map(|one| (one.pointer, one.detail, one.candidates.len()))
                .collect()),
            Err(other) => panic!("{other:?}"),
        }
    }
}

fn from(address: &str) -> Value {
    json!({"pickup": {"address": address}, "dropoff": {"location": {"lat": 35.66, "lon": 139.75}}})
}

#[tokio::test]
async fn an_address_is_placed_once_and_remembered_however_it_is_spaced_and_cased() {
    let office = Office::new();
    let order = office.place(&from("Marunouchi 1-9-1"), None).await.unwrap();
    assert_eq!(order.pickup.location, Some(Landmarks::TOKYO_STATION));
    assert_eq!(order.pickup.address.as_deref(), Some("Marunouchi 1-9-1"));
    assert_eq!(order.zone, grid().zone_of(Landmarks::TOKYO_STATION));
    for again in ["Marunouchi 1-9-1", " marunouchi   1-9-1"] {
        assert_eq!(office.pickup_of(again).await, Ok(Landmarks::TOKYO_STATION));
    }
    assert_eq!(office.geocoder.take_asked(), ["Marunouchi 1-9-1"]);
    // The cached answer expires after a month.
    office.clock.advance(SignedDuration::from_hours(24 * 30));
    office.pickup_of("Marunouchi 1-9-1").await.unwrap();
    assert_eq!(office.geocoder.take_asked().len(), 1);
}

#[tokio::test]
async fn a_location_that_was_sent_is_believed_and_nobody_is_asked() {
    let office = Office::new();
    let mut body = from("Marunouchi 1-9-1");
    body["pickup"]["location"] = json!({"lat": 41.387, "lon": 2.17});
    let order = office.place(&body, None).await.unwrap();
    assert_eq!(
        order.pickup.location,
        Some(Coordinates {
            lat: 41.387,
            lon: 2.17
        })
    );
    assert!(office.geocoder.take_asked().is_empty());
}

#[tokio::test]
async fn what_is_unknown_or_doubtful_is_refused_with_the_candidates_and_nothing_is_stored() {
    let office = Office::new();
    let (here, there) = (Landmarks::BADALONA, Landmarks::CAMP_NOU);
    office.geocoder.knows(
        "Carrer Major 1",
        &[("Badalona", here, 1.0), ("Les Corts", there, 1.0)],
    );
    office
        .geocoder
        .knows("Carrer Majo", &[("Carrer Major, Badalona", here, 0.6)]);
    // Two maps have the place, a few steps apart.
    let beside = Coordinates {
        lat: here.lat + 0.001,
        lon: here.lon,
    };
    office.geocoder.knows(
        "Carrer Nou 1",
        &[("a", here, 0.9), ("b", beside, 0.9), ("c", there, 0.5)],
    );

    let refused = office.pickup_of("Nowhere 7").await.unwrap_err();
    assert_eq!(
        (refused[0].0.as_str(), refused[0].2),
        ("#/pickup/address", 0)
    );
    let refused = office.pickup_of("Carrer Major 1").await.unwrap_err();
    assert!(refused[0].1.contains("Badalona; Les Corts"), "{refused:?}");
    let refused = office.pickup_of("Carrer Majo").await.unwrap_err();
    assert_eq!(refused[0].2, 1);
    assert!(office.store.all_orders().is_empty());
    assert_eq!(office.pickup_of("Carrer Nou 1").await, Ok(here));

    let body = json!({"pickup": {"address": "Nowhere 7"}, "dropoff": {"address": "Nowhere 8"}});
    let Err(Refusal::Unplaceable(both)) = office.place(&body, None).await else {
        panic!("both addresses are unknown");
    };
    let pointers: Vec<&str> = both.iter().map(|one| one.pointer.as_str()).collect();
    assert_eq!(pointers, ["#/pickup/address", "#/dropoff/address"]);
}

#[tokio::test]
async fn that_an_address_is_unknown_is_asked_again_after_an_hour() {
    let office = Office::new();
    for _ in 0..2 {
        office.pickup_of("New Street 1").await.unwrap_err();
    }
    assert_eq!(office.geocoder.take_asked().len(), 1);
    office.geocoder.knows(
        "New Street 1",
        &[("New Street 1", Landmarks::BADALONA, 1.0)],
    );
    office.clock.advance(SignedDuration::from_hours(1));
    assert_eq!(
        office.pickup_of("New Street 1").await,
        Ok(Landmarks::BADALONA)
    );
}

#[tokio::test]
async fn a_geocoder_that_is_away_costs_no_order_and_no_repetition_needs_it() {
    let office = Office::new();
    let body = from("Marunouchi 1-9-1");
    office.geocoder.set_away(true);
    let refused = office.place(&body, Some("k")).await;
    assert!(
        matches!(refused, Err(Refusal::Unavailable(_))),
        "{refused:?}"
    );
    assert!(office.store.all_orders().is_empty());

    office.geocoder.set_away(false);
    let first = office.place(&body, Some("k")).await.unwrap();
    // The answer about the place has expired, but the key is still remembered. So the geocoder is not asked.
    office.geocoder.take_asked();
    office.geocoder.set_away(true);
    assert_eq!(office.place(&body, Some("k")).await.unwrap(), first);
    assert!(office.geocoder.take_asked().is_empty());
    let other = from("Marunouchi 1-9-2");
    let reused = office.place(&other, Some("k")).await;
    assert!(
        matches!(reused, Err(Refusal::IdempotencyKeyReused)),
        "{reused:?}"
    );
}

#[tokio::test]
async fn without_a_geocoder_or_an_address_the_location_is_what_is_missing() {
    let mut office = Office::new();
    let neither = json!({"pickup": {}, "dropoff": {"address": "Marunouchi 1-9-1"}});
    let Err(Refusal::Invalid(faults)) = office.place(&neither, None).await else {
        panic!("a stop is nowhere");
    };
    assert_eq!(faults.len(), 1);
    assert_eq!(faults[0].pointer, "#/pickup/location");

    office.place_order.addresses = None;
    let Err(Refusal::Invalid(faults)) = office.place(&from("Marunouchi 1-9-1"), None).await else {
        panic!("nobody can place it");
    };
    assert_eq!(faults[0].pointer, "#/pickup/location");
    assert!(faults[0].detail.contains("no geocoder"), "{faults:?}");
}
