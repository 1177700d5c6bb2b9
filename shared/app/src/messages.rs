//! What goes through the queues.

use domain::{ImportId, Moment, OrderId, OrderStatus, RouteId, Timestamp, UserId, Zone};
use serde::{Deserialize, Serialize};

/// A wake-up call for the planning of a zone. Getting one twice costs time and changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wake {
    /// Which zone.
    pub zone: Zone,
    /// Why, for the logs.
    pub cause: WakeCause,
    /// The order that it is about: read directly, since an index may not show it yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<OrderId>,
    /// The agent that it is about: read directly, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<UserId>,
}

/// Why a zone is woken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WakeCause {
    /// An order became pending.
    OrderPending,
    /// An agent came on duty, finished a route, moved, or can take more.
    AgentAvailable,
    /// Somebody asked for the zone while it was being planned, or when there was no time for it.
    AskedMeanwhile,
    /// As before, and orders that wait out a pause count too.
    AgentsChangedMeanwhile,
    /// A plan lost a race, or had more orders than fit into one.
    More,
    /// The sweep found orders overdue.
    Overdue,
    /// A route runs late for a time window, so that another agent may do better.
    RouteLate,
}

impl Wake {
    /// One for the zone, in place of those: whom they name the indexes show by the time that it is looked at.
    pub fn in_place_of(zone: Zone, wakes: &[Self]) -> Self {
        Self {
            zone,
            cause: WakeCause::again(wakes.iter().any(|wake| wake.cause.ends_pauses())),
            order_id: None,
            agent_id: None,
        }
    }
}

impl WakeCause {
    /// Of a wake-up that makes up for one that did not lead to a plan.
    pub fn again(ends_pauses: bool) -> Self {
        if ends_pauses {
            Self::AgentsChangedMeanwhile
        } else {
            Self::AskedMeanwhile
        }
    }

    /// Whether orders that wait out a pause are planned too: something has changed that may place them.
    pub fn ends_pauses(self) -> bool {
        match self {
            Self::AgentAvailable | Self::AgentsChangedMeanwhile | Self::RouteLate => true,
            Self::OrderPending | Self::AskedMeanwhile | Self::More | Self::Overdue => false,
        }
    }
}

/// A message about emails.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Notification {
    /// An address was confirmed: the user's topic is to be made.
    UserConfirmed {
        /// Whose.
        user_id: UserId,
    },
    /// A person's outbox holds news: one email tells all of it.
    NewsWaiting {
        /// Whose.
        user_id: UserId,
        /// News that found no room in the outbox.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        news: Vec<News>,
    },
    /// A moment at which the recipient of an order is told something.
    ForRecipient {
        /// Which order.
        order_id: OrderId,
        /// Which moment.
        moment: Moment,
    },
    /// News by itself: a message that an earlier version of Waybill sent.
    #[serde(untagged)]
    Alone(Event),
}

/// Something that one person is to be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct News {
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
    /// When it happened. A record that a stream delivers again gives the same time.
    pub at: Timestamp,
    /// The request that led to it, for the logs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

impl News {
    /// Names what the person is told. News with one name is told once.
    pub fn name(&self) -> String {
        match &self.event {
            Event::OrderChanged {
                order_id,
                status: OrderStatus::Assigned,
                releases,
                ..
            } => format!("order/{order_id}/assigned/{releases}"),
            Event::OrderChanged {
                order_id, status, ..
            } => format!("order/{order_id}/{status}"),
            Event::TimeChanged {
                order_id,
                promised_at,
            } => {
                format!("order/{order_id}/time/{promised_at}")
            }
            Event::RoutePlanned {
                route_id, version, ..
            } => format!("route/{route_id}/{version}"),
            Event::OrderTakenOff {
                order_id, version, ..
            } => format!("taken-off/{order_id}/{version}"),
        }
    }
}

/// A change that somebody is told about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// An order was assigned, delivered, failed or cancelled: its customer is told.
    OrderChanged {
        /// Which order.
        order_id: OrderId,
        /// The new status.
        status: OrderStatus,
        /// How often people had taken the order off a route by then: a new time is told once for each.
        #[serde(default)]
        releases: usize,
    },
    /// An order is expected at another time than its customer was told: the customer is told the new time.
    TimeChanged {
        /// Which order.
        order_id: OrderId,
        /// When the customer was told the time that is no longer true. A time may come back, so the time itself would
        /// not name the news. Messages from before this field named the time.
        #[serde(alias = "promised")]
        promised_at: Timestamp,
    },
    /// A route was made, or a plan has given it orders or taken orders from it: its agent is told.
    RoutePlanned {
        /// Whose route.
        agent_id: UserId,
        /// Which one.
        route_id: RouteId,
        /// The version with which it changed: names the news.
        version: u64,
        /// How many orders it gained; all of them when it is new.
        gained_orders: usize,
        /// How many orders went to other agents; absent in a message from before orders could move.
        #[serde(default)]
        lost_orders: usize,
        /// Whether the route is new.
        new: bool,
        /// Whether a dispatcher has changed the sequence of the stops.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        resequenced: bool,
        /// Whether the plan has a second step for the route. The email of the second step reports both steps.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        first_step: bool,
    },
    /// Somebody else has cancelled an order of a route, or taken it off: the agent is told.
    OrderTakenOff {
        /// Whose route.
        agent_id: UserId,
        /// Which one.
        route_id: RouteId,
        /// Which order.
        order_id: OrderId,
        /// The order's version: names the news.
        version: u64,
        /// Whether the order is cancelled. If not, it is pending again.
        cancelled: bool,
    },
}

/// Names an import and its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ImportKey {
    /// Whose it is.
    pub customer_id: UserId,
    /// Which one.
    pub import_id: ImportId,
}

/// Asks that the orders of a customer follow the customer's status: a dispatcher has suspended the customer, or has
/// ended the suspension.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerChanged {
    /// Whose orders.
    pub customer_id: UserId,
    /// The dispatcher.
    pub changed_by: UserId,
    /// The dispatcher's request, for the logs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Which of the orders are looked at first.
    #[serde(default)]
    pub walk: OrdersWalk,
    /// The orders that were placed before this one are left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<OrderId>,
    /// Whether all orders were looked at before, and this message only looks once more.
    #[serde(default)]
    pub last: bool,
}

/// A walk through some orders of a customer. One walk follows the other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrdersWalk {
    /// The orders that are on routes and not picked up. They come first, because an agent may be on the way.
    #[default]
    OnRoutes,
    /// The pending orders.
    Pending,
}

impl OrdersWalk {
    /// The status of the orders.
    pub fn status(self) -> OrderStatus {
        match self {
            Self::OnRoutes => OrderStatus::Assigned,
            Self::Pending => OrderStatus::Pending,
        }
    }

    /// The walk that follows.
    pub fn next(self) -> Option<Self> {
        match self {
            Self::OnRoutes => Some(Self::Pending),
            Self::Pending => None,
        }
    }
}

/// A message that goes on with the addresses of an import. Getting one twice costs time and changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocateImport {
    /// Which import.
    #[serde(flatten)]
    pub import: ImportKey,
    /// The chain to which the message belongs. A chain begins with the version of the import at that time.
    pub chain: u64,
}
