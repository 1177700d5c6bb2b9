//! An answer, as a handler gives it and as the gateway takes it.

use lambda_http::Body;
use lambda_http::aws_lambda_events::apigw::ApiGatewayProxyResponse;
use lambda_http::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, REFERRER_POLICY, RETRY_AFTER, VARY,
    X_CONTENT_TYPE_OPTIONS,
};
use lambda_http::http::{HeaderValue, Response as HttpResponse, StatusCode};
use serde::Serialize;

use super::etag;
use super::problem::Problem;

const JSON: &str = "application/json";

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    status: StatusCode,
    body: Option<String>,
    content_type: &'static str,
    varies_by: Option<&'static str>,
    policy: Option<String>,
    version: Option<u64>,
    is_public: bool,
}

impl Response {
    /// 200 with what was asked for.
    ///
    /// # Errors
    /// 500 if the body cannot be written as JSON, which is a defect.
    pub fn ok(body: &impl Serialize) -> Result<Self, Problem> {
        Self::json(StatusCode::OK, body)
    }

    /// 201 with what was made.
    ///
    /// # Errors
    /// As for [`Response::ok`].
    pub fn created(body: &impl Serialize) -> Result<Self, Problem> {
        Self::json(StatusCode::CREATED, body)
    }

    /// 202: the request is accepted, and the work goes on.
    ///
    /// # Errors
    /// As for [`Response::ok`].
    pub fn accepted(body: &impl Serialize) -> Result<Self, Problem> {
        Self::json(StatusCode::ACCEPTED, body)
    }

    /// 204: the work is done, and there is no body.
    pub fn no_content() -> Self {
        Self {
            status: StatusCode::NO_CONTENT,
            body: None,
            content_type: JSON,
            varies_by: None,
            policy: None,
            version: None,
            is_public: false,
        }
    }

    /// The same JSON with a narrower media type, such as `application/geo+json`.
    #[must_use]
    pub fn of_type(self, content_type: &'static str) -> Self {
        Self {
            content_type,
            ..self
        }
    }

    /// Says that the answer depends on a header of the request.
    #[must_use]
    pub fn varying_by(self, header: &'static str) -> Self {
        Self {
            varies_by: Some(header),
            ..self
        }
    }

    /// The body, if there is one.
    pub(super) fn body(&self) -> Option<&str> {
        self.body.as_deref()
    }

    /// 200 with a page for a browser. `policy` is its Content-Security-Policy. The browser sends no referrer from the
    /// page, and search engines do not list the page.
    pub fn page(html: String, policy: String) -> Self {
        Self {
            status: StatusCode::OK,
            body: Some(html),
            content_type: "text/html; charset=utf-8",
            varies_by: None,
            policy: Some(policy),
            version: None,
            is_public: false,
        }
    }

    /// Says the version of the record in the answer, as its ETag. A later change may send it as `If-Match`.
    #[must_use]
    pub fn with_version(self, version: u64) -> Self {
        Self {
            version: Some(version),
            ..self
        }
    }

    /// A file that is the same for everybody, such as a script. A browser may keep it for a day.
    pub fn public(text: String, content_type: &'static str) -> Self {
        Self {
            is_public: true,
            content_type,
            ..Self::page(text, "default-src 'none'".to_owned())
        }
    }

    fn json(status: StatusCode, body: &impl Serialize) -> Result<Self, Problem> {
        let body = serde_json::to_string(body)
            .map_err(|error| Problem::internal(format!("an answer cannot be written: {error}")))?;
        Ok(Self {
            status,
            body: Some(body),
            content_type: JSON,
            varies_by: None,
            policy: None,
            version: None,
            is_public: false,
        })
    }

    pub(super) fn status(&self) -> StatusCode {
        self.status
    }
}

impl From<Response> for HttpResponse<Body> {
    fn from(response: Response) -> Self {
        let has_body = response.body.is_some();
        let is_public = response.is_public;
        let mut answer = private(response.status, response.body.unwrap_or_default());
        let headers = answer.headers_mut();
        if is_public {
            let a_day = HeaderValue::from_static("public, max-age=86400");
            headers.insert(CACHE_CONTROL, a_day);
        }
        if has_body {
            headers.insert(
                CONTENT_TYPE,
                HeaderValue::from_static(response.content_type),
            );
        }
        if let Some(policy) = response.policy.as_deref().map(HeaderValue::from_str) {
            // A policy that is no header value is a defect. Then the page may load nothing at all.
            let policy = policy.unwrap_or(HeaderValue::from_static("default-src 'none'"));
            headers.insert(CONTENT_SECURITY_POLICY, policy);
            headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
            headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
            headers.insert("x-robots-tag", HeaderValue::from_static("noindex"));
        }
        if let Some(header) = response.varies_by {
            headers.insert(VARY, HeaderValue::from_static(header));
        }
        let tag = response.version.map(etag::of_version);
        if let Some(Ok(tag)) = tag.map(|tag| HeaderValue::from_str(&tag)) {
            headers.insert(ETAG, tag);
        }
        answer
    }
}

impl Problem {
    /// The answer to the request with this id.
    pub(super) fn answer(&self, instance: &str) -> HttpResponse<Body> {
        let mut answer = private(self.status(), self.body(instance).to_string());
        let headers = answer.headers_mut();
        let content_type = HeaderValue::from_static("application/problem+json");
        headers.insert(CONTENT_TYPE, content_type);
        if let Some(seconds) = self.retry_after_s() {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        answer
    }
}

/// An answer that no cache keeps: answers hold tokens and addresses.
fn private(status: StatusCode, body: String) -> HttpResponse<Body> {
    let mut answer = HttpResponse::new(Body::from(body));
    *answer.status_mut() = status;
    let no_store = HeaderValue::from_static("no-store");
    answer.headers_mut().insert(CACHE_CONTROL, no_store);
    answer
}

/// The answer as the gateway takes it. `lambda_http` converts only within its `Adapter`, which requires `Send` of the
/// handler's future; an async function that borrows its use case cannot promise that.
pub(super) fn for_gateway(answer: HttpResponse<Body>) -> ApiGatewayProxyResponse {
    let (parts, body) = answer.into_parts();
    let mut response = ApiGatewayProxyResponse::default();
    response.status_code = parts.status.as_u16().into();
    response.headers = parts.headers;
    response.body = Some(body);
    response
}
