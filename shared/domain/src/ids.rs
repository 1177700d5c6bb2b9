//! Identifiers. All of them are UUIDs.
//!
//! | id | made by | version |
//! | --- | --- | --- |
//! | user | Cognito, as the `sub` of the account | Cognito decides |
//! | order from a JSON body, route, import, proof | Waybill | 7, so that newer ids sort last |
//! | order from a row of an import | Waybill | 8: the time of the import, the number of the row, a hash of both |

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
pub use uuid::Uuid;

use crate::Timestamp;

impl OrderId {
    /// The time at which the order was placed, or its import was made: each id of an order begins with it.
    pub fn placed_at(self) -> Option<Timestamp> {
        let milliseconds = i64::try_from(self.0.as_u128() >> 80).ok()?;
        Timestamp::from_millisecond(milliseconds).ok()
    }
}

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
    /// The id of an order. Its version is 7, or 8 for an order from an import.
    OrderId
);
id!(
    /// The id of a route, version 7.
    RouteId
);
id!(
    /// The id of a person: the `sub` that Cognito gave the account.
    UserId
);
id!(
    /// The id of an import, version 7.
    ImportId
);

id!(
    /// The id of a picture that proves a pickup or a delivery, version 7.
    ProofId
);

impl ImportId {
    /// The id of the order in a row, version 8. A row has the same id each time it is read, so that its order is stored
    /// once. The ids sort by the time of the request for the upload, and within an import by row.
    ///
    /// The layout is that of version 7 with other bits in place of the random ones: 48 bits of milliseconds, 32 bits of
    /// row number, 42 bits of the SHA-1 hash of import and row (the hash of a UUID of version 5).
    pub fn order_in_row(self, row: u32) -> OrderId {
        let row_bytes = row.to_be_bytes();
        let hash = Uuid::new_v5(&self.0, &row_bytes).as_u128();
        let time = self.0.as_u128() >> 80;
        let row = u128::from(row);
        let bits = (time << 80)
            | ((row >> 20) << 64)
            | ((row & 0xf_ffff) << 42)
            | (hash & 0x3ff_ffff_ffff);
        // This sets version 8 and the variant. Their bits are free above.
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
