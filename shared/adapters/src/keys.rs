//! Keys to services outside of AWS, kept as SecureStrings in the Parameter Store of SSM.

use std::fmt;
use std::sync::Arc;

use tokio::sync::OnceCell;

pub use aws_sdk_ssm::Client;

use crate::failure::CallFailed;

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
#[derive(Debug, Clone)]
pub struct Key {
    stored: Option<(Client, String)>,
    read: Arc<OnceCell<Secret>>,
}

impl Key {
    /// In the parameter of that name; without a name, none is needed.
    pub fn of(client: Client, parameter: Option<String>) -> Self {
        Self {
            stored: parameter.map(|parameter| (client, parameter)),
            read: Arc::default(),
        }
    }

    /// For a service that asks for none.
    pub fn none() -> Self {
        Self {
            stored: None,
            read: Arc::default(),
        }
    }

    /// A key that is at hand.
    pub fn given(text: &str) -> Self {
        Self {
            stored: None,
            read: Arc::new(OnceCell::new_with(Some(Secret::new(text)))),
        }
    }

    /// The key; `None` where none is needed. It is read once and kept: after a change of the parameter, functions have to
    /// be started anew. What could not be read is tried again with the next call.
    ///
    /// # Errors
    /// When the parameter is not there, or may not be read, or SSM is away.
    pub async fn read(&self) -> Result<Option<&Secret>, CallFailed> {
        let Some((client, parameter)) = &self.stored else {
            return Ok(self.read.get());
        };
        let secret = self.read.get_or_try_init(|| secret_of(client, parameter));
        Ok(Some(secret.await?))
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
