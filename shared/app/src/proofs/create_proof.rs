//! `POST /orders/{order_id}/proofs`: a signed URL for a picture that proves a pickup or a delivery.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::{Order, OrderId, OrderProofs, OrderStatus, Proof, ProofId, Role, Timestamp, User};
use jiff::SignedDuration;
use serde::Serialize;
use serde_json::Value;

use crate::caller::Caller;
use crate::ports::{
    Clock, Ids, Jitter, OrderStore, ProofKey, ProofStore, ProofUrls, StoreError, UserStore,
};
use crate::refusal::Refusal;
use crate::retry::Attempts;

/// The longest time from the answer to the start of the upload, in seconds.
const UPLOAD_EXPIRES_S: u64 = 600;
/// How long after the last step of an order its agent may still send pictures: an app may have been offline for the
/// rest of the day.
const SENT_LATE: SignedDuration = SignedDuration::from_hours(24);

/// `POST /orders/{order_id}/proofs`
pub struct CreateProof {
    /// The records of people.
    pub users: Arc<dyn UserStore>,
    /// The orders.
    pub orders: Arc<dyn OrderStore>,
    /// The records of pictures.
    pub proofs: Arc<dyn ProofStore>,
    /// Signs URLs.
    pub urls: Arc<dyn ProofUrls>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// New ids.
    pub ids: Arc<dyn Ids>,
    /// Spreads the attempts of calls that change the same record.
    pub jitter: Arc<dyn Jitter>,
    /// How long pictures are kept.
    pub kept_for: SignedDuration,
}

/// How the agent's app sends the picture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UploadProofAnswer {
    proof_id: ProofId,
    url: String,
    method: &'static str,
    headers: BTreeMap<&'static str, String>,
    expires_in: u64,
}

impl CreateProof {
    /// Announces a picture, and signs the URL for exactly its bytes.
    ///
    /// The record is written before the URL is given out, so that no upload exists without its record. A repeated call
    /// gets the same picture with a new URL: after a lost answer, a crash, or the end of the URL. Of two different
    /// calls at the same moment, the loser reads the record again.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for an order that is not on the agent's route, or whose last step was more than 24 hours
    /// ago; [`Refusal::Invalid`]; [`Refusal::TooManyProofs`]; [`Refusal::ProofNotAwaited`] for a picture that has come
    /// already; [`Refusal::OrderEnded`] for a cancelled order; [`Refusal::AgentNotActive`].
    pub async fn run(
        &self,
        caller: &Caller,
        order_id: &str,
        body: &Value,
    ) -> Result<UploadProofAnswer, Refusal> {
        let role = caller.acting_as(&[Role::Dispatcher, Role::Agent])?;
        let new = intake::read_new_proof(body)?;
        let id: OrderId = order_id.parse().map_err(|_| Refusal::NotFound)?;
        if role == Role::Agent {
            let user = self.users.user(caller.user_id).await?;
            let active = user.as_ref().and_then(User::active_agent);
            active.ok_or(Refusal::AgentNotActive)?;
        }
        let mut attempts = Attempts::new(self.jitter.as_ref());
        loop {
            let now = self.clock.now();
            let order = self.orders.order(id).await?.ok_or(Refusal::NotFound)?;
            takes_pictures(&order, caller, role, now)?;
            let stored = self.proofs.proofs(id, now).await?;
            let stored = stored.unwrap_or_else(|| OrderProofs::none_of(id));
            if let Some(known) = stored.repeated(&new, caller.user_id) {
                if known.state != domain::proof::ProofState::Awaited {
                    return Err(Refusal::ProofNotAwaited);
                }
                return self.answer(id, known.proof_id, &new).await;
            }
            let proof = Proof::announced(self.ids.proof_id(), new.clone(), caller.user_id, now);
            let proof_id = proof.proof_id;
            let most = new.kind.most();
            let with = stored.with(proof);
            let with = with.map_err(|_| Refusal::TooManyProofs { most })?;
            let forgotten_at = with.forgotten_at(self.kept_for);
            match self.proofs.put_proofs(&with, forgotten_at, now).await {
                Ok(()) => return self.answer(id, proof_id, &new).await,
                Err(StoreError::Conflict) => attempts.pause().await?,
                Err(error) => return Err(error.into()),
            }
        }
    }

    async fn answer(
        &self,
        order_id: OrderId,
        proof_id: ProofId,
        new: &domain::proof::NewProof,
    ) -> Result<UploadProofAnswer, Refusal> {
        let key = ProofKey { order_id, proof_id };
        let upload = self.urls.upload_url(key, new).await?;
        Ok(UploadProofAnswer {
            proof_id,
            url: upload.url,
            method: "PUT",
            headers: upload.headers.into_iter().collect(),
            expires_in: UPLOAD_EXPIRES_S,
        })
    }
}

/// Whether the caller may send pictures of the order: dispatchers always, and the agent whose route has the order, also
/// for a day after its last step. A picture may come after its tap.
fn takes_pictures(
    order: &Order,
    caller: &Caller,
    role: Role,
    now: Timestamp,
) -> Result<(), Refusal> {
    let is_recent = now.duration_since(order.updated_at) <= SENT_LATE;
    let theirs = match role {
        Role::Dispatcher => true,
        Role::Agent => {
            order.is_on_route_of(caller.user_id) && (order.status.is_on_route() || is_recent)
        }
        Role::Customer => false,
    };
    if !theirs {
        return Err(Refusal::NotFound);
    }
    if order.status == OrderStatus::Cancelled {
        return Err(Refusal::OrderEnded {
            status: order.status,
        });
    }
    Ok(())
}
