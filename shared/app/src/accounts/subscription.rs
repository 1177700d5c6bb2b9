//! The note in a user's record on their email subscription.

use domain::{EmailNotifications, Timestamp, User};

use crate::ports::{StoreError, UserStore};
use crate::refusal::Refusal;

/// Notes the state of a user's email subscription, and when it was asked for where that is new.
///
/// Losing the race against another change is no error: the state is looked up again at the next log-in.
pub(crate) async fn record_subscription(
    users: &dyn UserStore,
    user: &User,
    state: EmailNotifications,
    asked_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<(), Refusal> {
    let mut changed = user.changed(now);
    changed.email_notifications = state;
    // A request that was never confirmed and is gone has lapsed: the next log-in asks again.
    let lapsed =
        (user.email_notifications, state) == (EmailNotifications::Pending, EmailNotifications::Off);
    changed.subscribed_at = asked_at.or(user.subscribed_at.filter(|_| !lapsed));
    match users.put_user(&changed).await {
        Ok(()) | Err(StoreError::Conflict) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
