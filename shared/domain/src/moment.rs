//! The moments at which recipients are told something.

use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr, VariantArray};

/// A moment at which a recipient is told something. Each is told once for a parcel.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    Display,
    EnumString,
    IntoStaticStr,
    VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Moment {
    /// The parcel was picked up.
    OutForDelivery,
    /// The drop-off is the next stop.
    Arriving,
    /// The parcel is expected 15 minutes after the window that was told.
    Delayed,
    /// The parcel was delivered.
    Delivered,
    /// The parcel was picked up and could not be delivered.
    Failed,
}

impl Moment {
    /// The name in settings and in the database.
    pub fn name(self) -> &'static str {
        self.into()
    }
}
