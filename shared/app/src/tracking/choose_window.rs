//! `POST /tracking/window`: the person at the door chooses when the agent comes again.

use std::sync::Arc;

use domain::{DeliveryHours, Order, RouteStop, TimeWindow, Timestamp, User};
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use serde_json::Value;

use crate::ports::{Changeset, StoreError, TrackingLinks};
use crate::refusal::Refusal;
use crate::routes::by_hand::{DispatchDesk, Insertion, Run};

use super::{open, refusal, tracked};

/// A window can be chosen for this long after the page has shown it.
const OFFER_HOLDS: SignedDuration = SignedDuration::from_mins(10);

/// The windows that the person at the door may choose from.
#[derive(Debug, Clone)]
pub struct OfferWindows {
    /// The days and hours in which the company delivers.
    pub hours: DeliveryHours,
    /// The time zone of these hours.
    pub zone: TimeZone,
}

impl OfferWindows {
    /// The windows that are offered now, the next one first. None if no attempt follows, if the person has chosen as
    /// often as possible, or if the window that the person has chosen has begun.
    pub(super) fn to(
        &self,
        order: &Order,
        agent: Option<&User>,
        now: Timestamp,
    ) -> Vec<TimeWindow> {
        let has_begun = order.chosen_window().is_some_and(|it| it.start <= now);
        if !order.takes_window() || has_begun {
            return Vec::new();
        }
        let profile = agent.and_then(|agent| agent.agent.as_ref());
        let shift = profile.and_then(|profile| profile.shift);
        self.hours.windows(&self.zone, shift, now)
    }

    /// Whether the page may have offered the window: the person at the door reads it for some minutes.
    fn include(&self, window: TimeWindow, order: &Order, agent: &User, now: Timestamp) -> bool {
        let earlier = now.checked_sub(OFFER_HOLDS).unwrap_or(now);
        let now = self.to(order, Some(agent), now);
        // What is offered no more for another reason than the time is in neither list.
        !now.is_empty() && {
            let earlier = self.to(order, Some(agent), earlier);
            now.into_iter()
                .chain(earlier)
                .any(|offered| offered == window)
        }
    }
}

/// `POST /tracking/window`
pub struct ChooseWindow {
    /// The links.
    pub links: Arc<dyn TrackingLinks>,
    /// Changes the route along with the order.
    pub desk: DispatchDesk,
    /// The windows.
    pub windows: OfferWindows,
}

impl ChooseWindow {
    /// Sets the window of the drop-off for the next attempt, in place of an earlier choice. The parcel stays in the
    /// same vehicle. Its stop goes to the best place of the route, after the stops that the agent is on the way to or
    /// that a dispatcher has pinned. A pinned stop stays where it is.
    ///
    /// One transaction writes the order and the route, on the condition of their versions and of the agent's. A call
    /// that loses a race reads and decides again: meanwhile the order may be delivered. The window in force, chosen
    /// again, changes nothing, so a repeat after a crash is safe.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for a link that opens nothing; [`Refusal::Invalid`]; [`Refusal::NoNextAttempt`];
    /// [`Refusal::WindowNotOffered`]; [`Refusal::TooManyChoices`]; [`Refusal::Throttled`] for a second choice within
    /// ten seconds, or a link that is used too often.
    pub async fn run(
        &self,
        token: &str,
        body: &Value,
        request_id: Option<&str>,
    ) -> Result<(), Refusal> {
        let desk = &self.desk;
        let order_id = open(self.links.as_ref(), token, desk.clock.now()).await?;
        let window = intake::read_chosen_window(body)?;
        let mut attempts = desk.attempts();
        loop {
            let now = desk.clock.now();
            let order = tracked(desk.orders.as_ref(), order_id, now).await?;
            let chosen = order.with_chosen_window(window, now);
            let Some(mut chosen) = chosen.map_err(|refused| refusal(refused, &order))? else {
                return Ok(());
            };
            let on = order.assignment.ok_or_else(|| {
                Refusal::Broken("an order that waits for another attempt has no route".into())
            })?;
            let Some(run) = desk.run_with(order_id, on.agent_id).await? else {
                attempts.pause().await?;
                continue;
            };
            if !self.windows.include(window, &order, &run.agent, now) {
                return Err(Refusal::WindowNotOffered);
            }
            chosen.request_id = request_id.map(str::to_owned);
            let stops = self.sequence(&chosen, &run, now);
            let route = desk.route_with(&run, stops, now).ok_or(Refusal::NotFound)?;
            let mut change = Changeset {
                orders: vec![chosen],
                ..Changeset::default()
            };
            desk.add(&mut change, &run, route, now);
            match desk.ledger.commit(&change).await {
                Ok(()) => return Ok(()),
                Err(StoreError::Conflict) => attempts.pause().await?,
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// The open stops of the route, with the next attempt at its best place.
    fn sequence(&self, order: &Order, run: &Run, now: Timestamp) -> Vec<RouteStop> {
        let mut stops = run.open_stops();
        for stop in stops.iter_mut().filter(|stop| stop.order_id == order.id) {
            stop.not_before = order.dropoff.window.map(|window| window.start);
            stop.not_after = order.dropoff.window.map(|window| window.end);
        }
        let pinned = stops.iter().rposition(|stop| stop.pinned);
        let pinned = pinned.map_or(0, |last| last + 1);
        let Some(own) = stops.iter().position(|stop| stop.order_id == order.id) else {
            return stops;
        };
        if own < pinned {
            return stops;
        }
        let freeze = self.desk.rules.freeze;
        let frozen = run
            .route
            .as_ref()
            .and_then(|it| it.frozen_stop(freeze, now));
        let is_frozen = frozen.is_some_and(|stop| stop.order_id != order.id);
        let departs = match &run.route {
            Some(route) if is_frozen => Some(route.departure()),
            _ => self.desk.departure(run, now),
        };
        let Some(departs) = departs else {
            return stops;
        };
        let others: Vec<usize> = (0..stops.len()).filter(|stop| *stop != own).collect();
        let weighed = (&self.desk.estimate, &self.desk.rules);
        let all = stops.iter().collect();
        let insertion = Insertion::new(run, departs, all, &run.sizes(), weighed, now);
        let first = pinned.max(usize::from(is_frozen));
        match insertion.best_hand_over(&others, own, first) {
            Some(best) => best.into_iter().map(|stop| stops[stop].clone()).collect(),
            // The vehicle carries too much already.
            None => stops,
        }
    }
}
