//! An answer, as a handler gives it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::event::ProxyResponse;
use super::problem::Problem;

const JSON: &str = "application/json";

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    status: u16,
    body: Option<String>,
    content_type: &'static str,
    varies_by: Option<&'static str>,
}

impl Response {
    /// 200 with what was asked for.
    ///
    /// # Errors
    /// 500 where it cannot be written as JSON, which is a defect.
    pub fn ok(body: &impl Serialize) -> Result<Self, Problem> {
        Self::json(200, body)
    }

    /// 201 with what was made.
    ///
    /// # Errors
    /// As for [`Response::ok`].
    pub fn created(body: &impl Serialize) -> Result<Self, Problem> {
        Self::json(201, body)
    }

    /// 202: it is not done with yet.
    ///
    /// # Errors
    /// As for [`Response::ok`].
    pub fn accepted(body: &impl Serialize) -> Result<Self, Problem> {
        Self::json(202, body)
    }

    /// 204: done, and nothing to say.
    pub fn no_content() -> Self {
        Self {
            status: 204,
            body: None,
            content_type: JSON,
            varies_by: None,
        }
    }

    /// The same JSON by a narrower name, such as `application/geo+json`.
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

    fn json(status: u16, body: &impl Serialize) -> Result<Self, Problem> {
        let body = serde_json::to_string(body)
            .map_err(|error| Problem::internal(format!("an answer cannot be written: {error}")))?;
        Ok(Self {
            status,
            body: Some(body),
            content_type: JSON,
            varies_by: None,
        })
    }

    pub(super) fn status(&self) -> u16 {
        self.status
    }
}

impl From<Response> for ProxyResponse {
    fn from(response: Response) -> Self {
        let mut headers = private();
        if response.body.is_some() {
            headers.insert("Content-Type", response.content_type.to_owned());
        }
        if let Some(header) = response.varies_by {
            headers.insert("Vary", header.to_owned());
        }
        Self {
            status_code: response.status,
            headers,
            body: response.body.unwrap_or_default(),
        }
    }
}

impl Problem {
    /// The answer to a request of this id.
    pub(super) fn answer(&self, instance: &str) -> ProxyResponse {
        let mut headers = private();
        headers.insert("Content-Type", "application/problem+json".to_owned());
        if let Some(seconds) = self.retry_after_s() {
            headers.insert("Retry-After", seconds.to_string());
        }
        if self.status() == 401 {
            headers.insert("WWW-Authenticate", "Bearer".to_owned());
        }
        ProxyResponse {
            status_code: self.status(),
            headers,
            body: self.body(instance).to_string(),
        }
    }
}

/// Tokens and addresses are not for caches.
fn private() -> BTreeMap<&'static str, String> {
    BTreeMap::from([("Cache-Control", "no-store".to_owned())])
}
