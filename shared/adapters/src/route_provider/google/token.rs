//! Tokens of a service account (RFC 7523): a claim, signed with the key of the account, is exchanged for a token.

use app::ports::{Clock as _, FallbackReason};
use domain::Timestamp;
use jiff::SignedDuration;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{StatusCode, Url};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::keys::{Key, Secret};
use crate::route_provider::remote::Unusable;
use crate::system::SystemClock;
use crate::web::{FaultKind, Web};

const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";
const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// A claim may be valid for an hour. This is a little less, since clocks differ.
const CLAIM_LASTS: SignedDuration = SignedDuration::from_secs(3_595);
/// A token is not used in the last seconds of its life, because the request takes time too.
const MARGIN_S: i64 = 20;

/// Asks for tokens and keeps one until shortly before it expires.
#[derive(Debug)]
pub(super) struct Tokens {
    web: Web,
    key: Key,
    kept: Mutex<Option<Token>>,
}

/// The header with a token, the key of the token, and its end.
#[derive(Debug)]
struct Token {
    header: HeaderValue,
    of: Secret,
    until: Timestamp,
}

/// The used members of a service account's JSON.
#[derive(Deserialize)]
struct Account {
    client_email: String,
    private_key: String,
    token_uri: String,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    scope: &'a str,
    aud: &'a str,
    iat: i64,
    exp: i64,
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    expires_in: u32,
}

impl Tokens {
    /// For the service account whose JSON is the key.
    pub(super) fn new(web: &Web, key: Key) -> Self {
        Self {
            web: web.of_a_service_that_means(refusal),
            key,
            kept: Mutex::default(),
        }
    }

    /// The header for a call.
    pub(super) async fn headers(&self, deadline: Instant) -> Result<HeaderMap, Unusable> {
        let key = self.key.read().await;
        let key = key.map_err(|error| unauthorized(format!("no key: {error:?}")))?;
        let key = key.ok_or_else(|| unauthorized("there is no key for Google"))?;
        // Other calls wait here for the same token.
        let mut kept = self.kept.lock().await;
        let now = SystemClock.now();
        let header = match &*kept {
            Some(token) if token.of == key && now < token.until => token.header.clone(),
            _ => {
                let token = match self.granted(&key, now, deadline).await {
                    Err(refused) if refused.reason == FallbackReason::Unauthorized => {
                        match self.key.after_refusal_of(&key).await {
                            Some(newer) => self.granted(&newer, now, deadline).await?,
                            None => return Err(refused),
                        }
                    }
                    token => token?,
                };
                kept.insert(token).header.clone()
            }
        };
        Ok(HeaderMap::from_iter([(AUTHORIZATION, header)]))
    }

    /// Call this after a token was refused: the next call gets another one. Returns whether the key is another one by
    /// now.
    pub(super) async fn key_has_changed(&self) -> bool {
        match self.kept.lock().await.take() {
            Some(token) => self.key.after_refusal_of(&token.of).await.is_some(),
            // Another call was refused as well.
            None => false,
        }
    }

    async fn granted(
        &self,
        key: &Secret,
        now: Timestamp,
        deadline: Instant,
    ) -> Result<Token, Unusable> {
        let account: Account = serde_json::from_str(key.text())
            .map_err(|_| unauthorized("the key is not the JSON of a service account"))?;
        if !goes_over_tls(&account.token_uri) {
            return Err(unauthorized("the service account's token_uri is not https"));
        }
        let assertion = account.claim(now)?;
        let form = [("grant_type", GRANT), ("assertion", &assertion)];
        let asked = self.web.post_form(&account.token_uri, &form, deadline);
        let granted: Granted = asked.await.map_err(|fault| {
            let unusable = Unusable::from(fault);
            Unusable {
                detail: format!("no token: {}", unusable.detail),
                ..unusable
            }
        })?;
        let mut header = HeaderValue::from_str(&format!("Bearer {}", granted.access_token))
            .map_err(|_| unauthorized("the token is no text for a header"))?;
        header.set_sensitive(true);
        let lasts = SignedDuration::from_secs(i64::from(granted.expires_in) - MARGIN_S);
        Ok(Token {
            header,
            of: key.clone(),
            until: now.checked_add(lasts).unwrap_or(now),
        })
    }
}

impl Account {
    /// The signed claim to be this account.
    fn claim(&self, now: Timestamp) -> Result<String, Unusable> {
        let key = EncodingKey::from_rsa_pem(self.private_key.as_bytes())
            .map_err(|_| unauthorized("the service account's private key cannot be read"))?;
        let claims = Claims {
            iss: &self.client_email,
            scope: SCOPE,
            aud: &self.token_uri,
            iat: now.as_second(),
            exp: now.as_second() + CLAIM_LASTS.as_secs(),
        };
        jsonwebtoken::encode(&Header::new(Algorithm::RS256), &claims, &key)
            .map_err(|_| unauthorized("the service account's private key does not sign"))
    }
}

/// Or to this machine, for the tokens of a stand-in.
fn goes_over_tls(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| {
        let here = matches!(url.host_str(), Some("127.0.0.1" | "localhost"));
        url.scheme() == "https" || here && url.scheme() == "http"
    })
}

/// The endpoint also refuses a key or an account with 400 (`invalid_grant`).
fn refusal(status: StatusCode, _: &[u8]) -> Option<FaultKind> {
    matches!(status.as_u16(), 400 | 401 | 403).then_some(FaultKind::Unauthorized)
}

fn unauthorized(detail: impl Into<String>) -> Unusable {
    Unusable::new(FallbackReason::Unauthorized, detail)
}
