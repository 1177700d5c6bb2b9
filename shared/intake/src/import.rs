//! Reads the request for an upload.

use domain::import::NewImport;
use serde_json::Value;

use crate::faults::Faults;
use crate::fields::Fields;

const LONGEST_FILENAME: usize = 200;

/// Reads the body of a request to upload a file of orders.
///
/// # Errors
/// Every fault in the body.
pub fn read_new_import(body: &Value) -> Result<NewImport, Faults> {
    let faults = Faults::new();
    let fields = Fields::of_body(body, &faults);
    fields.only(&["filename", "size_bytes"]);
    let filename = fields.required_text("filename", LONGEST_FILENAME);
    if !fields.has("size_bytes") {
        fields.fault("size_bytes", "is missing");
    }
    // Any size is good here. The use case knows the limit and refuses larger files with an answer of its own.
    let size_bytes = fields.whole_number("size_bytes", 1..=u64::MAX);
    let read = (|| {
        Some(NewImport {
            filename: filename?.to_owned(),
            size_bytes: size_bytes?,
        })
    })();
    faults.or(read)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_fault_of_an_upload_is_named() {
        let body = json!({"filename": "a\nb", "size_bytes": 0, "size": 1});
        let faults = read_new_import(&body).unwrap_err().into_vec();
        let pointers: Vec<&str> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(pointers, ["#/size", "#/filename", "#/size_bytes"]);
        let faults = read_new_import(&json!({})).unwrap_err().into_vec();
        assert_eq!(faults.len(), 2);
    }
}
