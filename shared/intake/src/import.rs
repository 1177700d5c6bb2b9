//! Reads the request for an upload.

use domain::import::NewImport;
use jiff::Timestamp;
use serde_json::Value;

use crate::faults::Faults;
use crate::fields::Fields;
use crate::settings::{SETTINGS, read_settings};

const LONGEST_FILENAME: usize = 200;

/// Reads the body of a request at `now` to upload a file of orders.
///
/// # Errors
/// Every fault in the body.
pub fn read_new_import(body: &Value, now: Timestamp) -> Result<NewImport, Faults> {
    let faults = Faults::new();
    let fields = Fields::of_body(body, &faults);
    let mut known = vec!["filename", "size_bytes"];
    known.extend(SETTINGS);
    fields.only(&known);
    let filename = fields.required_text("filename", LONGEST_FILENAME);
    if !fields.has("size_bytes") {
        fields.fault("size_bytes", "is missing");
    }
    // Any size is good here. The use case knows the limit and refuses larger files with an answer of its own.
    let size_bytes = fields.whole_number("size_bytes", 1..=u64::MAX);
    let settings = read_settings(body, &fields, now, &faults);
    let read = (|| {
        Some(NewImport {
            filename: filename?.to_owned(),
            size_bytes: size_bytes?,
            settings,
        })
    })();
    faults.or(read)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn now() -> Timestamp {
        "2030-05-06T08:00:00Z".parse().unwrap()
    }

    fn pointers(settings: &Value) -> Vec<String> {
        let mut body = json!({"filename": "a", "size_bytes": 1});
        let members = settings.as_object().unwrap().clone();
        body.as_object_mut().unwrap().extend(members);
        match read_new_import(&body, now()) {
            Ok(_) => Vec::new(),
            Err(faults) => {
                let faults = faults.into_vec().into_iter();
                faults.map(|fault| fault.pointer).collect()
            }
        }
    }

    #[test]
    fn every_bad_setting_is_named_at_once() {
        let bad = json!({
            "preset": "ebay", "time_zone": "Mars/Base", "date_order": "ydm", "date": "today", "decimal": ";",
            "header_row": 0, "encoding": "klingon", "sheet": "",
            "columns": {"a": "b", "size": [], "notes": "external_id", "x": ["y"], "pickup_lat": 1},
            "defaults": {"lat": 1, "size": true, "external_id": "A", "notes": " "},
        });
        let mut found = pointers(&bad);
        found.sort();
        assert_eq!(
            found,
            [
                "#/columns/a",
                "#/columns/notes",
                "#/columns/pickup_lat",
                "#/columns/size",
                "#/columns/x",
                "#/date",
                "#/date_order",
                "#/decimal",
                "#/defaults/external_id",
                "#/defaults/lat",
                "#/defaults/notes",
                "#/defaults/size",
                "#/encoding",
                "#/header_row",
                "#/preset",
                "#/sheet",
                "#/time_zone",
            ]
        );
        assert_eq!(
            pointers(&json!({"columns": [], "defaults": "x"})),
            ["#/columns", "#/defaults"]
        );
    }

    #[test]
    fn defaults_are_checked_like_cells() {
        let bad = json!({"defaults": {"pickup_lat": "north", "pickup_lon": 2.17, "size": "0"}});
        assert_eq!(pointers(&bad), ["#/defaults/pickup_lat", "#/defaults/size"]);
        let good = json!({"defaults": {"pickup_lat": 41.38, "pickup_lon": "2.17", "pickup_address": "Shop"}});
        assert_eq!(pointers(&good), [""; 0]);
        let comma =
            json!({"decimal": ",", "defaults": {"pickup_lat": "41,38", "pickup_lon": 2.17}});
        assert_eq!(pointers(&comma), [""; 0]);
    }

    #[test]
    fn settings_have_a_limit() {
        let names: Vec<String> = (0..10).map(|n| format!("{n}{}", "x".repeat(198))).collect();
        let columns: serde_json::Map<String, Value> = crate::Column::NAMES
            .iter()
            .map(|ours| ((*ours).to_owned(), json!(names)))
            .collect();
        assert_eq!(pointers(&json!({ "columns": columns })), ["#"]);
    }

    #[test]
    fn columns_are_given_in_either_direction() {
        let body = json!({"filename": "a", "size_bytes": 1, "columns": {
            "Order": "external_id", "notes": "Remark", "dropoff_address": ["Street", "City"], "size": "size",
        }});
        let settings = read_new_import(&body, now()).unwrap().settings;
        let expected = json!({
            "external_id": ["Order"], "notes": ["Remark"], "dropoff_address": ["Street", "City"], "size": ["size"],
        });
        assert_eq!(json!(settings.columns), expected);
    }

    #[test]
    fn every_fault_of_an_upload_is_named() {
        let body = json!({"filename": "a\nb", "size_bytes": 0, "size": 1});
        let faults = read_new_import(&body, now()).unwrap_err().into_vec();
        let pointers: Vec<&str> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(pointers, ["#/size", "#/filename", "#/size_bytes"]);
        let faults = read_new_import(&json!({}), now()).unwrap_err().into_vec();
        assert_eq!(faults.len(), 2);
    }
}
