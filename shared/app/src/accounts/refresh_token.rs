//! `POST /token/refresh`: new tokens without the password.

use std::sync::Arc;

use domain::UserStatus;
use intake::{Faults, Fields};
use serde_json::Value;
use tracing::warn;

use crate::ports::{SignOut, TokenRefresh, Tokens, UserStore, Whose};
use crate::refusal::Refusal;

/// Cognito's refresh tokens have fewer than 2,000 characters.
const LONGEST_REFRESH_TOKEN: usize = 8_192;

/// `POST /token/refresh`
pub struct RefreshToken {
    /// The user records.
    pub users: Arc<dyn UserStore>,
    /// Issues the tokens.
    pub refresh: Arc<dyn TokenRefresh>,
    /// Ends sessions.
    pub sessions: Arc<dyn SignOut>,
}

impl RefreshToken {
    /// New tokens for a refresh token. The refresh token stays the same.
    ///
    /// A suspended user gets no tokens. If a suspended user still has a session, the process died between the
    /// suspension and the end of the sessions. So this call ends the sessions.
    ///
    /// # Errors
    /// [`Refusal::InvalidRefreshToken`] if the token is forged, expired or revoked; [`Refusal::AgentNotActive`] and
    /// [`Refusal::AccountSuspended`] for a suspended user.
    pub async fn run(&self, body: &Value) -> Result<Tokens, Refusal> {
        let token = read_refresh_token(body)?;
        let refreshed = self.refresh.refresh(&token).await?;
        let refreshed = refreshed.ok_or(Refusal::InvalidRefreshToken)?;
        let user_id = refreshed.user_id;
        let user = self.users.user(user_id).await?;
        if let Some(user) = user.filter(|user| user.status == UserStatus::Suspended) {
            if let Err(error) = self.sessions.sign_out(Whose::User(user_id)).await {
                warn!(
                    %user_id,
                    error = &error as &dyn std::error::Error,
                    "could not end the sessions of a suspended user"
                );
            }
            return Err(Refusal::of_suspended(user.role));
        }
        Ok(refreshed.tokens)
    }
}

fn read_refresh_token(body: &Value) -> Result<String, Faults> {
    let faults = Faults::new();
    let fields = Fields::of_body(body, &faults);
    fields.only(&["refresh_token"]);
    let token = fields
        .required_text("refresh_token", LONGEST_REFRESH_TOKEN)
        .map(str::to_owned);
    faults.or(token)
}
