//! Bulk orders: a file is uploaded, its rows become orders, and the customer gets an account of every row.
//!
//! What is exact about it: the id of a row's order follows from the import and the row; a chunk of orders, the counts and
//! the byte that was reached are one transaction. So an event that comes twice, a second consumer and a crash at any
//! point add nothing twice, and set nothing back that was delivered since.

mod chunk;
mod ingest;
mod rejects;
mod show;
mod source;
mod upload;

pub use ingest::{IngestOrders, IngestReport, Progress};
pub use show::{ImportAnswer, ImportsAnswer, ListImports, GetImport};
pub use upload::{CreateUploadUrl, UploadAnswer};
