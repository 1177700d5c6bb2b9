//! The caller of a request.

use domain::{Role, User, UserId, UserStatus};

use crate::ports::UserStore;
use crate::refusal::Refusal;

/// A person whose token the API gateway has verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The token's `sub`.
    pub user_id: UserId,
    /// The roles that the token's groups grant.
    pub roles: Vec<Role>,
    /// The gateway's id of the request. It travels with the orders that the request changes.
    pub request_id: Option<String>,
}

impl Caller {
    /// Whether the caller has this role.
    pub fn is(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// The first of the given roles that the caller has. List the most powerful role first.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] if the caller has none of them.
    pub fn acting_as(&self, allowed: &[Role]) -> Result<Role, Refusal> {
        allowed
            .iter()
            .copied()
            .find(|role| self.is(*role))
            .ok_or(Refusal::Forbidden)
    }

    /// The caller's own record, for a call as a customer. A token stays valid for an hour after a suspension, so each
    /// call looks at the record. A log-in writes the record before it gives the first token.
    ///
    /// # Errors
    /// [`Refusal::AccountSuspended`] for a suspended customer.
    pub(crate) async fn as_customer(&self, users: &dyn UserStore) -> Result<Option<User>, Refusal> {
        let user = users.user(self.user_id).await?;
        match &user {
            Some(user) if user.status == UserStatus::Suspended => Err(Refusal::AccountSuspended),
            _ => Ok(user),
        }
    }
}
