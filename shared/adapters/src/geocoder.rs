//! Geocoders: where an address is.

pub mod ors;
