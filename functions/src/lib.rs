//! Wiring that several functions share.

pub mod geocoder;
