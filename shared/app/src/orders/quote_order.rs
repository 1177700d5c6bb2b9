//! `POST /quotes`: when an order would be picked up and delivered.

use std::sync::Arc;
use std::time::Duration;

use domain::{
    DispatchRules, LegEstimate, LongestLeg, Order, Role, ServiceArea, Timestamp, UnplacedReason,
    ZoneGrid,
};
use intake::{AddressAlone, Faults, read_order};
use jiff::{RoundMode, SignedDuration, TimestampRound, Unit};
use serde::Serialize;
use serde_json::Value;

use crate::addresses::PlaceAddresses;
use crate::caller::Caller;
use crate::orders::places::check_places;
use crate::ports::{Clock, Ids, Jitter, OrderStore, RouteProvider, RouteStore, UserStore};
use crate::refusal::Refusal;
use crate::routes::optimize_routes::{Forecast, Quoting};

/// How long a quote is worth something. Other orders change the routes.
const VALID: SignedDuration = SignedDuration::from_mins(5);
/// The times of a quote are full multiples of this many minutes. With exact times somebody could ask from several
/// places and find out where the agents are.
const STEP_MIN: i64 = 5;

/// `POST /quotes`
pub struct QuoteOrder {
    /// The records of people.
    pub users: Arc<dyn UserStore>,
    /// The orders.
    pub orders: Arc<dyn OrderStore>,
    /// The routes.
    pub routes: Arc<dyn RouteStore>,
    /// Plans. It must answer within a second, so it is the embedded planner.
    pub provider: Arc<dyn RouteProvider>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// New ids. The order of a quote is not stored.
    pub ids: Arc<dyn Ids>,
    /// Randomness for the pauses.
    pub jitter: Arc<dyn Jitter>,
    /// The zones.
    pub grid: ZoneGrid,
    /// For the way from the pickup to the drop-off.
    pub estimate: LegEstimate,
    /// The area in which the company picks up and hands over.
    pub service_area: ServiceArea,
    /// The longest way from a pickup to its drop-off.
    pub longest_leg: LongestLeg,
    /// What a plan weighs.
    pub rules: DispatchRules,
    /// How long the planner may search.
    pub time_limit: Duration,
    /// Finds the locations of addresses; `None` if each stop must have its location.
    pub addresses: Option<PlaceAddresses>,
}

/// A quote.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct QuoteAnswer {
    feasible: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<UnplacedReason>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pickup_eta: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dropoff_eta: Option<Timestamp>,
    distance_m: u32,
    expires_at: Timestamp,
}

impl QuoteOrder {
    /// When the order would be picked up and delivered if it were placed now. Nothing is stored, except that the cache
    /// remembers a placed address.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for bad input; [`Refusal::Unplaceable`] for addresses that are unknown or may be several
    /// places; [`Refusal::AccountSuspended`].
    pub async fn run(&self, caller: &Caller, body: &Value) -> Result<QuoteAnswer, Refusal> {
        if caller.acting_as(&[Role::Dispatcher, Role::Customer])? == Role::Customer {
            caller.as_customer(self.users.as_ref()).await?;
        }
        let now = self.clock.now();
        let address_alone = match self.addresses {
            Some(_) => AddressAlone::Allowed,
            None => AddressAlone::Refused,
        };
        let draft = read_order(body, address_alone, now)?;
        let new = match &self.addresses {
            Some(addresses) if draft.has_address_to_place() => addresses.locate(draft, now).await?,
            _ => {
                let located = draft.located(None, None);
                located.ok_or_else(|| Refusal::Broken("a stop has no location".into()))?
            }
        };
        check_places(&new, &self.service_area, &self.longest_leg)?;
        let zone = self.grid.zone_of(new.pickup.location);
        let zone =
            zone.ok_or_else(|| Faults::one("#/pickup/location", "is not a place on earth"))?;
        let way = self.estimate.leg(new.pickup.location, new.dropoff.location);
        let order = Order::placed(self.ids.order_id(), caller.user_id, new, zone, now);
        let quoting = Quoting {
            users: self.users.as_ref(),
            orders: self.orders.as_ref(),
            routes: self.routes.as_ref(),
            jitter: self.jitter.as_ref(),
            provider: self.provider.as_ref(),
            rules: self.rules,
            estimate: self.estimate,
            time_limit: self.time_limit,
        };
        let forecast = quoting.forecast(order, zone, now).await?;
        let (reason, pickup, dropoff) = match forecast {
            Forecast::Planned { pickup, dropoff } => (None, Some(pickup), Some(dropoff)),
            Forecast::Unplaced(reason) => (Some(reason), None, None),
        };
        Ok(QuoteAnswer {
            feasible: reason.is_none(),
            reason,
            pickup_eta: pickup.map(|time| coarse(time, now)),
            dropoff_eta: dropoff.map(|time| coarse(time, now)),
            distance_m: way.distance_m,
            expires_at: now + VALID,
        })
    }
}

/// The full step that is nearest to the time, but no step that is over.
fn coarse(time: Timestamp, now: Timestamp) -> Timestamp {
    let steps = |mode| {
        let minutes = TimestampRound::new().smallest(Unit::Minute);
        minutes.increment(STEP_MIN).mode(mode)
    };
    let nearest = time.round(steps(RoundMode::HalfExpand));
    let first = now.round(steps(RoundMode::Ceil));
    nearest.unwrap_or(time).max(first.unwrap_or(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_told_as_the_nearest_step_that_is_not_over() {
        for (expected, now, told) in [
            ("08:12:29", "08:00:00", "08:10:00"),
            ("08:12:30", "08:00:00", "08:15:00"),
            ("08:05:00", "08:05:00", "08:05:00"),
            ("08:01:30", "08:01:00", "08:05:00"),
        ] {
            let [expected, now, told] = [expected, now, told]
                .map(|time| format!("2030-05-06T{time}Z").parse::<Timestamp>().unwrap());
            assert_eq!(coarse(expected, now), told, "{expected} at {now}");
        }
    }
}
