//! Users: one item for each person.

use std::collections::BTreeSet;

use domain::{
    AgentProfile, EmailNotifications, Moment, Role, RouteId, Skills, Timestamp, User, UserId,
    UserStatus, Zone,
};
use serde::{Deserialize, Serialize};

use super::BrokenItem;
use super::place::{StoredBreak, StoredCoordinates, StoredWindow};

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct StoredUser {
    user_id: UserId,
    role: Role,
    status: UserStatus,
    name: String,
    email: String,
    email_notifications: EmailNotifications,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    subscribed_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    subscription_checked_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    subscription_lost_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    max_open_orders: Option<u32>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    messages_off: BTreeSet<Moment>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    suspended_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    confirmed_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    agent: Option<StoredAgent>,
    /// Key of `agents-by-status`: agents with a confirmed address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    agent_status: Option<UserStatus>,
    /// Key of `customers-by-status`: customers with a confirmed address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    customer_status: Option<UserStatus>,
    /// Key of `agents-on-duty`: agents that a plan may use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    duty_zone: Option<Zone>,
    created_at: Timestamp,
    updated_at: Timestamp,
    version: u64,
}

#[derive(Clone, Serialize, Deserialize)]
struct StoredAgent {
    on_duty: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    start_location: Option<StoredCoordinates>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    position: Option<StoredCoordinates>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    zone: Option<Zone>,
    capacity: u32,
    #[serde(default, skip_serializing_if = "Skills::is_empty")]
    skills: Skills,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    shift: Option<StoredWindow>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    breaks: Vec<StoredBreak>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    open_route_id: Option<RouteId>,
}

impl From<User> for StoredUser {
    fn from(user: User) -> Self {
        let listed = |role| user.role == role && user.status != UserStatus::Unconfirmed;
        let (is_agent, is_customer) = (listed(Role::Agent), listed(Role::Customer));
        let duty_zone = user
            .agent
            .as_ref()
            .filter(|profile| profile.available(user.status))
            .and_then(|profile| profile.zone);
        Self {
            user_id: user.id,
            role: user.role,
            status: user.status,
            name: user.name,
            email: user.email,
            email_notifications: user.email_notifications,
            subscribed_at: user.subscribed_at,
            subscription_checked_at: user.subscription_checked_at,
            subscription_lost_at: user.subscription_lost_at,
            max_open_orders: user.max_open_orders,
            messages_off: user.messages_off,
            suspended_at: user.suspended_at,
            confirmed_at: user.confirmed_at,
            agent: user.agent.map(Into::into),
            agent_status: is_agent.then_some(user.status),
            customer_status: is_customer.then_some(user.status),
            duty_zone,
            created_at: user.created_at,
            updated_at: user.updated_at,
            version: user.version,
        }
    }
}

impl From<AgentProfile> for StoredAgent {
    fn from(profile: AgentProfile) -> Self {
        Self {
            on_duty: profile.on_duty,
            start_location: profile.start_location.map(Into::into),
            position: profile.position.map(Into::into),
            zone: profile.zone,
            capacity: profile.capacity,
            skills: profile.skills,
            shift: profile.shift.map(Into::into),
            breaks: profile.breaks.into_iter().map(Into::into).collect(),
            open_route_id: profile.open_route_id,
        }
    }
}

impl From<StoredAgent> for AgentProfile {
    fn from(stored: StoredAgent) -> Self {
        Self {
            on_duty: stored.on_duty,
            start_location: stored.start_location.map(Into::into),
            position: stored.position.map(Into::into),
            zone: stored.zone,
            capacity: stored.capacity,
            skills: stored.skills,
            shift: stored.shift.map(Into::into),
            breaks: stored.breaks.into_iter().map(Into::into).collect(),
            open_route_id: stored.open_route_id,
        }
    }
}

impl TryFrom<StoredUser> for User {
    type Error = BrokenItem;

    fn try_from(stored: StoredUser) -> Result<Self, BrokenItem> {
        if stored.version == 0 {
            return Err(BrokenItem("version 0"));
        }
        Ok(Self {
            id: stored.user_id,
            role: stored.role,
            status: stored.status,
            name: stored.name,
            email: stored.email,
            email_notifications: stored.email_notifications,
            subscribed_at: stored.subscribed_at,
            subscription_checked_at: stored.subscription_checked_at,
            subscription_lost_at: stored.subscription_lost_at,
            max_open_orders: stored.max_open_orders,
            messages_off: stored.messages_off,
            suspended_at: stored.suspended_at,
            confirmed_at: stored.confirmed_at,
            agent: stored.agent.map(Into::into),
            created_at: stored.created_at,
            updated_at: stored.updated_at,
            version: stored.version,
        })
    }
}
