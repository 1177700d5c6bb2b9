//! The languages in which recipients are told.

use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr, VariantArray};

/// A language, by its tag of ISO 639-1.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
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
pub enum Language {
    /// English, for everybody who has named no language.
    #[default]
    En,
    /// Spanish.
    Es,
    /// Catalan.
    Ca,
    /// German.
    De,
    /// French.
    Fr,
}

impl Language {
    /// The tag in JSON, in files and in the database.
    pub fn tag(self) -> &'static str {
        self.into()
    }
}
