//! Repairs the group and the record of an account.

use domain::user::name_for_record;
use domain::{AgentProfile, EmailNotifications, Role, Timestamp, User, UserStatus, ZoneGrid};

use crate::ports::{Account, IdentityProvider, StoreError, UserStore};
use crate::refusal::Refusal;

/// Brings the group and the record of a confirmed account up to date.
pub(super) struct Records<'a> {
    pub(super) users: &'a dyn UserStore,
    pub(super) identity: &'a dyn IdentityProvider,
    pub(super) grid: ZoneGrid,
}

impl Records<'_> {
    /// The record, after everything missing in the record and the group was added. The record is written first. A call
    /// that loses the race for the record grants the role that the winner wrote, so that nobody gets two roles.
    pub(super) async fn brought_up_to_date(
        &self,
        account: &Account,
        now: Timestamp,
    ) -> Result<User, Refusal> {
        let user = self.recorded(account, now).await?;
        if account.roles.is_empty() && user.role.is_ours_to_grant() {
            self.identity.grant(&account.email, user.role).await?;
        }
        Ok(user)
    }

    async fn recorded(&self, account: &Account, now: Timestamp) -> Result<User, Refusal> {
        // Two attempts, because another call may have written the record a moment ago. For example, a repeated sign-up
        // leaves an unconfirmed record.
        for _ in 0..2 {
            let found = self.users.user(account.user_id).await?;
            let Some(wanted) = self.wanted(account, found.as_ref(), now) else {
                return found.ok_or(Refusal::Contended);
            };
            match self.users.put_user(&wanted).await {
                Ok(()) => return Ok(wanted),
                Err(StoreError::Conflict) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Refusal::Contended)
    }

    /// The record as it should be; `None` if the stored record is right.
    fn wanted(&self, account: &Account, found: Option<&User>, now: Timestamp) -> Option<User> {
        let granted = account.roles.iter().max().copied();
        // Anybody can sign up directly in Cognito and ask for any role. Nobody becomes a dispatcher by asking. An
        // account that asked for no role gets the role that can do the least harm.
        let asked_for = account.asked_for.filter(|role| role.is_ours_to_grant());
        let asked_for = asked_for.unwrap_or(Role::Customer);
        let Some(user) = found else {
            let role = granted.unwrap_or(asked_for);
            // The record starts at version 1, because nobody has seen the unconfirmed record.
            let confirmed = self.new_record(account, role, now).confirmed(now);
            return Some(User {
                version: 1,
                ..confirmed
            });
        };
        if user.status == UserStatus::Unconfirmed {
            return Some(user.confirmed(now));
        }
        // An operator can put somebody into another group by hand, for example the first dispatcher. An agent with an
        // open route changes the role at the first log-in after the route ends, because the agent's record names the
        // orders aboard. A dispatcher who was removed from the group is no longer a dispatcher, even if the record says
        // so.
        let on_a_route = |agent: &AgentProfile| agent.open_route_id.is_some();
        let taken_out = (user.role == Role::Dispatcher).then_some(asked_for);
        let role = granted.or(taken_out).filter(|role| *role != user.role)?;
        let stays = user.agent.as_ref().is_some_and(on_a_route);
        (!stays).then(|| self.moved_to(role, user, now))
    }

    fn new_record(&self, account: &Account, role: Role, now: Timestamp) -> User {
        User {
            id: account.user_id,
            role,
            status: UserStatus::Unconfirmed,
            name: name_for_record(&account.name, &account.email).to_owned(),
            email: account.email.clone(),
            email_notifications: EmailNotifications::Off,
            subscribed_at: None,
            subscription_checked_at: None,
            subscription_lost_at: None,
            agent: self.profile_for(role),
            max_open_orders: None,
            messages_off: std::collections::BTreeSet::new(),
            suspended_at: None,
            confirmed_at: None,
            created_at: now,
            updated_at: now,
            version: 1,
        }
    }

    /// Agents wait for approval, however they became agents. Only agents have a profile: a user with a profile belongs
    /// to the fleet, is listed with the fleet, and can go on duty.
    fn moved_to(&self, role: Role, user: &User, now: Timestamp) -> User {
        let moved = User {
            role,
            status: UserStatus::Unconfirmed,
            agent: self.profile_for(role),
            ..user.clone()
        };
        User {
            confirmed_at: user.confirmed_at,
            ..moved.confirmed(now)
        }
    }

    fn profile_for(&self, role: Role) -> Option<AgentProfile> {
        (role == Role::Agent)
            .then(|| AgentProfile::new(domain::agent::DEFAULT_CAPACITY, None, self.grid))
    }
}
