//! Keys for services outside of AWS, stored as SecureStrings in the Parameter Store of SSM.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use app::ports::Clock;
use domain::Timestamp;
use jiff::SignedDuration;
use tokio::sync::Mutex;
use tokio::time::timeout;
use tracing::warn;

pub use aws_sdk_ssm::Client;

use crate::failure::CallFailed;
use crate::system::SystemClock;

/// A key is used for this long before the parameter is read again, unless the service refuses the key.
const KEPT_FOR: SignedDuration = SignedDuration::from_mins(5);
/// The pause after a failed read, while there is an older key.
const AFTER_A_FAILURE: SignedDuration = SignedDuration::from_mins(1);
/// The pause between two reads because of a refused key: a wrong key is refused with each call.
const BETWEEN_REFUSALS: SignedDuration = SignedDuration::from_secs(10);
/// The longest wait for a newer key.
const RENEWAL: Duration = Duration::from_secs(2);

/// A key that is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// A key of this text. Spaces and line ends around it are dropped, since a file often ends with a line end.
    pub fn new(text: &str) -> Self {
        Self(text.trim().to_owned())
    }

    /// The key itself. Use it for a header only.
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The source of a key, and the key after the first read. Copies share the key.
#[derive(Clone)]
pub struct Key {
    source: Source,
    kept: Arc<Mutex<Option<Kept>>>,
    clock: Arc<dyn Clock>,
}

#[derive(Clone)]
enum Source {
    None,
    Given(Secret),
    Parameter(Client, String),
}

struct Kept {
    secret: Secret,
    /// The time of the last read, successful or not.
    asked_at: Timestamp,
    renew_at: Timestamp,
}

impl Key {
    fn from(source: Source) -> Self {
        Self {
            source,
            kept: Arc::default(),
            clock: Arc::new(SystemClock),
        }
    }

    /// The key in the parameter of this name. Without a name, no key is needed.
    pub fn of(client: Client, parameter: Option<String>) -> Self {
        Self::from(parameter.map_or(Source::None, |name| Source::Parameter(client, name)))
    }

    /// For a service that needs no key.
    pub fn none() -> Self {
        Self::from(Source::None)
    }

    /// A key that is already known.
    pub fn given(text: &str) -> Self {
        Self::from(Source::Given(Secret::new(text)))
    }

    /// The same key, with another clock than the system's.
    #[must_use]
    pub fn by(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    /// The key, or `None` if none is needed. It is kept for five minutes. If the next read fails, the old key stays in
    /// use. If the first read fails, the next call tries again.
    ///
    /// # Errors
    /// The key was never read, and the parameter is missing, may not be read, or SSM is unavailable.
    pub async fn read(&self) -> Result<Option<Secret>, CallFailed> {
        let (client, parameter) = match &self.source {
            Source::None => return Ok(None),
            Source::Given(secret) => return Ok(Some(secret.clone())),
            Source::Parameter(client, parameter) => (client, parameter),
        };
        // Other calls wait here for the same answer.
        let mut kept = self.kept.lock().await;
        let now = self.clock.now();
        let secret = match &mut *kept {
            Some(kept) => {
                if kept.renew_at <= now {
                    kept.renew(client, parameter, now).await;
                }
                kept.secret.clone()
            }
            None => {
                let secret = secret_of(client, parameter).await?;
                kept.insert(Kept::new(secret, now)).secret.clone()
            }
        };
        Ok(Some(secret))
    }

    /// Call this after a service refused the key `refused`. Returns another key if the parameter holds another one by
    /// now.
    pub async fn after_refusal_of(&self, refused: &Secret) -> Option<Secret> {
        let Source::Parameter(client, parameter) = &self.source else {
            return None;
        };
        let mut kept = self.kept.lock().await;
        let kept = kept.as_mut()?;
        let now = self.clock.now();
        if kept.secret == *refused && kept.asked_at + BETWEEN_REFUSALS <= now {
            kept.renew(client, parameter, now).await;
        }
        Some(kept.secret.clone()).filter(|secret| secret != refused)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

impl Kept {
    fn new(secret: Secret, now: Timestamp) -> Self {
        Self {
            secret,
            asked_at: now,
            renew_at: now + KEPT_FOR,
        }
    }

    /// Reads the parameter again. The old key may still work, so the wait is short.
    async fn renew(&mut self, client: &Client, parameter: &str, now: Timestamp) {
        match timeout(RENEWAL, secret_of(client, parameter)).await {
            Ok(Ok(secret)) => *self = Self::new(secret, now),
            failed => {
                self.asked_at = now;
                self.renew_at = now + AFTER_A_FAILURE;
                match failed {
                    Ok(Err(error)) => warn!(?error, "a key cannot be read again"),
                    _ => warn!("a key cannot be read again in time"),
                }
            }
        }
    }
}

async fn secret_of(client: &Client, parameter: &str) -> Result<Secret, CallFailed> {
    let answer = client
        .get_parameter()
        .name(parameter)
        .with_decryption(true)
        .send()
        .await
        .map_err(|error| CallFailed::new("GetParameter", error))?;
    let value = answer.parameter.and_then(|parameter| parameter.value);
    let value = value.filter(|value| !value.trim().is_empty());
    value
        .map(|value| Secret::new(&value))
        .ok_or_else(|| CallFailed::because("GetParameter", "the parameter is empty"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_key_is_not_printed() {
        let key = Key::given("s3cret\n");
        assert_eq!(key.read().await.unwrap().unwrap().text(), "s3cret");
        assert!(!format!("{key:?}").contains("s3cret"));
        assert!(Key::none().read().await.unwrap().is_none());
    }
}
