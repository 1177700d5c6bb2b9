//! `GET /orders/{order_id}/proofs`: the pictures that prove a pickup and a delivery.

use std::sync::Arc;

use domain::proof::{ProofFault, ProofState};
use domain::{OrderId, Proof, ProofId, ProofKind, Role, StopKind, TapId, Timestamp, User, UserId};
use jiff::SignedDuration;
use serde::Serialize;

use crate::caller::Caller;
use crate::ports::{Clock, OrderStore, ProofKey, ProofStore, ProofUrls, UserStore};
use crate::refusal::Refusal;

/// How long a link opens its picture, in seconds.
const LINK_EXPIRES_S: u64 = 300;

/// `GET /orders/{order_id}/proofs`
pub struct GetProofs {
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
    /// How long pictures are kept.
    pub kept_for: SignedDuration,
}

/// The pictures of an order.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ProofsAnswer {
    /// In the sequence in which they were announced.
    proofs: Vec<ProofAnswer>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct ProofAnswer {
    proof_id: ProofId,
    kind: ProofKind,
    stop: StopKind,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    because: Option<ProofFault>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tap_id: Option<TapId>,
    by: UserId,
    announced_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    read_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    width: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    height: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_in: Option<u64>,
}

impl ProofAnswer {
    fn of(proof: Proof) -> Self {
        let mut answer = Self {
            proof_id: proof.proof_id,
            kind: proof.kind,
            stop: proof.stop,
            status: "awaited",
            because: None,
            tap_id: proof.tap_id,
            by: proof.by,
            announced_at: proof.announced_at,
            read_at: None,
            width: None,
            height: None,
            url: None,
            expires_in: None,
        };
        match proof.state {
            ProofState::Awaited => {}
            ProofState::Kept {
                read_at,
                width,
                height,
            } => {
                answer.status = "kept";
                answer.read_at = Some(read_at);
                (answer.width, answer.height) = (Some(width), Some(height));
            }
            ProofState::Refused { read_at, because } => {
                answer.status = "refused";
                answer.read_at = Some(read_at);
                answer.because = Some(because);
            }
        }
        answer
    }
}

impl GetProofs {
    /// The pictures of an order that are still kept, oldest first. Its customer and dispatchers get links. The order's
    /// agent gets no links, but sees what became of each picture.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for an order that is not the caller's; [`Refusal::AgentNotActive`];
    /// [`Refusal::AccountSuspended`].
    pub async fn run(&self, caller: &Caller, order_id: &str) -> Result<ProofsAnswer, Refusal> {
        let role = caller.acting_as(&[Role::Dispatcher, Role::Agent, Role::Customer])?;
        let id: OrderId = order_id.parse().map_err(|_| Refusal::NotFound)?;
        match role {
            Role::Dispatcher => {}
            Role::Agent => {
                let user = self.users.user(caller.user_id).await?;
                let active = user.as_ref().and_then(User::active_agent);
                active.ok_or(Refusal::AgentNotActive)?;
            }
            Role::Customer => {
                caller.as_customer(self.users.as_ref()).await?;
            }
        }
        let order = self.orders.order(id).await?.ok_or(Refusal::NotFound)?;
        let theirs = match role {
            Role::Dispatcher => true,
            Role::Agent => order.is_on_route_of(caller.user_id),
            Role::Customer => order.customer_id == caller.user_id,
        };
        if !theirs {
            return Err(Refusal::NotFound);
        }
        let now = self.clock.now();
        let stored = self.proofs.proofs(id, now).await?;
        let proofs = stored.map(|stored| stored.proofs).unwrap_or_default();
        let kept = proofs
            .into_iter()
            .filter(|proof| proof.is_kept_at(now, self.kept_for));
        let mut answers = Vec::new();
        for proof in kept {
            let (proof_id, kind) = (proof.proof_id, proof.kind);
            let has_copy = matches!(proof.state, ProofState::Kept { .. });
            let mut answer = ProofAnswer::of(proof);
            if has_copy && role != Role::Agent {
                let key = ProofKey {
                    order_id: id,
                    proof_id,
                };
                answer.url = Some(self.urls.download_url(key, kind).await?);
                answer.expires_in = Some(LINK_EXPIRES_S);
            }
            answers.push(answer);
        }
        Ok(ProofsAnswer { proofs: answers })
    }
}
