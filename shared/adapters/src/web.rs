//! Calls to services outside of AWS: JSON over HTTPS, within a deadline, tried again where that may help.
//!
//! Nothing of a request or an answer is in an error or a log: bodies hold where people live, headers hold keys.

use std::time::Duration;

use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;
use tokio::time::{Instant, sleep, timeout_at};
use tracing::info;

/// A connection that has not been made by then is made anew.
const CONNECT: Duration = Duration::from_secs(2);
/// Tries of one call, the first included.
const ATTEMPTS: u32 = 3;
/// The pause before the second try is up to this, before each next one up to twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(300);
/// An answer is read up to here: more than any plan has, and less than a function's memory.
const LONGEST_ANSWER: usize = 32 * 1024 * 1024;
/// No service is waited for longer than that: some say absurd times, or mean milliseconds.
const LONGEST_RETRY_AFTER_S: u64 = 24 * 3_600;
/// Of an error's body no more than this is looked at.
const LONGEST_ERROR: usize = 4 * 1024;

/// What went wrong with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// No connection, or one that broke off before an answer began.
    Connection,
    /// No answer before the deadline.
    Timeout,
    /// 401 or 403: about the key.
    Unauthorized,
    /// 429: too many requests.
    Quota,
    /// A service's word for the day's requests that are used up: they are not back in a moment.
    DailyQuota,
    /// 5xx.
    ServerError,
    /// A service's word for a place that no road leads to.
    Unroutable,
    /// Any other status that is not 2xx.
    Refused(u16),
    /// The answer is not what was asked for, or was cut short.
    Unreadable,
}

/// A call that failed, after all its tries.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{detail}")]
pub struct CallFault {
    /// What went wrong.
    pub kind: FaultKind,
    /// The same for people, without anything of request or answer.
    pub detail: String,
    /// For how long the service asks to be left alone.
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

    /// Whether another try, a moment later, may do better.
    fn may_pass(&self) -> bool {
        use FaultKind::{Connection, Quota, ServerError};
        matches!(self.kind, Connection | Quota | ServerError)
    }
}

/// What a service means by a status and the beginning of a body; `None` where it means what everybody does.
pub(crate) type Refusals = fn(StatusCode, &[u8]) -> Option<FaultKind>;

/// Makes the calls; keeps connections open between them.
#[derive(Debug, Clone)]
pub struct Web {
    client: reqwest::Client,
    refusals: Refusals,
}

impl Web {
    /// With the certificates of the machine.
    ///
    /// # Errors
    /// When the TLS stack cannot be set up: there are no certificates.
    pub fn new() -> Result<Self, CallFault> {
        let client = reqwest::Client::builder()
            .connect_timeout(CONNECT)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("waybill/", env!("CARGO_PKG_VERSION")))
            .build();
        let client =
            client.map_err(|_| CallFault::new(FaultKind::Connection, "no HTTPS client"))?;
        Ok(Self {
            client,
            refusals: |_, _| None,
        })
    }

    /// The same connections, for a service whose refusals are read so.
    pub(crate) fn of_a_service_that_means(&self, refusals: Refusals) -> Self {
        Self {
            client: self.client.clone(),
            refusals,
        }
    }

    /// Posts JSON and reads JSON.
    ///
    /// # Errors
    /// What went wrong with the last try.
    pub async fn post_json<B: Serialize + Sync, T: DeserializeOwned>(
        &self,
        url: &str,
        headers: &HeaderMap,
        body: &B,
        deadline: Instant,
    ) -> Result<T, CallFault> {
        let request = self.client.request(Method::POST, url).json(body);
        self.call(request.headers(headers.clone()), deadline).await
    }

    /// Posts a form and reads JSON.
    ///
    /// # Errors
    /// What went wrong with the last try.
    pub async fn post_form<T: DeserializeOwned>(
        &self,
        url: &str,
        form: &[(&str, &str)],
        deadline: Instant,
    ) -> Result<T, CallFault> {
        let request = self.client.request(Method::POST, url).form(form);
        self.call(request, deadline).await
    }

    /// Reads JSON.
    ///
    /// # Errors
    /// What went wrong with the last try.
    pub async fn get_json<T: DeserializeOwned>(
        &self,
        url: &str,
        headers: &HeaderMap,
        deadline: Instant,
    ) -> Result<T, CallFault> {
        let request = self.client.request(Method::GET, url);
        self.call(request.headers(headers.clone()), deadline).await
    }

    async fn call<T: DeserializeOwned>(
        &self,
        request: RequestBuilder,
        deadline: Instant,
    ) -> Result<T, CallFault> {
        let mut attempt = 1;
        loop {
            // Only a body that is streamed could not be sent twice.
            let again = request.try_clone();
            let again = again.ok_or_else(|| {
                CallFault::new(FaultKind::Unreadable, "the request cannot be repeated")
            })?;
            let fault = match timeout_at(deadline, self.answer(again)).await {
                Ok(Ok(bytes)) => return read(&bytes),
                Ok(Err(fault)) => fault,
                Err(_) => return Err(CallFault::new(FaultKind::Timeout, "no answer in time")),
            };
            let pause = pause_before_try(attempt, fault.retry_after);
            // An answer needs time as well: a try that begins at the deadline is none.
            let too_late = Instant::now() + pause >= deadline;
            if !fault.may_pass() || attempt == ATTEMPTS || too_late {
                return Err(fault);
            }
            info!(attempt, fault = %fault, "a call is tried again");
            sleep(pause).await;
            attempt += 1;
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

/// As long as the service asks for, or for a random part of a time that doubles, so that many callers do not come back
/// at once.
fn pause_before_try(attempt: u32, retry_after: Option<Duration>) -> Duration {
    let most = FIRST_PAUSE * 2_u32.pow(attempt.min(8) - 1);
    let jitter = most.mul_f64(rand::random_range(0.0..=1.0));
    retry_after.map_or(jitter, |asked| asked + jitter / 4)
}

fn kind(status: StatusCode) -> FaultKind {
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => FaultKind::Unauthorized,
        StatusCode::TOO_MANY_REQUESTS => FaultKind::Quota,
        status if status.is_server_error() => FaultKind::ServerError,
        status => FaultKind::Refused(status.as_u16()),
    }
}

/// Seconds, as every service here says it; the other form of the header, a date, is passed over.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?;
    let seconds: u64 = text.trim().parse().ok()?;
    Some(Duration::from_secs(seconds.min(LONGEST_RETRY_AFTER_S)))
}

/// What `send` fails with. Its own words name the URL, which may have a person's address in its query.
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

/// serde's own words quote the value: the place must do.
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
