//! Codes that did not come, and passwords that were forgotten.

use std::sync::Arc;

use domain::user::{LONGEST_PASSWORD, read_email};
use domain::{Faults, Fields};
use serde_json::Value;

use crate::accounts::LONGEST_CODE;
use crate::ports::{CodeMail, IdentityError, IdentityProvider, Reset, Sessions};
use crate::refusal::Refusal;

/// `POST /signup/resend-code`
pub struct ResendCode {
    /// The codes.
    pub codes: Arc<dyn CodeMail>,
}

impl ResendCode {
    /// Mails the code again, if the address waits for one. The answer is the same if it does not.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for bad input; when Cognito is away.
    pub async fn run(&self, body: &Value) -> Result<(), Refusal> {
        Ok(self.codes.resend_confirmation(&read_address(body)?).await?)
    }
}

/// `POST /password/forgot`
pub struct ForgotPassword {
    /// The codes.
    pub codes: Arc<dyn CodeMail>,
}

impl ForgotPassword {
    /// Mails a code for a new password, if somebody has the address. The answer is the same if nobody does.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for bad input; when Cognito is away.
    pub async fn run(&self, body: &Value) -> Result<(), Refusal> {
        Ok(self.codes.offer_reset(&read_address(body)?).await?)
    }
}

/// `POST /password/reset`
pub struct ResetPassword {
    /// The codes.
    pub codes: Arc<dyn CodeMail>,
    /// The accounts.
    pub identity: Arc<dyn IdentityProvider>,
    /// The tokens.
    pub sessions: Arc<dyn Sessions>,
}

impl ResetPassword {
    /// Sets a new password, and revokes what was given for the old one. Should the revocation fail, the call fails,
    /// though the password is new; the refresh tokens of the old one then live on until the next log-out.
    ///
    /// # Errors
    /// [`Refusal::InvalidCode`] alike for a wrong code and an unknown address; [`Refusal::Invalid`] for a password that
    /// breaks the rules, which are told.
    pub async fn run(&self, body: &Value) -> Result<(), Refusal> {
        let (email, code, password) = read_reset(body)?;
        match self.codes.reset(&email, &code, &password).await {
            Ok(Reset::Done) => {}
            Ok(Reset::WrongCode) => return Err(Refusal::InvalidCode),
            Err(IdentityError::PasswordRefused(rules)) => {
                return Err(Faults::one("#/new_password", rules).into());
            }
            Err(error) => return Err(error.into()),
        }
        if let Some(account) = self.identity.account(&email).await? {
            self.sessions.end_all(account.user_id).await?;
        }
        Ok(())
    }
}

fn read_address(body: &Value) -> Result<String, Faults> {
    let faults = Faults::new();
    let fields = Fields::of_body(body, &faults);
    fields.only(&["email"]);
    let email = read_email(&fields);
    faults.or(email)
}

fn read_reset(body: &Value) -> Result<(String, String, String), Faults> {
    let faults = Faults::new();
    let fields = Fields::of_body(body, &faults);
    fields.only(&["email", "code", "new_password"]);
    let email = read_email(&fields);
    let code = fields.required_text("code", LONGEST_CODE);
    let code = code.map(|code| code.trim().to_owned());
    let password = fields.required_text("new_password", LONGEST_PASSWORD);
    let password = password.map(str::to_owned);
    let read = (|| Some((email?, code?, password?)))();
    faults.or(read)
}
