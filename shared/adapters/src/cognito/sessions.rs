//! New tokens for a refresh token, and the end of all sessions.

use app::ports::{IdentityError, Refreshed, SignOut, TokenRefresh, Tokens, Whose};
use async_trait::async_trait;
use aws_sdk_cognitoidentityprovider::operation::admin_user_global_sign_out::AdminUserGlobalSignOutError as SignOutError;
use aws_sdk_cognitoidentityprovider::operation::get_tokens_from_refresh_token as refresh;
use aws_sdk_cognitoidentityprovider::types::AuthenticationResultType;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use domain::UserId;
use serde::Deserialize;
use settings::resources::UserPool;

use super::failures::{away, failed};
use super::{Client, CognitoAccounts, username};

use refresh::GetTokensFromRefreshTokenError as RefreshError;

const REFRESH: &str = "GetTokensFromRefreshToken";

#[async_trait]
impl TokenRefresh for CognitoAccounts {
    /// The other refresh call needs a hash with the name of the user, and a refresh token does not tell the name. This
    /// call takes the secret itself.
    async fn refresh(&self, refresh_token: &str) -> Result<Option<Refreshed>, IdentityError> {
        let answer = self
            .client
            .get_tokens_from_refresh_token()
            .client_id(self.pool_client.id())
            .client_secret(self.pool_client.secret())
            .refresh_token(refresh_token)
            .send()
            .await;
        let error = match answer {
            Ok(answer) => return refreshed(answer.authentication_result, refresh_token).map(Some),
            Err(error) => error,
        };
        match error.as_service_error() {
            Some(
                RefreshError::NotAuthorizedException(_)
                | RefreshError::InvalidParameterException(_)
                | RefreshError::RefreshTokenReuseException(_)
                | RefreshError::UserNotFoundException(_),
            ) => Ok(None),
            _ => Err(failed(REFRESH, error)),
        }
    }
}

/// The result of a refresh. Cognito sends a refresh token only if it is a new one.
fn refreshed(
    result: Option<AuthenticationResultType>,
    refresh_token: &str,
) -> Result<Refreshed, IdentityError> {
    let missing = |what: &'static str| away(REFRESH, format!("no {what} in the answer"));
    let result = result.ok_or_else(|| missing("result"))?;
    let access_token = result.id_token.ok_or_else(|| missing("ID token"))?;
    Ok(Refreshed {
        user_id: subject(&access_token).ok_or_else(|| missing("subject"))?,
        tokens: Tokens {
            access_token,
            refresh_token: result
                .refresh_token
                .unwrap_or_else(|| refresh_token.to_owned()),
            token_type: "Bearer",
            expires_in: result.expires_in,
        },
    })
}

/// The user of a token. Cognito itself has just sent the token, so there is nothing to verify.
fn subject(token: &str) -> Option<UserId> {
    #[derive(Deserialize)]
    struct Claims {
        sub: UserId,
    }
    let claims = token.split('.').nth(1)?;
    let claims = BASE64_URL_SAFE_NO_PAD.decode(claims).ok()?;
    let claims: Claims = serde_json::from_slice(&claims).ok()?;
    Some(claims.sub)
}

/// Ends sessions in a user pool.
#[derive(Debug, Clone)]
pub struct CognitoSessions {
    client: Client,
    pool: UserPool,
}

impl CognitoSessions {
    /// In this pool.
    pub fn new(client: &Client, pool: &UserPool) -> Self {
        Self {
            client: client.clone(),
            pool: pool.clone(),
        }
    }
}

#[async_trait]
impl SignOut for CognitoSessions {
    async fn sign_out(&self, whose: Whose<'_>) -> Result<(), IdentityError> {
        let sign_out = self.client.admin_user_global_sign_out();
        let sign_out = sign_out.user_pool_id(self.pool.as_str());
        let sign_out = sign_out.username(username(whose));
        match sign_out.send().await {
            Ok(_) => Ok(()),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(SignOutError::is_user_not_found_exception) =>
            {
                Ok(())
            }
            Err(error) => Err(failed("AdminUserGlobalSignOut", error)),
        }
    }
}
