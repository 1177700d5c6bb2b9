//! `PUT /agents/{agent_id}`: duty, start, vehicle, shift, and the dispatcher's approval.

use std::sync::Arc;

use domain::agent::AgentUpdateRefused;
use domain::{
    Actor, AgentUpdate, LegEstimate, Order, OrderStatus, Role, RouteId, Timestamp, User,
    UserStatus, ZoneGrid,
};
use intake::Faults;
use serde_json::Value;

use crate::agents::agent_in_path;
use crate::answers::AgentAnswer;
use crate::caller::Caller;
use crate::ports::{
    AgentPart, Changeset, Clock, DispatchLedger, Jitter, OrderStore, RouteStore, SignOut,
    StoreError, UserStore, Whose,
};
use crate::refusal::Refusal;
use crate::retry::Attempts;
use crate::routes::after_change::set_free;

/// `PUT /agents/{agent_id}`
pub struct UpdateAgent {
    /// The records of people.
    pub users: Arc<dyn UserStore>,
    /// The orders.
    pub orders: Arc<dyn OrderStore>,
    /// The routes.
    pub routes: Arc<dyn RouteStore>,
    /// Changes that must agree.
    pub ledger: Arc<dyn DispatchLedger>,
    /// Ends sessions.
    pub sessions: Arc<dyn SignOut>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Chance, between attempts.
    pub jitter: Arc<dyn Jitter>,
    /// The zones.
    pub grid: ZoneGrid,
    /// For the legs over stops that fall away.
    pub estimate: LegEstimate,
}

impl UpdateAgent {
    /// Changes an agent. A suspension, and a release by who goes off duty, gives back in the same transaction every
    /// order that is not aboard. What is aboard stays on the route, for the agent or a dispatcher to finish.
    ///
    /// A suspension counts from its transaction on, since each call of an agent looks at the record. Their sessions are
    /// ended after it: where that fails or the process dies, the same call again ends them, and so does the attempt to
    /// refresh a token.
    ///
    /// An update that changes nothing is not written: an app that repeats `on_duty: true` every few seconds would
    /// otherwise make each plan for its agent lose the race.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for somebody else's or nobody's id, [`Refusal::Invalid`] for bad input,
    /// [`Refusal::RouteOpen`], [`Refusal::AgentNotActive`].
    pub async fn run(
        &self,
        caller: &Caller,
        agent_id: &str,
        body: &Value,
    ) -> Result<AgentAnswer, Refusal> {
        let role = caller.acting_as(&[Role::Dispatcher, Role::Agent])?;
        let agent_id = agent_in_path(caller, role, agent_id)?;
        let update = intake::read_agent_update(body, role, self.clock.now())?;
        let mut attempts = Attempts::on_route(self.jitter.as_ref());
        loop {
            let user = self.users.user(agent_id).await?.ok_or(Refusal::NotFound)?;
            let profile = user.agent.as_ref().ok_or(Refusal::NotFound)?;
            if role == Role::Agent && user.status == UserStatus::Suspended {
                return Err(Refusal::AgentNotActive);
            }
            let now = self.clock.now();
            let changed = update
                .apply(&user, profile, self.grid, now)
                .map_err(refuse)?;
            if !update.gives_back() && changed.says_the_same_as(&user) {
                return AgentAnswer::of(user).ok_or(Refusal::NotFound);
            }
            let request_id = caller.request_id.as_deref();
            let changeset = self.changeset(&update, changed, role, request_id, now);
            let changeset = changeset.await?;
            match self.ledger.commit(&changeset).await {
                Ok(()) => {
                    if update.status == Some(UserStatus::Suspended) {
                        self.sessions.sign_out(Whose::User(agent_id)).await?;
                    }
                    return answer(changeset);
                }
                Err(StoreError::Conflict) => attempts.pause().await?,
                Err(error) => return Err(error.into()),
            }
        }
    }

    async fn changeset(
        &self,
        update: &AgentUpdate,
        mut agent: User,
        by: Role,
        request_id: Option<&str>,
        now: Timestamp,
    ) -> Result<Changeset, Refusal> {
        let mut changeset = Changeset::default();
        let route = match open_route(&agent).filter(|_| update.gives_back()) {
            Some(route_id) => self.routes.route(agent.id, route_id).await?,
            None => None,
        };
        if let Some(route) = route {
            let open = self.orders.orders(&route.open_orders()).await?;
            let released: Vec<Order> = open
                .into_iter()
                .filter(|order| order.status == OrderStatus::Assigned)
                .collect();
            let ids: Vec<_> = released.iter().map(|order| order.id).collect();
            // Written even if nothing is given back: an order that the optimizer adds at this moment loses against the
            // route's version, or makes us lose and read again.
            let mut route = route.with_orders_given_back(&ids, &self.estimate, now);
            // Read apart from the route, it may be an older one; the store keeps what it has, unless that is gone.
            route.geometry = route.geometry.filter(String::is_empty);
            let back = released.iter().filter_map(|order| {
                let step = order.step(OrderStatus::Pending, Actor::from(by), None, now);
                Some(Order {
                    request_id: request_id.map(str::to_owned),
                    ..step.ok()?
                })
            });
            changeset.orders = back.collect();
            set_free(&mut agent, &route, self.grid);
            changeset.routes = vec![route];
        }
        changeset.agents = vec![AgentPart::Changed(agent)];
        Ok(changeset)
    }
}

fn open_route(agent: &User) -> Option<RouteId> {
    agent.agent.as_ref()?.open_route_id
}

fn answer(changeset: Changeset) -> Result<AgentAnswer, Refusal> {
    let agent = changeset
        .agents
        .into_iter()
        .next()
        .map(AgentPart::into_user);
    agent.and_then(AgentAnswer::of).ok_or(Refusal::NotFound)
}

fn refuse(refused: AgentUpdateRefused) -> Refusal {
    match refused {
        AgentUpdateRefused::NotActive => Refusal::AgentNotActive,
        AgentUpdateRefused::RouteOpen => Refusal::RouteOpen,
        AgentUpdateRefused::Unconfirmed => Refusal::AgentUnconfirmed,
        AgentUpdateRefused::NoStartLocation => Faults::one(
            "#/start_location",
            "must be known before an agent goes on duty",
        )
        .into(),
    }
}
