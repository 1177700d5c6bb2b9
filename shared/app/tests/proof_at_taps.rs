//! The proof that a tap needs.

#![allow(clippy::unwrap_used, clippy::panic)]

mod world;

use app::Refusal;
use app::ports::{Clock, ProofStore, RecipientPins};
use domain::given_proof::ProofPart;
use domain::proof::{NewProof, PictureType, ProofFault, ProofState};
use domain::{OrderId, OrderProofs, Proof, ProofId, ProofKind, RecipientPin, StopKind, Timestamp};
use serde_json::{Value, json};
use testkit::build::user_id;
use testkit::{NextWrite, a_customer, an_agent};
use world::{World, agent, customer, dispatcher};

const BERTA: u64 = 10;

struct Parcel {
    world: World,
    order_id: OrderId,
}

impl Parcel {
    async fn requiring(requires_proof: Value) -> Self {
        let people = [a_customer(1).build(), an_agent(BERTA).on_duty().build()];
        let world = World::with(people, []);
        let body = json!({
            "pickup": {"location": {"lat": 41.3870, "lon": 2.1701}},
            "dropoff": {"location": {"lat": 41.4036, "lon": 2.1744}},
            "requires_proof": requires_proof,
        });
        let create_order = world.place_order();
        create_order.run(&customer(1), &body, None).await.unwrap();
        world.settle().await;
        let order_id = world.store.all_orders()[0].id;
        Self { world, order_id }
    }

    async fn tap(&self, caller: &app::Caller, body: Value) -> Result<Value, Refusal> {
        let change = self.world.change_status();
        let id = self.order_id.to_string();
        let answer = change.run(caller, &id, &body).await?;
        Ok(serde_json::to_value(answer).unwrap())
    }

    /// What a tap lacks.
    async fn lacks(&self, caller: &app::Caller, body: Value) -> Vec<ProofPart> {
        match self.tap(caller, body).await {
            Err(Refusal::ProofMissing(lacking)) => lacking.into_iter().map(|it| it.part).collect(),
            other => panic!("{other:?}"),
        }
    }

    async fn announce(&self, kind: ProofKind, stop: StopKind) -> ProofId {
        let now = self.now();
        let stored = self.world.store.proofs(self.order_id, now).await.unwrap();
        let stored = stored.unwrap_or_else(|| OrderProofs::none_of(self.order_id));
        let new = NewProof {
            kind,
            stop,
            content_type: PictureType::Jpeg,
            size_bytes: 7,
            sha256: "0f".repeat(32),
            tap_id: None,
        };
        let id = ProofId(testkit::still::uuid_of(7_000 + stored.version));
        let with = stored.with(Proof::announced(id, new, user_id(BERTA), now));
        self.put(&with.unwrap()).await;
        id
    }

    async fn put(&self, proofs: &OrderProofs) {
        let (now, end) = (self.now(), "2031-01-01T00:00:00Z".parse().unwrap());
        let put = self.world.store.put_proofs(proofs, end, now).await;
        put.unwrap();
    }

    fn now(&self) -> Timestamp {
        self.world.clock.now()
    }
}

fn delivered(proof: Value) -> Value {
    let mut body = json!({"status": "delivered"});
    let members = body.as_object_mut().unwrap();
    members.extend(proof.as_object().unwrap().clone());
    body
}

#[tokio::test]
async fn a_delivery_without_a_pickup_needs_the_proof_of_both_stops() {
    let requires = json!({"pickup": {"photo": true}, "dropoff": {"signature": true}});
    let parcel = Parcel::requiring(requires).await;
    let berta = agent(BERTA);
    let all = [
        ProofPart::Photo,
        ProofPart::Signature,
        ProofPart::SignerName,
    ];
    assert_eq!(parcel.lacks(&berta, delivered(json!({}))).await, all);
    let photo = parcel.announce(ProofKind::Photo, StopKind::Pickup).await;
    let signature = parcel
        .announce(ProofKind::Signature, StopKind::Dropoff)
        .await;
    let picked_up = json!({"status": "in_progress", "proof_ids": [photo]});
    parcel.tap(&berta, picked_up).await.unwrap();
    let signed = json!({"proof_ids": [signature], "signer_name": "Dora"});
    let answer = parcel.tap(&berta, delivered(signed.clone())).await.unwrap();
    let history = answer["history"].as_array().unwrap();
    assert_eq!(history.last().unwrap()["proof"], signed);
    assert_eq!(
        history[history.len() - 2]["proof"],
        json!({"proof_ids": [photo]})
    );
}

#[tokio::test]
async fn a_refused_picture_does_not_count() {
    let parcel = Parcel::requiring(json!({"dropoff": {"photo": true}})).await;
    let photo = parcel.announce(ProofKind::Photo, StopKind::Dropoff).await;
    let stored = parcel
        .world
        .store
        .proofs(parcel.order_id, parcel.now())
        .await;
    let refused = ProofState::Refused {
        read_at: parcel.now(),
        because: ProofFault::NotAPicture,
    };
    parcel
        .put(&stored.unwrap().unwrap().read(photo, refused).unwrap())
        .await;
    let tap = parcel
        .tap(&agent(BERTA), delivered(json!({"proof_ids": [photo]})))
        .await;
    assert!(matches!(tap, Err(Refusal::Invalid(faults)) if faults[0].pointer == "#/proof_ids/0"));
}

#[tokio::test]
async fn a_lost_race_costs_one_try_and_the_right_pin_forgets_them() {
    let parcel = Parcel::requiring(json!({"dropoff": {"pin": true}})).await;
    let (berta, store) = (agent(BERTA), &parcel.world.store);
    let right = delivered(json!({"pin": "0042"}));
    assert_eq!(parcel.lacks(&berta, right.clone()).await, [ProofPart::Pin]);
    let end = "2031-01-01T00:00:00Z".parse().unwrap();
    let pin = RecipientPin::of_number(42);
    store.pin_or(parcel.order_id, &pin, end).await.unwrap();
    for _ in 0..4 {
        let wrong = delivered(json!({"pin": "0043"}));
        assert_eq!(parcel.lacks(&berta, wrong).await, [ProofPart::Pin]);
    }
    // The last try is right, and its write loses twice.
    store.next_writes([NextWrite::Conflicts, NextWrite::Conflicts]);
    let answer = parcel.tap(&berta, right.clone()).await.unwrap();
    let last = answer["history"]
        .as_array()
        .unwrap()
        .last()
        .unwrap()
        .clone();
    assert_eq!(last["proof"], json!({"pin": true}));
    assert!(!answer.to_string().contains("0042"));
    assert_eq!(
        parcel.tap(&berta, right).await.unwrap()["status"],
        "delivered"
    );
}

#[tokio::test]
async fn a_dispatcher_goes_without_proof_with_a_reason_alone() {
    let parcel = Parcel::requiring(json!({"dropoff": {"pin": true, "barcodes": ["A"]}})).await;
    let both = [ProofPart::Barcode, ProofPart::Pin];
    let reason = json!({"reason": "The recipient called."});
    assert_eq!(
        parcel.lacks(&dispatcher(), delivered(json!({}))).await,
        both
    );
    assert_eq!(
        parcel.lacks(&agent(BERTA), delivered(reason.clone())).await,
        both
    );
    let answer = parcel.tap(&dispatcher(), delivered(reason)).await.unwrap();
    let last = answer["history"]
        .as_array()
        .unwrap()
        .last()
        .unwrap()
        .clone();
    assert_eq!(last["reason"], "The recipient called.");
    assert_eq!(last["proof"], json!({"missing": ["barcode", "pin"]}));
}
