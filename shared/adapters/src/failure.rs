//! A failed call, in a form that is safe to log.

use std::error::Error;
use std::fmt;

use app::refusal::Cause;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use thiserror::Error;

/// A service that refuses a request quotes it: "Value 'ana@…' at 'username' failed …". If the code of the error begins
/// with one of these words, we keep the code and drop the message.
const QUOTE: [&str; 6] = [
    "Validation",
    "InvalidParameter",
    "InvalidPassword",
    "Serialization",
    // SES names the addresses that it refuses.
    "MessageRejected",
    "BadRequest",
];

/// A failed call to a service, with its cause.
///
/// Its `Debug` shows only messages: the SDK's own errors hold the raw answer, which may hold personal data.
pub struct CallFailed {
    call: &'static str,
    source: Cause,
}

impl CallFailed {
    /// A call that the SDK could not complete. The raw answer is dropped, and so is a message that quotes the request.
    pub(crate) fn new<E, R>(call: &'static str, error: SdkError<E, R>) -> Self
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
        R: fmt::Debug + Send + Sync + 'static,
    {
        let code = error.as_service_error().and_then(|error| error.code());
        let quotes = code.filter(|code| QUOTE.iter().any(|start| code.starts_with(start)));
        let source = match quotes {
            Some(code) => {
                format!("{code} (what it says is left out: it may quote what was sent)").into()
            }
            None => error.into_source().unwrap_or_else(Into::into),
        };
        Self { call, source }
    }

    /// A call with an answer that does not hold the expected result.
    pub(crate) fn because(call: &'static str, reason: impl Into<Cause>) -> Self {
        Self {
            call,
            source: reason.into(),
        }
    }
}

impl fmt::Display for CallFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} failed", self.call)
    }
}

impl fmt::Debug for CallFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")?;
        let mut cause = self.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

impl Error for CallFailed {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self.source.as_ref())
    }
}

/// A stored item without the expected shape. The error names the shape and the fault, and quotes nothing from the item.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("no {shape} can be read: {fault}")]
pub struct UnreadableItem {
    shape: &'static str,
    fault: String,
}

impl UnreadableItem {
    /// An item that cannot be read as an `S`. Only the words that serde takes from our own types are kept.
    pub(crate) fn of<S>(error: &serde_dynamo::Error) -> Self {
        let name = std::any::type_name::<S>();
        Self {
            shape: name.rsplit("::").next().unwrap_or(name),
            fault: without_values(&error.to_string()),
        }
    }
}

/// serde names fields by our names for them, and quotes values: "invalid type: string \"ana@…\", expected u32".
fn without_values(words: &str) -> String {
    const OF_A_FIELD: [&str; 2] = ["missing field `", "duplicate field `"];
    const OF_A_VALUE: [&str; 5] = [
        "invalid type",
        "invalid value",
        "invalid length",
        "unknown variant",
        "unknown field",
    ];
    // serde_dynamo's own words: "Expected string".
    let of_a_type = words.starts_with("Expected ")
        && words.chars().all(|c| c.is_ascii_alphabetic() || c == ' ');
    if of_a_type || OF_A_FIELD.iter().any(|start| words.starts_with(start)) {
        return words.to_owned();
    }
    let known = OF_A_VALUE.iter().find(|start| words.starts_with(**start));
    (*known.unwrap_or(&"malformed")).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_dynamodb::error::ErrorMetadata;
    use aws_sdk_dynamodb::operation::get_item::GetItemError;
    use serde::Deserialize;
    use serde_dynamo::{AttributeValue, Item};

    #[derive(Debug, Deserialize)]
    struct StoredPerson {
        #[serde(rename = "name")]
        _name: String,
        #[serde(rename = "age")]
        _age: u32,
        #[serde(rename = "role")]
        _role: domain::Role,
    }

    fn fault(role: &str, age: AttributeValue) -> String {
        let fields = [
            ("name", AttributeValue::S("Ana".to_owned())),
            ("role", AttributeValue::S(role.to_owned())),
            ("age", age),
        ];
        let fields = fields.map(|(name, value)| (name.to_owned(), value));
        let item: Item = std::collections::HashMap::from(fields).into();
        let error = serde_dynamo::from_item::<_, StoredPerson>(item).unwrap_err();
        UnreadableItem::of::<StoredPerson>(&error).to_string()
    }

    #[test]
    fn an_item_that_cannot_be_read_is_not_quoted() {
        let secret = "ana@example.com";
        let told = [
            fault("customer", AttributeValue::S(secret.to_owned())),
            fault(secret, AttributeValue::N("1".to_owned())),
            fault("customer", AttributeValue::N("-1".to_owned())),
        ];
        for fault in &told {
            assert!(
                fault.starts_with("no StoredPerson can be read: "),
                "{fault}"
            );
            assert!(!fault.contains(secret) && !fault.contains('1'), "{fault}");
        }
    }

    #[test]
    fn a_field_that_is_missing_is_named() {
        assert_eq!(
            without_values("missing field `zone`"),
            "missing field `zone`"
        );
        assert_eq!(without_values("ana@example.com is no address"), "malformed");
    }

    fn refused(code: &str, message: &str) -> String {
        let metadata = ErrorMetadata::builder().code(code).message(message);
        let error = GetItemError::generic(metadata.build());
        format!(
            "{:?}",
            CallFailed::new("GetItem", SdkError::service_error(error, ()))
        )
    }

    #[test]
    fn a_service_that_quotes_the_request_is_not_quoted() {
        let quoting = "1 validation error detected: Value 'ana@example.com' at 'username' failed";
        for code in [
            "ValidationException",
            "InvalidParameterException",
            "InvalidParameter",
        ] {
            let told = refused(code, quoting);
            assert!(
                told.contains(code) && !told.contains("ana@example.com"),
                "{told}"
            );
        }
        let told = refused(
            "AccessDeniedException",
            "not authorized to perform: dynamodb:GetItem",
        );
        assert!(told.contains("dynamodb:GetItem"), "{told}");
    }
}
