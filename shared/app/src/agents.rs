//! Agents: on and off duty, approved and suspended.

use std::sync::Arc;

use domain::agent::AgentUpdateRefused;
use domain::{
    Actor, AgentUpdate, Faults, LegEstimate, Order, OrderStatus, Role, Route, Timestamp, User,
    UserId, UserStatus, ZoneGrid,
};
use serde_json::Value;

use crate::answers::{AgentAnswer, AgentsAnswer};
use crate::caller::Caller;
use crate::dispatch::{retimed, set_free};
use crate::paging::{PageQuery, cursor_after};
use crate::ports::{
    AgentPart, Changeset, Clock, DispatchLedger, Jitter, OrderStore, RouteStore, StoreError,
    UserStore,
};
use crate::refusal::Refusal;
use crate::retry::Attempts;
use crate::routes::agent_in_path;

/// The statuses that `GET /agents` tells of: who has not confirmed the address is nobody's agent yet.
const LISTED: [UserStatus; 3] = [
    UserStatus::PendingApproval,
    UserStatus::Active,
    UserStatus::Suspended,
];

/// `GET /agents`
pub struct ListAgents {
    /// The records of people.
    pub users: Arc<dyn UserStore>,
}

impl ListAgents {
    /// The fleet, by id, to dispatchers.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for a query that cannot be understood.
    pub async fn run(&self, caller: &Caller, query: &PageQuery) -> Result<AgentsAnswer, Refusal> {
        caller.acting_as(&[Role::Dispatcher])?;
        let page = query.read::<_, UserId>(&LISTED.map(|status| (status.name(), status)))?;
        // One more than asked for shows whether there is another page.
        let limit = page.limit + 1;
        let mut ids = Vec::new();
        for status in LISTED
            .into_iter()
            .filter(|s| page.status.is_none_or(|asked| asked == *s))
        {
            ids.extend(
                self.users
                    .agents_with_status(status, page.after, limit)
                    .await?,
            );
        }
        ids.sort_unstable();
        ids.dedup();
        let more = ids.len() > page.limit;
        ids.truncate(page.limit);
        let next_cursor = ids.last().filter(|_| more).copied().map(cursor_after);
        let mut users = self.users.users(&ids).await?;
        users.sort_unstable_by_key(|user| user.id);
        // The index is a hint: somebody may have been approved since.
        users.retain(|user| page.status.is_none_or(|asked| user.status == asked));
        Ok(AgentsAnswer {
            agents: users.into_iter().filter_map(AgentAnswer::of).collect(),
            next_cursor,
        })
    }
}

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
    /// Changes an agent. A suspension gives back, in the same transaction, every order that is not aboard.
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
        let update = AgentUpdate::read(body, role, self.clock.now())?;
        let mut attempts = Attempts::new(self.jitter.as_ref());
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
            let changeset = self.changeset(changed, now).await?;
            match self.ledger.commit(&changeset).await {
                Ok(()) => return answer(changeset),
                Err(StoreError::Conflict) => attempts.pause().await?,
                Err(error) => return Err(error.into()),
            }
        }
    }

    async fn changeset(&self, mut agent: User, now: Timestamp) -> Result<Changeset, Refusal> {
        let mut changeset = Changeset::default();
        if let Some(route) = self.route_to_empty(&agent).await? {
            let open = self.orders.orders(&route.open_orders()).await?;
            let (released, aboard): (Vec<Order>, Vec<Order>) = open
                .into_iter()
                .partition(|order| order.status == OrderStatus::Assigned);
            let ids: Vec<_> = released.iter().map(|order| order.id).collect();
            // Written even if nothing is given back: an order that the optimizer adds at this moment loses against the
            // route's version, or makes us lose and read again.
            let mut route = route.with_orders_taken_off(&ids, &self.estimate, now);
            // Read apart from the route, it may be an older one.
            route.geometry = None;
            let back = released.iter().filter_map(|order| {
                order
                    .step(OrderStatus::Pending, Actor::Dispatcher, None, now)
                    .ok()
            });
            changeset.orders = back.collect();
            changeset.orders.extend(retimed(aboard, &route, now));
            set_free(&mut agent, &route, self.grid);
            changeset.route = Some(route);
        }
        changeset.agent = Some(AgentPart::Changed(agent));
        Ok(changeset)
    }

    /// The route that a suspension empties.
    async fn route_to_empty(&self, agent: &User) -> Result<Option<Route>, Refusal> {
        let open = agent
            .agent
            .as_ref()
            .and_then(|profile| profile.open_route_id);
        match (agent.status, open) {
            (UserStatus::Suspended, Some(route_id)) => {
                Ok(self.routes.route(agent.id, route_id).await?)
            }
            _ => Ok(None),
        }
    }
}

fn answer(changeset: Changeset) -> Result<AgentAnswer, Refusal> {
    let agent = match changeset.agent {
        Some(AgentPart::Changed(agent) | AgentPart::Unchanged(agent)) => AgentAnswer::of(agent),
        None => None,
    };
    agent.ok_or(Refusal::NotFound)
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
