//! A request, as a handler sees it.

use app::paging::PageQuery;
use app::{Caller, Refusal};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use intake::Faults;
use serde_json::Value;

use super::accept;
use super::caller;
use super::event::ProxyEvent;
use super::problem::Problem;

/// An order with every field at its longest, each character written as `\u…`, is under 25 KB.
const LARGEST_BODY: usize = 64 * 1024;

/// A request.
#[derive(Debug, Clone)]
pub struct Request {
    event: ProxyEvent,
    body: Vec<u8>,
    /// Why the body could not be decoded.
    damaged: bool,
}

impl From<ProxyEvent> for Request {
    fn from(mut event: ProxyEvent) -> Self {
        let text = event.body.take().unwrap_or_default();
        let decoded = if event.is_base64_encoded {
            STANDARD.decode(text).ok()
        } else {
            Some(text.into_bytes())
        };
        Self {
            event,
            damaged: decoded.is_none(),
            body: decoded.unwrap_or_default(),
        }
    }
}

impl Request {
    /// The gateway's id of the request.
    pub fn id(&self) -> Option<&str> {
        self.event.request_context.request_id.as_deref()
    }

    /// The method and the path's pattern, such as `PUT` and `/orders/{order_id}/status`: no ids, no query.
    pub fn route(&self) -> (&str, &str) {
        (
            self.event.http_method.as_deref().unwrap_or_default(),
            self.event.resource.as_deref().unwrap_or_default(),
        )
    }

    /// Who is asking.
    ///
    /// # Errors
    /// 401 when no token was checked.
    pub fn caller(&self) -> Result<Caller, Problem> {
        caller::of_authorizer(&self.event.request_context.authorizer).ok_or_else(Problem::no_token)
    }

    /// A part of the path, by its name in the pattern; empty where the pattern has no such part.
    pub fn path(&self, name: &str) -> &str {
        self.event
            .path_parameters
            .get(name)
            .map_or("", String::as_str)
    }

    /// A header, whatever case its name was sent in.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.event.headers.iter();
        headers
            .find(|(sent, _)| sent.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Whether the caller would rather have this kind of JSON than plain JSON. Only who names it is given it.
    pub fn prefers(&self, media_type: &str) -> bool {
        accept::prefers(self.header("Accept").unwrap_or_default(), media_type)
    }

    /// The body as it was sent.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The body, read as JSON.
    ///
    /// # Errors
    /// 413 for one that is too large, 415 for one that is not said to be JSON, 400 that says what stands in the way, and
    /// where.
    pub fn json(&self) -> Result<Value, Problem> {
        if self.body.len() > LARGEST_BODY {
            return Err(Problem::too_large(LARGEST_BODY));
        }
        if !self.is_said_to_be_json() {
            return Err(Problem::not_json());
        }
        if self.damaged {
            return Err(Problem::unreadable("The body is not valid base64."));
        }
        let text = std::str::from_utf8(&self.body).map_err(|error| {
            let at = error.valid_up_to();
            Problem::unreadable(format!("The body is not UTF-8 from byte {at} on."))
        })?;
        if text.trim().is_empty() {
            return Err(Problem::unreadable(
                "The body is empty. Send a JSON object.",
            ));
        }
        // What serde_json says of the syntax names the place and quotes nothing.
        serde_json::from_str(text)
            .map_err(|error| Problem::unreadable(format!("The body is not JSON: {error}.")))
    }

    /// A page of somebody else's can have its visitors' browsers send text or forms without asking first, and cannot have
    /// them send JSON: so no stranger's browser guesses passwords here.
    fn is_said_to_be_json(&self) -> bool {
        let kind = self.header("Content-Type").unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default();
        kind.trim().eq_ignore_ascii_case("application/json")
    }

    /// The query of a listing: `?status`, `?limit` and `?cursor`, each at most once. An empty one is handed on, for the
    /// listing to refuse together with whatever else is wrong.
    ///
    /// # Errors
    /// 422 that names every parameter that is unknown or repeated.
    pub fn page_query(&self) -> Result<PageQuery, Problem> {
        let known = ["status", "limit", "cursor"];
        let faults = Faults::new();
        for name in self.query_names().filter(|name| !known.contains(name)) {
            let known = known.join(", ");
            faults.note(
                format!("?{name}"),
                format!("is not a parameter here; known are {known}"),
            );
        }
        let [status, limit, cursor] = known.map(|name| self.query(name, &faults));
        let query = PageQuery {
            status,
            limit,
            cursor,
        };
        faults
            .or(Some(query))
            .map_err(|faults| Refusal::from(faults).into())
    }

    fn query_names(&self) -> impl Iterator<Item = &str> {
        let single = self.event.query_string_parameters.keys();
        let multiple = self.event.multi_value_query_string_parameters.keys();
        let only_multiple =
            multiple.filter(|name| !self.event.query_string_parameters.contains_key(*name));
        single.chain(only_multiple).map(String::as_str)
    }

    fn query(&self, name: &str, faults: &Faults) -> Option<String> {
        let multiple = self.event.multi_value_query_string_parameters.get(name);
        if multiple.is_some_and(|values| values.len() > 1) {
            faults.note(format!("?{name}"), "is given more than once");
            return None;
        }
        let single = self.event.query_string_parameters.get(name);
        single
            .or_else(|| multiple.and_then(|values| values.first()))
            .cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn request(event: Value) -> Request {
        serde_json::from_value::<ProxyEvent>(event).unwrap().into()
    }

    fn refused(event: Value) -> Value {
        request(event).json().unwrap_err().body("r")
    }

    fn detail(mut event: Value) -> String {
        event["headers"] = json!({"Content-Type": "application/json"});
        refused(event)["detail"].as_str().unwrap().to_owned()
    }

    #[test]
    fn an_event_with_nothing_in_it_is_a_request() {
        let nulls = json!({
            "httpMethod": null, "headers": null, "multiValueQueryStringParameters": null,
            "queryStringParameters": null, "pathParameters": null, "requestContext": null,
            "body": null, "isBase64Encoded": null,
        });
        for event in [json!({}), nulls] {
            let request = request(event);
            assert_eq!((request.path("order_id"), request.header("a")), ("", None));
            assert_eq!(request.page_query().unwrap(), PageQuery::default());
        }
    }

    #[test]
    fn a_header_is_found_in_any_case_and_may_hold_any_text() {
        let request = request(json!({"headers": {"IDEMPOTENCY-key": "Zoë 1"}}));
        assert_eq!(request.header("Idempotency-Key"), Some("Zoë 1"));
    }

    #[test]
    fn what_is_not_json_is_told_with_the_place() {
        assert!(detail(json!({})).contains("empty"));
        assert!(detail(json!({"body": "  "})).contains("empty"));
        assert!(detail(json!({"body": "{\"a\": 1,\n}"})).contains("line 2"));
        assert!(detail(json!({"body": "e30", "isBase64Encoded": true})).contains("base64"));
        // 0x7b is `{`, 0xff is never in UTF-8.
        assert!(detail(json!({"body": "e/8=", "isBase64Encoded": true})).contains("byte 1"));
    }

    #[test]
    fn a_body_in_base64_is_decoded() {
        let headers = json!({"content-type": "Application/JSON; charset=utf-8"});
        let request =
            request(json!({"body": "eyJhIjoxfQ==", "isBase64Encoded": true, "headers": headers}));
        assert_eq!(request.json().unwrap(), json!({"a": 1}));
        assert_eq!(request.body(), br#"{"a":1}"#);
    }

    #[test]
    fn only_what_is_said_to_be_json_is_read() {
        for headers in [
            json!({}),
            json!({"Content-Type": "text/plain"}),
            json!({"content-type": "application/x-www-form-urlencoded"}),
            json!({"Content-Type": "application/json-patch+json"}),
        ] {
            let told = refused(json!({"body": "{}", "headers": headers}));
            assert_eq!(
                (&told["status"], &told["code"]),
                (&json!(415), &json!("unsupported_media_type")),
                "{headers}"
            );
        }
    }

    #[test]
    fn a_body_of_the_largest_size_is_read_and_one_byte_more_is_not() {
        let headers = json!({"Content-Type": "application/json"});
        let text = |bytes: usize| format!("\"{}\"", "x".repeat(bytes - 2));
        let fits = request(json!({"body": text(LARGEST_BODY), "headers": headers}));
        assert!(fits.json().is_ok());
        let told = refused(json!({"body": text(LARGEST_BODY + 1), "headers": headers}));
        assert_eq!(
            (&told["status"], &told["code"]),
            (&json!(413), &json!("too_large"))
        );
    }

    #[test]
    fn parameters_that_are_unknown_or_repeated_are_named() {
        let request = request(json!({
            "queryStringParameters": {"status": "", "limit": "5", "page": "2"},
            "multiValueQueryStringParameters": {"limit": ["4", "5"], "sort": ["asc"]},
        }));
        let body = request.page_query().unwrap_err().body("r");
        let pointers: Vec<&str> = body["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|error| error["pointer"].as_str().unwrap())
            .collect();
        assert_eq!(pointers, ["?page", "?sort", "?limit"]);
    }

    #[test]
    fn parameters_are_read_from_either_form() {
        let single = json!({"queryStringParameters": {"status": "pending"}});
        let multiple = json!({"multiValueQueryStringParameters": {"status": ["pending"]}});
        for event in [single, multiple] {
            let query = request(event).page_query().unwrap();
            assert_eq!(query.status.as_deref(), Some("pending"));
        }
    }
}
