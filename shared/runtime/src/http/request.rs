//! A request, as a handler sees it.

use std::collections::BTreeSet;
use std::panic;

use app::paging::PageQuery;
use app::{Caller, IfMatch, Refusal};
use intake::{Faults, JsonFault};
use lambda_http::RequestExt as _;
use lambda_http::aws_lambda_events::apigw::ApiGatewayProxyRequestContext;
use lambda_http::http::HeaderValue;
use lambda_http::http::header::{HOST, ORIGIN};
use lambda_http::request::RequestContext;
use serde_json::Value;

use super::accept;
use super::caller;
use super::etag;
use super::problem::Problem;

/// In bytes. An order with every field at its longest, each character written as `\u…`, is under 25 KB.
const LARGEST_BODY: usize = 64 * 1024;

/// A request.
#[derive(Debug)]
pub struct Request(lambda_http::Request);

impl Request {
    /// Reads an event of the gateway.
    ///
    /// # Errors
    /// 400 for an event that `lambda_http` cannot read. Within its own loop such an event would make the invocation
    /// fail, and the gateway would answer 502.
    pub(super) fn of_event(event: &str) -> Result<Self, Problem> {
        // `lambda_http` panics over a body that is not base64, and over a host and a path that are no URL together.
        match panic::catch_unwind(|| lambda_http::request::from_str(event)) {
            Ok(Ok(request)) => Ok(Self(request)),
            Ok(Err(error)) => Err(Problem::unreadable(
                "The request cannot be read: a header, a parameter or the method is not valid.",
            )
            .because(error.to_string())),
            Err(_) => Err(Problem::unreadable(
                "The body is not valid base64, or the host and the path are not a valid URL.",
            )
            .because("lambda_http panicked".to_owned())),
        }
    }

    /// The gateway's id of the request.
    pub fn id(&self) -> Option<&str> {
        self.context()?.request_id.as_deref()
    }

    /// The method and the path's pattern, such as `PUT` and `/orders/{order_id}/status`: no ids, no query.
    pub fn route(&self) -> (&str, &str) {
        let context = self.context();
        let pattern = context.and_then(|context| context.resource_path.as_deref());
        (self.0.method().as_str(), pattern.unwrap_or_default())
    }

    fn context(&self) -> Option<&ApiGatewayProxyRequestContext> {
        match self.0.extensions().request_context_ref()? {
            RequestContext::ApiGatewayV1(context) => Some(context),
            _ => None,
        }
    }

    /// The caller.
    ///
    /// # Errors
    /// 401 when no token was checked.
    pub fn caller(&self) -> Result<Caller, Problem> {
        let authorizer = self.context().map(|context| &context.authorizer);
        let claims = authorizer.and_then(|authorizer| authorizer.fields.get("claims"));
        let caller = claims
            .and_then(caller::of_claims)
            .ok_or_else(Problem::no_token)?;
        Ok(Caller {
            request_id: self.id().map(str::to_owned),
            ..caller
        })
    }

    /// A part of the path, by its name in the pattern; empty where the pattern has no such part.
    pub fn path(&self, name: &str) -> &str {
        let parameters = self.0.extensions().path_parameters_ref();
        parameters
            .and_then(|parameters| parameters.first(name))
            .unwrap_or_default()
    }

    /// Whether a parameter of the query has this value.
    pub fn asks_for(&self, parameter: &str, value: &str) -> bool {
        let sent = self.0.extensions().query_string_parameters();
        sent.first(parameter) == Some(value)
    }

    /// The address of a page that the API itself serves: `https://<domain>/<stage>/<page>`. `None` if the event does not
    /// tell the domain or the stage.
    pub fn own_page(&self, page: &str) -> Option<String> {
        let context = self.context()?;
        let domain = context.domain_name.as_deref()?;
        let stage = context.stage.as_deref()?;
        Some(format!("https://{domain}/{stage}/{page}"))
    }

    /// The id of the API; empty if the event does not tell it.
    pub fn api_id(&self) -> &str {
        let context = self.context();
        let api_id = context.and_then(|context| context.apiid.as_deref());
        api_id.unwrap_or_default()
    }

    /// The value of a header; the case of its name does not matter. A value may hold any text, and not only the ASCII
    /// characters that `HeaderValue::to_str` takes.
    pub fn header(&self, name: &str) -> Option<&str> {
        let value = self.0.headers().get(name)?;
        std::str::from_utf8(value.as_bytes()).ok()
    }

    /// The host for which the request came.
    pub(super) fn host(&self) -> Option<&HeaderValue> {
        self.0.headers().get(HOST)
    }

    /// The origin of the page for which a browser sent the request.
    pub(super) fn origin(&self) -> Option<&HeaderValue> {
        self.0.headers().get(ORIGIN)
    }

    /// Whether the caller prefers this kind of JSON to plain JSON. Only a caller that names the media type gets it.
    pub fn prefers(&self, media_type: &str) -> bool {
        accept::prefers(self.header("Accept").unwrap_or_default(), media_type)
    }

    /// The body as it was sent.
    pub fn body(&self) -> &[u8] {
        self.0.body()
    }

    /// The body, read as JSON.
    ///
    /// # Errors
    /// 413 for a body that is too large, 415 without `Content-Type: application/json`, 400 with the place of the fault
    /// for a body that is no JSON, 422 for members that are there twice.
    pub fn json(&self) -> Result<Value, Problem> {
        self.json_of(&["application/json"])
    }

    /// The body, read as a merge patch (RFC 7396). Its type is `application/merge-patch+json` or plain JSON.
    ///
    /// # Errors
    /// As for [`Request::json`].
    pub fn merge_patch(&self) -> Result<Value, Problem> {
        self.json_of(&["application/merge-patch+json", "application/json"])
    }

    fn json_of(&self, types: &[&str]) -> Result<Value, Problem> {
        let body = self.body();
        if body.len() > LARGEST_BODY {
            return Err(Problem::too_large(LARGEST_BODY));
        }
        if !self.is_said_to_be(types) {
            return Err(Problem::not_json());
        }
        intake::read_json(body).map_err(|fault| match fault {
            JsonFault::Unreadable(detail) => Problem::unreadable(detail),
            JsonFault::Doubled(faults) => Refusal::from(faults).into(),
        })
    }

    /// The body, read as JSON. An absent body is an empty object: many clients send no body with `DELETE`.
    ///
    /// # Errors
    /// As for [`Request::json`].
    pub fn json_or_nothing(&self) -> Result<Value, Problem> {
        if self.body().is_empty() {
            return Ok(Value::Object(serde_json::Map::new()));
        }
        self.json()
    }

    /// The versions for which the change is made: the header `If-Match`.
    ///
    /// # Errors
    /// 422 for a header that is neither `*` nor a list of tags.
    pub fn if_match(&self) -> Result<Option<IfMatch>, Problem> {
        const NAME: &str = "If-Match";
        if !self.0.headers().contains_key(NAME) {
            return Ok(None);
        }
        let read = self.header(NAME).and_then(etag::if_match);
        read.map(Some).ok_or_else(|| {
            let detail = "must be * or an ETag of an answer, such as \"7\"";
            Refusal::from(Faults::one(NAME, detail)).into()
        })
    }

    /// A page of another origin can make its visitors' browsers send text or forms without a preflight, but not JSON.
    /// So such a page cannot make browsers guess passwords here.
    fn is_said_to_be(&self, types: &[&str]) -> bool {
        let kind = self.header("Content-Type").unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default();
        types
            .iter()
            .any(|one| kind.trim().eq_ignore_ascii_case(one))
    }

    /// The query of a listing: `?status`, `?limit` and `?cursor`, each at most once. An empty value is handed on: the
    /// listing refuses it together with all other faults.
    ///
    /// # Errors
    /// 422 that names each parameter that is unknown or repeated.
    pub fn page_query(&self) -> Result<PageQuery, Problem> {
        let [status, limit, cursor] = self.parameters(["status", "limit", "cursor"])?;
        Ok(PageQuery {
            status,
            limit,
            cursor,
        })
    }

    /// The values of these parameters of the query, each at most once.
    ///
    /// # Errors
    /// 422 that names each parameter that is unknown or repeated.
    pub fn parameters<const N: usize>(
        &self,
        known: [&str; N],
    ) -> Result<[Option<String>; N], Problem> {
        let sent = self.0.extensions().query_string_parameters();
        let faults = Faults::new();
        // Sorted, so that the same request always gets the same answer.
        let names: BTreeSet<&str> = sent.iter().map(|(name, _)| name).collect();
        for name in names.into_iter().filter(|name| !known.contains(name)) {
            let known = known.join(", ");
            faults.note(
                format!("?{name}"),
                format!("is not a parameter here; known are {known}"),
            );
        }
        let values = known.map(|name| {
            let values = sent.all(name).unwrap_or_default();
            if values.len() > 1 {
                faults.note(format!("?{name}"), "is given more than once");
            }
            values.first().map(|value| (*value).to_owned())
        });
        faults
            .or(Some(values))
            .map_err(|faults| Refusal::from(faults).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// The request of an event with these members, and with those that each event has.
    fn request(members: Value) -> Request {
        Request::of_event(&event(members).to_string()).unwrap()
    }

    fn event(members: Value) -> Value {
        let mut event = json!({"httpMethod": "GET", "requestContext": {"httpMethod": "GET"}});
        let Value::Object(members) = members else {
            panic!("members")
        };
        event.as_object_mut().unwrap().extend(members);
        event
    }

    fn unreadable(event: &Value) -> String {
        let problem = Request::of_event(&event.to_string()).unwrap_err();
        assert_eq!(
            (problem.status().as_u16(), problem.code()),
            (400, "unreadable")
        );
        problem.body("")["detail"].as_str().unwrap().to_owned()
    }

    fn refused(event: Value) -> Value {
        request(event).json().unwrap_err().body("r")
    }

    fn detail(mut event: Value) -> String {
        event["headers"] = json!({"Content-Type": "application/json"});
        refused(event)["detail"].as_str().unwrap().to_owned()
    }

    #[test]
    fn an_event_with_little_in_it_is_a_request() {
        let nulls = json!({
            "resource": null, "path": null, "headers": null, "multiValueHeaders": null,
            "multiValueQueryStringParameters": null, "queryStringParameters": null, "pathParameters": null,
            "stageVariables": null, "body": null, "isBase64Encoded": null,
            "requestContext": {"httpMethod": "GET", "authorizer": null, "stage": null, "requestId": null},
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
        // 0x7b is `{`, 0xff is never in UTF-8.
        assert!(detail(json!({"body": "e/8=", "isBase64Encoded": true})).contains("byte 1"));
    }

    #[test]
    fn an_event_that_lambda_http_refuses_or_panics_over_is_answered() {
        for members in [
            json!({"httpMethod": null}),
            json!({"httpMethod": "NO METHOD"}),
            json!({"requestContext": null}),
            json!({"requestContext": {"httpMethod": null}}),
            json!({"requestContext": {}}),
            json!({"headers": {"X": "a\u{1}b"}}),
            json!({"headers": {"no name": "a"}}),
            json!({"queryStringParameters": {"limit": 5}}),
        ] {
            assert!(unreadable(&event(members)).contains("cannot be read"));
        }
        assert!(unreadable(&json!({})).contains("cannot be read"));
        assert!(unreadable(&json!({"httpMethod": "GET"})).contains("cannot be read"));
        let host = json!({"headers": {"Host": "no host"}, "path": "/orders"});
        assert!(unreadable(&event(host)).contains("URL"));
        let damaged = json!({"body": "e30", "isBase64Encoded": true});
        assert!(unreadable(&event(damaged)).contains("base64"));
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
    fn a_member_that_is_there_twice_is_named() {
        let headers = json!({"Content-Type": "application/json"});
        let told = refused(json!({"body": r#"{"a": {"b": 1, "b": 2}}"#, "headers": headers}));
        assert_eq!(
            (&told["status"], &told["errors"][0]["pointer"]),
            (&json!(422), &json!("#/a/b"))
        );
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
            "queryStringParameters": {"status": "", "limit": "5", "page": "2", "sort": "asc"},
            "multiValueQueryStringParameters":
                {"status": [""], "limit": ["4", "5"], "page": ["2", "3"], "sort": ["asc"]},
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
