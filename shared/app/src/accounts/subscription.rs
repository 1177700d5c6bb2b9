//! The email subscription in a user's record.

use domain::{EmailNotifications, Timestamp, User};

use crate::ports::{StoreError, UserStore};
use crate::refusal::Refusal;

/// Records the state of a user's email subscription, and the time of the request in `asked_at` if the request is new.
///
/// A lost race against another write is no error: the next log-in looks up the state again.
pub(crate) async fn record_subscription(
    users: &dyn UserStore,
    user: &User,
    state: EmailNotifications,
    asked_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<(), Refusal> {
    let mut changed = user.changed(now);
    changed.email_notifications = state;
    // The request was never confirmed and no longer exists, so it has lapsed. The next log-in asks again.
    let lapsed =
        (user.email_notifications, state) == (EmailNotifications::Pending, EmailNotifications::Off);
    changed.subscribed_at = asked_at.or(user.subscribed_at.filter(|_| !lapsed));
    match users.put_user(&changed).await {
        Ok(()) | Err(StoreError::Conflict) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
