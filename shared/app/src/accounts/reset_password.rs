//! `POST /password/reset`: a new password for a mailed code.

use std::sync::Arc;

use intake::read_email;
use intake::read_new_password;
use intake::{Faults, Fields};
use serde_json::Value;

use super::read_code;
use crate::ports::{
    IdentityError, IdentityProvider, LogInOutcome, PasswordRecovery, Reset, SignOut, Whose,
};
use crate::refusal::Refusal;

/// `POST /password/reset`
pub struct ResetPassword {
    /// Checks codes and sets passwords.
    pub passwords: Arc<dyn PasswordRecovery>,
    /// The accounts in the identity provider.
    pub identity: Arc<dyn IdentityProvider>,
    /// Ends sessions.
    pub sessions: Arc<dyn SignOut>,
}

impl ResetPassword {
    /// Sets a new password, given the code, and ends every session. A person who stole the old password loses access.
    ///
    /// The provider accepts a code once. If the provider rejects the code, but the account has the new password
    /// already, an earlier call reset the password. That call lost its answer, or died before the sessions ended. This
    /// call then ends the sessions. This gives nobody more than `POST /login` and `POST /logout` do.
    ///
    /// # Errors
    /// [`Refusal::InvalidCode`] for a wrong code, an old code and an unknown address alike; [`Refusal::Invalid`] for
    /// bad input.
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

    /// Whether the account has the new password already.
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
