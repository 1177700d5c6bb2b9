//! Bulk orders: a customer uploads a file, its rows become orders, and a report accounts for every row.
//!
//! The id of a row's order is derived from the import and the row number. One transaction stores a chunk of orders, the
//! counts and the byte offset. So a repeated event, a second consumer or a crash at any point adds no order twice, and
//! never resets an order that was delivered since.

mod answer;
mod create_upload_url;
mod delete_import_profile;
mod get_import;
mod get_import_profile;
mod ingest_orders;
mod list_import_profiles;
mod list_imports;
mod locate_orders;
mod profile_answer;
mod put_import_profile;

pub use answer::ImportAnswer;
pub use create_upload_url::{CreateUploadUrl, UploadAnswer};
pub use delete_import_profile::DeleteImportProfile;
pub use get_import::GetImport;
pub use get_import_profile::GetImportProfile;
pub use ingest_orders::{IngestOrders, IngestReport, Progress};
pub use list_import_profiles::ListImportProfiles;
pub use list_imports::{ImportsAnswer, ListImports};
pub use locate_orders::{LocateOrders, LocatingEnd, LocatingReport};
pub use profile_answer::{ImportProfileAnswer, ImportProfilesAnswer};
pub use put_import_profile::PutImportProfile;
