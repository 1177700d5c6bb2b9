//! From changes in the tables to messages in the queues: wake-ups for the optimizer, and news for people.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use domain::{
    Actor, Order, OrderId, OrderStatus, Route, RouteStop, User, UserId, UserStatus, Zone, ZoneGrid,
};
use futures::future::try_join_all;
use jiff::SignedDuration;

use crate::messages::{Event, News, Notification, Wake, WakeCause};
use crate::notifications::SECOND_STEP;
use crate::ports::{
    Clock, Outboxes, Promises, Queue, RecipientMessages, StoreError, ZonesWithoutAgents,
};
use crate::recipients::Moments;
use crate::refusal::Refusal;
use crate::routes::optimize_routes::{FAR, NEAR};

use super::changed_times::changed_times;
use super::for_recipients::for_recipients;

/// A record before and after one write.
#[derive(Debug, Clone, PartialEq)]
pub enum StateChange {
    /// Of a user.
    User {
        /// `None` for a new record.
        before: Option<Box<User>>,
        /// `None` for a deleted record.
        after: Option<Box<User>>,
    },
    /// Of an order.
    Order {
        /// `None` for a new record.
        before: Option<Box<Order>>,
        /// `None` for a deleted record.
        after: Option<Box<Order>>,
    },
    /// Of a route, without its geometry.
    Route {
        /// `None` for a new record.
        before: Option<Box<Route>>,
        /// `None` for a deleted record.
        after: Option<Box<Route>>,
    },
}

/// A route that becomes this late for a time window is planned again.
const LATE: SignedDuration = SignedDuration::from_mins(10);

/// Copies state changes to the queues.
pub struct PublishEvents {
    /// Wakes the optimizer.
    pub wakes: Arc<dyn Queue<Wake>>,
    /// The news that waits for each person.
    pub outboxes: Arc<dyn Outboxes>,
    /// The delivery times that customers were told.
    pub promises: Arc<dyn Promises>,
    /// What recipients were told.
    pub recipients: Arc<dyn RecipientMessages>,
    /// The moments at which recipients are told something.
    pub moments: Moments,
    /// Whether a recipient without an email address gets text messages.
    pub texts: bool,
    /// Asks for emails.
    pub notifications: Arc<dyn Queue<Notification>>,
    /// The seconds for which a person's news is gathered before an email tells it.
    pub window_s: u32,
    /// Zones without agents nearby.
    pub without_agents: Arc<dyn ZonesWithoutAgents>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The zones.
    pub grid: ZoneGrid,
}

impl PublishEvents {
    /// Sends the messages that follow from the changes, and puts news into the outboxes of people. After a crash the
    /// stream delivers the changes again. A repeated wake-up finds nothing to plan. Repeated news has the same name,
    /// and nobody is told it twice. Each piece of news is followed by a message of its own, so no crash leaves news
    /// behind that nobody asks for.
    ///
    /// # Errors
    /// If a queue or the store is unavailable.
    pub async fn run(&self, changes: &[StateChange]) -> Result<(), Refusal> {
        let mut wakes = wakes(changes, self.grid);
        wakes.extend(self.far_wakes(changes).await?);
        if !wakes.is_empty() {
            self.wakes.send(&wakes, 0).await?;
        }
        let confirmed: Vec<Notification> = changes.iter().filter_map(confirmed).collect();
        if !confirmed.is_empty() {
            self.notifications.send(&confirmed, 0).await?;
        }
        let told = self.recipients.as_ref();
        let messages = for_recipients(changes, &self.moments, self.texts, told).await?;
        if !messages.is_empty() {
            self.notifications.send(&messages, 0).await?;
        }
        let news = changes.iter().flat_map(news_of);
        let (later, mut now): (Vec<_>, Vec<_>) = news.partition(|(_, it)| is_of_first_step(it));
        now.extend(changed_times(changes, self.promises.as_ref()).await?);
        self.put(now, self.window_s).await?;
        // This news has a message of its own, because it may be too early for it before.
        let second_step_s = SECOND_STEP.as_secs() as u32;
        self.put(later, self.window_s.max(second_step_s)).await
    }

    /// Puts news into the outboxes of people, and then sends a message for each person that asks for the email. If an
    /// outbox is full, the message carries the news.
    async fn put(&self, news: Vec<(UserId, News)>, delay_s: u32) -> Result<(), Refusal> {
        let mut by_person: BTreeMap<UserId, Vec<News>> = BTreeMap::new();
        for (user_id, news) in news {
            by_person.entry(user_id).or_default().push(news);
        }
        if by_person.is_empty() {
            return Ok(());
        }
        let now = self.clock.now();
        let asked = by_person.into_iter().map(|(user_id, news)| async move {
            let stored = self.outboxes.add(user_id, &news, now).await?;
            let news = if stored { Vec::new() } else { news };
            Ok::<_, StoreError>(Notification::NewsWaiting { user_id, news })
        });
        let messages = try_join_all(asked).await?;
        Ok(self.notifications.send(&messages, delay_s).await?)
    }

    /// An agent who comes on duty may also wake zones beyond the neighbours: those with a note that their orders
    /// found no agent nearby. Most zones have agents or no orders. To wake them would be useless.
    async fn far_wakes(&self, changes: &[StateChange]) -> Result<Vec<Wake>, StoreError> {
        let mut agents: BTreeMap<Zone, Wake> = BTreeMap::new();
        for own in changes.iter().filter_map(own_zone_of_newcomer) {
            let near = own.zone.within(NEAR);
            let mut far = own.zone.within(FAR);
            far.retain(|zone| !near.contains(zone));
            let wakes = far.into_iter().map(|zone| Wake {
                zone,
                ..own.clone()
            });
            agents.extend(wakes.map(|wake| (wake.zone, wake)));
        }
        if agents.is_empty() {
            return Ok(Vec::new());
        }
        let zones: Vec<Zone> = agents.keys().copied().collect();
        let noted = self.without_agents.among(&zones, self.clock.now()).await?;
        Ok(noted
            .iter()
            .filter_map(|zone| agents.remove(zone))
            .collect())
    }
}

/// The wake-up of an agent's own zone, if the agent came on duty. The end of a route or a new vehicle is no reason to
/// plan far zones again: such changes are too many.
fn own_zone_of_newcomer(change: &StateChange) -> Option<Wake> {
    let StateChange::User {
        before,
        after: Some(after),
    } = change
    else {
        return None;
    };
    let was_available = before.as_ref().is_some_and(|before| {
        let profile = before.agent.as_ref();
        profile.is_some_and(|profile| profile.available(before.status))
    });
    if was_available {
        return None;
    }
    became_available(before.as_deref(), after)
        .into_iter()
        .next()
}

/// The wake-ups that follow from changes. All imported orders of a zone together wake the zone once: a file of many
/// rows must not send a million wake-ups, and the plan finds the orders by their zone.
fn wakes(changes: &[StateChange], grid: ZoneGrid) -> Vec<Wake> {
    let mut imported: HashSet<Zone> = HashSet::new();
    // From the last change to the first: a wake-up names an order that the index may not show yet, and the newest order
    // is the one that the index lacks.
    let wakes = changes.iter().rev().flat_map(|change| {
        let mut wakes = wakes_of(change, grid);
        if is_imported(change) {
            wakes.retain(|wake| imported.insert(wake.zone));
        }
        wakes.into_iter().rev()
    });
    let mut wakes: Vec<Wake> = wakes.collect();
    wakes.reverse();
    wakes
}

/// Whether a change is the arrival of an order with an import, or of the locations of such an order.
fn is_imported(change: &StateChange) -> bool {
    let StateChange::Order {
        before,
        after: Some(after),
    } = change
    else {
        return false;
    };
    let arrives = before.as_ref().is_none_or(|before| before.awaits_places());
    arrives && after.import_id.is_some()
}

/// The zones that a change wakes.
fn wakes_of(change: &StateChange, grid: ZoneGrid) -> Vec<Wake> {
    match change {
        StateChange::Order {
            before,
            after: Some(after),
        } => became_pending(before.as_deref(), after)
            .into_iter()
            .collect(),
        StateChange::User {
            before,
            after: Some(after),
        } => became_available(before.as_deref(), after),
        StateChange::Route {
            before: Some(before),
            after: Some(after),
        } => became_late_or_got_room(before, after, grid),
        StateChange::Order { after: None, .. }
        | StateChange::User { after: None, .. }
        | StateChange::Route { .. } => Vec::new(),
    }
}

/// Two changes of a route wake zones. A route becomes late for a time window, so another agent may be better: this
/// wakes the zone in which its agent is. Or a full route has room again: orders of this zone and of the zones around
/// may wait for the room. A route that stays late wakes no zone, because a plan has seen this route.
fn became_late_or_got_room(before: &Route, after: &Route, grid: ZoneGrid) -> Vec<Wake> {
    let became_late = after.lateness() >= LATE && before.lateness() < LATE;
    let got_room = before.room() == 0 && after.room() > 0 && after.status.is_open();
    if !became_late && !got_room {
        return Vec::new();
    }
    let Some(own) = grid.zone_of(after.position()) else {
        return Vec::new();
    };
    let wake = |zone, cause| Wake {
        zone,
        cause,
        order_id: None,
        agent_id: Some(after.agent_id),
    };
    let cause = if became_late {
        WakeCause::RouteLate
    } else {
        WakeCause::AgentAvailable
    };
    let mut wakes = vec![wake(own, cause)];
    if got_room {
        let around = own.neighbours().into_iter();
        wakes.extend(around.map(|zone| wake(zone, WakeCause::AgentAvailable)));
    }
    wakes
}

/// A pending order with a new reason for waiting wakes nobody, because plans could take it before. A held order wakes
/// its zone when it is held no more. After an edit that plans depend on, a pending order is due at once.
fn became_pending(before: Option<&Order>, after: &Order) -> Option<Wake> {
    let is_due_at_once = before.is_some_and(|before| before.waiting != after.waiting)
        && after
            .waiting
            .is_some_and(|waiting| waiting.attempts == 0 && waiting.retry_at == after.updated_at);
    let was_planned = before.is_some_and(Order::may_be_planned);
    let zone = after.zone?;
    (after.may_be_planned() && (!was_planned || is_due_at_once)).then_some(Wake {
        zone,
        cause: WakeCause::OrderPending,
        order_id: Some(after.id),
        agent_id: None,
    })
}

/// An agent wakes the own zone and the zones around after coming on duty, finishing a route, moving, or getting more
/// room, another skill, another shift or other breaks. A plan of each of these zones may use the agent.
fn became_available(before: Option<&User>, after: &User) -> Vec<Wake> {
    let Some(profile) = after.agent.as_ref().filter(|p| p.available(after.status)) else {
        return Vec::new();
    };
    let unchanged = before.is_some_and(|before| {
        before.agent.as_ref().is_some_and(|was| {
            was.available(before.status)
                && was.zone == profile.zone
                && was.capacity >= profile.capacity
                && was.skills.is_superset(&profile.skills)
                && was.shift == profile.shift
                && was.breaks == profile.breaks
                && (was.open_route_id.is_none() || profile.open_route_id.is_some())
        })
    });
    if unchanged {
        return Vec::new();
    }
    let own = profile.zone.into_iter();
    own.flat_map(|zone| std::iter::once(zone).chain(zone.neighbours()))
        .map(|zone| Wake {
            zone,
            cause: WakeCause::AgentAvailable,
            order_id: None,
            agent_id: Some(after.id),
        })
        .collect()
}

fn is_of_first_step(news: &News) -> bool {
    matches!(
        news.event,
        Event::RoutePlanned {
            first_step: true,
            ..
        }
    )
}

/// The message about an address that was confirmed.
fn confirmed(change: &StateChange) -> Option<Notification> {
    let StateChange::User {
        before,
        after: Some(after),
    } = change
    else {
        return None;
    };
    let confirmed = |user: &User| user.status != UserStatus::Unconfirmed;
    let was = before.as_deref().is_some_and(confirmed);
    (confirmed(after) && !was).then_some(Notification::UserConfirmed { user_id: after.id })
}

/// The news that follows from a change, with the people who are told.
fn news_of(change: &StateChange) -> Vec<(UserId, News)> {
    match change {
        StateChange::Order {
            before,
            after: Some(after),
        } => {
            let before = before.as_deref();
            let customer = news_for_customer(before, after);
            let agent = before.and_then(|before| news_for_agent(before, after));
            customer.into_iter().chain(agent).collect()
        }
        StateChange::Route {
            before,
            after: Some(after),
        } => news_of_plan(before.as_deref(), after).into_iter().collect(),
        StateChange::Order { after: None, .. }
        | StateChange::User { .. }
        | StateChange::Route { after: None, .. } => Vec::new(),
    }
}

/// A customer hears of a cancellation only if somebody else cancelled the order.
fn news_for_customer(before: Option<&Order>, after: &Order) -> Option<(UserId, News)> {
    let by = after.history.last().map(|line| line.by);
    let told = match after.status {
        OrderStatus::Assigned
        | OrderStatus::Delivered
        | OrderStatus::Failed
        | OrderStatus::Undelivered
        | OrderStatus::Returning
        | OrderStatus::Returned => true,
        OrderStatus::Cancelled => by != Some(Actor::Customer),
        OrderStatus::Pending | OrderStatus::InProgress => false,
    };
    let came = before.is_none_or(|before| before.status != after.status);
    if !(told && came) {
        return None;
    }
    // An order that left its route between the two steps of a plan was assigned before: this is the same news.
    let assigned_at = after
        .assigned_at()
        .filter(|_| after.status == OrderStatus::Assigned);
    let news = News {
        event: Event::OrderChanged {
            order_id: after.id,
            status: after.status,
            releases: after.releases(),
        },
        at: assigned_at.unwrap_or(after.updated_at),
        request_id: after.request_id.clone(),
    };
    Some((after.customer_id, news))
}

/// An agent hears if a customer or a dispatcher has cancelled an order of the route, and if a dispatcher has taken it
/// off the route.
fn news_for_agent(before: &Order, after: &Order) -> Option<(UserId, News)> {
    let on = before
        .assignment
        .filter(|_| before.status.is_on_route() && before.status != after.status)?;
    let by = after.history.last()?.by;
    let cancelled = match after.status {
        OrderStatus::Cancelled => true,
        OrderStatus::Pending if by == Actor::Dispatcher => false,
        OrderStatus::Pending
        | OrderStatus::Assigned
        | OrderStatus::InProgress
        | OrderStatus::Delivered
        | OrderStatus::Failed
        | OrderStatus::Undelivered
        | OrderStatus::Returning
        | OrderStatus::Returned => return None,
    };
    let news = News {
        event: Event::OrderTakenOff {
            agent_id: on.agent_id,
            route_id: on.route_id,
            order_id: after.id,
            version: after.version,
            cancelled,
        },
        at: after.updated_at,
        request_id: after.request_id.clone(),
    };
    Some((on.agent_id, news))
}

fn news_of_plan(before: Option<&Route>, after: &Route) -> Option<(UserId, News)> {
    let open_before = before.map(Route::open_orders).unwrap_or_default();
    let open = after.open_orders();
    let gained = open.iter().filter(|order| !open_before.contains(order));
    // The stops of an order that ended stay on the route. Those of an order that another agent may take do not.
    let left = |order: &&OrderId| after.stops.iter().all(|stop| stop.order_id != **order);
    let (gained, lost) = (gained.count(), open_before.iter().filter(left).count());
    let first_step = after.left_in_first_step > 0;
    // The news of the second step also counts the orders that have left in the first step.
    let before_that = before.map_or(0, |before| before.left_in_first_step);
    let lost = if first_step { lost } else { lost + before_that };
    let resequenced = before.is_some_and(|before| resequenced_by_hand(before, after));
    (gained + lost > 0 || resequenced).then_some(())?;
    let news = News {
        event: Event::RoutePlanned {
            agent_id: after.agent_id,
            route_id: after.id,
            version: after.version,
            gained_orders: gained,
            lost_orders: lost,
            new: before.is_none(),
            resequenced,
            first_step,
        },
        at: after.updated_at,
        // A plan is about the orders of many requests.
        request_id: None,
    };
    Some((after.agent_id, news))
}

/// Whether a dispatcher has changed the sequence of the stops that are on both routes. A decision that only pins stops
/// is no news for the agent.
fn resequenced_by_hand(before: &Route, after: &Route) -> bool {
    if after.decisions == before.decisions {
        return false;
    }
    let common = |route: &Route, other: &Route| -> Vec<_> {
        let there: Vec<_> = other.open_stops().map(RouteStop::visit).collect();
        let visits = route.open_stops().map(RouteStop::visit);
        visits.filter(|visit| there.contains(visit)).collect()
    };
    common(before, after) != common(after, before)
}
