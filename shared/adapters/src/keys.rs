//! Keys to services outside of AWS, kept as SecureStrings in the Parameter Store of SSM.

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

/// So long after a change of the parameter the old key is still used, unless it is refused.
const KEPT_FOR: SignedDuration = SignedDuration::from_mins(5);
/// SSM is not asked again at once when it could not answer, while there is an older key.
const AFTER_A_FAILURE: SignedDuration = SignedDuration::from_mins(1);
/// A key that is plainly wrong is refused with each call: SSM is not asked each time.
const BETWEEN_REFUSALS: SignedDuration = SignedDuration::from_secs(10);
/// A newer key is waited for no longer.
const RENEWAL: Duration = Duration::from_secs(2);

/// A key that is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Of this text; spaces and line ends around it are dropped, since a file often ends with one.
    pub fn new(text: &str) -> Self {
        Self(text.trim().to_owned())
    }

    /// The key itself: for a header, and for nothing else.
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Where a key is, and the key once it was read. Copies of it share what was read.
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
    /// When the parameter was last asked for, with or without success.
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

    /// In the parameter of that name; without a name, none is needed.
    pub fn of(client: Client, parameter: Option<String>) -> Self {
        Self::from(parameter.map_or(Source::None, |name| Source::Parameter(client, name)))
    }

    /// For a service that asks for none.
    pub fn none() -> Self {
        Self::from(Source::None)
    }

    /// A key that is at hand.
    pub fn given(text: &str) -> Self {
        Self::from(Source::Given(Secret::new(text)))
    }

    /// The same, by another clock than the system's.
    #[must_use]
    pub fn by(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    /// The key; `None` where none is needed. It is kept for five minutes. If it cannot be read again then, the one that was
    /// read stays good; what was never read is tried again with the next call.
    ///
    /// # Errors
    /// When it was never read and the parameter is not there, or may not be read, or SSM is away.
    pub async fn read(&self) -> Result<Option<Secret>, CallFailed> {
        let (client, parameter) = match &self.source {
            Source::None => return Ok(None),
            Source::Given(secret) => return Ok(Some(secret.clone())),
            Source::Parameter(client, parameter) => (client, parameter),
        };
        // Whoever comes meanwhile waits for the same answer.
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

    /// After a service has refused this key: another one, if the parameter holds another one by now.
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

    /// Reads it again. What is there may work still, so that nobody waits long for it.
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
