//! The proof that comes with a tap, compared with the proof that its stops require.

use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr, VariantArray};

use crate::ids::ProofId;
use crate::order::{Order, OrderStatus};
use crate::proof::{OrderProofs, ProofKind, RecipientPin};
use crate::route::StopKind;

/// Something that a stop requires.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    Display,
    EnumString,
    IntoStaticStr,
    VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ProofPart {
    /// A photo.
    Photo,
    /// A signature.
    Signature,
    /// The name of the person who signs.
    SignerName,
    /// The recipient's PIN.
    Pin,
    /// A barcode.
    Barcode,
}

/// The proof in the body of a tap.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TapProof {
    /// Pictures that were announced before.
    pub proof_ids: Vec<ProofId>,
    /// What the person at the door says.
    pub pin: Option<RecipientPin>,
    /// The name of the person who signs.
    pub signer_name: Option<String>,
    /// The codes that were scanned.
    pub barcodes: Vec<String>,
}

impl TapProof {
    /// Whether the tap has no proof.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// What the history keeps of the proof of a step. The PIN itself is not kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenProof {
    /// The pictures.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub proof_ids: Vec<ProofId>,
    /// The name of the person who signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signer_name: Option<String>,
    /// Whether the right PIN was given.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pin: bool,
    /// The codes that were scanned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub barcodes: Vec<String>,
    /// What was required and missing. A dispatcher has made the step without it, and the line has the reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<ProofPart>,
}

impl Order {
    /// The stops that a step to this status makes. An agent may report a delivery without a pickup before it.
    pub fn stops_made_by(&self, to: OrderStatus) -> &'static [StopKind] {
        let is_aboard = self.status != OrderStatus::Assigned;
        match (to, is_aboard) {
            (OrderStatus::InProgress, false) => &[StopKind::Pickup],
            (OrderStatus::Delivered, false) => &[StopKind::Pickup, StopKind::Dropoff],
            // Also after a first attempt that has failed.
            (OrderStatus::Delivered, true) => &[StopKind::Dropoff],
            (
                OrderStatus::Pending
                | OrderStatus::Assigned
                | OrderStatus::Undelivered
                | OrderStatus::Returning
                | OrderStatus::Returned
                | OrderStatus::Failed
                | OrderStatus::Cancelled,
                _,
            )
            | (OrderStatus::InProgress, true) => &[],
        }
    }

    /// Whether one of these stops requires the recipient's PIN.
    pub fn requires_pin_at(&self, stops: &[StopKind]) -> bool {
        stops.iter().any(|stop| self.requires_proof.at(*stop).pin)
    }

    /// What the stops require and the tap does not have, without the PIN. A picture counts as soon as it is announced:
    /// it may come after the tap.
    pub fn missing_at(
        &self,
        stops: &[StopKind],
        given: &TapProof,
        announced: Option<&OrderProofs>,
    ) -> Vec<ProofPart> {
        let mut missing = Vec::new();
        for stop in stops {
            let required = self.requires_proof.at(*stop);
            let has = |kind: ProofKind| {
                let pictures = given
                    .proof_ids
                    .iter()
                    .filter_map(|id| announced?.proof(*id));
                let mut pictures = pictures.filter(|proof| proof.counts());
                pictures.any(|proof| (proof.kind, proof.stop) == (kind, *stop))
            };
            let scanned = |code: &String| given.barcodes.contains(code);
            for (part, is_missing) in [
                (ProofPart::Photo, required.photo && !has(ProofKind::Photo)),
                (
                    ProofPart::Signature,
                    required.signature && !has(ProofKind::Signature),
                ),
                (
                    ProofPart::SignerName,
                    required.signature && given.signer_name.is_none(),
                ),
                (ProofPart::Barcode, !required.barcodes.iter().all(scanned)),
            ] {
                if is_missing && !missing.contains(&part) {
                    missing.push(part);
                }
            }
        }
        missing
    }
}
