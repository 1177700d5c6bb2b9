//! Geocoders find the location of an address.

pub mod ors;
