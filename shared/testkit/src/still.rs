//! Time, ids and randomness that do not change until a test changes them.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use app::ports::{Clock, Ids, Jitter, Secrets};
use domain::ids::Uuid;
use domain::{ImportId, OrderId, ProofId, RecipientPin, RouteId, Timestamp, TrackingToken};
use jiff::SignedDuration;

/// A clock that a test moves.
#[derive(Debug)]
pub struct StillClock(Mutex<Timestamp>);

impl StillClock {
    /// A clock that shows this time (RFC 3339).
    pub fn at(time: &str) -> Self {
        Self(Mutex::new(time.parse().expect("an RFC 3339 time")))
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: SignedDuration) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for StillClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

/// Ids that count up. Like UUIDs of version 7, later ids sort after earlier ones.
#[derive(Debug, Default)]
pub struct CountedIds(AtomicU64);

impl CountedIds {
    /// Ids that begin after this number.
    pub fn from(number: u64) -> Self {
        Self(AtomicU64::new(number))
    }

    fn next(&self) -> Uuid {
        let count = self.0.fetch_add(1, Ordering::Relaxed) + 1;
        uuid_of(count)
    }
}

/// The UUID of version 7 whose timestamp is `count` milliseconds.
pub fn uuid_of(count: u64) -> Uuid {
    let bits = (u128::from(count) << 80) | (0x7 << 76) | (0x8 << 60) | u128::from(count);
    Uuid::from_u128(bits)
}

impl Ids for CountedIds {
    fn order_id(&self) -> OrderId {
        OrderId(self.next())
    }

    fn route_id(&self) -> RouteId {
        RouteId(self.next())
    }

    fn import_id(&self) -> ImportId {
        ImportId(self.next())
    }

    fn proof_id(&self) -> ProofId {
        ProofId(self.next())
    }
}

impl Secrets for CountedIds {
    fn tracking_token(&self) -> TrackingToken {
        TrackingToken::of_bytes(self.next().into_bytes())
    }

    fn recipient_pin(&self) -> RecipientPin {
        let count = self.0.fetch_add(1, Ordering::Relaxed) + 1;
        RecipientPin::of_number((count % u64::from(RecipientPin::ALL)) as u16)
    }
}

/// No randomness: always 0.
#[derive(Debug, Default)]
pub struct NoJitter;

impl Jitter for NoJitter {
    fn up_to(&self, _most: u32) -> u32 {
        0
    }
}
