//! New tokens without the password, and the end of all of them.

use std::sync::Arc;

use domain::{Faults, Fields};
use serde_json::Value;

use crate::caller::Caller;
use crate::ports::{Sessions, Tokens};
use crate::refusal::Refusal;

/// Cognito's refresh tokens have some 1,800 characters; more than this is none.
const LONGEST_REFRESH_TOKEN: usize = 8_192;

/// `POST /token/refresh`
pub struct RefreshTokens {
    /// The tokens.
    pub sessions: Arc<dyn Sessions>,
}

impl RefreshTokens {
    /// Answers with new tokens, and the same refresh token.
    ///
    /// # Errors
    /// [`Refusal::InvalidCredentials`] for a refresh token that is not valid any more.
    pub async fn run(&self, body: &Value) -> Result<Tokens, Refusal> {
        let refresh_token = read(body)?;
        let tokens = self.sessions.refresh(&refresh_token).await?;
        tokens.ok_or(Refusal::InvalidCredentials)
    }
}

fn read(body: &Value) -> Result<String, Faults> {
    let faults = Faults::new();
    let fields = Fields::of_body(body, &faults);
    fields.only(&["refresh_token"]);
    let token = fields.required_text("refresh_token", LONGEST_REFRESH_TOKEN);
    let token = token.map(str::to_owned);
    faults.or(token)
}

/// `POST /logout`
pub struct LogOut {
    /// The tokens.
    pub sessions: Arc<dyn Sessions>,
}

impl LogOut {
    /// Revokes all of the caller's refresh tokens. The access token lives out its hour, since the gateway checks its
    /// signature and does not ask Cognito.
    ///
    /// # Errors
    /// When Cognito is away; nothing is revoked then, and the caller tries again.
    pub async fn run(&self, caller: &Caller) -> Result<(), Refusal> {
        Ok(self.sessions.end_all(caller.user_id).await?)
    }
}
