//! Asking for another code, and a password that was forgotten.
//!
//! None of it tells a stranger who has an account: what cannot be done for an address is answered as if it had been.

use std::sync::Arc;

use intake::read_new_password;
use intake::read_email;
use intake::{Faults, Fields};
use serde_json::Value;

use crate::accounts::read_code;
use crate::ports::{
    ConfirmationCodes, IdentityError, IdentityProvider, LogIn, PasswordRecovery, Reset, SignOut,
    Whose,
};
use crate::refusal::Refusal;

/// `POST /signup/resend-code`
pub struct ResendCode {
    /// Mails codes.
    pub codes: Arc<dyn ConfirmationCodes>,
}

impl ResendCode {
    /// Mails another code to an address that waits to be confirmed. The answer is the same for any other.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for bad input, or when something is away.
    pub async fn run(&self, body: &Value) -> Result<(), Refusal> {
        Ok(self.codes.resend(&read_address(body)?).await?)
    }
}

/// `POST /password/forgot`
pub struct ForgotPassword {
    /// Mails codes.
    pub passwords: Arc<dyn PasswordRecovery>,
}

impl ForgotPassword {
    /// Mails a code to a confirmed address. The answer is the same for any other.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for bad input, or when something is away.
    pub async fn run(&self, body: &Value) -> Result<(), Refusal> {
        Ok(self.passwords.send_code(&read_address(body)?).await?)
    }
}

fn read_address(body: &Value) -> Result<String, Faults> {
    let faults = Faults::new();
    let fields = Fields::of_body(body, &faults);
    fields.only(&["email"]);
    let email = read_email(&fields);
    faults.or(email)
}

/// `POST /password/reset`
pub struct ResetPassword {
    /// Takes codes.
    pub passwords: Arc<dyn PasswordRecovery>,
    /// The accounts.
    pub identity: Arc<dyn IdentityProvider>,
    /// Ends sessions.
    pub sessions: Arc<dyn SignOut>,
}

impl ResetPassword {
    /// Sets a new password, given the code, and ends every session: who has lost a password to somebody else is rid of
    /// them.
    ///
    /// The provider takes a code once. So where it refuses one and the new password is the account's already, the
    /// reset was made before, by a call whose answer was lost or that died before the sessions ended: it is
    /// finished. That gives nobody more than `POST /login` and `POST /logout` do.
    ///
    /// # Errors
    /// [`Refusal::InvalidCode`] alike for a wrong code, an old one, and an unknown address; [`Refusal::Invalid`] for bad
    /// input.
    pub async fn run(&self, body: &Value) -> Result<(), Refusal> {
        let new = NewPassword::read(body)?;
        let reset = self.passwords.reset(&new.email, &new.code, &new.password);
        match reset.await {
            Ok(Reset::Done) => {}
            Ok(Reset::WrongCode) if self.opens(&new).await? => {}
            Ok(Reset::WrongCode) => return Err(Refusal::InvalidCode),
            Err(IdentityError::PasswordRefused(detail)) => {
                return Err(Faults::one("#/new_password", detail).into());
            }
            Err(error) => return Err(error.into()),
        }
        let whose = Whose::Address(&new.email);
        Ok(self.sessions.sign_out(whose).await?)
    }

    /// Whether the new password is the account's.
    async fn opens(&self, new: &NewPassword) -> Result<bool, Refusal> {
        match self.identity.log_in(&new.email, &new.password).await {
            Ok(LogIn::Granted(_)) => Ok(true),
            Ok(LogIn::WrongCredentials | LogIn::NotConfirmed) | Err(IdentityError::Refused(_)) => {
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }
}

struct NewPassword {
    email: String,
    code: String,
    password: String,
}

impl NewPassword {
    fn read(body: &Value) -> Result<Self, Faults> {
        let faults = Faults::new();
        let fields = Fields::of_body(body, &faults);
        fields.only(&["email", "code", "new_password"]);
        let email = read_email(&fields);
        let code = read_code(&fields);
        let password = read_new_password(&fields, "new_password");
        let read = (|| {
            Some(Self {
                email: email?,
                code: code?,
                password: password?,
            })
        })();
        faults.or(read)
    }
}
