//! The stores, on DynamoDB. `docs/DATA-MODEL.md` lists the tables, keys, indexes and the condition of each write.

mod claims;
mod failures;
mod imports;
mod index;
mod items;
pub mod keys;
mod leases;
mod ledger;
mod legs;
mod locations;
mod orders;
mod outboxes;
mod pending_bounds;
mod places;
mod profiles;
mod promises;
mod recipients;
mod routes;
pub mod streams;
mod sweep;
mod table;
mod tracking;
mod transaction;
mod users;
mod without_agents;

pub use aws_sdk_dynamodb::Client;

pub use imports::{DynamoImportChunks, DynamoImports};
pub use items::BrokenItem;
pub use leases::DynamoLeases;
pub use ledger::DynamoLedger;
pub use legs::DynamoLegs;
pub use locations::DynamoLocations;
pub use orders::{DynamoOrderPlacement, DynamoOrders};
pub use outboxes::DynamoOutboxes;
pub use pending_bounds::DynamoPendingBounds;
pub use places::DynamoPlaces;
pub use profiles::DynamoProfiles;
pub use promises::DynamoPromises;
pub use recipients::DynamoRecipientMessages;
pub use routes::DynamoRoutes;
pub use sweep::DynamoSweepPlace;
pub use tracking::DynamoTrackingLinks;
pub use users::DynamoUsers;
pub use without_agents::DynamoZonesWithoutAgents;
