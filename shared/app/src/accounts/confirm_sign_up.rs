//! `POST /signup/confirm`: confirms the email address.

use std::sync::Arc;

use super::records::Records;
use domain::ZoneGrid;
use intake::read_email;
use intake::{Faults, Fields};
use jiff::SignedDuration;
use serde_json::Value;

use super::read_code;
use crate::answers::ConfirmedAnswer;
use crate::ports::{Clock, Confirmation, IdentityProvider, UserStore, Whose};
use crate::refusal::Refusal;

/// How long a repeated confirmation gets the answer of the first one. A client that lost the answer asks again at once.
/// After this time a repetition is refused like a wrong code, so that nobody can find out which addresses have an
/// account.
const REPEATED_CONFIRMATION: SignedDuration = SignedDuration::from_mins(15);

/// `POST /signup/confirm`
pub struct ConfirmSignUp {
    /// The user records.
    pub users: Arc<dyn UserStore>,
    /// The accounts in the identity provider.
    pub identity: Arc<dyn IdentityProvider>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The zones.
    pub grid: ZoneGrid,
}

impl ConfirmSignUp {
    /// Confirms the address and opens the account. A customer becomes active. An agent waits for approval.
    ///
    /// # Errors
    /// [`Refusal::InvalidCode`] for a wrong code, an old code and an unknown address alike.
    pub async fn run(&self, body: &Value) -> Result<ConfirmedAnswer, Refusal> {
        let (email, code) = read_confirmation(body)?;
        let confirmation = self.identity.confirm(&email, &code).await?;
        if confirmation == Confirmation::WrongCode {
            return Err(Refusal::InvalidCode);
        }
        let account = self.identity.account(Whose::Address(&email)).await?;
        let account = account.ok_or(Refusal::InvalidCode)?;
        let now = self.clock.now();
        if confirmation == Confirmation::AlreadyConfirmed {
            // Cognito did not check the code. If the record is unconfirmed, or was confirmed a moment ago, this call
            // repeats an earlier one. Otherwise somebody is trying out addresses.
            let repeated = self.users.user(account.user_id).await?.is_some_and(|user| {
                let since = user.confirmed_at.map(|at| now.duration_since(at));
                since.is_none_or(|since| since <= REPEATED_CONFIRMATION)
            });
            if !repeated {
                return Err(Refusal::InvalidCode);
            }
        }
        let records = Records {
            users: self.users.as_ref(),
            identity: self.identity.as_ref(),
            grid: self.grid,
        };
        Ok(records.brought_up_to_date(&account, now).await?.into())
    }
}

fn read_confirmation(body: &Value) -> Result<(String, String), Faults> {
    let faults = Faults::new();
    let fields = Fields::of_body(body, &faults);
    fields.only(&["email", "code"]);
    let email = read_email(&fields);
    let code = read_code(&fields);
    faults.or(email.zip(code))
}
