//! The records of the courier business, orders, routes, agents and imports, and the steps between their states.
//!
//! This crate does no input or output and reads no clock. A step returns a new record. The caller stores it on the
//! condition that the old one has not changed meanwhile.

pub mod agent;
pub mod breaks;
pub mod decision;
pub mod delivery_hours;
pub mod dispatch;
pub mod edit;
pub mod failure;
pub mod geo;
pub mod given_proof;
pub mod ids;
pub mod import;
pub mod language;
pub mod location;
pub mod moment;
pub mod order;
pub mod password;
pub mod phone;
pub mod place;
pub mod proof;
pub mod recipient;
pub mod route;
pub mod skill;
pub mod stop;
pub mod tap;
pub mod tracking;
pub mod travel;
pub mod user;
pub mod zone;

pub use agent::{AgentProfile, AgentUpdate, Shift};
pub use breaks::Break;
pub use decision::{Decided, Decision, DecisionKind, RouteDecision};
pub use delivery_hours::DeliveryHours;
pub use dispatch::DispatchRules;
pub use edit::{EditRefused, OrderEdit, OrderField};
pub use failure::{OnFailure, ReasonCode};
pub use geo::Coordinates;
pub use ids::{ImportId, OrderId, ProofId, RouteId, UserId};
pub use import::{Import, ImportStatus, RowFault};
pub use jiff::Timestamp;
pub use language::Language;
pub use location::{AgentLocation, LocationPoint};
pub use moment::Moment;
pub use order::{HistoryLine, NewOrder, Order, OrderStatus, Priority, UnplacedReason};
pub use phone::{AllowedNumbers, PhoneNumber};
pub use proof::{
    AskedProof, OrderProofs, Proof, ProofKind, RecipientPin, RequiredProof, StopProof,
};
pub use recipient::{FromRecipient, Rating, RecipientNote, RecipientRefused};
pub use route::{Route, RouteStatus, RouteStop, StopKind, StopStatus};
pub use skill::{Skill, Skills};
pub use stop::{Contact, OrderStop, TimeWindow};
pub use strum::VariantArray;
pub use tap::{Tap, TapId, Tapped};
pub use tracking::{ExpectedWindow, TrackingToken};
pub use travel::{Leg, LegEstimate, LongestLeg};
pub use user::{Actor, CustomerUpdate, EmailNotifications, NewAccount, Role, User, UserStatus};
pub use zone::{ServiceArea, Zone, ZoneGrid};
