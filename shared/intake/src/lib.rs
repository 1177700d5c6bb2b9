//! Reads what people send and turns it into the records of the crate `domain`.
//!
//! JSON bodies and the rows of CSV files pass through the same rules: [`Fields`] hides where a field comes from. All
//! faults are found in one pass, and each of them names its place. `serde` stops at the first field that does not fit,
//! but a person who corrects a form wants to hear about all of them.

pub mod csv;

mod account;
mod agent;
mod cancel;
mod column;
mod customer;
mod decision;
mod edit;
mod faults;
mod fields;
mod import;
mod json;
mod location;
mod order;
mod proof;
mod recipient;
mod settings;
mod stop;
mod tap;
mod tap_proof;
mod workbook;

pub use account::{read_email, read_new_account, read_new_password, read_password};
pub use agent::read_agent_update;
pub use cancel::{CancelFilter, CancelRequest, read_cancel_request};
pub use column::Column;
pub use customer::read_customer_update;
pub use decision::{
    NewAssignment, NewSequence, Position, Release, Transfer, read_assignment, read_release,
    read_sequence, read_transfer,
};
pub use edit::read_order_edit;
pub use faults::{Fault, Faults, MOST_FAULTS};
pub use fields::{Field, FieldSource, FieldValue, Fields, JsonObject, RowCells};
pub use import::{profile_in, read_new_import};
pub use json::{JsonFault, read_json};
pub use location::read_location_report;
pub use order::{StatusChange, read_order, read_status_change};
pub use proof::read_new_proof;
pub use recipient::{read_chosen_window, read_rating, read_recipient_note};
pub use settings::read_import_profile;
pub use stop::AddressAlone;
pub use workbook::{MOST_WORKBOOK_BYTES, SheetRows, WORKBOOK_TYPE, Workbook, ZIP_MAGIC};
