//! `POST /signup`: makes an account.

use std::sync::Arc;

use domain::{NewAccount, User, UserId, ZoneGrid};
use serde_json::Value;

use crate::ports::{
    Account, Clock, ConfirmationCodes, IdentityProvider, Registration, StoreError, UserStore, Whose,
};
use crate::refusal::Refusal;

/// `POST /signup`
pub struct SignUp {
    /// The user records.
    pub users: Arc<dyn UserStore>,
    /// The accounts in the identity provider.
    pub identity: Arc<dyn IdentityProvider>,
    /// Mails another code to an address that signs up again.
    pub codes: Arc<dyn ConfirmationCodes>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The zones.
    pub grid: ZoneGrid,
}

impl SignUp {
    /// Makes the account, then its record, then its group. If two sign-ups run at the same moment, one of them writes
    /// the record, and both grant the role in that record. The answer does not tell whether the address was known.
    ///
    /// An address that signs up again and is not confirmed gets a new code: the person may have lost the first one. The
    /// password of the first sign-up stays. The code is mailed last, when the record and the group exist. If the
    /// process dies before that, the person signs up once more or asks for a code.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for bad input; [`Refusal::Unavailable`] if a dependency is unavailable.
    pub async fn run(&self, body: &Value) -> Result<(), Refusal> {
        let sign_up = intake::read_new_account(body)?;
        match self.identity.sign_up(&sign_up).await? {
            Registration::New(user_id) => self.complete(user_id, &sign_up).await,
            Registration::Known => self.again(&sign_up).await,
        }
    }

    async fn again(&self, sign_up: &NewAccount) -> Result<(), Refusal> {
        let whose = Whose::Address(&sign_up.email);
        let account = self.identity.account(whose).await?;
        let Some(account) = account.filter(|account| !account.confirmed) else {
            return Ok(());
        };
        if self.is_left_half_way(&account, sign_up).await? {
            self.complete(account.user_id, sign_up).await?;
        }
        Ok(self.codes.resend(&sign_up.email).await?)
    }

    /// Writes the record of an account, and grants the role in it.
    async fn complete(&self, user_id: UserId, sign_up: &NewAccount) -> Result<(), Refusal> {
        let user = User::signed_up(user_id, sign_up, self.grid, self.clock.now());
        let role = match self.users.put_user(&user).await {
            Ok(()) => user.role,
            // Another sign-up wrote the record first, and may have died before it granted the role.
            Err(StoreError::Conflict) => {
                let recorded = self.users.user(user_id).await?;
                recorded.ok_or(Refusal::Contended)?.role
            }
            Err(error) => return Err(error.into()),
        };
        // An old record does not put a former dispatcher back into the group.
        if !role.is_ours_to_grant() {
            return Ok(());
        }
        Ok(self.identity.grant(&sign_up.email, role).await?)
    }

    /// Whether a crash left an unconfirmed account without a record or a group. A second sign-up cannot change a role
    /// that was granted or asked for.
    async fn is_left_half_way(
        &self,
        account: &Account,
        sign_up: &NewAccount,
    ) -> Result<bool, Refusal> {
        let mut roles = account.roles.iter().chain(&account.asked_for);
        if roles.any(|role| *role != sign_up.role) {
            return Ok(false);
        }
        Ok(account.roles.is_empty() || self.users.user(account.user_id).await?.is_none())
    }
}
