//! Names for texts that are too private to be stored.

use app::ports::{Pseudonyms, StoreError};
use async_trait::async_trait;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::failure::CallFailed;
use crate::keys::Key;

/// HMAC-SHA256 with the company's key.
#[derive(Debug, Clone)]
pub struct KeyedPseudonyms(pub Key);

#[async_trait]
impl Pseudonyms for KeyedPseudonyms {
    async fn of(&self, text: &str) -> Result<String, StoreError> {
        let away = |error: CallFailed| StoreError::Unavailable(error.into());
        let key = self.0.read().await.map_err(away)?;
        let no_key = || away(CallFailed::because("GetParameter", "there is no key"));
        let key = key.ok_or_else(no_key)?;
        let mac = Hmac::<Sha256>::new_from_slice(key.text().as_bytes());
        let mut mac = mac.map_err(|error| StoreError::Unavailable(error.into()))?;
        mac.update(text.as_bytes());
        Ok(base16ct::lower::encode_string(&mac.finalize().into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `printf %s text | openssl dgst -sha256 -hmac key` prints it.
    #[tokio::test]
    async fn a_pseudonym_depends_on_the_key_and_the_text() {
        let of = async |key: &str, text: &str| KeyedPseudonyms(Key::given(key)).of(text).await;
        let name = of("key", "The quick brown fox jumps over the lazy dog").await;
        assert_eq!(
            name.unwrap(),
            "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8"
        );
        assert!(KeyedPseudonyms(Key::none()).of("text").await.is_err());
    }
}
