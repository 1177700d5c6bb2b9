//! `POST /me/email`: changes the email address of the caller's account.

use std::sync::Arc;
use std::time::Duration;

use domain::{User, UserStatus};
use intake::{Faults, Fields, read_email, read_password};
use serde_json::Value;

use super::follow::Follow;
use super::read_code;
use crate::answers::MeAnswer;
use crate::caller::Caller;
use crate::notifications::letter::{Letter, Part};
use crate::ports::{
    AddressChange, Clock, Email, IdentityProvider, MailError, Mailer, Opened, UserStore, Whose,
};
use crate::refusal::Refusal;

/// `POST /me/email`
pub struct ChangeEmail {
    /// The user records.
    pub users: Arc<dyn UserStore>,
    /// The accounts in the identity provider.
    pub identity: Arc<dyn IdentityProvider>,
    /// Changes addresses.
    pub addresses: Arc<dyn AddressChange>,
    /// The email subscriptions.
    pub mailer: Arc<dyn Mailer>,
    /// The longest time that a change waits for the mail service, all calls together.
    pub waits_for_mail: Duration,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The courier company's name.
    pub company: String,
}

/// The result of a call.
#[derive(Debug, PartialEq)]
pub enum EmailChange {
    /// A code was mailed to the new address. The old address is told.
    CodeMailed,
    /// The account has the new address.
    Changed(Box<MeAnswer>),
}

impl ChangeEmail {
    /// Without a code: tells the old address about the change, and mails a code to the new address. With the code: the
    /// account gets the new address, and the record and the email subscription follow.
    ///
    /// Each call needs the password, so that a stolen token changes nothing. The old address is told first. If that
    /// fails, there is no code. Somebody whose password was stolen can still reset the password with the old address,
    /// and then the code is of no use without the new password.
    ///
    /// A crash after the provider has changed the address is repaired by the next log-in, or by the same call: the code
    /// works once, but a repetition finds that the account has the address already.
    ///
    /// The caller does not learn whether another account has the new address.
    ///
    /// # Errors
    /// [`Refusal::WrongPassword`], [`Refusal::InvalidCode`]; [`Refusal::Invalid`] for bad input and for the current
    /// address; [`Refusal::NotFound`] for a token without a record; [`Refusal::AgentNotActive`] and
    /// [`Refusal::AccountSuspended`] for a suspended user.
    pub async fn run(&self, caller: &Caller, body: &Value) -> Result<EmailChange, Refusal> {
        let wanted = NewEmail::read(body)?;
        let user = self.users.user(caller.user_id).await?;
        let user = user.ok_or(Refusal::NotFound)?;
        if user.status == UserStatus::Suspended {
            return Err(Refusal::of_suspended(user.role));
        }
        let opened = self.addresses.open(user.id, &wanted.password).await?;
        let opened = opened.ok_or(Refusal::WrongPassword)?;
        match &wanted.code {
            None => self.ask(&user, &opened, &wanted.email).await,
            Some(code) => self.set(user, &opened, &wanted.email, code).await,
        }
    }

    async fn ask(&self, user: &User, opened: &Opened, email: &str) -> Result<EmailChange, Refusal> {
        if email == user.email {
            return Err(Faults::one("#/email", "is the address of this account already").into());
        }
        let warning = self.warning(user, email);
        match self.mailer.send(user.id, &user.email, &warning).await {
            // Nobody has confirmed the old address for emails, so they cannot reach it.
            Ok(()) | Err(MailError::NoTopic) => {}
            Err(error) => return Err(error.into()),
        }
        self.addresses.mail_code_to(opened, email).await?;
        Ok(EmailChange::CodeMailed)
    }

    async fn set(
        &self,
        user: User,
        opened: &Opened,
        email: &str,
        code: &str,
    ) -> Result<EmailChange, Refusal> {
        let set = self.addresses.set_address(opened, code).await?;
        let account = self.identity.account(Whose::User(user.id)).await?;
        let account = account.ok_or(Refusal::NotFound)?;
        // The code may have worked in an earlier call whose answer was lost.
        if !set && account.email != email {
            return Err(Refusal::InvalidCode);
        }
        let follow = Follow {
            users: self.users.as_ref(),
            mailer: self.mailer.as_ref(),
            clock: self.clock.as_ref(),
            waits_for_mail: self.waits_for_mail,
        };
        follow.account(user.clone(), &account).await?;
        let user = self.users.user(user.id).await?.unwrap_or(user);
        // If the mail service is away, the record follows at the next log-in. The account has the address already.
        let now = self.clock.now();
        let user = user
            .following(&account.name, &account.email, now)
            .unwrap_or(user);
        Ok(EmailChange::Changed(Box::new(user.into())))
    }

    /// For the old address.
    fn warning(&self, user: &User, email: &str) -> Email {
        let asked = format!(
            "Somebody with your password has asked to change the email address of your account to {email}. The new \
             address gets a code, and the address changes when the code is entered."
        );
        let advice = "If this was you, there is nothing to do. Otherwise reset your password now. Then the code is of \
                      no use.";
        let letter = Letter {
            subject: "Your email address is about to change".to_owned(),
            parts: vec![Part::Paragraph(asked), Part::Paragraph(advice.to_owned())],
        };
        letter.signed(&user.name, &self.company)
    }
}

struct NewEmail {
    email: String,
    password: String,
    code: Option<String>,
}

impl NewEmail {
    fn read(body: &Value) -> Result<Self, Faults> {
        let faults = Faults::new();
        let fields = Fields::of_body(body, &faults);
        fields.only(&["email", "password", "code"]);
        let email = read_email(&fields);
        let password = read_password(&fields);
        let code = fields.has("code").then(|| read_code(&fields));
        let read = (|| {
            Some(Self {
                email: email?,
                password: password?,
                code: match code {
                    Some(code) => Some(code?),
                    None => None,
                },
            })
        })();
        faults.or(read)
    }
}
