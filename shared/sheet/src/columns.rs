//! The columns that a file may have, and which field of an order each of them holds.

/// How many columns are known.
pub(crate) const COUNT: usize = domain::order::COLUMNS;

/// The names of the columns, in the order in which they are told: that of an order's fields, by whose numbers they are read.
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
    REJECTED_CODE,
    "rejected_detail",
];

/// Says in such a file why a row was rejected. While it says one of [`OF_WHOLE_ROWS`], the row is not mended.
pub(crate) const REJECTED_CODE: &str = "rejected_code";

/// Why a row as a whole is rejected. What stands in its columns then is not what the customer meant: cells were lost,
/// moved to other columns, or hold characters that nobody could read.
pub(crate) const OF_WHOLE_ROWS: [&str; 3] = [TOO_FEW_CELLS, TOO_MANY_CELLS, ENCODING];
pub(crate) const TOO_FEW_CELLS: &str = "too_few_cells";
pub(crate) const TOO_MANY_CELLS: &str = "too_many_cells";
pub(crate) const ENCODING: &str = "encoding";

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
