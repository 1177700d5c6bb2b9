//! From a plan back to records: which routes change, and what is written together.
//!
//! A route changes if it gains or loses an order. Every other route stays as it is: nobody wants their next stops
//! moved about for nothing. Routes that exchange orders form a group, and a group is one transaction. A group that is
//! too large for one transaction takes two steps: first each order that moves leaves its route and is pending again,
//! then it joins the other route. After a crash in between, the sweep finds the pending orders.

use domain::route::OpenPart;
use domain::{
    Actor, Leg, LegEstimate, Order, OrderId, OrderStatus, Route, RouteStop, Timestamp, User,
    ZoneGrid,
};
use tracing::error;

use super::instance::ZoneInstance;
use crate::ports::{AgentPart, Changeset, Ids, MOST_ITEMS, PlanAnswer, PlannedRoute, PlannedVisit};
use crate::routes::after_change::set_free;

/// What is written together, or not at all.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Step {
    /// The records.
    pub(super) change: Changeset,
    /// The agents of the change, as the plan knows them.
    pub(super) relies_on: Vec<User>,
    /// The number of pending orders that get a route.
    pub(super) assigned: usize,
    /// The number of orders that change their agent.
    pub(super) moved: usize,
}

/// The steps of a group of routes, one after the other.
pub(super) type Group = Vec<Step>;

/// Makes changes from plans.
pub(super) struct Changes<'a> {
    pub(super) instance: &'a ZoneInstance,
    pub(super) ids: &'a dyn Ids,
    pub(super) grid: ZoneGrid,
    pub(super) estimate: LegEstimate,
    pub(super) now: Timestamp,
}

/// An agent and the open route, as they are stored after the steps so far.
#[derive(Clone)]
struct Driver {
    agent: User,
    route: Option<Route>,
}

impl Changes<'_> {
    /// The groups of a plan.
    pub(super) fn of(&self, answer: &PlanAnswer) -> Vec<Group> {
        let planned = self.instance.planned_routes(answer);
        let new_crew = self.new_crews(&planned);
        let mut groups = Groups::of(self.instance.crews.len());
        let mut changes = vec![false; self.instance.crews.len()];
        for (order, new) in new_crew.iter().enumerate() {
            let old = self.instance.crew_of(order);
            if old == *new {
                continue;
            }
            for crew in old.iter().chain(new) {
                changes[*crew] = true;
            }
            if let (Some(old), Some(new)) = (old, *new) {
                groups.join(old, new);
            }
        }
        groups
            .listed()
            .into_iter()
            .map(|crews| crews.into_iter().filter(|crew| changes[*crew]).collect())
            .filter(|crews: &Vec<usize>| !crews.is_empty())
            .filter_map(|crews| self.group(&crews, &planned, &new_crew, answer.provider))
            .collect()
    }

    /// The crew that each order is planned for.
    fn new_crews(&self, planned: &[Option<&PlannedRoute>]) -> Vec<Option<usize>> {
        let mut crews = vec![None; self.instance.orders()];
        for (crew, route) in planned.iter().enumerate() {
            for visit in route.iter().flat_map(|route| &route.visits) {
                if let Some(place) = crews.get_mut(visit.order) {
                    *place = Some(crew);
                }
            }
        }
        crews
    }

    fn group(
        &self,
        crews: &[usize],
        planned: &[Option<&PlannedRoute>],
        new_crew: &[Option<usize>],
        provider: &'static str,
    ) -> Option<Group> {
        let lost = (0..new_crew.len()).any(|order| {
            let old = self.instance.crew_of(order);
            new_crew[order].is_none() && old.is_some_and(|old| crews.contains(&old))
        });
        if lost {
            error!("a plan has lost an order that is on a route; its routes stay as they are");
            return None;
        }
        let mut drivers: Vec<Driver> = crews
            .iter()
            .map(|crew| {
                let crew = &self.instance.crews[*crew];
                Driver {
                    agent: crew.agent.clone(),
                    route: crew.route().cloned(),
                }
            })
            .collect();
        let open: Option<Vec<OpenPart>> = crews
            .iter()
            .map(|crew| self.open_part(*crew, planned[*crew], provider))
            .collect();
        let open = open?;
        let gains = |crew: usize| {
            (0..new_crew.len()).filter(move |order| {
                new_crew[*order] == Some(crew) && self.instance.crew_of(*order) != Some(crew)
            })
        };

        let mut whole = Step::new();
        let mut after = drivers.clone();
        for ((crew, driver), open) in crews.iter().zip(&mut after).zip(&open) {
            self.plan(driver, open.clone(), &mut whole);
            for index in gains(*crew) {
                let order = self.instance.order(index)?;
                let joined = self.join(order, driver.route.as_ref()?)?;
                whole.add(joined, self.instance.crew_of(index));
            }
        }
        if whole.change.items() <= MOST_ITEMS {
            return Some(vec![whole]);
        }

        let mut steps = Vec::new();
        for (crew, driver) in crews.iter().zip(&mut drivers) {
            let leaving: Vec<&Order> = (0..new_crew.len())
                .filter(|order| {
                    self.instance.crew_of(*order) == Some(*crew) && new_crew[*order] != Some(*crew)
                })
                .filter_map(|order| self.instance.order(order))
                .collect();
            if !leaving.is_empty() {
                let is_first_step = gains(*crew).next().is_some();
                steps.push(self.leave(driver, &leaving, is_first_step)?);
            }
        }
        for ((crew, driver), open) in crews.iter().zip(&mut drivers).zip(open) {
            let mut step = Step::new();
            let gained: Vec<usize> = gains(*crew).collect();
            if gained.is_empty() {
                continue;
            }
            self.plan(driver, open, &mut step);
            for index in gained {
                let order = self.instance.order(index)?;
                let from = self.instance.crew_of(index);
                let route = driver.route.as_ref()?;
                let joined = match from {
                    Some(_) => self.join(&self.pending_again(order)?, route)?,
                    None => self.join(order, route)?,
                };
                step.add(joined, from);
            }
            steps.push(step);
        }
        Some(steps)
    }

    /// The step in which orders leave the driver's route. If other orders join the route in a second step, the route
    /// stores the number of orders that left. Then its agent gets one email about both steps.
    fn leave(&self, driver: &mut Driver, leaving: &[&Order], is_first_step: bool) -> Option<Step> {
        let ids: Vec<OrderId> = leaving.iter().map(|order| order.id).collect();
        let read = driver.route.as_ref()?;
        let mut route = read.with_orders_given_back(&ids, &self.estimate, self.now);
        // The path was read apart from the route, so it may be an older one. The store keeps what it has.
        route.geometry = route.geometry.filter(String::is_empty);
        if is_first_step {
            route.left_in_first_step = leaving.len();
        }
        let mut step = Step::new();
        step.change.orders = leaving
            .iter()
            .map(|order| self.pending_again(order))
            .collect::<Option<_>>()?;
        self.write(driver, route, &mut step);
        Some(step)
    }

    fn pending_again(&self, order: &Order) -> Option<Order> {
        let pending = order.step(OrderStatus::Pending, Actor::Optimizer, None, self.now);
        pending.ok()
    }

    /// Gives the driver the planned route. A driver without an open route gets a new one.
    fn plan(&self, driver: &mut Driver, open: OpenPart, step: &mut Step) {
        let route = match &driver.route {
            Some(route) => route.planned_anew(open, self.now),
            None => Route::planned(self.ids.route_id(), driver.agent.id, open, self.now),
        };
        self.write(driver, route, step);
    }

    /// Adds the route and its agent to a step. A new route takes the agent, and a route that ends sets the agent free.
    /// Otherwise the agent only has to be as the plan knows them: active and on duty.
    fn write(&self, driver: &mut Driver, route: Route, step: &mut Step) {
        step.relies_on.push(driver.agent.clone());
        let mut agent = driver.agent.changed(self.now);
        let changes = if driver.route.is_none() {
            if let Some(profile) = &mut agent.agent {
                profile.open_route_id = Some(route.id);
            }
            true
        } else {
            set_free(&mut agent, &route, self.grid)
        };
        let part = if changes {
            AgentPart::Changed(agent)
        } else {
            AgentPart::Unchanged(driver.agent.clone())
        };
        driver.agent = part.user().clone();
        driver.route = route.status.is_open().then(|| route.clone());
        step.change.routes.push(route);
        step.change.agents.push(part);
    }

    /// The order on the route. `None` if its status does not allow that.
    fn join(&self, order: &Order, route: &Route) -> Option<Order> {
        let joined = if order.status == OrderStatus::Assigned {
            order.moved(route.agent_id, route.id, self.now)
        } else {
            order.assigned(route.agent_id, route.id, self.now)
        };
        joined.ok()
    }

    /// The open part of a crew's route. It is empty if the plan gives the crew nothing to do.
    fn open_part(
        &self,
        crew: usize,
        planned: Option<&PlannedRoute>,
        provider: &'static str,
    ) -> Option<OpenPart> {
        let visits = planned.map_or(&[][..], |route| &route.visits);
        let stops: Option<Vec<RouteStop>> = visits.iter().map(|visit| self.stop(visit)).collect();
        Some(OpenPart {
            from: self.instance.departure(crew)?,
            breaks: self.instance.breaks(crew),
            stops: stops?,
            provider: provider.to_owned(),
            geometry: planned.and_then(|route| route.geometry.clone()),
        })
    }

    fn stop(&self, visit: &PlannedVisit) -> Option<RouteStop> {
        let order = self.instance.order(visit.order)?;
        Some(RouteStop {
            eta: self.instance.time_of(visit.begin_s),
            leg: Leg {
                distance_m: visit.distance_m,
                duration_s: visit.duration_s,
            },
            ..RouteStop::open(order, visit.kind)?
        })
    }
}

impl Step {
    fn new() -> Self {
        Self {
            change: Changeset::default(),
            relies_on: Vec::new(),
            assigned: 0,
            moved: 0,
        }
    }

    /// Adds an order that joins a route. It comes from a crew, or it was pending.
    fn add(&mut self, order: Order, from: Option<usize>) {
        match from {
            Some(_) => self.moved += 1,
            None => self.assigned += 1,
        }
        self.change.orders.push(order);
    }
}

/// Disjoint sets of crews. They are few, so a join may look at all of them.
struct Groups {
    /// The group of each crew, named by one of its crews.
    name_of: Vec<usize>,
}

impl Groups {
    fn of(crews: usize) -> Self {
        Self {
            name_of: (0..crews).collect(),
        }
    }

    fn join(&mut self, one: usize, other: usize) {
        let (kept, gone) = (self.name_of[one], self.name_of[other]);
        for name in &mut self.name_of {
            if *name == gone {
                *name = kept;
            }
        }
    }

    /// The crews of each group.
    fn listed(&self) -> Vec<Vec<usize>> {
        let mut groups = vec![Vec::new(); self.name_of.len()];
        for (crew, name) in self.name_of.iter().enumerate() {
            groups[*name].push(crew);
        }
        groups
    }
}
