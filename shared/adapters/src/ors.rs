//! Where OpenRouteService is: for routes, travel times and addresses alike.

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::{Instant, timeout_at};

use crate::keys::{Key, Secret};
use crate::web::{CallFault, FaultKind, Web};

/// Where OpenRouteService is, and with which key.
#[derive(Debug, Clone)]
pub struct OrsAccess {
    web: Web,
    base_url: String,
    key: Key,
}

impl OrsAccess {
    /// At an address without the path, `https://api.openrouteservice.org` or that of a server of one's own, with the key of the
    /// account; a server of one's own may need none.
    pub fn new(web: Web, base_url: &str, key: Key) -> Self {
        Self {
            web,
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

    /// Calls, and once more where the key is refused and there is another one by now.
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

fn headers(key: &Secret) -> Result<HeaderMap, CallFault> {
    let value = HeaderValue::from_str(key.text());
    let mut value = value.map_err(|_| no_key("the key is no text for a header"))?;
    value.set_sensitive(true);
    Ok(HeaderMap::from_iter([(AUTHORIZATION, value)]))
}

fn no_key(detail: impl Into<String>) -> CallFault {
    CallFault::new(FaultKind::Unauthorized, detail)
}
