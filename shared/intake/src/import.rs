//! Reads the request for an upload.

use domain::import::{ImportProfiles, NewImport};
use jiff::Timestamp;
use serde_json::Value;

use crate::faults::Faults;
use crate::fields::Fields;
use crate::settings::{SETTINGS, check_whole, read_settings};

const LONGEST_FILENAME: usize = 200;
/// Longer than the name of a profile may be, so that an unknown name is called unknown.
const LONGEST_NAME: usize = 200;

/// The name of the profile in the body of a request to upload a file. It may be no name at all.
pub fn profile_in(body: &Value) -> Option<&str> {
    body.get("profile")?.as_str()
}

/// Reads the body of a request at `now` to upload a file of orders. A setting of the body counts more than the one of
/// the customer's profile that the body names. `profiles` matter only if [`profile_in`] finds a name.
///
/// # Errors
/// Every fault in the body, and in the settings of the body and the profile together.
pub fn read_new_import(
    body: &Value,
    profiles: Option<&ImportProfiles>,
    now: Timestamp,
) -> Result<NewImport, Faults> {
    let faults = Faults::new();
    let fields = Fields::of_body(body, &faults);
    let mut known = vec!["filename", "size_bytes", "profile"];
    known.extend(SETTINGS);
    fields.only(&known);
    let filename = fields.required_text("filename", LONGEST_FILENAME);
    if !fields.has("size_bytes") {
        fields.fault("size_bytes", "is missing");
    }
    // Any size is good here. The use case knows the limit and refuses larger files with an answer of its own.
    let size_bytes = fields.whole_number("size_bytes", 1..=u64::MAX);
    let mut settings = read_settings(body, &fields, &faults);
    if let Some(name) = fields.text("profile", LONGEST_NAME) {
        match profiles.and_then(|stored| stored.profiles.get(name)) {
            Some(profile) => settings = settings.or(profile.settings.clone()),
            None => fields.fault("profile", unknown_profile(profiles)),
        }
    }
    check_whole(&settings, now, &faults);
    let read = (|| {
        Some(NewImport {
            filename: filename?.to_owned(),
            size_bytes: size_bytes?,
            settings,
        })
    })();
    faults.or(read)
}

/// The fault of a name that no profile has.
fn unknown_profile(profiles: Option<&ImportProfiles>) -> String {
    let names = profiles.map(|stored| stored.profiles.keys().cloned().collect::<Vec<_>>());
    match names.filter(|names| !names.is_empty()) {
        Some(names) => format!("is none of your profiles, which are {}", names.join(", ")),
        None => "is no profile of yours; store one with PUT /import-profiles/{name}".to_owned(),
    }
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
        match read_new_import(&body, None, now()) {
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
        let settings = read_new_import(&body, None, now()).unwrap().settings;
        let expected = json!({
            "external_id": ["Order"], "notes": ["Remark"], "dropoff_address": ["Street", "City"], "size": ["size"],
        });
        assert_eq!(json!(settings.columns), expected);
    }

    /// The settings of an upload with these members, for a customer with one profile, `shop`.
    fn with_profile(stored: Value, sent: Value) -> Result<Value, Vec<String>> {
        let settings = crate::read_import_profile("shop", &stored, now()).unwrap();
        let profiles =
            ImportProfiles::none("c3a48a72-0061-70a5-1b6c-3f2c1a9d0b11".parse().unwrap());
        let profiles = profiles.with("shop", settings, now()).unwrap().unwrap();
        let mut body = json!({"filename": "a", "size_bytes": 1});
        let members = sent.as_object().unwrap().clone();
        body.as_object_mut().unwrap().extend(members);
        match read_new_import(&body, Some(&profiles), now()) {
            Ok(new) => Ok(json!(new.settings)),
            Err(faults) => Err(faults.into_vec().into_iter().map(|it| it.pointer).collect()),
        }
    }

    #[test]
    fn a_setting_of_the_upload_counts_more_than_that_of_the_profile() {
        let stored = json!({
            "preset": "shopify", "encoding": "auto", "header_row": 2, "decimal": ",",
            "columns": {"notes": "Remark", "external_id": "Order"},
            "defaults": {"size": 2, "pickup_lat": "41,98", "pickup_lon": "2,82", "pickup_address": "Shop"},
        });
        let same = with_profile(stored.clone(), json!({"profile": "shop"})).unwrap();
        assert_eq!(same["columns"]["notes"], json!(["Remark"]));
        let sent = json!({
            "profile": "shop", "encoding": "utf-8", "header_row": null,
            "columns": {"notes": ["A", "B"]}, "defaults": {"size": 3},
        });
        let mixed = with_profile(stored.clone(), sent).unwrap();
        let expected = json!({
            "preset": "shopify", "encoding": "utf-8", "header_row": 2, "decimal": ",",
            "columns": {"notes": ["A", "B"], "external_id": ["Order"]},
            "defaults": {"size": "3", "pickup_lat": "41,98", "pickup_lon": "2,82", "pickup_address": "Shop"},
        });
        assert_eq!(mixed, expected);
        // The place of another pickup gets neither the address nor a coordinate of the stored one.
        let sent =
            json!({"profile": "shop", "defaults": {"pickup_lat": "41,3", "pickup_lon": "2,1"}});
        let moved = with_profile(stored.clone(), sent).unwrap();
        assert_eq!(
            moved["defaults"],
            json!({"size": "2", "pickup_lat": "41,3", "pickup_lon": "2,1"})
        );
        let without = with_profile(stored, json!({})).unwrap();
        assert_eq!(without, json!({}));
    }

    #[test]
    fn the_settings_of_both_are_checked_together() {
        let stored =
            json!({"decimal": ",", "defaults": {"pickup_lat": "41,98", "pickup_lon": "2,82"}});
        let faults = with_profile(stored, json!({"profile": "shop", "decimal": "."})).unwrap_err();
        assert_eq!(faults, ["#/defaults/pickup_lat", "#/defaults/pickup_lon"]);
        let faults = with_profile(json!({}), json!({"profile": "Shop", "sheet": ""})).unwrap_err();
        assert_eq!(faults, ["#/sheet", "#/profile"]);
        for no_name in [json!(1), json!(""), json!(["shop"])] {
            let faults = with_profile(json!({}), json!({"profile": no_name})).unwrap_err();
            assert_eq!(faults, ["#/profile"]);
        }
        assert!(with_profile(json!({}), json!({"profile": null})).is_ok());
    }

    #[test]
    fn every_fault_of_a_profile_is_named() {
        let bad = json!({"encoding": "klingon", "filename": "a", "columns": {"size": []}});
        for name in ["", "a b", "-a", "ä", &"x".repeat(51)] {
            let faults = crate::read_import_profile(name, &bad, now()).unwrap_err();
            let mut pointers: Vec<String> =
                faults.into_vec().into_iter().map(|it| it.pointer).collect();
            pointers.sort();
            let expected = [
                "#/columns/size",
                "#/encoding",
                "#/filename",
                "/import-profiles/{name}",
            ];
            assert_eq!(pointers, expected, "{name:?}");
        }
        assert!(crate::read_import_profile("Shop-2.a_b", &json!({}), now()).is_ok());
    }

    #[test]
    fn every_fault_of_an_upload_is_named() {
        let body = json!({"filename": "a\nb", "size_bytes": 0, "size": 1});
        let faults = read_new_import(&body, None, now());
        let faults = faults.unwrap_err().into_vec();
        let pointers: Vec<&str> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(pointers, ["#/size", "#/filename", "#/size_bytes"]);
        let faults = read_new_import(&json!({}), None, now());
        let faults = faults.unwrap_err().into_vec();
        assert_eq!(faults.len(), 2);
    }
}
