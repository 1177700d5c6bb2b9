//! `GET /orders/{order_id}`: one order.

use std::sync::Arc;

use domain::{LegEstimate, OrderId, Role, User};

use crate::answers::OrderAnswer;
use crate::caller::Caller;
use crate::ports::{Clock, LocationStore, OrderStore, RouteStore, UserStore};
use crate::refusal::Refusal;
use crate::routes::under_way::UnderWay;

/// `GET /orders/{order_id}`
pub struct GetOrder {
    /// The records of people.
    pub users: Arc<dyn UserStore>,
    /// The orders.
    pub orders: Arc<dyn OrderStore>,
    /// The routes: they know when the agent comes.
    pub routes: Arc<dyn RouteStore>,
    /// Where the agents were last seen.
    pub locations: Arc<dyn LocationStore>,
    /// For the time from there to the next stop.
    pub estimate: LegEstimate,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl GetOrder {
    /// One order, to those who would find it in their list.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] if it is not there or not the caller's; [`Refusal::AgentNotActive`];
    /// [`Refusal::AccountSuspended`].
    pub async fn run(&self, caller: &Caller, order_id: &str) -> Result<OrderAnswer, Refusal> {
        let role = caller.acting_as(&[Role::Dispatcher, Role::Customer, Role::Agent])?;
        let own_record = match role {
            Role::Agent => self.users.user(caller.user_id).await?,
            Role::Customer => caller.as_customer(self.users.as_ref()).await?,
            Role::Dispatcher => None,
        };
        let open_route_id = match role {
            Role::Agent => {
                let profile = own_record.as_ref().and_then(User::active_agent);
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
        if !seen {
            return Err(Refusal::NotFound);
        }
        let under_way = UnderWay {
            routes: self.routes.as_ref(),
            locations: self.locations.as_ref(),
            estimate: &self.estimate,
        };
        let routes = under_way.of_orders([&order], self.clock.now()).await?;
        let route = routes.of(&order);
        Ok(OrderAnswer::seen_by(role, order, route))
    }
}
