//! Random instances of every feature, small ones on a line, and an exact solver for small ones.
#![allow(
    dead_code,
    clippy::cast_possible_truncation,
    clippy::expect_used,
    reason = "tests: each binary uses its own part, numbers are small, and what is built here is valid"
)]

pub mod exact;
pub mod instances;
pub mod line;
