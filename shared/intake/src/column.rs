//! The columns of a file of orders. This is the only place that names them.

use strum::{Display, EnumCount, EnumString, IntoStaticStr, VariantArray, VariantNames};

/// A column of a file of orders. Its name in the file is the variant in snake case: `pickup_lat`.
///
/// The order of the variants is the order in which error texts list the columns. The columns of the drop-off follow
/// those of the pickup in the same order: the reader counts on it, and a test checks it.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Display,
    EnumCount,
    EnumString,
    IntoStaticStr,
    VariantArray,
    VariantNames,
)]
#[strum(serialize_all = "snake_case")]
#[allow(missing_docs, reason = "docs/IMPORT.md describes the columns")]
pub enum Column {
    PickupLat,
    PickupLon,
    PickupAddress,
    PickupContactName,
    PickupContactPhone,
    PickupContactEmail,
    PickupContactLanguage,
    PickupWindowStart,
    PickupWindowEnd,
    PickupServiceS,
    DropoffLat,
    DropoffLon,
    DropoffAddress,
    DropoffContactName,
    DropoffContactPhone,
    DropoffContactEmail,
    DropoffContactLanguage,
    DropoffWindowStart,
    DropoffWindowEnd,
    DropoffServiceS,
    Size,
    Priority,
    Requires,
    Notes,
    ExternalId,
    OnFailure,
    RequiresProofPickup,
    RequiresProofDropoff,
    RequiresProofPickupBarcodes,
    RequiresProofDropoffBarcodes,
}

impl Column {
    /// The name of the column in a file.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// All columns.
    pub const ALL: &'static [Self] = <Self as VariantArray>::VARIANTS;

    /// The names of all columns.
    pub const NAMES: &'static [&'static str] = <Self as VariantNames>::VARIANTS;

    /// Whether a file must have the column, and each row a value in it.
    pub fn is_required(self) -> bool {
        match self {
            Self::PickupLat | Self::PickupLon | Self::DropoffLat | Self::DropoffLon => true,
            Self::PickupAddress
            | Self::PickupContactName
            | Self::PickupContactPhone
            | Self::PickupContactEmail
            | Self::PickupContactLanguage
            | Self::PickupWindowStart
            | Self::PickupWindowEnd
            | Self::PickupServiceS
            | Self::DropoffAddress
            | Self::DropoffContactName
            | Self::DropoffContactPhone
            | Self::DropoffContactEmail
            | Self::DropoffContactLanguage
            | Self::DropoffWindowStart
            | Self::DropoffWindowEnd
            | Self::DropoffServiceS
            | Self::Size
            | Self::Priority
            | Self::Requires
            | Self::Notes
            | Self::ExternalId
            | Self::OnFailure
            | Self::RequiresProofPickup
            | Self::RequiresProofDropoff
            | Self::RequiresProofPickupBarcodes
            | Self::RequiresProofDropoffBarcodes => false,
        }
    }

    /// The column with the address that may stand in place of this coordinate, if a geocoder places it.
    pub fn address_in_place(self) -> Option<Self> {
        match self {
            Self::PickupLat | Self::PickupLon => Some(Self::PickupAddress),
            Self::DropoffLat | Self::DropoffLon => Some(Self::DropoffAddress),
            _ => None,
        }
    }

    /// What the column holds.
    pub fn content(self) -> Content {
        match self {
            Self::PickupLat | Self::PickupLon | Self::DropoffLat | Self::DropoffLon => {
                Content::Degrees
            }
            Self::PickupServiceS | Self::DropoffServiceS | Self::Size => Content::WholeNumber,
            Self::PickupAddress | Self::DropoffAddress => Content::Address,
            Self::PickupContactPhone | Self::DropoffContactPhone => Content::Phone,
            Self::PickupWindowStart
            | Self::PickupWindowEnd
            | Self::DropoffWindowStart
            | Self::DropoffWindowEnd => Content::Time,
            Self::ExternalId => Content::Name,
            Self::Priority
            | Self::Requires
            | Self::OnFailure
            | Self::RequiresProofPickup
            | Self::RequiresProofDropoff
            | Self::PickupContactLanguage
            | Self::DropoffContactLanguage => Content::Words,
            Self::PickupContactName
            | Self::DropoffContactName
            | Self::PickupContactEmail
            | Self::DropoffContactEmail
            | Self::RequiresProofPickupBarcodes
            | Self::RequiresProofDropoffBarcodes
            | Self::Notes => Content::Text,
        }
    }

    /// Whether the column holds numbers.
    pub fn is_number(self) -> bool {
        matches!(self.content(), Content::Degrees | Content::WholeNumber)
    }
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// A latitude or a longitude.
    Degrees,
    /// A whole number.
    WholeNumber,
    /// A phone number.
    Phone,
    /// An address.
    Address,
    /// A time.
    Time,
    /// The customer's own name for the order.
    Name,
    /// Words of a kind that Waybill knows.
    Words,
    /// Any other text.
    Text,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_columns_of_the_drop_off_follow_those_of_the_pickup_in_the_same_order() {
        let of = |stop: &'static str| {
            let names = Column::NAMES.iter();
            names.filter_map(move |name| name.strip_prefix(stop))
        };
        assert!(of("pickup").eq(of("dropoff")));
        assert_eq!(of("pickup").count(), Column::DropoffLat as usize);
        assert_eq!(Column::PickupLat as usize, 0);
    }
}
