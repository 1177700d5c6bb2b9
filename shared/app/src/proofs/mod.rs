//! Proof of pickups and deliveries.

mod create_proof;
mod get_proofs;
mod store_proof;

pub use create_proof::{CreateProof, UploadProofAnswer};
pub use get_proofs::{GetProofs, ProofsAnswer};
pub use store_proof::{StoreProof, Stored};
