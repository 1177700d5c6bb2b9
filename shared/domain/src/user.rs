//! People with an account, and what they may do.

use std::fmt;
use std::str::FromStr;

use email_address::EmailAddress;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::agent::{AgentProfile, DEFAULT_CAPACITY, LARGEST_CAPACITY};
use crate::fields::{Faults, Fields};
use crate::geo::Coordinates;
use crate::ids::UserId;
use crate::password::read_new_password;
use crate::zone::ZoneGrid;

/// After this many hours SNS drops a subscription that nobody has confirmed.
pub const SUBSCRIPTION_LAPSES_AFTER_H: i64 = 48;

const LONGEST_NAME: usize = 100;
/// SNS and SMTP allow no longer one (RFC 5321, section 4.5.3.1.3, less the angle brackets).
const LONGEST_EMAIL: usize = 254;
/// Cognito's limit, in characters.
pub const LONGEST_PASSWORD: usize = 256;

/// What somebody is to the courier company. Granted by the backend alone, as a Cognito group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Places orders.
    Customer,
    /// Drives routes.
    Agent,
    /// Runs the fleet.
    Dispatcher,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 3] = [Self::Customer, Self::Agent, Self::Dispatcher];

    /// The name of its group.
    pub fn group(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Agent => "agent",
            Self::Dispatcher => "dispatcher",
        }
    }

    /// Whether the backend puts anybody into the group. Dispatchers are made, and unmade, by the operator alone.
    pub fn is_ours_to_grant(self) -> bool {
        self != Self::Dispatcher
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.group())
    }
}

/// No role has this name.
#[derive(Debug, Error)]
#[error("not a role")]
pub struct NotARole;

impl FromStr for Role {
    type Err = NotARole;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|role| role.group() == text)
            .ok_or(NotARole)
    }
}

/// Who changed an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// The customer whose order it is.
    Customer,
    /// The agent whose route it is on.
    Agent,
    /// A dispatcher.
    Dispatcher,
    /// The route optimizer.
    Optimizer,
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

/// How far an account has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserStatus {
    /// Signed up; the address is not confirmed yet.
    Unconfirmed,
    /// An agent whom no dispatcher has approved yet.
    PendingApproval,
    /// May do all that the role allows.
    Active,
    /// An agent whom a dispatcher has taken off.
    Suspended,
}

impl UserStatus {
    /// Its name, as on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unconfirmed => "unconfirmed",
            Self::PendingApproval => "pending_approval",
            Self::Active => "active",
            Self::Suspended => "suspended",
        }
    }
}

/// Whether emails reach somebody: SNS asks each address to confirm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmailNotifications {
    /// SNS has asked, the address has not confirmed.
    Pending,
    /// Emails are delivered.
    On,
    /// Not asked yet, or unsubscribed.
    Off,
}

/// Somebody with an account.
#[derive(Debug, Clone, PartialEq)]
pub struct User {
    /// Cognito's `sub`.
    pub id: UserId,
    /// What they are.
    pub role: Role,
    /// How far the account has come.
    pub status: UserStatus,
    /// Their name.
    pub name: String,
    /// Their address, in lower case.
    pub email: String,
    /// The last known state of their email subscription.
    pub email_notifications: EmailNotifications,
    /// When SNS was last asked to subscribe the address.
    pub subscribed_at: Option<Timestamp>,
    /// What only agents have.
    pub agent: Option<AgentProfile>,
    /// When the address was confirmed.
    pub confirmed_at: Option<Timestamp>,
    /// When the account was made.
    pub created_at: Timestamp,
    /// When this record last changed.
    pub updated_at: Timestamp,
    /// Counts the changes; a write is made on the condition that it is still the one that was read.
    pub version: u64,
}

impl User {
    /// The record of somebody who signs up.
    pub fn signed_up(id: UserId, sign_up: &NewAccount, grid: ZoneGrid, now: Timestamp) -> Self {
        Self {
            id,
            role: sign_up.role,
            status: UserStatus::Unconfirmed,
            name: sign_up.name.clone(),
            email: sign_up.email.clone(),
            email_notifications: EmailNotifications::Off,
            subscribed_at: None,
            agent: (sign_up.role == Role::Agent)
                .then(|| AgentProfile::new(sign_up.capacity, sign_up.start_location, grid)),
            confirmed_at: None,
            created_at: now,
            updated_at: now,
            version: 1,
        }
    }

    /// The record as it is once the address is confirmed: agents then wait for approval.
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

    /// A copy with the next version, for a change to be made to it.
    #[must_use]
    pub fn changed(&self, now: Timestamp) -> Self {
        Self {
            updated_at: now,
            version: self.version + 1,
            ..self.clone()
        }
    }

    /// The record with the account's name and address, where it has others; a new address has not been asked to subscribe
    /// yet. A name that nobody could have signed up with is not taken over.
    pub fn following(&self, name: &str, email: &str, now: Timestamp) -> Option<Self> {
        let name = Some(name.trim()).filter(|name| {
            let length = name.chars().count();
            (1..=LONGEST_NAME).contains(&length) && !name.chars().any(char::is_control)
        });
        let name = name.unwrap_or(&self.name);
        if name == self.name && email == self.email {
            return None;
        }
        let mut changed = self.changed(now);
        name.clone_into(&mut changed.name);
        if email != self.email {
            email.clone_into(&mut changed.email);
            changed.email_notifications = EmailNotifications::Off;
            changed.subscribed_at = None;
        }
        Some(changed)
    }

    /// The profile of an agent who may work now.
    pub fn active_agent(&self) -> Option<&AgentProfile> {
        self.agent
            .as_ref()
            .filter(|_| self.status == UserStatus::Active)
    }

    /// Whether SNS must be asked again: the last request was never confirmed and has lapsed. Who has
    /// unsubscribed is left alone.
    pub fn subscription_lapsed(&self, now: Timestamp) -> bool {
        let lapsed = self.subscribed_at.is_none_or(|asked| {
            asked
                .saturating_add(SUBSCRIPTION_LAPSES_AFTER_H.hours())
                .is_ok_and(|until| until <= now)
        });
        match self.email_notifications {
            EmailNotifications::On => false,
            EmailNotifications::Pending => lapsed,
            EmailNotifications::Off => self.subscribed_at.is_none(),
        }
    }
}

/// What somebody sends to sign up.
#[derive(Clone, PartialEq)]
pub struct NewAccount {
    /// The address, in lower case.
    pub email: String,
    /// The password, for Cognito alone.
    pub password: String,
    /// The name.
    pub name: String,
    /// `customer` or `agent`.
    pub role: Role,
    /// How many size units the agent's vehicle takes.
    pub capacity: u32,
    /// Where the agent begins.
    pub start_location: Option<Coordinates>,
}

impl NewAccount {
    /// Reads the body of `POST /signup`.
    ///
    /// # Errors
    /// Every fault in it.
    pub fn read(body: &serde_json::Value) -> Result<Self, Faults> {
        let faults = Faults::new();
        let fields = Fields::of_body(body, &faults);
        fields.only(&[
            "email",
            "password",
            "name",
            "role",
            "vehicle",
            "start_location",
        ]);
        let email = read_email(&fields);
        let password = read_new_password(&fields, "password");
        let name = fields.required_text("name", LONGEST_NAME);
        if !fields.has("role") {
            fields.fault("role", "is missing; it is customer or agent");
        }
        let role = fields.word(
            "role",
            &[("customer", Role::Customer), ("agent", Role::Agent)],
        );
        let capacity = read_vehicle(&fields);
        let start_location = fields
            .object("start_location")
            .and_then(|location| Coordinates::read(&location));
        if role == Some(Role::Customer) {
            for name in ["vehicle", "start_location"] {
                if fields.has(name) {
                    fields.fault(name, "is for agents only");
                }
            }
        }
        let read = (|| {
            Some(Self {
                email: email?,
                password: password?,
                name: name?.trim().to_owned(),
                role: role?,
                capacity: capacity.unwrap_or(DEFAULT_CAPACITY),
                start_location,
            })
        })();
        faults.or(read)
    }
}

/// Reads a required `email`, and puts it in lower case: Cognito tells addresses apart by case
/// only where it is told to, and people do not.
pub fn read_email(fields: &Fields<'_>) -> Option<String> {
    let text = fields.required_text("email", LONGEST_EMAIL)?;
    if EmailAddress::is_valid(text) {
        return Some(text.to_lowercase());
    }
    fields.fault("email", "must be an email address such as ana@example.com");
    None
}

/// Reads `vehicle: {capacity}`.
pub(crate) fn read_vehicle(fields: &Fields<'_>) -> Option<u32> {
    let vehicle = fields.object("vehicle")?;
    vehicle.only(&["capacity"]);
    if !vehicle.has("capacity") {
        vehicle.fault("capacity", "is missing");
    }
    vehicle.whole_number("capacity", 1..=LARGEST_CAPACITY)
}
