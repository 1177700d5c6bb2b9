//! The agents on duty, each with the open route and its orders.

use std::collections::BTreeSet;

use domain::{Timestamp, User, UserId, Zone};
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

enum Seen {
    Ready(Box<Crew>),
    TakesNoPart,
    Changing,
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

    /// The agents with these ids who are on duty in one of the zones.
    async fn read_crews(
        &self,
        zone: Zone,
        agents: impl Iterator<Item = UserId>,
        nearby: &[Zone],
        now: Timestamp,
    ) -> Result<Crews, Refusal> {
        let ids: BTreeSet<UserId> = agents.collect();
        let ids: Vec<UserId> = ids.into_iter().collect();
        let mut users = self.users.users(&ids).await?;
        users.sort_unstable_by_key(|user| user.id);
        let crews = users.into_iter().map(|user| self.crew(user, nearby, now));
        let mut seen = Crews {
            ready: Vec::new(),
            missed: 0,
        };
        for crew in try_join_all(crews).await? {
            match crew {
                Seen::Ready(crew) => seen.ready.push(*crew),
                Seen::TakesNoPart => {}
                Seen::Changing => seen.missed += 1,
            }
        }
        if seen.missed > 0 {
            info!(%zone, missed = seen.missed, "agents changed each time that they were read");
        }
        Ok(seen)
    }

    /// The agents whom the index shows on duty in these zones.
    async fn on_duty_in(&self, zones: &[Zone]) -> Result<Vec<UserId>, Refusal> {
        let by_zone = try_join_all(zones.iter().map(|zone| self.users.agents_on_duty(*zone)));
        Ok(by_zone.await?.into_iter().flatten().collect())
    }

    /// An agent as the planner needs them. The route and its orders are read one after the other, so an agent who
    /// changes meanwhile is read again.
    async fn crew(
        &self,
        mut agent: User,
        nearby: &[Zone],
        now: Timestamp,
    ) -> Result<Seen, Refusal> {
        let mut attempts = Attempts::new(self.jitter);
        let mut versions = BTreeSet::new();
        for _ in 0..MOST_READS {
            let profile = agent.agent.as_ref().filter(|profile| {
                profile.available(agent.status)
                    && profile.zone.is_some_and(|zone| nearby.contains(&zone))
            });
            let Some(profile) = profile else {
                return Ok(Seen::TakesNoPart);
            };
            let Some(route_id) = profile.open_route_id else {
                let over = profile.shift.is_some_and(|shift| shift.end <= now);
                return Ok(if over {
                    Seen::TakesNoPart
                } else {
                    Seen::Ready(Box::new(Crew::free(agent)))
                });
            };
            let route = self.routes.route(agent.id, route_id).await?;
            versions.insert((agent.version, route.as_ref().map(|route| route.version)));
            if let Some(route) = route {
                let orders = self.orders.orders(&route.open_orders()).await?;
                if let Some(crew) = Crew::under_way(agent.clone(), route, orders) {
                    return Ok(Seen::Ready(Box::new(crew)));
                }
            }
            attempts.pause().await?;
            let Some(again) = self.users.users(&[agent.id]).await?.pop() else {
                return Ok(Seen::TakesNoPart);
            };
            agent = again;
        }
        if versions.len() == 1 {
            // Nobody is changing them, so waiting would not help.
            warn!(agent_id = %agent.id, "an agent's route and its orders do not fit together");
            return Ok(Seen::TakesNoPart);
        }
        Ok(Seen::Changing)
    }
}
