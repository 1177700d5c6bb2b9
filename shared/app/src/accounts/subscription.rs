//! The email subscription in a user's record.

use domain::{EmailNotifications, Timestamp, User};
use jiff::SignedDuration;

use crate::ports::{MailError, Mailer, StoreError, UserStore};
use crate::refusal::Refusal;

/// `GET /me` and log-ins believe a record that says "on" for this long.
pub(super) const BELIEVED: SignedDuration = SignedDuration::from_mins(10);

/// Records the state of a user's email subscription as SNS tells it, and the time of the request in `asked_at` if the
/// address was asked to confirm just now.
///
/// A lost race against another write is no error: the next log-in looks up the state again.
pub(crate) async fn record_subscription(
    users: &dyn UserStore,
    user: &User,
    found: EmailNotifications,
    asked_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<(), Refusal> {
    match users.put_user(&recorded(user, found, asked_at, now)).await {
        Ok(()) | Err(StoreError::Conflict) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn recorded(
    user: &User,
    found: EmailNotifications,
    asked_at: Option<Timestamp>,
    now: Timestamp,
) -> User {
    let mut changed = user.changed(now);
    // SNS may not show a request that was made a moment ago.
    changed.email_notifications = match (found, asked_at) {
        (EmailNotifications::Off, Some(_)) => EmailNotifications::Pending,
        _ => found,
    };
    changed.subscription_checked_at = Some(now);
    let before = user.email_notifications;
    changed.subscription_lost_at = match (before, found) {
        (_, EmailNotifications::On) => None,
        (EmailNotifications::On, EmailNotifications::Off) => Some(now),
        _ => user.subscription_lost_at,
    };
    // The request was never confirmed and no longer exists, so it has lapsed. The next log-in asks again, unless this
    // was the request after a loss.
    let lapsed = (before, found) == (EmailNotifications::Pending, EmailNotifications::Off)
        && user.subscription_lost_at.is_none();
    changed.subscribed_at = asked_at.or(user.subscribed_at.filter(|_| !lapsed));
    changed
}

/// Asks SNS for the state of a subscription that the record calls "on", and stores the answer, also if it is the same.
pub(crate) async fn check_subscription(
    mailer: &dyn Mailer,
    users: &dyn UserStore,
    user: &User,
    now: Timestamp,
) -> Result<(), Refusal> {
    let found = mailer.subscription(user.id, &user.email).await?;
    record_subscription(users, user, found, None, now).await
}

/// Asks the address to confirm a subscription, unless it is on. Returns the state after that.
pub(super) async fn renew(
    mailer: &dyn Mailer,
    users: &dyn UserStore,
    user: &User,
    now: Timestamp,
) -> Result<EmailNotifications, Refusal> {
    let found = mailer.subscription(user.id, &user.email).await?;
    if found == EmailNotifications::On {
        record_subscription(users, user, found, None, now).await?;
        return Ok(found);
    }
    mailer.subscribe(user.id, &user.email).await?;
    record_subscription(users, user, found, Some(now), now).await?;
    Ok(EmailNotifications::Pending)
}

/// Ends a request that is open, so that a new request sends another email.
pub(super) async fn withdraw(mailer: &dyn Mailer, user: &User) -> Result<(), MailError> {
    if mailer.subscription(user.id, &user.email).await? == EmailNotifications::Pending {
        mailer.forget(user.id).await?;
    }
    Ok(())
}
