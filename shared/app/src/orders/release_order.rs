//! `DELETE /orders/{order_id}/assignment`: a dispatcher takes an order off its route, or lets it wait.

use domain::{Decision, DecisionKind, OrderId, OrderStatus, Role};
use serde_json::Value;

use super::assign_order::{not_possible_now, refuse_status};
use crate::answers::OrderAnswer;
use crate::caller::Caller;
use crate::if_match::IfMatch;
use crate::ports::Changeset;
use crate::refusal::Refusal;
use crate::routes::by_hand::DispatchDesk;

/// `DELETE /orders/{order_id}/assignment`
pub struct ReleaseOrder(pub DispatchDesk);

impl ReleaseOrder {
    /// Makes the order pending. It leaves its route in the same transaction. A pending order may be held, or held no
    /// more. A call that changes nothing writes nothing.
    ///
    /// A race: the condition is the version of the order, the route and the agent. If a tap, a plan or another
    /// dispatcher was faster, the call reads again and decides again. With `If-Match` it is refused then.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for other roles, [`Refusal::NotFound`], [`Refusal::Invalid`],
    /// [`Refusal::PreconditionFailed`], [`Refusal::StepNotAllowed`] for an order that has ended,
    /// [`Refusal::DecisionNotPossible`] for an order that is aboard.
    pub async fn run(
        &self,
        caller: &Caller,
        order_id: &str,
        body: &Value,
        if_match: Option<&IfMatch>,
    ) -> Result<OrderAnswer, Refusal> {
        caller.acting_as(&[Role::Dispatcher])?;
        let release = intake::read_release(body)?;
        let id: OrderId = order_id.parse().map_err(|_| Refusal::NotFound)?;
        let mut attempts = self.0.attempts();
        loop {
            let order = self.0.orders.order(id).await?.ok_or(Refusal::NotFound)?;
            IfMatch::check(if_match, order.version)?;
            refuse_status(&order, OrderStatus::Pending)?;
            let now = self.0.clock.now();
            let kind = if release.hold == Some(true) {
                DecisionKind::Held
            } else {
                DecisionKind::Released
            };
            let decision = Decision::of(kind, caller.user_id);
            let released = order
                .released_by_hand(release.hold, &release.not, decision, now)
                .map_err(not_possible_now)?;
            let mut change = Changeset::default();
            if released.version != order.version {
                change.orders.push(released.clone());
            }
            if let Some(on) = order.assignment {
                let Some(run) = self.0.run_with(id, on.agent_id).await? else {
                    attempts.pause().await?;
                    continue;
                };
                let decision = Decision {
                    order_id: Some(id),
                    ..decision
                };
                self.0.leave(&mut change, &run, &[id], decision, now);
            }
            if !self.0.lost_the_race(change, caller, &mut attempts).await? {
                return Ok(OrderAnswer::of(released, None));
            }
        }
    }
}
