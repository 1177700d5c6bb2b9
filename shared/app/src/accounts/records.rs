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
    /// The record, after whatever it or the group lacked was put right. The record comes first: who loses the race for
    /// it grants the role that the winner wrote, so that nobody gets two.
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
        // Twice, since somebody may have done a part of it a moment ago: signed up again, say, which leaves a record that
        // is not confirmed.
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

    /// The record as it should be; `None` if it is so.
    fn wanted(&self, account: &Account, found: Option<&User>, now: Timestamp) -> Option<User> {
        let granted = account.roles.iter().max().copied();
        // Past us, in Cognito itself, anybody can ask for anything: nobody becomes a dispatcher by asking. Who asked for
        // nothing gets the role that can do the least harm.
        let asked_for = account.asked_for.filter(|role| role.is_ours_to_grant());
        let asked_for = asked_for.unwrap_or(Role::Customer);
        let Some(user) = found else {
            let role = granted.unwrap_or(asked_for);
            // Version 1, confirmed or not: nobody has seen the step between.
            let confirmed = self.new_record(account, role, now).confirmed(now);
            return Some(User {
                version: 1,
                ..confirmed
            });
        };
        if user.status == UserStatus::Unconfirmed {
            return Some(user.confirmed(now));
        }
        // Somebody was put into another group by hand, as the first dispatcher is. An agent with a route open is moved at
        // the first log-in after its end: what is aboard is in their record. A dispatcher who was taken out of the group is
        // one no more, whatever the record says.
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

    /// Agents wait for approval whichever way they came. Nobody else has a profile: who has one is of the fleet, is listed
    /// there, and can be put on duty.
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
