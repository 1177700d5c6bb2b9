//! The agents on duty, each with the open route and its orders.

use std::collections::{BTreeSet, HashMap};

use domain::{Order, OrderId, Route, RouteId, Timestamp, User, UserId, Zone};
use futures::future::try_join_all;
use jiff::SignedDuration;
use tracing::{info, warn};

use super::OptimizeRoutes;
use super::instance::Crew;
use crate::messages::Wake;
use crate::ports::{Jitter, OrderStore, RouteStore, UserStore};
use crate::refusal::Refusal;
use crate::retry::Attempts;

/// A plan takes the agents on duty in the zone and in the zones that this number of steps reaches.
pub(crate) const NEAR: u32 = 1;
/// If there are none, it takes those who are further away, up to some 50 km. They are better than nobody.
pub(crate) const FAR: u32 = 3;
/// The note of a zone without agents nearby is valid for this long. It ends a little after the next try of the zone's
/// orders.
const NOTED_FOR: SignedDuration = SignedDuration::from_mins(70);
/// How often an agent who changes meanwhile is read.
const MOST_READS: usize = 4;

/// Reads the agents on duty.
pub(super) struct CrewReader<'a> {
    pub(super) users: &'a dyn UserStore,
    pub(super) orders: &'a dyn OrderStore,
    pub(super) routes: &'a dyn RouteStore,
    pub(super) jitter: &'a dyn Jitter,
}

/// The agents of a zone and those around.
pub(super) struct Crews {
    /// Those who can take part.
    pub(super) ready: Vec<Crew>,
    /// How many might, and changed each time that they were read.
    pub(super) missed: usize,
}

/// The versions in which the records of agents and of their routes were read.
type Versions = HashMap<UserId, BTreeSet<(u64, Option<u64>)>>;

/// What an agent does in a plan.
enum Part {
    /// Waits for a first order.
    Free,
    /// Has this open route.
    UnderWay(RouteId),
    /// Takes no part.
    None,
}

impl OptimizeRoutes {
    fn crew_reader(&self) -> CrewReader<'_> {
        CrewReader {
            users: self.users.as_ref(),
            orders: self.orders.as_ref(),
            routes: self.routes.as_ref(),
            jitter: self.jitter.as_ref(),
        }
    }

    /// The agents on duty in the zone and those around, each with the open route and its orders.
    pub(super) async fn crews(
        &self,
        zone: Zone,
        wakes: &[Wake],
        now: Timestamp,
    ) -> Result<Crews, Refusal> {
        let reader = self.crew_reader();
        let mut nearby = zone.within(NEAR);
        nearby.push(zone);
        let named: Vec<UserId> = wakes.iter().filter_map(|wake| wake.agent_id).collect();
        let on_duty = reader.on_duty_in(&nearby).await?;
        let near = reader
            .read_crews(zone, on_duty.into_iter().chain(named.clone()), &nearby, now)
            .await?;
        // An agent may be on duty although the shift is over. Such an agent does not count.
        if !near.ready.is_empty() || near.missed > 0 {
            return Ok(near);
        }
        // The note is written first. If an agent comes on duty now, the reads below find the agent, or the agent's
        // change finds the note and wakes the zone.
        let noted_until = now + NOTED_FOR;
        self.without_agents.note(zone, noted_until).await?;
        let mut far = zone.within(FAR);
        far.retain(|zone| !nearby.contains(zone));
        let on_duty = reader.on_duty_in(&far).await?;
        nearby.append(&mut far);
        reader
            .read_crews(zone, on_duty.into_iter().chain(named), &nearby, now)
            .await
    }

    /// Whether an agent without a route stands in the zone itself. An agent who comes on duty wakes the zones around
    /// too, but a plan of the own zone is enough to share the orders on routes.
    pub(super) async fn somebody_is_idle(
        &self,
        zone: Zone,
        wakes: &[Wake],
    ) -> Result<bool, Refusal> {
        let by_index = self.crew_reader().on_duty_in(&[zone]).await?;
        let named = wakes.iter().filter_map(|wake| wake.agent_id);
        let ids: BTreeSet<UserId> = by_index.into_iter().chain(named).collect();
        let ids: Vec<UserId> = ids.into_iter().collect();
        let users = self.users.users(&ids).await?;
        Ok(users.iter().any(|user| {
            user.agent.as_ref().is_some_and(|profile| {
                let is_idle = profile.available(user.status) && profile.open_route_id.is_none();
                is_idle && profile.zone == Some(zone)
            })
        }))
    }
}

impl CrewReader<'_> {
    /// The agents on duty in the zone and those around. If there are none, those who are further away.
    pub(super) async fn near_or_far(&self, zone: Zone, now: Timestamp) -> Result<Crews, Refusal> {
        let mut nearby = zone.within(NEAR);
        nearby.push(zone);
        let on_duty = self.on_duty_in(&nearby).await?;
        let near = self
            .read_crews(zone, on_duty.into_iter(), &nearby, now)
            .await?;
        if !near.ready.is_empty() || near.missed > 0 {
            return Ok(near);
        }
        let mut far = zone.within(FAR);
        far.retain(|zone| !nearby.contains(zone));
        let on_duty = self.on_duty_in(&far).await?;
        nearby.append(&mut far);
        self.read_crews(zone, on_duty.into_iter(), &nearby, now)
            .await
    }

    /// The agents with these ids who are on duty in one of the zones. Records, routes and orders are read one after the
    /// other, each for all agents at once. An agent who changes meanwhile is read again.
    async fn read_crews(
        &self,
        zone: Zone,
        agents: impl Iterator<Item = UserId>,
        nearby: &[Zone],
        now: Timestamp,
    ) -> Result<Crews, Refusal> {
        let mut unread: BTreeSet<UserId> = agents.collect();
        let mut versions = Versions::new();
        let mut ready = Vec::new();
        let mut attempts = Attempts::new(self.jitter);
        for read in 0..MOST_READS {
            if read > 0 {
                attempts.pause().await?;
            }
            let ids: Vec<UserId> = std::mem::take(&mut unread).into_iter().collect();
            let mut under_way = Vec::new();
            for agent in self.users.users(&ids).await? {
                match part_in(&agent, nearby, now) {
                    Part::Free => ready.push(Crew::free(agent)),
                    Part::UnderWay(route_id) => under_way.push((agent, route_id)),
                    Part::None => {}
                }
            }
            for (agent, crew) in self.under_way(under_way, &mut versions).await? {
                match crew {
                    Some(crew) => ready.push(crew),
                    None => {
                        unread.insert(agent);
                    }
                }
            }
            if unread.is_empty() {
                break;
            }
        }
        unread.retain(|agent_id| {
            let changes = versions.get(agent_id).is_none_or(|seen| seen.len() > 1);
            if !changes {
                // Nobody changes these records, so waiting would not help.
                warn!(%agent_id, "an agent's route and its orders do not fit together");
            }
            changes
        });
        if !unread.is_empty() {
            info!(%zone, missed = unread.len(), "agents changed each time that they were read");
        }
        ready.sort_unstable_by_key(|crew| crew.agent.id);
        Ok(Crews {
            ready,
            missed: unread.len(),
        })
    }

    /// These agents with their routes and the orders on them. `None` for an agent whose route and orders do not fit
    /// together, because somebody changed them while they were read.
    async fn under_way(
        &self,
        agents: Vec<(User, RouteId)>,
        versions: &mut Versions,
    ) -> Result<Vec<(UserId, Option<Crew>)>, Refusal> {
        let ids: Vec<_> = agents
            .iter()
            .map(|(agent, route)| (agent.id, *route))
            .collect();
        let routes = self.routes.whole_routes(&ids).await?.into_iter();
        let mut routes: HashMap<UserId, Route> = routes.map(|it| (it.agent_id, it)).collect();
        let open: BTreeSet<OrderId> = routes.values().flat_map(Route::open_orders).collect();
        let open: Vec<OrderId> = open.into_iter().collect();
        let orders = self.orders.orders(&open).await?.into_iter();
        let mut orders: HashMap<OrderId, Order> = orders.map(|it| (it.id, it)).collect();
        let crews = agents.into_iter().map(|(agent, _)| {
            let id = agent.id;
            let route = routes.remove(&id);
            let seen = (agent.version, route.as_ref().map(|route| route.version));
            versions.entry(id).or_default().insert(seen);
            let crew = route.and_then(|route| {
                let open = route.open_orders().into_iter();
                let orders = open.filter_map(|order| orders.remove(&order)).collect();
                Crew::under_way(agent, route, orders)
            });
            (id, crew)
        });
        Ok(crews.collect())
    }

    /// The agents whom the index shows on duty in these zones.
    async fn on_duty_in(&self, zones: &[Zone]) -> Result<Vec<UserId>, Refusal> {
        let by_zone = try_join_all(zones.iter().map(|zone| self.users.agents_on_duty(*zone)));
        Ok(by_zone.await?.into_iter().flatten().collect())
    }
}

/// What the agent does in a plan for these zones.
fn part_in(agent: &User, nearby: &[Zone], now: Timestamp) -> Part {
    let profile = agent.agent.as_ref().filter(|profile| {
        let there = profile.zone.is_some_and(|zone| nearby.contains(&zone));
        profile.available(agent.status) && there
    });
    match profile {
        None => Part::None,
        Some(profile) => match profile.open_route_id {
            Some(route_id) => Part::UnderWay(route_id),
            None if profile.shift.is_some_and(|shift| shift.end <= now) => Part::None,
            None => Part::Free,
        },
    }
}
