//! The clock and the randomness of the machine. No other module of this crate asks the machine for either.
#![expect(
    clippy::disallowed_methods,
    reason = "the ports for time, ids and chance end here"
)]

use app::ports::{Clock, Ids, Jitter, Secrets};
use domain::{ImportId, OrderId, ProofId, RecipientPin, RouteId, Timestamp, TrackingToken};
use tokio::time::Instant;
use uuid::Uuid;

/// The clock of the system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let now = Timestamp::now();
        // A timestamp holds every time that a system can show. If one did not fit, it would stay unrounded.
        Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
    }
}

/// The current instant of tokio's clock, which never goes back, for deadlines of calls. A test can pause that clock.
pub(crate) fn instant() -> Instant {
    Instant::now()
}

/// UUIDs of version 7.
#[derive(Debug, Clone, Copy, Default)]
pub struct UuidIds;

impl Ids for UuidIds {
    fn order_id(&self) -> OrderId {
        OrderId(Uuid::now_v7())
    }

    fn route_id(&self) -> RouteId {
        RouteId(Uuid::now_v7())
    }

    fn import_id(&self) -> ImportId {
        ImportId(Uuid::now_v7())
    }

    fn proof_id(&self) -> ProofId {
        ProofId(Uuid::now_v7())
    }
}

/// The random numbers of the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct RandomJitter;

impl Jitter for RandomJitter {
    fn up_to(&self, most: u32) -> u32 {
        rand::random_range(0..=most)
    }
}

/// Secrets of the thread's cryptographic generator, which the operating system seeds.
#[derive(Debug, Clone, Copy, Default)]
pub struct RandomSecrets;

impl Secrets for RandomSecrets {
    fn tracking_token(&self) -> TrackingToken {
        TrackingToken::of_bytes(rand::random())
    }

    fn recipient_pin(&self) -> RecipientPin {
        RecipientPin::of_number(rand::random_range(0..RecipientPin::ALL))
    }
}
