//! People with an account.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr, VariantArray};

use crate::agent::AgentProfile;
use crate::geo::Coordinates;
use crate::ids::UserId;
use crate::moment::Moment;
use crate::zone::ZoneGrid;

/// SNS drops a subscription that nobody confirms within this many hours.
pub const SUBSCRIPTION_LAPSES_AFTER_H: i64 = 48;
/// The longest name, in characters.
pub const LONGEST_NAME: usize = 100;

/// The role of a person. It is the Cognito group of the same name, and only the backend or the operator grants it.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    Display,
    EnumString,
    IntoStaticStr,
    VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Role {
    /// A customer places orders.
    Customer,
    /// An agent drives routes.
    Agent,
    /// A dispatcher runs the fleet.
    Dispatcher,
}

impl Role {
    /// The name of the Cognito group.
    pub fn group(self) -> &'static str {
        self.into()
    }

    /// Whether the backend grants the role. Only the operator makes dispatchers and takes the role away again.
    pub fn is_ours_to_grant(self) -> bool {
        match self {
            Self::Customer | Self::Agent => true,
            Self::Dispatcher => false,
        }
    }
}

/// The side that changed an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// The customer who placed the order.
    Customer,
    /// The agent who drives the route.
    Agent,
    /// A dispatcher.
    Dispatcher,
    /// The route optimizer.
    Optimizer,
    /// The person at the door, with a tracking link.
    Recipient,
    /// The function that places the addresses of imports.
    Geocoder,
}

impl From<Role> for Actor {
    fn from(role: Role) -> Self {
        match role {
            Role::Customer => Self::Customer,
            Role::Agent => Self::Agent,
            Role::Dispatcher => Self::Dispatcher,
        }
    }
}

/// The status of an account.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    Display,
    EnumString,
    IntoStaticStr,
    VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum UserStatus {
    /// The email address is not confirmed yet.
    Unconfirmed,
    /// No dispatcher has approved the agent yet.
    PendingApproval,
    /// The account may do all that its role allows.
    Active,
    /// A dispatcher has suspended the customer or the agent.
    Suspended,
}

impl UserStatus {
    /// The name in JSON and in the database.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// Whether notifications reach an address. SNS asks each address to confirm its subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmailNotifications {
    /// SNS has asked, and the address has not confirmed yet.
    Pending,
    /// SNS delivers the emails.
    On,
    /// The address was not asked yet, or it has unsubscribed.
    Off,
}

/// A person with an account.
#[derive(Debug, Clone, PartialEq)]
pub struct User {
    /// The `sub` that Cognito gave the account.
    pub id: UserId,
    /// The role.
    pub role: Role,
    /// The status.
    pub status: UserStatus,
    /// The name.
    pub name: String,
    /// The email address, in lower case.
    pub email: String,
    /// The last known state of the email subscription.
    pub email_notifications: EmailNotifications,
    /// The time at which the backend last asked SNS to subscribe the address.
    pub subscribed_at: Option<Timestamp>,
    /// The time at which the backend last asked SNS for the state of the subscription.
    pub subscription_checked_at: Option<Timestamp>,
    /// The time at which the backend noticed that a confirmed subscription was gone. `None` once the address has
    /// confirmed again.
    pub subscription_lost_at: Option<Timestamp>,
    /// The profile that only agents have.
    pub agent: Option<AgentProfile>,
    /// A customer's own limit on pending orders. `None` if the limit `MaxOpenOrders` applies.
    pub max_open_orders: Option<u32>,
    /// The moments at which the recipients of a customer's orders are told nothing.
    pub messages_off: BTreeSet<Moment>,
    /// Since when a customer is suspended. `None` for everybody else.
    pub suspended_at: Option<Timestamp>,
    /// The time at which the address was confirmed.
    pub confirmed_at: Option<Timestamp>,
    /// The time at which the account was made.
    pub created_at: Timestamp,
    /// The time of the last change.
    pub updated_at: Timestamp,
    /// The number of changes. A write succeeds only if the stored version is the one that was read.
    pub version: u64,
}

impl User {
    /// The record of a new account.
    pub fn signed_up(id: UserId, account: &NewAccount, grid: ZoneGrid, now: Timestamp) -> Self {
        Self {
            id,
            role: account.role,
            status: UserStatus::Unconfirmed,
            name: account.name.clone(),
            email: account.email.clone(),
            email_notifications: EmailNotifications::Off,
            subscribed_at: None,
            subscription_checked_at: None,
            subscription_lost_at: None,
            agent: (account.role == Role::Agent)
                .then(|| AgentProfile::new(account.capacity, account.start_location, grid)),
            max_open_orders: None,
            messages_off: BTreeSet::new(),
            suspended_at: None,
            confirmed_at: None,
            created_at: now,
            updated_at: now,
            version: 1,
        }
    }

    /// The record after the address was confirmed. Agents then wait for approval.
    #[must_use]
    pub fn confirmed(&self, now: Timestamp) -> Self {
        if self.status != UserStatus::Unconfirmed {
            return self.clone();
        }
        let status = match self.role {
            Role::Agent => UserStatus::PendingApproval,
            Role::Customer | Role::Dispatcher => UserStatus::Active,
        };
        Self {
            status,
            confirmed_at: Some(now),
            ..self.changed(now)
        }
    }

    /// The record of a customer after a dispatcher has set the status to `active` or `suspended`. `None` if the person
    /// is no customer with a confirmed address, or for any other status. A suspended customer gets no tokens, and each
    /// call is refused.
    pub fn customer_set_to(&self, status: UserStatus, now: Timestamp) -> Option<Self> {
        let settable = |status| matches!(status, UserStatus::Active | UserStatus::Suspended);
        let allowed = self.role == Role::Customer && settable(self.status) && settable(status);
        let since = self.suspended_at.unwrap_or(now);
        allowed.then(|| Self {
            status,
            suspended_at: (status == UserStatus::Suspended).then_some(since),
            ..self.changed(now)
        })
    }

    /// Whether the record says the same as another one, whatever their versions.
    pub fn says_the_same_as(&self, other: &Self) -> bool {
        let versioned = Self {
            updated_at: other.updated_at,
            version: other.version,
            ..self.clone()
        };
        versioned == *other
    }

    /// A copy with the next version, for a change to be made to it.
    #[must_use]
    pub fn changed(&self, now: Timestamp) -> Self {
        Self {
            updated_at: now,
            version: self.version + 1,
            ..self.clone()
        }
    }

    /// The record with the name and the address that Cognito has now. `None` if the record has them already. SNS has
    /// not asked a new address to subscribe yet. A name that the rules for new accounts do not allow is ignored.
    pub fn following(&self, name: &str, email: &str, now: Timestamp) -> Option<Self> {
        let name = valid_name(name).unwrap_or(&self.name);
        if name == self.name && email == self.email {
            return None;
        }
        let mut changed = self.changed(now);
        name.clone_into(&mut changed.name);
        if email != self.email {
            email.clone_into(&mut changed.email);
            changed.email_notifications = EmailNotifications::Off;
            changed.subscribed_at = None;
            changed.subscription_checked_at = None;
            changed.subscription_lost_at = None;
        }
        Some(changed)
    }

    /// The profile of an active agent.
    pub fn active_agent(&self) -> Option<&AgentProfile> {
        self.agent
            .as_ref()
            .filter(|_| self.status == UserStatus::Active)
    }

    /// Whether the backend must ask the address again at a log-in: nobody confirmed the last request, and it has
    /// lapsed. Or the subscription was lost: SNS does not tell whether the user has unsubscribed or SNS has given up.
    /// So an address that has confirmed once is asked once more. If nobody confirms that, the user wants no emails.
    pub fn subscription_lapsed(&self, now: Timestamp) -> bool {
        let asked_since_loss = self
            .subscription_lost_at
            .map(|lost| self.subscribed_at.is_some_and(|asked| asked >= lost));
        let lapsed = self.subscribed_at.is_none_or(|asked| {
            asked
                .saturating_add(SUBSCRIPTION_LAPSES_AFTER_H.hours())
                .is_ok_and(|until| until <= now)
        });
        match (self.email_notifications, asked_since_loss) {
            (EmailNotifications::On, _) => false,
            (EmailNotifications::Pending, None) => lapsed,
            (EmailNotifications::Off, None) => self.subscribed_at.is_none(),
            (EmailNotifications::Pending | EmailNotifications::Off, Some(asked)) => !asked,
        }
    }

    /// Whether the record tells the state of the subscription. If it does not, the backend asks SNS. A subscription
    /// that is on stays on, except in rare cases.
    pub fn knows_subscription(&self, now: Timestamp, for_at_most: SignedDuration) -> bool {
        let checked = self.subscription_checked_at;
        self.email_notifications == EmailNotifications::On
            && checked.is_some_and(|at| now.duration_since(at) < for_at_most)
    }
}

/// A name that the rules for new accounts allow, without the spaces around it.
fn valid_name(name: &str) -> Option<&str> {
    Some(name.trim()).filter(|name| {
        let length = name.chars().count();
        (1..=LONGEST_NAME).contains(&length) && !name.chars().any(char::is_control)
    })
}

/// The name for the record of an account. An operator may have made the account in Cognito without a name, or with one
/// that the rules for new accounts do not allow. Then the part of the address before the `@` is the name.
pub fn name_for_record<'a>(name: &'a str, email: &'a str) -> &'a str {
    let of_the_address = email.split('@').next().unwrap_or_default();
    valid_name(name).unwrap_or(of_the_address)
}

/// A change of a customer, as a dispatcher asks for it. A field that is `None` stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CustomerUpdate {
    /// `active` or `suspended`.
    pub status: Option<UserStatus>,
    /// The customer's own limit on pending orders. `Some(None)` removes it.
    pub max_open_orders: Option<Option<u32>>,
    /// The moments at which the recipients of the customer's orders are told nothing.
    pub messages_off: Option<BTreeSet<Moment>>,
}

impl CustomerUpdate {
    /// The record after the change. `None` if the person is no customer with a confirmed address.
    pub fn apply(&self, user: &User, now: Timestamp) -> Option<User> {
        let mut changed = user.customer_set_to(self.status.unwrap_or(user.status), now)?;
        changed.max_open_orders = self.max_open_orders.unwrap_or(user.max_open_orders);
        if let Some(moments) = &self.messages_off {
            changed.messages_off.clone_from(moments);
        }
        Some(changed)
    }
}

/// What a person sends to sign up. There is no `Debug`, so that no log can show the password.
#[derive(Clone, PartialEq)]
pub struct NewAccount {
    /// The email address, in lower case.
    pub email: String,
    /// The password. Only Cognito gets it.
    pub password: String,
    /// The name.
    pub name: String,
    /// `customer` or `agent`.
    pub role: Role,
    /// The capacity of the agent's vehicle, in size units.
    pub capacity: u32,
    /// Where the agent starts.
    pub start_location: Option<Coordinates>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(role: Role, status: UserStatus) -> User {
        let account = NewAccount {
            email: "ana@example.com".to_owned(),
            password: String::new(),
            name: "Ana".to_owned(),
            role,
            capacity: 1,
            start_location: None,
        };
        let (id, grid) = (
            UserId(crate::ids::Uuid::from_u128(1)),
            ZoneGrid::new(5).unwrap(),
        );
        User {
            status,
            ..User::signed_up(id, &account, grid, Timestamp::UNIX_EPOCH)
        }
    }

    #[test]
    fn a_dispatcher_suspends_a_customer_and_ends_that() {
        use UserStatus::{Active, PendingApproval, Suspended, Unconfirmed};
        let set = |role, from, to| {
            let changed = user(role, from).customer_set_to(to, Timestamp::UNIX_EPOCH);
            changed.map(|user| (user.status, user.version))
        };
        for from in [Active, Suspended] {
            for to in [Active, Suspended] {
                assert_eq!(set(Role::Customer, from, to), Some((to, 2)));
            }
        }
        let later = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(60);
        let suspended = user(Role::Customer, Active).customer_set_to(Suspended, later);
        let again = suspended
            .unwrap()
            .customer_set_to(Suspended, Timestamp::MAX);
        let again = again.unwrap();
        assert_eq!(again.suspended_at, Some(later), "the suspension goes on");
        let ended = again.customer_set_to(Active, later).unwrap();
        assert_eq!(ended.suspended_at, None);
        for (role, from, to) in [
            (Role::Agent, Active, Suspended),
            (Role::Dispatcher, Active, Suspended),
            (Role::Customer, Unconfirmed, Active),
            (Role::Customer, Unconfirmed, Suspended),
            (Role::Customer, Active, Unconfirmed),
            (Role::Customer, Active, PendingApproval),
        ] {
            assert_eq!(set(role, from, to), None, "{role} from {from} to {to}");
        }
    }
}
