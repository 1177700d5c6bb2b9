//! How a customer's file is to be read.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr, VariantArray};

/// The tool that wrote a file. A file in `intake` says how its exports are read.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    Display,
    EnumString,
    IntoStaticStr,
    VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[allow(missing_docs, reason = "the names of the tools")]
pub enum Preset {
    Shopify,
    Woocommerce,
    Onfleet,
    Circuit,
}

/// The sequence of day, month and year in dates such as `07/12/2026`. Dates that begin with the four digits of a year
/// need no setting.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    Display,
    EnumString,
    IntoStaticStr,
    VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum DateOrder {
    /// Day, month, year.
    Dmy,
    /// Month, day, year.
    Mdy,
    /// Year, month, day.
    Ymd,
}

/// The decimal separator of a file's numbers.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    Display,
    EnumString,
    IntoStaticStr,
    VariantArray,
)]
pub enum DecimalMark {
    /// `41.98`
    #[serde(rename = ".")]
    #[strum(serialize = ".")]
    Point,
    /// `41,98`
    #[serde(rename = ",")]
    #[strum(serialize = ",")]
    Comma,
}

/// The longest settings, as JSON in bytes. They are a part of the records of imports and of profiles.
pub const MOST_SETTINGS_BYTES: usize = 16_000;

/// How a customer's file is to be read. Without settings, a file has our columns, in UTF-8.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ImportSettings {
    /// The tool that wrote the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preset: Option<Preset>,
    /// The columns of the file that form each of ours, by the name of ours.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub columns: BTreeMap<String, Vec<String>>,
    /// The cell for each of our columns that a row leaves empty, by the name of the column.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub defaults: BTreeMap<String, String>,
    /// The IANA time zone of times without an offset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// How dates are written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date_order: Option<DateOrder>,
    /// The day of times that have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<Date>,
    /// How numbers are written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decimal: Option<DecimalMark>,
    /// The number of the line with the names of the columns. The first line is 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header_row: Option<u32>,
    /// The name of the encoding, or `auto`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
    /// The name of the sheet of a workbook.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
}

impl ImportSettings {
    /// Whether nothing is set.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// These settings, and those of `other` where these say nothing. Columns and defaults are joined by their names.
    /// The latitude, the longitude and the address of a stop are one place: if these settings have one of the three,
    /// the other settings give none of them.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        let (mut columns, mut defaults) = (other.columns, other.defaults);
        for stop in ["pickup", "dropoff"] {
            let place = ["lat", "lon", "address"].map(|part| format!("{stop}_{part}"));
            if place.iter().any(|part| self.defaults.contains_key(part)) {
                defaults.retain(|name, _| !place.contains(name));
            }
        }
        columns.extend(self.columns);
        defaults.extend(self.defaults);
        Self {
            preset: self.preset.or(other.preset),
            columns,
            defaults,
            time_zone: self.time_zone.or(other.time_zone),
            date_order: self.date_order.or(other.date_order),
            date: self.date.or(other.date),
            decimal: self.decimal.or(other.decimal),
            header_row: self.header_row.or(other.header_row),
            encoding: self.encoding.or(other.encoding),
            sheet: self.sheet.or(other.sheet),
        }
    }
}
