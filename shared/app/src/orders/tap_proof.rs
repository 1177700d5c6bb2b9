//! The proof that a pickup or a delivery needs.

use std::sync::Arc;

use domain::given_proof::{GivenProof, ProofPart, TapProof};
use domain::proof::MOST_PIN_TRIES;
use domain::{Order, OrderProofs, RecipientPin, Role, Timestamp};
use intake::{Faults, StatusChange};

use crate::ports::{PinTry, ProofStore, RecipientPins};
use crate::refusal::Refusal;

/// A part of the proof that is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LackingProof {
    /// The part.
    pub part: ProofPart,
    /// What is wrong, for a person.
    pub detail: String,
}

impl LackingProof {
    fn of(part: ProofPart) -> Self {
        let detail = match part {
            ProofPart::Photo => "has no photo; announce one with POST /orders/{order_id}/proofs",
            ProofPart::Signature => {
                "has no signature; announce one with POST /orders/{order_id}/proofs"
            }
            ProofPart::SignerName => "is missing; say who has signed",
            ProofPart::Pin => "is missing; the recipient sees it on the tracking page",
            ProofPart::Barcode => "has not all codes of the parcel",
        };
        Self {
            part,
            detail: detail.to_owned(),
        }
    }

    fn pin(detail: impl Into<String>) -> Self {
        Self {
            part: ProofPart::Pin,
            detail: detail.into(),
        }
    }

    /// The field of the body that lacks the part.
    pub fn pointer(&self) -> &'static str {
        match self.part {
            ProofPart::Photo | ProofPart::Signature => "#/proof_ids",
            ProofPart::SignerName => "#/signer_name",
            ProofPart::Pin => "#/pin",
            ProofPart::Barcode => "#/barcode",
        }
    }
}

/// Checks the proof of taps.
#[derive(Clone)]
pub struct CheckProof {
    /// The records of pictures.
    pub proofs: Arc<dyn ProofStore>,
    /// The PINs of recipients.
    pub pins: Arc<dyn RecipientPins>,
}

/// The result of a try with a PIN. One call makes one try, also if it loses races and reads the order again.
#[derive(Debug, Default)]
pub(super) struct TriedPin(Option<Result<(), LackingProof>>);

impl CheckProof {
    /// The proof of a step for the history. `None` if the step needs none and has none.
    ///
    /// A try with a PIN is counted before the PIN is compared, so that tries at the same moment count too. After a
    /// crash between the two, one try is lost. The PIN comes last: a tap that lacks a photo costs no try.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for pictures that are not of this order; [`Refusal::ProofMissing`]. A dispatcher who gives
    /// a reason may make the step without proof.
    pub(super) async fn run(
        &self,
        order: &Order,
        role: Role,
        change: &StatusChange,
        tried: &mut TriedPin,
        now: Timestamp,
    ) -> Result<Option<GivenProof>, Refusal> {
        let stops = order.stops_made_by(change.status);
        let given = &change.proof;
        if stops.is_empty() {
            return Ok(None);
        }
        let needs_pin = order.requires_pin_at(stops);
        let announced = match given.proof_ids.is_empty() {
            true => None,
            false => self.proofs.proofs(order.id, now).await?,
        };
        check_pictures(given, announced.as_ref())?;
        let missing = order.missing_at(stops, given, announced.as_ref());
        let mut lacking: Vec<_> = missing.into_iter().map(LackingProof::of).collect();
        let may_go_without = role == Role::Dispatcher && change.reason.is_some();
        let mut pin_is_right = false;
        if needs_pin {
            let pin = match &given.pin {
                None => Err(LackingProof::of(ProofPart::Pin)),
                Some(_) if !lacking.is_empty() && !may_go_without => Ok(()),
                Some(pin) => {
                    if tried.0.is_none() {
                        tried.0 = Some(self.try_pin(order, pin).await?);
                    }
                    let result = tried.0.clone().unwrap_or(Ok(()));
                    pin_is_right = result.is_ok();
                    result
                }
            };
            lacking.extend(pin.err());
        }
        if !lacking.is_empty() && !may_go_without {
            return Err(Refusal::ProofMissing(lacking));
        }
        let proof = GivenProof {
            proof_ids: given.proof_ids.clone(),
            signer_name: given.signer_name.clone(),
            pin: pin_is_right,
            barcodes: given.barcodes.clone(),
            missing: lacking.into_iter().map(|it| it.part).collect(),
        };
        Ok((proof != GivenProof::default()).then_some(proof))
    }

    async fn try_pin(
        &self,
        order: &Order,
        pin: &RecipientPin,
    ) -> Result<Result<(), LackingProof>, Refusal> {
        Ok(match self.pins.count_try(order.id, MOST_PIN_TRIES).await? {
            PinTry::Counted { pin: right, .. } if right == *pin => {
                self.pins.forget_tries(order.id).await?;
                Ok(())
            }
            PinTry::Counted { left, .. } => Err(LackingProof::pin(match left {
                0 => "is wrong, and no try is left; ask a dispatcher".to_owned(),
                1 => "is wrong; one try is left".to_owned(),
                _ => format!("is wrong; {left} tries are left"),
            })),
            PinTry::UsedUp => Err(LackingProof::pin("has no try left; ask a dispatcher")),
            PinTry::NoPin => Err(LackingProof::pin(
                "does not exist yet; the recipient gets it on the tracking page",
            )),
        })
    }
}

/// Whether the tap names pictures of this order alone.
fn check_pictures(given: &TapProof, announced: Option<&OrderProofs>) -> Result<(), Refusal> {
    let faults = Faults::new();
    for (at, id) in given.proof_ids.iter().enumerate() {
        let proof = announced.and_then(|announced| announced.proof(*id));
        let detail = match proof {
            Some(proof) if proof.counts() => continue,
            Some(_) => "was refused; send another picture",
            None => "is no picture of this order",
        };
        faults.note(format!("#/proof_ids/{at}"), detail);
    }
    if faults.is_empty() {
        Ok(())
    } else {
        Err(faults.into())
    }
}
