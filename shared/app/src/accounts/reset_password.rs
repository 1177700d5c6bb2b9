//! `POST /password/reset`: a new password for a mailed code.

use std::sync::Arc;

use domain::password::read_new_password;
use domain::user::read_email;
use domain::{Faults, Fields};
use serde_json::Value;

use super::read_code;
use crate::ports::{
    IdentityError, IdentityProvider, LogInOutcome, PasswordRecovery, Reset, SignOut, Whose,
};
use crate::refusal::Refusal;

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
            Ok(LogInOutcome::Granted(_)) => Ok(true),
            Ok(LogInOutcome::WrongCredentials | LogInOutcome::NotConfirmed)
            | Err(IdentityError::Refused(_)) => Ok(false),
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
