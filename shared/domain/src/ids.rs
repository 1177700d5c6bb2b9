//! Identifiers. All are UUIDs; those that Waybill makes are of version 7, so that newer ones sort last. Orders that come
//! out of an import have version 8: the time of their import, the number of their row, and a hash of both.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
pub use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.as_hyphenated().fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    };
}

id!(
    /// An order, from placement to delivery.
    OrderId
);
id!(
    /// A route: one agent's sequence of stops.
    RouteId
);
id!(
    /// A person with an account: the `sub` that Cognito gave them.
    UserId
);
id!(
    /// An import: one file of orders, from the upload to the account of its rows.
    ImportId
);

impl ImportId {
    /// The id of the order in a row: the same each time the row is read, so that it is stored once. It sorts by
    /// the time at which the upload was asked for, and within an import by row.
    ///
    /// The layout is that of version 7 with the row's number for chance: 48 bits of milliseconds, 32 bits of row
    /// number, 42 bits of the SHA-1 of import and row.
    pub fn order_in_row(self, row: u32) -> OrderId {
        let row_bytes = row.to_be_bytes();
        let hash = Uuid::new_v5(&self.0, &row_bytes).as_u128();
        let time = self.0.as_u128() >> 80;
        let row = u128::from(row);
        let bits = (time << 80)
            | ((row >> 20) << 64)
            | ((row & 0xf_ffff) << 42)
            | (hash & 0x3ff_ffff_ffff);
        // This sets the version and the variant, whose bits are left free above.
        let id = uuid::Builder::from_custom_bytes(bits.to_be_bytes());
        OrderId(id.into_uuid())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn import(id: &str) -> ImportId {
        id.parse().unwrap()
    }

    #[test]
    fn rows_have_ids_of_their_own_that_never_change() {
        let first = import("0197c56d-d900-7b6e-9d2f-4a1e5b7c8d90");
        let same_moment = import("0197c56d-d900-7b6e-9d2f-4a1e5b7c8d91");
        let ids: BTreeSet<OrderId> = [first, same_moment]
            .iter()
            .flat_map(|import| (0..5000).map(|row| import.order_in_row(row * 997)))
            .collect();
        assert_eq!(ids.len(), 10_000);
        assert_eq!(first.order_in_row(7), first.order_in_row(7));
        assert_eq!(first.order_in_row(7).0.get_version_num(), 8);
        assert_eq!(
            first.order_in_row(u32::MAX).0.get_variant(),
            uuid::Variant::RFC4122
        );
    }

    #[test]
    fn they_sort_by_the_time_of_the_import_and_by_row() {
        let earlier = import("0197c56d-d900-7b6e-9d2f-4a1e5b7c8d90");
        let later = import("0197c56d-d901-7000-8000-000000000000");
        let rows = [1, 2, 0xf_ffff, 0x10_0000, 0x10_0001, 0xffff_0000, u32::MAX];
        let ids = rows.map(|row| earlier.order_in_row(row));
        assert!(ids.is_sorted_by(|a, b| a < b));
        assert!(ids.iter().all(|id| *id < later.order_in_row(1)));
    }

    #[test]
    fn their_last_bytes_are_spread() {
        let import = import("0197c56d-d900-7b6e-9d2f-4a1e5b7c8d90");
        let last: BTreeSet<u8> = (1..=200)
            .map(|row| import.order_in_row(row).0.into_bytes()[15] % 8)
            .collect();
        assert_eq!(last.len(), 8);
    }
}
