//! What the person at the door tells about an order: a note for the courier, a window for the next attempt, and a
//! rating afterwards.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::edit::OrderField;
use crate::order::{HistoryLine, Order, OrderStatus};
use crate::stop::TimeWindow;
use crate::user::Actor;

/// The longest note, in characters.
pub const LONGEST_NOTE: usize = 280;
/// The longest comment, in characters.
pub const LONGEST_COMMENT: usize = 500;
/// The best rating.
pub const MOST_STARS: u8 = 5;
/// The person at the door chooses this many times after each attempt that has failed. Each choice moves stops of a
/// route and is a line of the order's history.
pub const MOST_CHOICES: usize = 3;
/// A note or a rating replaces an earlier one after this time at the soonest. Each change is a new version of the
/// order, for which a plan may have to try again.
const LEAST_BETWEEN: SignedDuration = SignedDuration::from_secs(10);

/// What the person at the door has told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FromRecipient {
    /// The note for the courier.
    pub note: Option<RecipientNote>,
    /// The rating of the delivery.
    pub rating: Option<Rating>,
}

/// A note for the courier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecipientNote {
    /// The note.
    pub text: String,
    /// The time at which it was left.
    pub at: Timestamp,
}

/// A rating of the delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rating {
    /// 1 to 5.
    pub stars: u8,
    /// In the words of the person at the door.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// The time of the rating.
    pub at: Timestamp,
}

/// Why an order does not take a note, a window or a rating.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecipientRefused {
    /// The order is delivered, failed or cancelled.
    Ended,
    /// The order is not delivered.
    NotDelivered,
    /// No attempt has failed, or no other one follows.
    NoNextAttempt,
    /// The person has chosen [`MOST_CHOICES`] times since the last attempt.
    TooManyChoices,
    /// The last note, choice or rating is too new.
    TooSoon,
}

impl Order {
    /// Whether the person at the door can leave a note for the courier.
    pub fn takes_note(&self) -> bool {
        match self.status {
            OrderStatus::Pending
            | OrderStatus::Assigned
            | OrderStatus::InProgress
            | OrderStatus::Undelivered => true,
            OrderStatus::Delivered
            | OrderStatus::Failed
            | OrderStatus::Cancelled
            | OrderStatus::Returning
            | OrderStatus::Returned => false,
        }
    }

    /// Whether the person at the door can rate the delivery.
    pub fn takes_rating(&self) -> bool {
        self.status == OrderStatus::Delivered
    }

    /// Whether the person at the door can choose when the agent comes again.
    pub fn takes_window(&self) -> bool {
        self.waits_for_next_attempt() && self.choices().count() < MOST_CHOICES
    }

    /// The window that the person at the door has chosen for the next attempt. `None` if somebody has changed the
    /// window since.
    pub fn chosen_window(&self) -> Option<TimeWindow> {
        let mut edits = self.edits_since_attempt();
        let last = edits.find(|line| line.edited.contains(&OrderField::DropoffWindow));
        let chosen = last.is_some_and(|line| line.by == Actor::Recipient);
        let in_force = chosen && self.waits_for_next_attempt();
        self.dropoff.window.filter(|_| in_force)
    }

    fn choices(&self) -> impl Iterator<Item = &HistoryLine> {
        self.edits_since_attempt()
            .filter(|line| line.by == Actor::Recipient)
    }

    /// The order with another window for the next attempt, as the person at the door chooses it. `None` if the person
    /// has chosen this window already.
    ///
    /// # Errors
    /// If no other attempt follows, the person has chosen three times since the last one, or ten seconds ago.
    pub fn with_chosen_window(
        &self,
        window: TimeWindow,
        now: Timestamp,
    ) -> Result<Option<Self>, RecipientRefused> {
        if !self.waits_for_next_attempt() {
            return Err(RecipientRefused::NoNextAttempt);
        }
        if self.chosen_window() == Some(window) {
            return Ok(None);
        }
        if !self.takes_window() {
            return Err(RecipientRefused::TooManyChoices);
        }
        soon_enough(self.choices().next().map(|line| line.at), now)?;
        let mut changed = self.changed(now);
        changed.dropoff.window = Some(window);
        changed.history.push(HistoryLine {
            status: changed.status,
            at: now,
            by: Actor::Recipient,
            reason: None,
            decision: None,
            edited: vec![OrderField::DropoffWindow],
            tap: None,
            reason_code: None,
            proof: None,
        });
        changed.forget_old_edits();
        Ok(Some(changed))
    }

    /// The order with a note, in place of an earlier one. `None` if it has this note already.
    ///
    /// # Errors
    /// If the order has ended, or its note is not ten seconds old.
    pub fn noted(&self, text: &str, now: Timestamp) -> Result<Option<Self>, RecipientRefused> {
        let before = self.recipient.note.as_ref();
        if !self.takes_note() {
            return Err(RecipientRefused::Ended);
        }
        if before.is_some_and(|note| note.text == text) {
            return Ok(None);
        }
        soon_enough(before.map(|note| note.at), now)?;
        let mut changed = self.changed(now);
        changed.recipient.note = Some(RecipientNote {
            text: text.to_owned(),
            at: now,
        });
        Ok(Some(changed))
    }

    /// The order with a rating, in place of an earlier one. `None` if it has this rating already.
    ///
    /// # Errors
    /// If the order is not delivered, or its rating is not ten seconds old.
    pub fn rated(
        &self,
        stars: u8,
        comment: Option<&str>,
        now: Timestamp,
    ) -> Result<Option<Self>, RecipientRefused> {
        let before = self.recipient.rating.as_ref();
        if !self.takes_rating() {
            return Err(RecipientRefused::NotDelivered);
        }
        if before.is_some_and(|it| (it.stars, it.comment.as_deref()) == (stars, comment)) {
            return Ok(None);
        }
        soon_enough(before.map(|rating| rating.at), now)?;
        let mut changed = self.changed(now);
        changed.recipient.rating = Some(Rating {
            stars,
            comment: comment.map(str::to_owned),
            at: now,
        });
        Ok(Some(changed))
    }
}

fn soon_enough(before: Option<Timestamp>, now: Timestamp) -> Result<(), RecipientRefused> {
    let too_soon = before.is_some_and(|before| now.duration_since(before) < LEAST_BETWEEN);
    if too_soon {
        Err(RecipientRefused::TooSoon)
    } else {
        Ok(())
    }
}
