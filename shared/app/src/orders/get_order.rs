//! `GET /orders/{order_id}`: one order.

use std::sync::Arc;

use domain::{OrderId, Role, User};

use crate::answers::OrderAnswer;
use crate::caller::Caller;
use crate::ports::{OrderStore, UserStore};
use crate::refusal::Refusal;

/// `GET /orders/{order_id}`
pub struct GetOrder {
    /// The records of people.
    pub users: Arc<dyn UserStore>,
    /// The orders.
    pub orders: Arc<dyn OrderStore>,
}

impl GetOrder {
    /// One order, to those who would find it in their list.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] if it is not there or not the caller's; [`Refusal::AgentNotActive`].
    pub async fn run(&self, caller: &Caller, order_id: &str) -> Result<OrderAnswer, Refusal> {
        let role = caller.acting_as(&[Role::Dispatcher, Role::Customer, Role::Agent])?;
        let agent = match role {
            Role::Agent => self.users.user(caller.user_id).await?,
            Role::Dispatcher | Role::Customer => None,
        };
        let open_route_id = match role {
            Role::Agent => {
                let profile = agent.as_ref().and_then(User::active_agent);
                profile.ok_or(Refusal::AgentNotActive)?.open_route_id
            }
            Role::Dispatcher | Role::Customer => None,
        };
        let id: OrderId = order_id.parse().map_err(|_| Refusal::NotFound)?;
        let order = self.orders.order(id).await?.ok_or(Refusal::NotFound)?;
        let seen = match role {
            Role::Dispatcher => true,
            Role::Customer => order.customer_id == caller.user_id,
            Role::Agent => {
                open_route_id.is_some()
                    && order.assignment.map(|on| (on.agent_id, Some(on.route_id)))
                        == Some((caller.user_id, open_route_id))
            }
        };
        seen.then(|| order.into()).ok_or(Refusal::NotFound)
    }
}
