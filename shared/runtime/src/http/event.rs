//! The event that API Gateway's REST APIs send, and what they take for an answer.
//!
//! Only what is used of it, and every part optional: `aws_lambda_events` has the whole, but refuses an event for a
//! header that is not ASCII, which the caller would see as a 502 of the gateway.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// What API Gateway sends (input format of a Lambda proxy integration).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ProxyEvent {
    pub(super) http_method: Option<String>,
    pub(super) resource: Option<String>,
    #[serde(deserialize_with = "null_is_empty")]
    pub(super) headers: BTreeMap<String, String>,
    #[serde(deserialize_with = "null_is_empty")]
    pub(super) multi_value_query_string_parameters: BTreeMap<String, Vec<String>>,
    #[serde(deserialize_with = "null_is_empty")]
    pub(super) query_string_parameters: BTreeMap<String, String>,
    #[serde(deserialize_with = "null_is_empty")]
    pub(super) path_parameters: BTreeMap<String, String>,
    #[serde(deserialize_with = "null_is_empty")]
    pub(super) request_context: RequestContext,
    pub(super) body: Option<String>,
    #[serde(deserialize_with = "null_is_empty")]
    pub(super) is_base64_encoded: bool,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct RequestContext {
    pub(super) request_id: Option<String>,
    pub(super) authorizer: Value,
}

/// What API Gateway takes for an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ProxyResponse {
    /// The status.
    pub status_code: u16,
    /// The headers.
    pub headers: BTreeMap<&'static str, String>,
    /// The body; never binary.
    pub body: String,
}

fn null_is_empty<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
