//! The rules of the courier business: orders, routes, agents and the steps between their states.
//!
//! Pure: nothing here waits, talks to a network or reads a clock. What changes is returned as a new
//! value, and whoever stores it does so on the condition that the old one is still in place.

pub mod agent;
pub mod fields;
pub mod geo;
pub mod ids;
pub mod import;
pub mod order;
pub mod password;
pub mod route;
pub mod stop;
pub mod travel;
pub mod user;
pub mod zone;

pub use agent::{AgentProfile, AgentUpdate, Shift};
pub use fields::{Fault, Faults, Fields};
pub use geo::Coordinates;
pub use ids::{ImportId, OrderId, RouteId, UserId};
pub use import::{Import, ImportStatus, RowFault};
pub use jiff::Timestamp;
pub use order::{HistoryLine, NewOrder, Order, OrderDraft, OrderStatus, UnplacedReason};
pub use route::{Route, RouteStatus, RouteStop, StopKind, StopStatus};
pub use stop::{Contact, Stop, StopDraft, TimeWindow};
pub use travel::{Leg, LegEstimate};
pub use user::{Actor, EmailNotifications, NewAccount, Role, User, UserStatus};
pub use zone::{Zone, ZoneGrid};
