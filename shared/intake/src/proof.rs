//! Reads what orders require as proof, and what agents announce.

use domain::proof::{
    LARGEST_UPLOAD_BYTES, LONGEST_BARCODE, MOST_BARCODES, NewProof, PictureType, ProofKind,
};
use domain::{AskedProof, StopKind, StopProof, VariantArray};
use serde_json::Value;
use strum::IntoStaticStr;

use crate::column::Column;
use crate::faults::Faults;
use crate::fields::{Field, Fields, RowCells};
use crate::tap::read_tap_id;

const PICKUP: Field = Field::cell("requires_proof_pickup", Column::RequiresProofPickup);
const DROPOFF: Field = Field::cell("requires_proof_dropoff", Column::RequiresProofDropoff);
const PICKUP_BARCODES: Field = Field::cell(
    "requires_proof_pickup_barcodes",
    Column::RequiresProofPickupBarcodes,
);
const DROPOFF_BARCODES: Field = Field::cell(
    "requires_proof_dropoff_barcodes",
    Column::RequiresProofDropoffBarcodes,
);

/// Reads `requires_proof` of an order: `{"pickup": {…}, "dropoff": {…}}`.
pub(crate) fn read_asked_proof(fields: &Fields<'_>) -> AskedProof {
    let Some(asked) = fields.object("requires_proof") else {
        return AskedProof::default();
    };
    asked.only(&["pickup", "dropoff"]);
    let at = |stop: StopKind| {
        let fields = asked.object(stop.name())?;
        Some(read_stop_proof(&fields, stop))
    };
    AskedProof {
        pickup: at(StopKind::Pickup),
        dropoff: at(StopKind::Dropoff),
    }
}

fn read_stop_proof(fields: &Fields<'_>, stop: StopKind) -> StopProof {
    // The PIN is the recipient's, who is at the drop-off alone.
    match stop {
        StopKind::Pickup => fields.only(&["photo", "signature", "barcodes"]),
        StopKind::Dropoff => fields.only(&["photo", "signature", "pin", "barcodes"]),
    }
    let flag = |name| fields.flag(name).unwrap_or_default();
    let barcodes = fields.texts("barcodes", MOST_BARCODES, LONGEST_BARCODE);
    StopProof {
        photo: flag("photo"),
        signature: flag("signature"),
        pin: stop == StopKind::Dropoff && flag("pin"),
        barcodes: barcodes.unwrap_or_default(),
    }
}

/// What a cell asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
enum AskedInCell {
    Photo,
    Signature,
    Pin,
    /// Nothing, also if the company's default asks for something.
    None,
}

/// Reads the proof that a row asks for. Each stop has a cell with words and a cell with barcodes. A stop with neither
/// follows the company's default.
pub(crate) fn read_row_proof<'a>(fields: &Fields<'a, RowCells<'a>>) -> AskedProof {
    let at = |stop| read_stop_cells(fields, stop);
    AskedProof {
        pickup: at(StopKind::Pickup),
        dropoff: at(StopKind::Dropoff),
    }
}

fn read_stop_cells<'a>(fields: &Fields<'a, RowCells<'a>>, stop: StopKind) -> Option<StopProof> {
    use AskedInCell::{None as Nothing, Photo, Pin, Signature};
    let (words, barcodes, allowed): (Field, Field, &[AskedInCell]) = match stop {
        StopKind::Pickup => (PICKUP, PICKUP_BARCODES, &[Photo, Signature, Nothing]),
        StopKind::Dropoff => (DROPOFF, DROPOFF_BARCODES, &[Photo, Signature, Pin, Nothing]),
    };
    if !fields.has(words) && !fields.has(barcodes) {
        return None;
    }
    let asked = fields.words(words, allowed).unwrap_or_default();
    let codes = fields.texts(barcodes, MOST_BARCODES, LONGEST_BARCODE);
    let codes = codes.unwrap_or_default();
    if asked.contains(&Nothing) && (asked.len() > 1 || !codes.is_empty()) {
        fields.fault(words, "says none, and asks for something too");
    }
    Some(StopProof {
        photo: asked.contains(&Photo),
        signature: asked.contains(&Signature),
        pin: asked.contains(&Pin),
        barcodes: codes,
    })
}

/// Reads the body that announces a picture:
/// `{"kind": …, "stop": …, "size_bytes": …, "sha256": …, "content_type": …, "tap_id": …}`.
///
/// # Errors
/// Every fault in the body.
pub fn read_new_proof(body: &Value) -> Result<NewProof, Faults> {
    let faults = Faults::new();
    let fields = Fields::of_body(body, &faults);
    fields.only(&[
        "kind",
        "stop",
        "size_bytes",
        "sha256",
        "content_type",
        "tap_id",
    ]);
    for required in ["kind", "stop", "content_type"] {
        if !fields.has(required) {
            fields.fault(required, "is missing");
        }
    }
    let kind = fields.word("kind", ProofKind::VARIANTS);
    let stop = fields.word("stop", StopKind::VARIANTS);
    let content_type = fields.word("content_type", PictureType::VARIANTS);
    let size_bytes = fields.required_whole_number("size_bytes", 1..=LARGEST_UPLOAD_BYTES);
    let sha256 = fields.required_text("sha256", 64);
    let sha256 = sha256.map(str::to_ascii_lowercase).filter(|digits| {
        let fits = digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !fits {
            fields.fault("sha256", "must be the SHA-256 in 64 hexadecimal digits");
        }
        fits
    });
    let tap_id = read_tap_id(&fields);
    let read = (|| {
        Some(NewProof {
            kind: kind?,
            stop: stop?,
            content_type: content_type?,
            size_bytes: size_bytes?,
            sha256: sha256?,
            tap_id,
        })
    })();
    faults.or(read)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pointers(faults: Faults) -> Vec<String> {
        let faults = faults.into_vec().into_iter();
        faults.map(|fault| fault.pointer).collect()
    }

    fn asked(value: Value) -> Result<AskedProof, Vec<String>> {
        let (faults, body) = (Faults::new(), json!({"requires_proof": value}));
        let asked = read_asked_proof(&Fields::of_body(&body, &faults));
        faults.or(Some(asked)).map_err(pointers)
    }

    #[test]
    fn each_stop_says_what_it_requires_or_nothing() {
        let read =
            asked(json!({"dropoff": {"photo": true, "pin": true, "barcodes": [" A-1 ", "B"]}}));
        let dropoff = StopProof {
            photo: true,
            signature: false,
            pin: true,
            barcodes: vec!["A-1".to_owned(), "B".to_owned()],
        };
        let expected = AskedProof {
            pickup: None,
            dropoff: Some(dropoff),
        };
        assert_eq!(read, Ok(expected));
        assert_eq!(asked(json!(null)), Ok(AskedProof::default()));
        assert_eq!(asked(json!({})), Ok(AskedProof::default()));
        let none = asked(json!({"pickup": {}})).unwrap();
        assert_eq!(none.pickup, Some(StopProof::default()));
    }

    #[test]
    fn each_fault_of_a_requirement_is_named() {
        let bad = json!({
            "pickup": {"pin": true, "photo": "yes"},
            "dropoff": {"barcodes": ["A", 7]},
            "return": {},
        });
        let expected = [
            "#/requires_proof/return",
            "#/requires_proof/pickup/pin",
            "#/requires_proof/pickup/photo",
            "#/requires_proof/dropoff/barcodes",
        ];
        assert_eq!(asked(bad), Err(expected.map(str::to_owned).to_vec()));
        for barcodes in [
            json!([]),
            json!(["A", "A"]),
            json!(["x".repeat(81)]),
            json!([""]),
            json!("A"),
        ] {
            let read = asked(json!({"dropoff": {"barcodes": barcodes}}));
            assert_eq!(read.is_err(), barcodes != json!([]), "{barcodes}");
        }
    }

    #[test]
    fn a_picture_is_announced_with_length_and_digest() {
        let body = json!({
            "kind": "photo", "stop": "dropoff", "size_bytes": 10_000_000, "sha256": "AB".repeat(32),
            "content_type": "image/png", "tap_id": "tap-00001",
        });
        let read = read_new_proof(&body).unwrap();
        assert_eq!(read.sha256, "ab".repeat(32));
        assert_eq!(read.content_type, PictureType::Png);
        let bad = json!({
            "kind": "film", "size_bytes": 10_000_001, "sha256": "zz".repeat(32), "content_type": "image/heic",
            "url": "x",
        });
        let expected = [
            "#/url",
            "#/stop",
            "#/kind",
            "#/content_type",
            "#/size_bytes",
            "#/sha256",
        ];
        assert_eq!(
            read_new_proof(&bad).map_err(pointers),
            Err(expected.map(str::to_owned).to_vec())
        );
    }
}
