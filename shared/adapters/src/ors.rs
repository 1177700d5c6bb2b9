//! Access to OpenRouteService, for routes, travel times and addresses.

use reqwest::StatusCode;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use crate::keys::{Key, Secret};
use crate::web::{CallFault, FaultKind, Web};

/// VROOM's code for a problem that its router cannot solve: `{"code", "error"}`. `vroom-express` sends it with status
/// 500.
const VROOM_ROUTING_ERROR: u64 = 3;

/// Access to OpenRouteService, for routes, travel times and addresses.
#[derive(Debug, Clone)]
pub struct OrsAccess {
    web: Web,
    base_url: String,
    key: Key,
}

impl OrsAccess {
    /// `base_url` has no path: `https://api.openrouteservice.org`, or your own server. `key` is the key of the account;
    /// your own server may need none.
    pub fn new(web: Web, base_url: &str, key: Key) -> Self {
        Self {
            web: web.of_a_service_that_means(refusal),
            base_url: base_url.trim_end_matches('/').to_owned(),
            key,
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url)
    }

    /// Posts JSON and reads JSON.
    pub(crate) async fn post_json<B: Serialize + Sync, T: DeserializeOwned>(
        &self,
        url: &str,
        body: &B,
        deadline: Instant,
    ) -> Result<T, CallFault> {
        self.with_the_key(deadline, |headers| async move {
            self.web.post_json(url, &headers, body, deadline).await
        })
        .await
    }

    /// Reads JSON.
    pub(crate) async fn get_json<T: DeserializeOwned>(
        &self,
        url: &str,
        deadline: Instant,
    ) -> Result<T, CallFault> {
        self.with_the_key(deadline, |headers| async move {
            self.web.get_json(url, &headers, deadline).await
        })
        .await
    }

    /// Makes a call. If the key is refused and there is a newer key, makes the call once more.
    async fn with_the_key<T, F: Future<Output = Result<T, CallFault>>>(
        &self,
        deadline: Instant,
        call: impl Fn(HeaderMap) -> F,
    ) -> Result<T, CallFault> {
        let key = timeout_at(deadline, self.key.read()).await;
        let key = key
            .map_err(|_| CallFault::new(FaultKind::Timeout, "the key was not read in time"))?
            .map_err(|error| no_key(format!("the key cannot be read: {error:?}")))?;
        let Some(key) = key else {
            return call(HeaderMap::new()).await;
        };
        match call(headers(&key)?).await {
            Err(fault) if fault.kind == FaultKind::Unauthorized => {
                match self.key.after_refusal_of(&key).await {
                    Some(newer) => call(headers(&newer)?).await,
                    None => Err(fault),
                }
            }
            outcome => outcome,
        }
    }
}

/// The meaning of statuses that OpenRouteService, and VROOM in it, use differently from other services.
fn refusal(status: StatusCode, said: &[u8]) -> Option<FaultKind> {
    match status {
        // The daily quota and a refused key have the same status and differ only in their texts.
        StatusCode::FORBIDDEN => {
            let said = String::from_utf8_lossy(said).to_lowercase();
            let of_the_key = ["disallowed", "denied", "permission"];
            let of_the_key = of_the_key.iter().any(|word| said.contains(word));
            Some(if of_the_key {
                FaultKind::Unauthorized
            } else {
                FaultKind::DailyQuota
            })
        }
        status if status.is_server_error() => {
            let said: Option<Value> = serde_json::from_slice(said).ok();
            let code = said.and_then(|said| said["code"].as_u64());
            (code == Some(VROOM_ROUTING_ERROR)).then_some(FaultKind::Unroutable)
        }
        _ => None,
    }
}

fn headers(key: &Secret) -> Result<HeaderMap, CallFault> {
    let value = HeaderValue::from_str(key.text());
    let mut value = value.map_err(|_| no_key("the key is no text for a header"))?;
    value.set_sensitive(true);
    Ok(HeaderMap::from_iter([(AUTHORIZATION, value)]))
}

fn no_key(detail: impl Into<String>) -> CallFault {
    CallFault::new(FaultKind::Unauthorized, detail)
}
