//! Reads the proof that comes with a tap.

use domain::given_proof::TapProof;
use domain::proof::{LONGEST_BARCODE, LONGEST_SIGNER_NAME, MOST_BARCODES};
use domain::{OrderStatus, RecipientPin};

use crate::fields::Fields;

/// The members of the proof in the body of a change of status.
pub(crate) const OF_PROOF: [&str; 4] = ["proof_ids", "pin", "signer_name", "barcode"];
/// The most pictures of one tap: three photos and a signature of each stop.
const MOST_PICTURES: usize = 8;
const LENGTH_OF_ID: usize = 36;

/// Reads the proof among the fields of a change of status.
pub(crate) fn read_tap_proof(fields: &Fields<'_>, status: Option<OrderStatus>) -> TapProof {
    let known: &[&str] = match status {
        None | Some(OrderStatus::Delivered) => &OF_PROOF,
        Some(OrderStatus::InProgress) => &["proof_ids", "signer_name", "barcode"],
        Some(_) => &[],
    };
    for name in OF_PROOF {
        if fields.has(name) && !known.contains(&name) {
            fields.fault(name, "does not belong to this status");
        }
    }
    let ids = fields.texts("proof_ids", MOST_PICTURES, LENGTH_OF_ID);
    let ids = ids.unwrap_or_default();
    let proof_ids: Vec<_> = ids.iter().filter_map(|id| id.parse().ok()).collect();
    if proof_ids.len() < ids.len() {
        fields.fault("proof_ids", "must be ids of pictures");
    }
    let pin = fields.text("pin", LENGTH_OF_ID).and_then(|text| {
        let pin = RecipientPin::read(text);
        if pin.is_none() {
            fields.fault("pin", "must have four digits");
        }
        pin
    });
    let signer_name = fields.text("signer_name", LONGEST_SIGNER_NAME);
    let barcodes = fields.text_or_texts("barcode", MOST_BARCODES, LONGEST_BARCODE);
    TapProof {
        proof_ids,
        pin,
        signer_name: signer_name.map(str::to_owned),
        barcodes: barcodes.unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::Faults;
    use serde_json::{Value, json};

    fn read(status: OrderStatus, body: Value) -> Result<TapProof, Vec<String>> {
        let faults = Faults::new();
        let proof = read_tap_proof(&Fields::of_body(&body, &faults), Some(status));
        let faults = faults.or(Some(proof)).map_err(Faults::into_vec);
        faults.map_err(|faults| faults.into_iter().map(|it| it.pointer).collect())
    }

    #[test]
    fn a_delivery_may_have_all_kinds_of_proof() {
        let id = "0197c56d-d900-7b6e-9d2f-4a1e5b7c8d90";
        let body =
            json!({"proof_ids": [id], "pin": "0042", "signer_name": " Zoë ", "barcode": "A-1"});
        let proof = read(OrderStatus::Delivered, body).unwrap();
        assert_eq!(proof.proof_ids, [id.parse().unwrap()]);
        assert_eq!(proof.pin, RecipientPin::read("0042"));
        assert_eq!(proof.signer_name.as_deref(), Some("Zoë"));
        assert_eq!(proof.barcodes, ["A-1"]);
        let many = read(OrderStatus::InProgress, json!({"barcode": ["A-1", "B"]}));
        assert_eq!(many.unwrap().barcodes, ["A-1", "B"]);
        assert!(
            read(OrderStatus::Failed, json!({"pin": null}))
                .unwrap()
                .is_none()
        );
    }

    #[test]
    fn each_fault_is_named() {
        let bad = json!({"proof_ids": ["x"], "pin": "12345", "signer_name": "", "barcode": [7]});
        let named = ["#/proof_ids", "#/pin", "#/signer_name", "#/barcode"];
        let all = named.map(str::to_owned).to_vec();
        assert_eq!(read(OrderStatus::Delivered, bad), Err(all));
        let pin = json!({"pin": "1234"});
        for status in [OrderStatus::InProgress, OrderStatus::Failed] {
            assert_eq!(read(status, pin.clone()), Err(vec!["#/pin".to_owned()]));
        }
        assert!(read(OrderStatus::Delivered, json!({"pin": 1234})).is_err());
    }
}
