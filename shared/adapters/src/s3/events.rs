//! Messages of the queue of imports: uploads that S3 reports, imports that `ingest-orders` hands on to itself, and
//! customers whose orders follow a suspension.

use app::messages::{CustomerChanged, ImportKey};
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Deserializer};

use super::import_of;

/// What a message is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImportMessage {
    /// Imports. There are none in the message with which S3 tests a new notification.
    Imports(Vec<ImportKey>),
    /// A customer.
    Customer(CustomerChanged),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Body {
    Import(ImportKey),
    Customer(CustomerChanged),
    Uploads {
        #[serde(rename = "Records")]
        records: Vec<Record>,
    },
    Other {
        #[serde(rename = "Event")]
        event: String,
    },
}

#[derive(Deserialize)]
struct Record {
    s3: Entity,
}

#[derive(Deserialize)]
struct Entity {
    object: Object,
}

#[derive(Deserialize)]
struct Object {
    key: String,
}

impl<'de> Deserialize<'de> for ImportMessage {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let unknown = || serde::de::Error::custom("it is about no import and no customer");
        let records = match Body::deserialize(deserializer)? {
            Body::Import(key) => return Ok(Self::Imports(vec![key])),
            Body::Customer(changed) => return Ok(Self::Customer(changed)),
            Body::Other { event } if event == "s3:TestEvent" => {
                return Ok(Self::Imports(Vec::new()));
            }
            Body::Uploads { records } if !records.is_empty() => records,
            Body::Uploads { .. } | Body::Other { .. } => return Err(unknown()),
        };
        let keys = records.into_iter().map(|record| {
            // The encoding of form values, where a space is a plus.
            let key = record.s3.object.key.replace('+', " ");
            let key = percent_decode_str(&key).decode_utf8_lossy();
            import_of(&key).ok_or_else(unknown)
        });
        keys.collect::<Result<_, _>>().map(Self::Imports)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const CUSTOMER: &str = "c3a48a72-0061-70a5-1b6c-3f2c1a9d0b11";
    const IMPORT: &str = "0197c56d-d900-7b6e-9d2f-4a1e5b7c8d90";

    fn read(body: Value) -> Option<Vec<ImportKey>> {
        let message: Result<ImportMessage, _> = serde_json::from_value(body);
        match message.ok()? {
            ImportMessage::Imports(keys) => Some(keys),
            ImportMessage::Customer(_) => None,
        }
    }

    #[test]
    fn uploads_continuations_and_the_trial_are_understood() {
        let key = ImportKey {
            customer_id: CUSTOMER.parse().unwrap(),
            import_id: IMPORT.parse().unwrap(),
        };
        let upload = |key: &str| json!({"Records": [{"s3": {"object": {"key": key, "size": 7}}}]});
        let plain = upload(&format!("imports/{CUSTOMER}/{IMPORT}.csv"));
        assert_eq!(read(plain), Some(vec![key]));
        let encoded = upload(&format!("imports%2F{CUSTOMER}%2f{IMPORT}.csv"));
        assert_eq!(read(encoded), Some(vec![key]));
        let handed_on = json!({"customer_id": CUSTOMER, "import_id": IMPORT});
        assert_eq!(read(handed_on), Some(vec![key]));
        let suspended = json!({"customer_id": CUSTOMER, "changed_by": CUSTOMER});
        let message: ImportMessage = serde_json::from_value(suspended).unwrap();
        let ImportMessage::Customer(changed) = message else {
            panic!("it is about a customer: {message:?}");
        };
        let written = serde_json::to_value(&changed).unwrap();
        let read_again: ImportMessage = serde_json::from_value(written).unwrap();
        assert_eq!(read_again, ImportMessage::Customer(changed));
        let trial = json!({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "b"});
        assert_eq!(read(trial), Some(vec![]));
        for other in [
            json!({}),
            json!({"Records": []}),
            upload("imports/somebody/else.csv"),
        ] {
            assert_eq!(read(other), None);
        }
    }
}
