//! Bulk orders: a file is uploaded, its rows become orders, and the customer gets an account of every row.
//!
//! What is exact about it: the id of a row's order follows from the import and the row; a chunk of orders, the counts and
//! the byte that was reached are one transaction. So an event that comes twice, a second consumer and a crash at any
//! point add nothing twice, and set nothing back that was delivered since.

mod answer;
mod create_upload_url;
mod get_import;
mod ingest_orders;
mod list_imports;

pub use answer::ImportAnswer;
pub use create_upload_url::{CreateUploadUrl, UploadAnswer};
pub use get_import::GetImport;
pub use ingest_orders::{IngestOrders, IngestReport, Progress};
pub use list_imports::{ImportsAnswer, ListImports};
