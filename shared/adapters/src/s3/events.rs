//! Messages of the queue of imports: uploads that S3 reports, and imports that `ingest-orders` hands on to itself.

use app::messages::ImportKey;
use domain::{ImportId, UserId};
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Deserializer};

use super::import_of;

/// The imports in a message. Empty for the message with which S3 tests a new notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportMessage(pub Vec<ImportKey>);

#[derive(Deserialize)]
struct Body {
    #[serde(rename = "Event")]
    event: Option<String>,
    #[serde(rename = "Records")]
    records: Option<Vec<Record>>,
    customer_id: Option<UserId>,
    import_id: Option<ImportId>,
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
        let body = Body::deserialize(deserializer)?;
        let unknown = || serde::de::Error::custom("it is about no import");
        if body.event.as_deref() == Some("s3:TestEvent") {
            return Ok(Self(Vec::new()));
        }
        if let (Some(customer_id), Some(import_id)) = (body.customer_id, body.import_id) {
            return Ok(Self(vec![ImportKey {
                customer_id,
                import_id,
            }]));
        }
        let records = body.records.filter(|records| !records.is_empty());
        let keys = records.ok_or_else(unknown)?.into_iter().map(|record| {
            // The encoding of form values, where a space is a plus.
            let key = record.s3.object.key.replace('+', " ");
            let key = percent_decode_str(&key).decode_utf8_lossy();
            import_of(&key).ok_or_else(unknown)
        });
        keys.collect::<Result<_, _>>().map(Self)
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
        message.ok().map(|message| message.0)
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
