//! Reads the pictures that agents upload, keeps copies without metadata, and deletes the uploads.

use std::sync::Arc;

use adapters::dynamodb::DynamoProofs;
use adapters::pictures::ImageCrate;
use adapters::s3::proofs::{S3Proofs, UploadedProof};
use adapters::system::{RandomJitter, SystemClock};
use app::proofs::{StoreProof, Stored};
use runtime::Failure;
use runtime::metrics::Metrics;
use settings::ProofsKept;
use tracing::info;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let (claims, bucket, ProofsKept(kept_for)) = settings::from_environment()?;
    let aws = adapters::aws::config();
    let dynamodb = adapters::dynamodb::Client::new(&aws);
    let store_proof = StoreProof {
        proofs: Arc::new(DynamoProofs::new(&dynamodb, &claims)),
        files: Arc::new(S3Proofs::new(&adapters::s3::client(&aws), &bucket)),
        reader: Arc::new(ImageCrate),
        clock: Arc::new(SystemClock),
        jitter: Arc::new(RandomJitter),
        kept_for,
    };
    runtime::event::serve(store_proof, handle).await
}

async fn handle(
    store_proof: &StoreProof,
    UploadedProof(key): UploadedProof,
) -> Result<(), Failure> {
    let begun = runtime::clock::instant();
    let stored = store_proof.run(key).await?;
    let because = match stored {
        Stored::Refused(because) => Some(because),
        Stored::Kept | Stored::NothingToDo => None,
    };
    info!(
        order_id = %key.order_id,
        proof_id = %key.proof_id,
        is_kept = stored == Stored::Kept,
        because = because.map(tracing::field::display),
        elapsed_ms = begun.elapsed().as_millis() as u64,
        "picture read"
    );
    Metrics::new()
        .count("ProofsKept", usize::from(stored == Stored::Kept))
        .count("ProofsRefused", usize::from(because.is_some()))
        .emit();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    use app::ports::{ProofKey, ProofStore};
    use domain::proof::{NewProof, PictureType, ProofState};
    use domain::{OrderProofs, Proof, ProofKind, StopKind, Timestamp};
    use jiff::SignedDuration;
    use testkit::build::{ORDER_OF_THE_EVENTS, user_id};
    use testkit::{MemoryProofFiles, MemoryStore, NoJitter, StillClock};

    const EVENT: &str = include_str!("../../../events/store-proof.json");

    async fn stored(
        store: &Arc<MemoryStore>,
        files: &MemoryProofFiles,
        event: &str,
    ) -> Result<(), Failure> {
        let store_proof = StoreProof {
            proofs: store.clone(),
            files: Arc::new(files.clone()),
            reader: Arc::new(ImageCrate),
            clock: Arc::new(StillClock::at("2030-05-06T08:00:00Z")),
            jitter: Arc::new(NoJitter),
            kept_for: SignedDuration::from_hours(24 * 90),
        };
        let event = serde_json::from_str(event).unwrap();
        runtime::event::handled(&store_proof, &handle, event).await
    }

    #[tokio::test]
    async fn a_file_that_is_no_picture_is_refused_and_deleted_however_often_it_is_told() {
        let (store, files) = (
            Arc::new(MemoryStore::default()),
            MemoryProofFiles::default(),
        );
        let now: Timestamp = "2030-05-06T08:00:00Z".parse().unwrap();
        let key = ProofKey {
            order_id: ORDER_OF_THE_EVENTS.parse().unwrap(),
            proof_id: "0197c56e-1111-7b6e-9d2f-4a1e5b7c8d90".parse().unwrap(),
        };
        let new = NewProof {
            kind: ProofKind::Photo,
            stop: StopKind::Dropoff,
            content_type: PictureType::Jpeg,
            size_bytes: 3,
            sha256: app::digest::sha256_hex(b"zip"),
            tap_id: None,
        };
        let proof = Proof::announced(key.proof_id, new, user_id(1), now);
        let proofs = OrderProofs::none_of(key.order_id).with(proof).unwrap();
        let end = now + SignedDuration::from_hours(24);
        store.put_proofs(&proofs, end, now).await.unwrap();
        files.upload(key, b"zip");
        for _ in 0..2 {
            stored(&store, &files, EVENT).await.unwrap();
            let record = store.proofs(key.order_id, now).await.unwrap().unwrap();
            let state = record.proofs[0].state;
            assert!(matches!(state, ProofState::Refused { .. }), "{state:?}");
            assert!(!files.has_upload(key));
        }
    }

    #[tokio::test]
    async fn a_strange_event_fails() {
        let (store, files) = (
            Arc::new(MemoryStore::default()),
            MemoryProofFiles::default(),
        );
        let strange = EVENT.replace("proof-uploads/", "proofs/");
        assert!(stored(&store, &files, &strange).await.is_err());
        stored(&store, &files, EVENT).await.unwrap();
    }
}
