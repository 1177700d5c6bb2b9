//! [`ProofStore`], [`RecipientPins`], [`ProofUrls`] and [`ProofFiles`]

use app::ports::{PinTry, ProofFiles, ProofKey, ProofStore, ProofUrls, RecipientPins, StoreError};
use async_trait::async_trait;
use domain::ids::Uuid;
use domain::proof::{NewProof, PictureType, ProofState};
use domain::{
    OrderId, OrderProofs, Proof, ProofId, ProofKind, RecipientPin, StopKind, Timestamp, UserId,
};

use super::fresh::later;
use super::the_winner;
use crate::build::at;

/// Checks the records of pictures.
pub async fn run(proofs: &dyn ProofStore) {
    a_record_follows_its_versions(proofs).await;
    a_record_is_forgotten(proofs).await;
    of_writes_at_once_one_is_stored(proofs).await;
}

/// Checks PINs.
pub async fn run_pins(pins: &dyn RecipientPins) {
    the_first_pin_stays(pins).await;
    tries_are_counted_and_end(pins).await;
}

fn order_id() -> OrderId {
    OrderId(Uuid::now_v7())
}

fn announced() -> NewProof {
    NewProof {
        kind: ProofKind::Photo,
        stop: StopKind::Dropoff,
        content_type: PictureType::Jpeg,
        size_bytes: 7,
        sha256: "0f".repeat(32),
        tap_id: domain::TapId::named("tap-00001"),
    }
}

fn proof(now: Timestamp) -> Proof {
    let id = ProofId(Uuid::now_v7());
    Proof::announced(id, announced(), UserId(Uuid::now_v7()), now)
}

async fn a_record_follows_its_versions(proofs: &dyn ProofStore) {
    let now = at("2030-05-06T08:00:00.123Z");
    let (id, end) = (order_id(), later(now, 100));
    assert_eq!(proofs.proofs(id, now).await.unwrap(), None);
    let first = OrderProofs::none_of(id).with(proof(now)).unwrap();
    proofs.put_proofs(&first, end, now).await.unwrap();
    assert_eq!(proofs.proofs(id, now).await.unwrap(), Some(first.clone()));
    let kept = ProofState::Kept {
        read_at: now,
        width: 2000,
        height: 1500,
    };
    let second = first.read(first.proofs[0].proof_id, kept).unwrap();
    proofs.put_proofs(&second, end, now).await.unwrap();
    for late in [&first, &second] {
        let again = proofs.put_proofs(late, end, now).await;
        assert!(matches!(again, Err(StoreError::Conflict)));
    }
    assert_eq!(proofs.proofs(id, now).await.unwrap(), Some(second));
}

async fn a_record_is_forgotten(proofs: &dyn ProofStore) {
    let now = at("2030-05-06T08:00:00Z");
    let (id, end) = (order_id(), later(now, 100));
    let first = OrderProofs::none_of(id).with(proof(now)).unwrap();
    proofs.put_proofs(&first, end, now).await.unwrap();
    assert!(proofs.proofs(id, later(now, 99)).await.unwrap().is_some());
    assert_eq!(proofs.proofs(id, end).await.unwrap(), None);
    let again = OrderProofs::none_of(id).with(proof(end)).unwrap();
    let written = proofs.put_proofs(&again, later(end, 100), end).await;
    written.unwrap();
    assert_eq!(proofs.proofs(id, end).await.unwrap(), Some(again));
}

async fn of_writes_at_once_one_is_stored(proofs: &dyn ProofStore) {
    let now = at("2030-05-06T08:00:00Z");
    let id = order_id();
    let record = || OrderProofs::none_of(id).with(proof(now)).unwrap();
    let records: Vec<_> = (0..6).map(|_| record()).collect();
    let writes = records
        .iter()
        .map(|record| proofs.put_proofs(record, later(now, 100), now));
    let written = futures::future::join_all(writes).await;
    let winner = the_winner(&written);
    let stored = proofs.proofs(id, now).await.unwrap();
    assert_eq!(stored.as_ref(), Some(&records[winner]));
}

async fn the_first_pin_stays(pins: &dyn RecipientPins) {
    let (id, end) = (order_id(), at("2030-06-06T08:00:00Z"));
    let fresh: Vec<_> = (0..6).map(RecipientPin::of_number).collect();
    let asked = fresh.iter().map(|pin| pins.pin_or(id, pin, end));
    let told = futures::future::try_join_all(asked).await.unwrap();
    assert!(told.iter().all(|pin| pin == &told[0]));
    let other = RecipientPin::of_number(9_999);
    assert_eq!(pins.pin_or(id, &other, end).await.unwrap(), told[0]);
}

async fn tries_are_counted_and_end(pins: &dyn RecipientPins) {
    let (id, end) = (order_id(), at("2030-06-06T08:00:00Z"));
    assert_eq!(pins.count_try(id, 3).await.unwrap(), PinTry::NoPin);
    pins.forget_tries(id).await.unwrap();
    assert_eq!(pins.count_try(id, 3).await.unwrap(), PinTry::NoPin);
    let pin = RecipientPin::of_number(42);
    pins.pin_or(id, &pin, end).await.unwrap();
    let tries = (0..8).map(|_| pins.count_try(id, 3));
    let tries = futures::future::try_join_all(tries).await.unwrap();
    let mut left: Vec<_> = tries
        .iter()
        .filter_map(|it| match it {
            PinTry::Counted { pin: told, left } if told == &pin => Some(*left),
            _ => None,
        })
        .collect();
    left.sort_unstable();
    assert_eq!(left, [0, 1, 2], "{tries:?}");
    assert_eq!(pins.count_try(id, 3).await.unwrap(), PinTry::UsedUp);
    assert_eq!(pins.pin_or(id, &pin, end).await.unwrap(), pin);
    assert_eq!(pins.count_try(id, 3).await.unwrap(), PinTry::UsedUp);
    pins.forget_tries(id).await.unwrap();
    let counted = PinTry::Counted { pin, left: 2 };
    assert_eq!(pins.count_try(id, 3).await.unwrap(), counted);
}

/// The agent's side of signed URLs.
#[async_trait]
pub trait Client: Send + Sync {
    /// Uploads a picture.
    async fn put(&self, key: ProofKey, bytes: &[u8]);

    /// The copy that is kept.
    async fn copy(&self, key: ProofKey, kind: ProofKind) -> Option<Vec<u8>>;
}

/// Checks the files of pictures.
pub async fn run_files(files: &dyn ProofFiles, urls: &dyn ProofUrls, client: &dyn Client) {
    let key = ProofKey {
        order_id: order_id(),
        proof_id: ProofId(Uuid::now_v7()),
    };
    assert_eq!(files.read_upload(key, 100).await.unwrap(), None);
    files.delete_upload(key).await.unwrap();
    client.put(key, b"0123456789").await;
    let read = files.read_upload(key, 100).await.unwrap().unwrap();
    assert_eq!(read, b"0123456789");
    let long = files.read_upload(key, 5).await.unwrap().unwrap();
    assert!(long.len() > 5, "it shows that there is more");
    for kind in [ProofKind::Photo, ProofKind::Signature] {
        assert_eq!(client.copy(key, kind).await, None);
        for copy in [b"one".to_vec(), b"two".to_vec()] {
            files.keep_copy(key, kind, copy.clone()).await.unwrap();
            assert_eq!(client.copy(key, kind).await, Some(copy));
        }
    }
    files.delete_upload(key).await.unwrap();
    assert_eq!(files.read_upload(key, 100).await.unwrap(), None);

    let upload = urls.upload_url(key, &announced()).await.unwrap();
    let names: Vec<_> = upload.headers.iter().map(|(name, _)| *name).collect();
    let signed = [
        "Content-Length",
        "Content-Type",
        "If-None-Match",
        "x-amz-checksum-sha256",
    ];
    assert_eq!(names, signed);
    let download = urls.download_url(key, ProofKind::Photo).await.unwrap();
    for url in [&upload.url, &download] {
        assert!(url.contains(&key.proof_id.to_string()), "{url}");
    }
    assert_ne!(upload.url, download);
}
