//! Group and record of an account, as they should be.

use domain::{AgentProfile, EmailNotifications, Role, Timestamp, User, UserStatus, ZoneGrid};

use crate::ports::{Account, IdentityProvider, StoreError, UserStore};
use crate::refusal::Refusal;

/// Brings group and record of a confirmed account up to date.
pub(super) struct Records<'a> {
    pub(super) users: &'a dyn UserStore,
    pub(super) identity: &'a dyn IdentityProvider,
    pub(super) grid: ZoneGrid,
}

impl Records<'_> {
    /// The record, after whatever it or the group lacked was put right.
    pub(super) async fn brought_up_to_date(
        &self,
        account: &Account,
        now: Timestamp,
    ) -> Result<User, Refusal> {
        let recorded = self.users.user(account.user_id).await?;
        let role = account
            .roles
            .iter()
            .max()
            .copied()
            .or(recorded.as_ref().map(|user| user.role))
            // Nothing is left of what was asked for: the role that can do the least harm.
            .unwrap_or(Role::Customer);
        if !account.roles.contains(&role) {
            self.identity.grant(&account.email, role).await?;
        }
        let wanted = match &recorded {
            None => self.new_record(account, role, now).confirmed(now),
            Some(user) if user.status == UserStatus::Unconfirmed => user.confirmed(now),
            // Somebody was put into another group by hand, as the first dispatcher is.
            Some(user) if user.role != role => self.moved_to(role, user, now),
            Some(user) => return Ok(user.clone()),
        };
        // A new record is version 1, confirmed or not: nobody has seen the step between.
        let wanted = match recorded {
            None => User {
                version: 1,
                ..wanted
            },
            Some(_) => wanted,
        };
        match self.users.put_user(&wanted).await {
            Ok(()) => Ok(wanted),
            // Somebody did the same a moment ago.
            Err(StoreError::Conflict) => {
                let user = self.users.user(account.user_id).await?;
                user.ok_or(Refusal::Contended)
            }
            Err(error) => Err(error.into()),
        }
    }

    fn new_record(&self, account: &Account, role: Role, now: Timestamp) -> User {
        User {
            id: account.user_id,
            role,
            status: UserStatus::Unconfirmed,
            name: account.name.clone(),
            email: account.email.clone(),
            email_notifications: EmailNotifications::Off,
            subscribed_at: None,
            agent: self.profile_for(role),
            confirmed_at: None,
            created_at: now,
            updated_at: now,
            version: 1,
        }
    }

    /// Agents wait for approval whichever way they came, and nobody else is on duty.
    fn moved_to(&self, role: Role, user: &User, now: Timestamp) -> User {
        let mut moved = User {
            role,
            status: UserStatus::Unconfirmed,
            agent: user.agent.clone().or_else(|| self.profile_for(role)),
            ..user.clone()
        }
        .confirmed(now);
        moved.confirmed_at = user.confirmed_at;
        if let Some(profile) = &mut moved.agent {
            profile.on_duty = false;
        }
        moved
    }

    fn profile_for(&self, role: Role) -> Option<AgentProfile> {
        (role == Role::Agent)
            .then(|| AgentProfile::new(domain::agent::DEFAULT_CAPACITY, None, self.grid))
    }
}
