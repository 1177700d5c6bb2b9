//! The proof that a call comes from the app client.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use settings::resources::UserPoolClient;
use sha2::Sha256;

/// Cognito's `SecretHash`: the HMAC-SHA256 of the username and the client's id under the secret, in Base64. `username`
/// is the one that the same call names.
pub(super) fn secret_hash(client: &UserPoolClient, username: &str) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(client.secret().as_bytes()) else {
        unreachable!("HMAC takes keys of any length");
    };
    mac.update(username.as_bytes());
    mac.update(client.id().as_bytes());
    BASE64_STANDARD.encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The expected hash was computed with `openssl dgst -sha256 -hmac` and `base64`.
    #[test]
    fn the_hash_is_the_one_that_cognito_computes() {
        let client = UserPoolClient::with_secret("client", "a secret");
        assert_eq!(
            secret_hash(&client, "ana@example.com"),
            "VfmbbIOc4f8t60JzUAkUFKC/VCPTzJoHqp7pIBfGFbA="
        );
    }
}
