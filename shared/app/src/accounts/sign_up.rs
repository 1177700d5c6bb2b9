//! `POST /signup`: makes an account.

use std::sync::Arc;

use domain::{NewAccount, User, UserId, ZoneGrid};
use serde_json::Value;

use crate::ports::{Clock, IdentityProvider, Registration, StoreError, UserStore};
use crate::refusal::Refusal;

/// `POST /signup`
pub struct SignUp {
    /// The records.
    pub users: Arc<dyn UserStore>,
    /// The accounts.
    pub identity: Arc<dyn IdentityProvider>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The zones.
    pub grid: ZoneGrid,
}

impl SignUp {
    /// Makes the account, its record and its group, in this order: of two sign-ups at the same moment one writes the
    /// record, and both grant the role that is in it. The answer is the same whether the address was known.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for bad input, or when something is away.
    pub async fn run(&self, body: &Value) -> Result<(), Refusal> {
        let sign_up = NewAccount::read(body)?;
        let user_id = match self.identity.sign_up(&sign_up).await? {
            Registration::New(user_id) => user_id,
            Registration::Known => match self.left_half_way(&sign_up).await? {
                Some(user_id) => user_id,
                None => return Ok(()),
            },
        };
        let user = User::signed_up(user_id, &sign_up, self.grid, self.clock.now());
        let role = match self.users.put_user(&user).await {
            Ok(()) => user.role,
            // Another sign-up was faster, and may have died before it granted what it wrote.
            Err(StoreError::Conflict) => {
                let recorded = self.users.user(user_id).await?;
                recorded.ok_or(Refusal::Contended)?.role
            }
            Err(error) => return Err(error.into()),
        };
        // The record of a dispatcher who was taken out of the group brings nobody back into it.
        if !role.is_ours_to_grant() {
            return Ok(());
        }
        Ok(self.identity.grant(&sign_up.email, role).await?)
    }

    /// The id of an account that waits for its code and that a crash left without record or group.
    /// A role that was granted or asked for stays: it is not for a second sign-up to change.
    async fn left_half_way(&self, sign_up: &NewAccount) -> Result<Option<UserId>, Refusal> {
        let Some(account) = self.identity.account(&sign_up.email).await? else {
            return Ok(None);
        };
        let mut roles = account.roles.iter().chain(&account.asked_for);
        let other_role = roles.any(|role| *role != sign_up.role);
        if account.confirmed || other_role {
            return Ok(None);
        }
        let whole = !account.roles.is_empty() && self.users.user(account.user_id).await?.is_some();
        Ok((!whole).then_some(account.user_id))
    }
}
