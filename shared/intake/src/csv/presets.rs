//! The files of tools whose exports we know. Each is a file in `presets/`, with its source.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use domain::import::{DateOrder, Preset};
use serde::Deserialize;

/// How the exports of a tool are read.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KnownTool {
    /// Where the names of the columns are from.
    #[cfg_attr(not(test), allow(dead_code, reason = "for people"))]
    source: String,
    /// For each of our columns: columns of the file that are joined. The first choice that the file has and that is not
    /// empty counts.
    pub(super) columns: BTreeMap<String, Vec<Vec<String>>>,
    /// Our columns that have minutes in the file, and seconds with us.
    #[serde(default)]
    pub(super) in_minutes: Vec<String>,
    #[serde(default)]
    pub(super) date_order: Option<DateOrder>,
    #[serde(default)]
    pub(super) pickups: Option<PickupRows>,
    #[serde(default)]
    pub(super) part_of_the_order_before: Option<FurtherRows>,
}

/// Rows that are the pickup of the rows after them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PickupRows {
    /// The possible names of the column that tells these rows from others.
    pub(super) column: Vec<String>,
    /// What the column says in these rows, in lower case.
    pub(super) words: Vec<String>,
    /// What the column says in all other rows, in lower case. Then a row with another word is rejected: an order from
    /// one pickup to the next would be wrong. If this is empty, every other word is one of another row.
    #[serde(default)]
    pub(super) other_words: Vec<String>,
}

/// Rows with further items of the order in an earlier row.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FurtherRows {
    /// These cells are not empty.
    pub(super) has: Vec<String>,
    /// These cells are empty: they are in the order's first row.
    pub(super) lacks: Vec<String>,
}

/// The tool of a preset. The data files are a part of the program, and a test reads each.
pub(super) fn known(preset: Preset) -> &'static KnownTool {
    static SHOPIFY: LazyLock<KnownTool> =
        LazyLock::new(|| read(include_str!("../../presets/shopify.json")));
    static WOOCOMMERCE: LazyLock<KnownTool> =
        LazyLock::new(|| read(include_str!("../../presets/woocommerce.json")));
    static ONFLEET: LazyLock<KnownTool> =
        LazyLock::new(|| read(include_str!("../../presets/onfleet.json")));
    static CIRCUIT: LazyLock<KnownTool> =
        LazyLock::new(|| read(include_str!("../../presets/circuit.json")));
    match preset {
        Preset::Shopify => &SHOPIFY,
        Preset::Woocommerce => &WOOCOMMERCE,
        Preset::Onfleet => &ONFLEET,
        Preset::Circuit => &CIRCUIT,
    }
}

fn read(text: &str) -> KnownTool {
    serde_json::from_str(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::column::Column;
    use domain::VariantArray;

    #[test]
    fn each_preset_is_a_good_file_that_gives_its_source() {
        for preset in Preset::VARIANTS {
            let tool = known(*preset);
            assert!(tool.source.contains("https://"), "{preset}");
            let ours = tool.columns.keys().chain(&tool.in_minutes);
            for name in ours {
                assert!(name.parse::<Column>().is_ok(), "{preset}: {name}");
            }
        }
    }
}
