//! The events that are still to come.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Milliseconds since the day began.
pub(super) type Moment = i64;

/// Something that happens at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Event {
    /// A customer places the order with this number.
    Placed(usize),
    /// A customer cancels an order.
    Cancelled(usize),
    /// An agent comes on duty.
    DutyBegins(usize),
    /// An agent goes off duty.
    DutyEnds(usize),
    /// An agent reaches a stop. `trip` is the number of the drive.
    Arrived { agent: usize, trip: u64 },
    /// An agent ends the service at a stop.
    Served { agent: usize, trip: u64 },
    /// The batch of stream records is complete.
    StreamBatch,
    /// A delayed wake-up becomes visible.
    WakesVisible,
    /// The batch of wake-ups is complete.
    WakeBatch,
    /// The delay of a notification is over.
    NotificationsVisible,
    /// The oldest plan in the making is finished.
    Planned(u64),
    /// The sweep runs.
    Sweep,
}

impl Event {
    /// Whether a customer or an agent does something.
    pub(super) fn is_of_people(self) -> bool {
        match self {
            Self::Placed(_)
            | Self::Cancelled(_)
            | Self::DutyBegins(_)
            | Self::DutyEnds(_)
            | Self::Arrived { .. }
            | Self::Served { .. } => true,
            Self::StreamBatch
            | Self::WakesVisible
            | Self::WakeBatch
            | Self::NotificationsVisible
            | Self::Planned(_)
            | Self::Sweep => false,
        }
    }
}

/// Events in the sequence of their moments. Events of the same moment come in the sequence in which they were noted.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    heap: BinaryHeap<Reverse<(Moment, u64, Event)>>,
    noted: u64,
}

impl Agenda {
    pub(super) fn note(&mut self, at: Moment, event: Event) {
        self.noted += 1;
        self.heap.push(Reverse((at, self.noted, event)));
    }

    pub(super) fn next(&mut self) -> Option<(Moment, Event)> {
        self.heap.pop().map(|Reverse((at, _, event))| (at, event))
    }

    /// The number of events that are noted.
    pub(super) fn len(&self) -> usize {
        self.heap.len()
    }
}

/// A time in seconds as a moment.
pub(super) fn moment(seconds: f64) -> Moment {
    (seconds * 1000.0).round() as Moment
}

/// A moment in seconds.
pub(super) fn seconds(at: Moment) -> f64 {
    at as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_in_the_sequence_of_their_moments_and_then_of_their_notes() {
        let mut agenda = Agenda::default();
        agenda.note(5, Event::Sweep);
        agenda.note(3, Event::Placed(2));
        agenda.note(5, Event::Placed(1));
        agenda.note(3, Event::Cancelled(0));
        let mut taken = Vec::new();
        while let Some(next) = agenda.next() {
            taken.push(next);
        }
        let expected = [
            (3, Event::Placed(2)),
            (3, Event::Cancelled(0)),
            (5, Event::Sweep),
            (5, Event::Placed(1)),
        ];
        assert_eq!(taken, expected);
    }
}
