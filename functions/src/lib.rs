//! Wiring that several functions share.

pub mod desk;
pub mod geocoder;
