//! `POST /signup`: makes an account.

use std::sync::Arc;

use domain::{NewAccount, User, UserId, ZoneGrid};
use serde_json::Value;

use crate::ports::{Clock, IdentityProvider, Registration, StoreError, UserStore};
use crate::refusal::Refusal;

/// `POST /signup`
pub struct SignUp {
    /// The user records.
    pub users: Arc<dyn UserStore>,
    /// The accounts in the identity provider.
    pub identity: Arc<dyn IdentityProvider>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The zones.
    pub grid: ZoneGrid,
}

impl SignUp {
    /// Makes the account, then its record, then its group. If two sign-ups run at the same moment, one of them writes
    /// the record, and both grant the role in that record. The answer does not tell whether the address was known.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for bad input; [`Refusal::Unavailable`] if a dependency is unavailable.
    pub async fn run(&self, body: &Value) -> Result<(), Refusal> {
        let sign_up = intake::read_new_account(body)?;
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

    /// The id of an unconfirmed account that a crash left without a record or a group. A second sign-up cannot change a
    /// role that was granted or asked for.
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
