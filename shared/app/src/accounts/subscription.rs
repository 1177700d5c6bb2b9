//! The email subscription in a user's record.

use domain::{EmailNotifications, Timestamp, User};
use jiff::SignedDuration;

use crate::ports::{Mailer, StoreError, UserStore, Wish};
use crate::refusal::Refusal;

/// `GET /me` and log-ins believe a record that says "on" for this long.
pub(super) const BELIEVED: SignedDuration = SignedDuration::from_mins(10);

/// Records the state of a user's email subscription as the mail service told it. `asked` is the state after a request
/// that was made just now.
///
/// A lost race against another write is no error: the next log-in looks up the state again.
pub(crate) async fn record_subscription(
    users: &dyn UserStore,
    user: &User,
    found: EmailNotifications,
    asked: Option<EmailNotifications>,
    now: Timestamp,
) -> Result<(), Refusal> {
    match users.put_user(&recorded(user, found, asked, now)).await {
        Ok(()) | Err(StoreError::Conflict) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn recorded(
    user: &User,
    found: EmailNotifications,
    asked: Option<EmailNotifications>,
    now: Timestamp,
) -> User {
    let mut changed = user.changed(now);
    let after = asked.unwrap_or(found);
    changed.email_notifications = after;
    changed.subscription_checked_at = Some(now);
    let before = user.email_notifications;
    changed.subscription_lost_at = match (before, found) {
        _ if after == EmailNotifications::On => None,
        (EmailNotifications::On, EmailNotifications::Off) => Some(now),
        _ => user.subscription_lost_at,
    };
    // The request was never confirmed and no longer exists, so it has lapsed. The next log-in asks again, unless this
    // was the request after a loss.
    let lapsed = (before, found) == (EmailNotifications::Pending, EmailNotifications::Off)
        && user.subscription_lost_at.is_none();
    changed.subscribed_at = match asked {
        // Mail to the address was stopped, and a request of the backend does not lift that. So nobody was asked.
        Some(EmailNotifications::Pending | EmailNotifications::On) => Some(now),
        Some(EmailNotifications::Off) | None => user.subscribed_at.filter(|_| !lapsed),
    };
    changed
}

/// Asks the mail service for the state of a subscription that the record calls "on", and stores the answer, also if it
/// is the same.
pub(crate) async fn check_subscription(
    mailer: &dyn Mailer,
    users: &dyn UserStore,
    user: &User,
    now: Timestamp,
) -> Result<(), Refusal> {
    let found = mailer.subscription(user.id, &user.email).await?;
    record_subscription(users, user, found, None, now).await
}

/// Makes emails reach the user's address, unless they do. Returns the state after that.
pub(super) async fn renew(
    mailer: &dyn Mailer,
    users: &dyn UserStore,
    user: &User,
    wish: Wish,
    now: Timestamp,
) -> Result<EmailNotifications, Refusal> {
    let found = mailer.subscription(user.id, &user.email).await?;
    if found == EmailNotifications::On {
        record_subscription(users, user, found, None, now).await?;
        return Ok(found);
    }
    let asked = mailer.subscribe(user.id, &user.email, wish).await?;
    record_subscription(users, user, found, Some(asked), now).await?;
    Ok(asked)
}
