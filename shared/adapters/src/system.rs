//! The machine's own clock and chance.

use app::ports::{Clock, Ids, Jitter};
use domain::{ImportId, OrderId, RouteId, Timestamp};
use uuid::Uuid;

/// The system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let now = Timestamp::now();
        // Every instant that the system can tell is within a timestamp's range; were one not, it would stay unrounded.
        Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
    }
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
}

/// The operating system's chance.
#[derive(Debug, Clone, Copy, Default)]
pub struct RandomJitter;

impl Jitter for RandomJitter {
    fn up_to(&self, most: u32) -> u32 {
        rand::random_range(0..=most)
    }
}
