//! Days of a courier company in virtual time.
//!
//! A [`Day`] says which orders are placed, where the agents start, when they are on duty, and how long each leg really
//! takes. [`waybill::run`] simulates the day with the real use cases over stores in memory. The module [`policies`] has
//! simple policies to compare with, and [`clairvoyant`] has a plan that knows all orders of the day in advance. Each of
//! them returns an [`Outcome`]. [`Figures`] are computed from an outcome.
//!
//! No outcome depends on a clock or on chance. The same day gives the same outcome on every machine.

pub mod clairvoyant;
pub mod compare;
pub mod day;
pub mod exchange;
pub mod figures;
pub mod generate;
pub mod metropolis;
pub mod orders_file;
pub mod outcome;
pub mod page;
pub mod policies;
pub mod scenarios;
pub mod staffing;
pub mod stopwatch;
pub mod streets;
pub mod waybill;

pub use day::{Day, DayAgent, DayOrder, Duty};
pub use figures::Figures;
pub use outcome::{Delivery, Outcome};
pub use streets::Streets;
