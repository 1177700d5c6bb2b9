//! Pictures that prove pickups and deliveries, from their announcement to their links.

#![allow(clippy::unwrap_used)]

mod world;

use std::sync::Arc;

use app::Refusal;
use app::digest::sha256_hex;
use app::ports::{Clock, ProofKey, ProofStore};
use app::proofs::{CreateProof, GetProofs, StoreProof, Stored};
use domain::OrderId;
use domain::proof::ProofFault;
use jiff::SignedDuration;
use serde_json::{Value, json};
use testkit::{MemoryProofFiles, NextWrite, NoJitter, OnePixel, a_customer, an_agent};
use world::{World, agent, customer, dispatcher};

const BERTA: u64 = 10;
const CARL: u64 = 11;
const KEPT_FOR: SignedDuration = SignedDuration::from_hours(24 * 90);

struct Proofs {
    world: World,
    files: MemoryProofFiles,
    order_id: OrderId,
}

impl Proofs {
    /// An order on Berta's route.
    async fn new() -> Self {
        let people = [
            a_customer(1).build(),
            a_customer(2).build(),
            an_agent(BERTA).on_duty().build(),
            an_agent(CARL).build(),
        ];
        let world = World::with(people, []);
        let body = json!({
            "pickup": {"location": {"lat": 41.3870, "lon": 2.1701}},
            "dropoff": {"location": {"lat": 41.4036, "lon": 2.1744}},
            "requires_proof": {"dropoff": {"photo": true}},
        });
        let create_order = world.place_order();
        create_order.run(&customer(1), &body, None).await.unwrap();
        world.settle().await;
        let order_id = world.store.all_orders()[0].id;
        Self {
            world,
            files: MemoryProofFiles::default(),
            order_id,
        }
    }

    async fn announce(&self, number: u64, body: Value) -> Result<Value, Refusal> {
        let create_proof = CreateProof {
            users: self.world.store.clone(),
            orders: self.world.store.clone(),
            proofs: self.world.store.clone(),
            urls: Arc::new(self.files.clone()),
            clock: self.world.clock.clone(),
            ids: self.world.ids.clone(),
            jitter: Arc::new(NoJitter),
            kept_for: KEPT_FOR,
        };
        let id = self.order_id.to_string();
        let answer = create_proof.run(&agent(number), &id, &body).await?;
        Ok(serde_json::to_value(answer).unwrap())
    }

    /// Announces these bytes, and uploads them.
    async fn send(&self, bytes: &[u8]) -> ProofKey {
        let announced = self.announce(BERTA, photo(bytes)).await.unwrap();
        let key = self.key(&announced);
        self.files.upload(key, bytes);
        key
    }

    fn key(&self, announced: &Value) -> ProofKey {
        ProofKey {
            order_id: self.order_id,
            proof_id: announced["proof_id"].as_str().unwrap().parse().unwrap(),
        }
    }

    async fn store(&self, key: ProofKey) -> Result<Stored, Refusal> {
        let store_proof = StoreProof {
            proofs: self.world.store.clone(),
            files: Arc::new(self.files.clone()),
            reader: Arc::new(OnePixel),
            clock: self.world.clock.clone(),
            jitter: Arc::new(NoJitter),
            kept_for: KEPT_FOR,
        };
        store_proof.run(key).await
    }

    async fn seen_by(&self, caller: &app::Caller) -> Result<Value, Refusal> {
        let get_proofs = GetProofs {
            users: self.world.store.clone(),
            orders: self.world.store.clone(),
            proofs: self.world.store.clone(),
            urls: Arc::new(self.files.clone()),
            clock: self.world.clock.clone(),
            kept_for: KEPT_FOR,
        };
        let answer = get_proofs.run(caller, &self.order_id.to_string()).await?;
        Ok(serde_json::to_value(answer).unwrap()["proofs"].take())
    }
}

fn photo(bytes: &[u8]) -> Value {
    json!({
        "kind": "photo", "stop": "dropoff", "size_bytes": bytes.len(), "sha256": sha256_hex(bytes),
        "content_type": "image/jpeg", "tap_id": "tap-00001",
    })
}

#[tokio::test]
async fn a_picture_is_kept_and_only_its_copy_is_shown() {
    let proofs = Proofs::new().await;
    let key = proofs.send(b"picture one").await;
    assert_eq!(
        proofs.seen_by(&customer(1)).await.unwrap()[0]["status"],
        "awaited"
    );
    assert_eq!(proofs.store(key).await.unwrap(), Stored::Kept);
    assert!(!proofs.files.has_upload(key));
    assert_eq!(
        proofs.files.copy_of(key, domain::ProofKind::Photo).unwrap(),
        b"copy"
    );
    for caller in [customer(1), dispatcher()] {
        let shown = proofs.seen_by(&caller).await.unwrap();
        assert_eq!(shown[0]["status"], "kept");
        assert!(shown[0]["url"].as_str().unwrap().contains("/kept/"));
    }
    let shown = proofs.seen_by(&agent(BERTA)).await.unwrap();
    assert_eq!(
        (&shown[0]["status"], &shown[0]["url"]),
        (&json!("kept"), &Value::Null)
    );
    for stranger in [customer(2), agent(CARL)] {
        let refused = proofs.seen_by(&stranger).await;
        assert!(matches!(refused, Err(Refusal::NotFound)));
    }
    // The same upload is told again, and somebody uploads once more.
    proofs.files.upload(key, b"picture two");
    assert_eq!(proofs.store(key).await.unwrap(), Stored::NothingToDo);
    assert!(!proofs.files.has_upload(key));
    let again = proofs.announce(BERTA, photo(b"picture one")).await;
    assert!(matches!(again, Err(Refusal::ProofNotAwaited)));
}

#[tokio::test]
async fn other_bytes_than_announced_and_no_picture_are_refused_and_make_room() {
    let proofs = Proofs::new().await;
    let swapped = proofs.send(b"picture one").await;
    proofs.files.upload(swapped, b"picture two");
    let longer = proofs.send(b"picture three").await;
    proofs.files.upload(longer, b"picture three and more");
    let archive = proofs.send(b"PK").await;
    for (key, because) in [
        (swapped, ProofFault::NotAsAnnounced),
        (longer, ProofFault::NotAsAnnounced),
        (archive, ProofFault::NotAPicture),
    ] {
        assert_eq!(proofs.store(key).await.unwrap(), Stored::Refused(because));
        assert!(!proofs.files.has_upload(key));
        assert_eq!(proofs.files.copy_of(key, domain::ProofKind::Photo), None);
    }
    let shown = proofs.seen_by(&customer(1)).await.unwrap();
    assert_eq!(shown[2]["because"], "not_a_picture");
    for number in 0..3 {
        proofs.send(format!("picture {number}").as_bytes()).await;
    }
    let fourth = proofs.announce(BERTA, photo(b"picture")).await;
    assert!(matches!(fourth, Err(Refusal::TooManyProofs { most: 3 })));
}

#[tokio::test]
async fn the_agent_of_the_order_announces_until_a_day_after_the_delivery() {
    let proofs = Proofs::new().await;
    let by_other = proofs.announce(CARL, photo(b"picture")).await;
    assert!(matches!(by_other, Err(Refusal::NotFound)));
    let (world, id) = (&proofs.world, proofs.order_id);
    for status in ["in_progress", "failed"] {
        let body = json!({"status": status, "reason": "nobody home"});
        let change = world.change_status();
        change
            .run(&agent(BERTA), &id.to_string(), &body)
            .await
            .unwrap();
    }
    world.clock.advance(SignedDuration::from_hours(23));
    proofs.announce(BERTA, photo(b"picture")).await.unwrap();
    world.clock.advance(SignedDuration::from_hours(2));
    let late = proofs.announce(BERTA, photo(b"picture late")).await;
    assert!(matches!(late, Err(Refusal::NotFound)));
}

#[tokio::test]
async fn a_lost_race_and_a_lost_answer_leave_one_picture() {
    let proofs = Proofs::new().await;
    let store = &proofs.world.store;
    store.next_writes([NextWrite::Conflicts, NextWrite::LosesItsAnswer]);
    let lost = proofs.announce(BERTA, photo(b"picture")).await;
    assert!(matches!(lost, Err(Refusal::Unavailable(_))));
    let key = proofs.send(b"picture").await;
    let now = proofs.world.clock.now();
    let stored = store.proofs(proofs.order_id, now).await.unwrap().unwrap();
    assert_eq!(stored.proofs.len(), 1);
    // The run dies before it has deleted the upload.
    proofs.files.fail_next_delete();
    assert!(proofs.store(key).await.is_err());
    assert!(proofs.files.has_upload(key));
    assert_eq!(proofs.store(key).await.unwrap(), Stored::NothingToDo);
    assert!(!proofs.files.has_upload(key));
}

#[tokio::test]
async fn pictures_are_forgotten() {
    let proofs = Proofs::new().await;
    let first = proofs.send(b"picture one").await;
    proofs.store(first).await.unwrap();
    proofs.world.clock.advance(SignedDuration::from_hours(1));
    proofs.send(b"picture two").await;
    proofs
        .world
        .clock
        .advance(KEPT_FOR - SignedDuration::from_hours(1));
    let shown = proofs.seen_by(&customer(1)).await.unwrap();
    assert_eq!(shown.as_array().unwrap().len(), 1, "{shown}");
    proofs.world.clock.advance(SignedDuration::from_hours(1));
    assert_eq!(proofs.seen_by(&customer(1)).await.unwrap(), json!([]));
}
