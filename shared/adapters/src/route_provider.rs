//! Who plans routes.

pub mod embedded;
