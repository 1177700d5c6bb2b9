//! Calls to services outside of AWS: JSON over HTTPS, within a deadline, repeated where that may help.
//!
//! No error and no log holds a part of a request or an answer: bodies hold home addresses, headers hold keys.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use app::back_off::{BackOff, Pauses};
use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;
use tokio::time::{Instant, sleep, timeout_at};
use tracing::info;

use crate::system::{RandomJitter, instant};

/// The longest wait for a connection.
const CONNECT: Duration = Duration::from_secs(2);
/// Three attempts.
const PAUSES: Pauses = Pauses {
    first: Duration::from_millis(300),
    longest: Duration::from_millis(600),
    most: 2,
};
/// The longest answer that is read, in bytes: more than any plan has, less than the memory of a function.
const LONGEST_ANSWER: usize = 32 * 1024 * 1024;
/// The longest wait that a service may ask for, in seconds. Some services name absurd times, or mean milliseconds.
const LONGEST_RETRY_AFTER_S: u64 = 24 * 3_600;
/// The longest part of an error's body that is read, in bytes.
const LONGEST_ERROR: usize = 4 * 1024;

/// The kind of a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// There was no connection, or it broke off before the answer began.
    Connection,
    /// No answer before the deadline.
    Timeout,
    /// 401 or 403: about the key.
    Unauthorized,
    /// 429: too many requests.
    Quota,
    /// The requests of the day are used up. Another attempt soon is useless.
    DailyQuota,
    /// 5xx.
    ServerError,
    /// No road leads to a place.
    Unroutable,
    /// Any other status that is not 2xx.
    Refused(u16),
    /// The answer is not the expected JSON, or was cut short.
    Unreadable,
}

/// A call that failed after all attempts.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{detail}")]
pub struct CallFault {
    /// The kind of the fault.
    pub kind: FaultKind,
    /// A text for the log, without any part of the request or the answer.
    pub detail: String,
    /// The pause that the service asks for.
    pub retry_after: Option<Duration>,
}

impl CallFault {
    /// A fault of that kind.
    pub fn new(kind: FaultKind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            detail: detail.into(),
            retry_after: None,
        }
    }

    /// Whether another attempt, a moment later, may succeed.
    fn may_pass(&self) -> bool {
        use FaultKind::{Connection, Quota, ServerError};
        matches!(self.kind, Connection | Quota | ServerError)
    }
}

/// Reads a status and the beginning of a body. Returns `None` if the status has its usual meaning.
pub(crate) type Refusals = fn(StatusCode, &[u8]) -> Option<FaultKind>;

/// Makes the calls and keeps connections open between them.
#[derive(Debug, Clone)]
pub struct Web {
    /// The first call makes the client, because most function instances never call a service outside AWS.
    client: Arc<OnceLock<reqwest::Client>>,
    refusals: Refusals,
    pauses: Pauses,
}

impl Default for Web {
    /// No connection yet.
    fn default() -> Self {
        Self {
            client: Arc::default(),
            refusals: |_, _| None,
            pauses: PAUSES,
        }
    }
}

impl Web {
    /// Uses the certificates of the machine. Fails if there are none.
    fn client(&self) -> Result<&reqwest::Client, CallFault> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let client = reqwest::Client::builder()
            .connect_timeout(CONNECT)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("waybill/", env!("CARGO_PKG_VERSION")))
            .build();
        let client =
            client.map_err(|_| CallFault::new(FaultKind::Connection, "no HTTPS client"))?;
        Ok(self.client.get_or_init(|| client))
    }

    /// The same connections, for a service with its own meanings of statuses.
    pub(crate) fn of_a_service_that_means(&self, refusals: Refusals) -> Self {
        Self {
            refusals,
            ..self.clone()
        }
    }

    /// The same connections, with one attempt for each call: for a caller who counts its requests.
    #[must_use]
    pub fn with_one_attempt(self) -> Self {
        Self {
            pauses: Pauses { most: 0, ..PAUSES },
            ..self
        }
    }

    /// Posts JSON and reads JSON.
    ///
    /// # Errors
    /// The fault of the last attempt.
    pub async fn post_json<B: Serialize + Sync, T: DeserializeOwned>(
        &self,
        url: &str,
        headers: &HeaderMap,
        body: &B,
        deadline: Instant,
    ) -> Result<T, CallFault> {
        let request = self.client()?.request(Method::POST, url).json(body);
        self.call(request.headers(headers.clone()), deadline).await
    }

    /// Posts a form and reads JSON.
    ///
    /// # Errors
    /// The fault of the last attempt.
    pub async fn post_form<T: DeserializeOwned>(
        &self,
        url: &str,
        form: &[(&str, &str)],
        deadline: Instant,
    ) -> Result<T, CallFault> {
        let request = self.client()?.request(Method::POST, url).form(form);
        self.call(request, deadline).await
    }

    /// Reads JSON.
    ///
    /// # Errors
    /// The fault of the last attempt.
    pub async fn get_json<T: DeserializeOwned>(
        &self,
        url: &str,
        headers: &HeaderMap,
        deadline: Instant,
    ) -> Result<T, CallFault> {
        let request = self.client()?.request(Method::GET, url);
        self.call(request.headers(headers.clone()), deadline).await
    }

    async fn call<T: DeserializeOwned>(
        &self,
        request: RequestBuilder,
        deadline: Instant,
    ) -> Result<T, CallFault> {
        let mut back_off = BackOff::new(self.pauses, &RandomJitter);
        loop {
            // Only a streamed body cannot be sent twice.
            let again = request.try_clone();
            let again = again.ok_or_else(|| {
                CallFault::new(FaultKind::Unreadable, "the request cannot be repeated")
            })?;
            let fault = match timeout_at(deadline, self.answer(again)).await {
                Ok(Ok(bytes)) => return read(&bytes),
                Ok(Err(fault)) => fault,
                Err(_) => return Err(CallFault::new(FaultKind::Timeout, "no answer in time")),
            };
            let Some(pause) = back_off.next_pause().filter(|_| fault.may_pass()) else {
                return Err(fault);
            };
            // A service that names a time gets it, and a random part more: many callers must not come back at once.
            let pause = fault.retry_after.map_or(pause, |asked| asked + pause / 4);
            // An answer needs time as well: an attempt that begins at the deadline is useless.
            if instant() + pause >= deadline {
                return Err(fault);
            }
            info!(fault = %fault, "a call is tried again");
            sleep(pause).await;
        }
    }

    async fn answer(&self, request: RequestBuilder) -> Result<Vec<u8>, CallFault> {
        let response = request.send().await.map_err(not_sent)?;
        let status = response.status();
        if status.is_success() {
            return whole(response, LONGEST_ANSWER).await;
        }
        let retry_after = retry_after(response.headers());
        let said = whole(response, LONGEST_ERROR).await.unwrap_or_default();
        let kind = (self.refusals)(status, &said).unwrap_or_else(|| kind(status));
        let mut fault = CallFault::new(kind, format!("answered {}", status.as_u16()));
        fault.retry_after = retry_after;
        Err(fault)
    }
}

fn kind(status: StatusCode) -> FaultKind {
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => FaultKind::Unauthorized,
        StatusCode::TOO_MANY_REQUESTS => FaultKind::Quota,
        status if status.is_server_error() => FaultKind::ServerError,
        status => FaultKind::Refused(status.as_u16()),
    }
}

/// The pause in seconds. The header may also hold a date; none of these services sends one.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?;
    let seconds: u64 = text.trim().parse().ok()?;
    Some(Duration::from_secs(seconds.min(LONGEST_RETRY_AFTER_S)))
}

/// An error of `send`. Its text names the URL, which may hold the address of a person.
fn not_sent(error: reqwest::Error) -> CallFault {
    if error.is_timeout() && !error.is_connect() {
        return CallFault::new(FaultKind::Timeout, "no answer in time");
    }
    let detail = if error.is_connect() {
        "no connection"
    } else {
        "the connection broke off"
    };
    CallFault::new(FaultKind::Connection, detail)
}

async fn whole(mut response: Response, most: usize) -> Result<Vec<u8>, CallFault> {
    let mut bytes = Vec::new();
    loop {
        let chunk = response.chunk().await;
        let chunk =
            chunk.map_err(|_| CallFault::new(FaultKind::Unreadable, "the answer was cut short"))?;
        let Some(chunk) = chunk else {
            return Ok(bytes);
        };
        if bytes.len() + chunk.len() > most {
            let detail = format!("the answer is longer than {most} bytes");
            return Err(CallFault::new(FaultKind::Unreadable, detail));
        }
        bytes.extend_from_slice(&chunk);
    }
}

/// serde's own text quotes the value. The position must be enough.
fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CallFault> {
    serde_json::from_slice(bytes).map_err(|error| {
        let detail = format!(
            "not the JSON that was asked for, at line {}, column {}",
            error.line(),
            error.column()
        );
        CallFault::new(FaultKind::Unreadable, detail)
    })
}
