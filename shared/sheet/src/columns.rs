//! The columns that a file may have, and which field of an order each of them holds.

use domain::fields::{Column, Columns};

/// How many columns are known.
pub(crate) const COUNT: usize = 19;

/// The names of the columns, in the order in which they are told.
pub const NAMES: [&str; COUNT] = [
    "pickup_lat",
    "pickup_lon",
    "pickup_address",
    "pickup_contact_name",
    "pickup_contact_phone",
    "pickup_window_start",
    "pickup_window_end",
    "pickup_service_s",
    "dropoff_lat",
    "dropoff_lon",
    "dropoff_address",
    "dropoff_contact_name",
    "dropoff_contact_phone",
    "dropoff_window_start",
    "dropoff_window_end",
    "dropoff_service_s",
    "size",
    "notes",
    "external_id",
];

/// The columns that a file must have, and that each row must fill.
pub const REQUIRED: [&str; 4] = ["pickup_lat", "pickup_lon", "dropoff_lat", "dropoff_lon"];

/// What the file of rejected rows adds to a file's own columns. They may stay when it is mended and sent again.
pub(crate) const ADDED: [&str; 4] = [
    "rejected_row",
    "rejected_column",
    "rejected_code",
    "rejected_detail",
];

const PICKUP: usize = 0;
const DROPOFF: usize = 8;

/// The numbers of [`REQUIRED`].
pub(crate) const REQUIRED_NUMBERS: [usize; 4] = [PICKUP, PICKUP + 1, DROPOFF, DROPOFF + 1];

/// Whether a column holds numbers.
pub(crate) fn is_numeric(number: usize) -> bool {
    const NUMERIC: [usize; 7] = [
        PICKUP,
        PICKUP + 1,
        PICKUP + 7,
        DROPOFF,
        DROPOFF + 1,
        DROPOFF + 7,
        16,
    ];
    NUMERIC.contains(&number)
}

const fn cell(number: usize) -> Column {
    Column::Cell {
        number,
        name: NAMES[number],
    }
}

macro_rules! stop {
    ($first:expr) => {
        Column::Object(Columns(&[
            (
                "location",
                Column::Object(Columns(&[("lat", cell($first)), ("lon", cell($first + 1))])),
            ),
            ("address", cell($first + 2)),
            (
                "contact",
                Column::Object(Columns(&[
                    ("name", cell($first + 3)),
                    ("phone", cell($first + 4)),
                ])),
            ),
            (
                "window",
                Column::Object(Columns(&[
                    ("start", cell($first + 5)),
                    ("end", cell($first + 6)),
                ])),
            ),
            ("service_s", cell($first + 7)),
        ]))
    };
}

/// The fields of an order.
pub(crate) static ORDER: Columns = Columns(&[
    ("pickup", stop!(PICKUP)),
    ("dropoff", stop!(DROPOFF)),
    ("size", cell(16)),
    ("notes", cell(17)),
    ("external_id", cell(18)),
]);
