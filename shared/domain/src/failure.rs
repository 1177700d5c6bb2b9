//! What follows when a drop-off fails: the parcel is still in the vehicle.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr, VariantArray};

use crate::order::{HistoryLine, Order, OrderStatus};
use crate::stop::{OPEN_END, StopDraft, TimeWindow};
use crate::tap::Tap;
use crate::user::{Actor, Role};

/// An order with [`OnFailure::Retry`] has at most this many attempts at its drop-off.
pub const MOST_ATTEMPTS: usize = 3;
/// The next attempt begins this long after the one that failed, at the earliest.
pub const RETRY_AFTER: SignedDuration = SignedDuration::from_hours(1);
/// A `failed` without an id, from the same side within this time, is the same tap again.
const SAME_FAILURE: SignedDuration = SignedDuration::from_mins(10);

/// Why an order could not be picked up or handed over.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    Display,
    EnumString,
    IntoStaticStr,
    VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ReasonCode {
    /// Nobody was there.
    NobodyHome,
    /// The person at the door did not want it.
    Refused,
    /// The address does not exist, or it is another one.
    AddressWrong,
    /// The parcel is damaged.
    Damaged,
    /// The shop or the office is closed.
    Closed,
    /// Another reason.
    Other,
}

impl ReasonCode {
    /// The name in JSON and in the database.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// The reason in words, for emails.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::NobodyHome => "Nobody was there.",
            Self::Refused => "It was refused at the door.",
            Self::AddressWrong => "The address is wrong.",
            Self::Damaged => "It is damaged.",
            Self::Closed => "The place was closed.",
            Self::Other => "There was another reason.",
        }
    }
}

/// What follows when the drop-off of an order fails. A pickup that fails always ends the order.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    Display,
    EnumString,
    IntoStaticStr,
    VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum OnFailure {
    /// The order ends as `failed`. What becomes of the parcel is not recorded.
    #[default]
    End,
    /// The agent takes the parcel back to the pickup.
    Return,
    /// The agent tries again later, three times in all. Then the parcel goes back to the pickup.
    Retry,
    /// A dispatcher decides.
    Hold,
}

impl OnFailure {
    /// The name in JSON and in the database.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Whether the order ends as `failed`.
    pub fn is_end(&self) -> bool {
        *self == Self::End
    }
}

impl OrderStatus {
    /// Whether the parcel is in the agent's vehicle, and the agent still has a stop to make for it.
    pub fn is_aboard(self) -> bool {
        match self {
            Self::InProgress | Self::Undelivered | Self::Returning => true,
            Self::Pending
            | Self::Assigned
            | Self::Delivered
            | Self::Failed
            | Self::Cancelled
            | Self::Returned => false,
        }
    }
}

impl Order {
    /// The place at which the agent hands the parcel over: the drop-off, or the pickup for a parcel that goes back. The
    /// pickup takes it back at any time.
    pub fn hand_over(&self) -> StopDraft {
        if self.status == OrderStatus::Returning {
            StopDraft {
                window: None,
                ..self.pickup.clone()
            }
        } else {
            self.dropoff.clone()
        }
    }

    /// Whether the agent comes to the drop-off at a time that somebody knows: not while a dispatcher decides, and not
    /// while the parcel goes back.
    pub fn is_expected_at_door(&self) -> bool {
        let waits = self.status == OrderStatus::Undelivered && self.on_failure == OnFailure::Hold;
        self.status.is_on_route() && self.status != OrderStatus::Returning && !waits
    }

    /// The attempts at the drop-off that have failed and did not end the order.
    pub fn failed_attempts(&self) -> usize {
        self.history.iter().filter(is_attempt).count()
    }

    /// Whether the agent comes to the door again, and there are attempts left.
    pub fn waits_for_next_attempt(&self) -> bool {
        self.status == OrderStatus::Undelivered && self.on_failure == OnFailure::Retry
    }

    /// The edits since the last attempt failed, newest first.
    pub(crate) fn edits_since_attempt(&self) -> impl Iterator<Item = &HistoryLine> {
        let since = self.history.iter().rev();
        since
            .take_while(|line| !is_attempt(line))
            .filter(|line| !line.edited.is_empty())
    }

    /// The status that follows if a side says `failed`. A dispatcher who says so of an undelivered order ends it.
    pub fn after_failure(&self, by: Role) -> OrderStatus {
        match self.status {
            OrderStatus::InProgress => self.next_step(self.failed_attempts() + 1),
            OrderStatus::Undelivered if by != Role::Dispatcher => {
                self.next_step(self.failed_attempts() + 1)
            }
            OrderStatus::Undelivered
            | OrderStatus::Pending
            | OrderStatus::Assigned
            | OrderStatus::Delivered
            | OrderStatus::Failed
            | OrderStatus::Cancelled
            | OrderStatus::Returning
            | OrderStatus::Returned => OrderStatus::Failed,
        }
    }

    fn next_step(&self, attempts: usize) -> OrderStatus {
        match self.on_failure {
            OnFailure::End => OrderStatus::Failed,
            OnFailure::Return => OrderStatus::Returning,
            OnFailure::Retry if attempts >= MOST_ATTEMPTS => OrderStatus::Returning,
            OnFailure::Retry | OnFailure::Hold => OrderStatus::Undelivered,
        }
    }

    /// Whether a `failed` tells nothing new: what follows from it has begun. An agent who tries again needs a `tap_id`
    /// for the second `failed`, or says it ten minutes later.
    pub fn has_failed_already(&self, by: Role, tap: &Tap, now: Timestamp) -> bool {
        match self.status {
            OrderStatus::Failed | OrderStatus::Returning | OrderStatus::Returned => true,
            OrderStatus::Undelivered => {
                let waits = by != Role::Dispatcher && self.on_failure == OnFailure::Hold;
                let last = self.history.iter().rev();
                let mut last = last.filter(is_attempt);
                let again = last.next().is_some_and(|line| {
                    let reported = line.tap.as_ref().map_or(line.at, |tap| tap.reported_at);
                    line.by == Actor::from(by) && now.duration_since(reported) < SAME_FAILURE
                });
                waits || (again && tap.id.is_none())
            }
            OrderStatus::Pending
            | OrderStatus::Assigned
            | OrderStatus::InProgress
            | OrderStatus::Delivered
            | OrderStatus::Cancelled => false,
        }
    }

    /// A late tap has told that the order was aboard when it failed: then the next step follows. Says whether it does.
    pub fn goes_on_after_late_pickup(&mut self) -> bool {
        let next = self.next_step(1);
        if self.status != OrderStatus::Failed || next == OrderStatus::Failed {
            return false;
        }
        self.status = next;
        let mut lines = self.history.iter_mut().rev();
        let Some(line) = lines.find(|line| line.status == OrderStatus::Failed) else {
            return false;
        };
        line.status = next;
        let failed_at = line.at;
        self.wait_for_next_attempt(failed_at);
        true
    }

    /// Sets when the agent may come to the door again. The window of an earlier attempt is over.
    pub fn wait_for_next_attempt(&mut self, failed_at: Timestamp) {
        self.dropoff.window = match self.status {
            OrderStatus::Undelivered => {
                failed_at
                    .checked_add(RETRY_AFTER)
                    .ok()
                    .map(|start| TimeWindow {
                        start,
                        end: OPEN_END,
                    })
            }
            // A dispatcher sends the agent there now.
            OrderStatus::InProgress => None,
            OrderStatus::Pending
            | OrderStatus::Assigned
            | OrderStatus::Delivered
            | OrderStatus::Failed
            | OrderStatus::Cancelled
            | OrderStatus::Returning
            | OrderStatus::Returned => return,
        };
    }
}

/// Whether the line tells of an attempt that has failed. An edit adds a line with the same status.
fn is_attempt(line: &&HistoryLine) -> bool {
    line.status == OrderStatus::Undelivered && line.edited.is_empty()
}
