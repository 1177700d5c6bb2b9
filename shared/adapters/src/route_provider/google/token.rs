//! Tokens of a service account.

use app::ports::FallbackReason;
use gcp_auth::{CustomServiceAccount, TokenProvider as _};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use tokio::sync::OnceCell;

use crate::keys::Key;
use crate::route_provider::remote::Unusable;

const SCOPES: [&str; 1] = ["https://www.googleapis.com/auth/cloud-platform"];

/// Signs a claim with the account's key, exchanges it for a token at the account's `token_uri`, and keeps the token until
/// 20 s before it expires.
#[derive(Debug)]
pub struct Tokens {
    key: Key,
    account: OnceCell<CustomServiceAccount>,
}

impl Tokens {
    /// Of the service account whose JSON is the key.
    pub fn new(key: Key) -> Self {
        Self {
            key,
            account: OnceCell::new(),
        }
    }

    /// The header that a call needs.
    pub(super) async fn headers(&self) -> Result<HeaderMap, Unusable> {
        let account = self.account.get_or_try_init(|| self.read()).await?;
        // What goes wrong is not told: the library's errors quote the answer.
        let token = account.token(&SCOPES).await;
        let token = token.map_err(|_| unauthorized("no token for the service account"))?;
        let value = format!("Bearer {}", token.as_str());
        let mut value = HeaderValue::from_str(&value)
            .map_err(|_| unauthorized("the token is no text for a header"))?;
        value.set_sensitive(true);
        Ok(HeaderMap::from_iter([(AUTHORIZATION, value)]))
    }

    async fn read(&self) -> Result<CustomServiceAccount, Unusable> {
        let key = self.key.read().await;
        let key = key.map_err(|error| unauthorized(format!("no key: {error:?}")))?;
        let json = key.ok_or_else(|| unauthorized("there is no key for Google"))?;
        CustomServiceAccount::from_json(json.text())
            .map_err(|_| unauthorized("the key is not the JSON of a service account"))
    }
}

fn unauthorized(detail: impl Into<String>) -> Unusable {
    Unusable::new(FallbackReason::Unauthorized, detail)
}
