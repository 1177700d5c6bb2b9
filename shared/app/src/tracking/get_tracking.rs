//! `GET /tracking`: an order, as the person at the door may see it.

use std::sync::Arc;

use domain::stop::OPEN_END;
use domain::{
    AgentLocation, Coordinates, ExpectedWindow, LegEstimate, Order, OrderStatus, TimeWindow,
    Timestamp,
};
use jiff::SignedDuration;
use serde::Serialize;

use crate::ports::{Clock, LocationStore, OrderStore, RouteStore, TrackingLinks, UserStore};
use crate::refusal::Refusal;
use crate::routes::under_way::UnderWay;

use super::choose_window::OfferWindows;
use super::show_proof::ShowProof;
use super::words::Words;
use super::{open, tracked};

/// The courier is shown if no more stops than this come before the door.
const MOST_STOPS_BEFORE: usize = 3;
/// The courier is shown if the location is younger than this.
const LOCATION_IS_FRESH: SignedDuration = SignedDuration::from_mins(5);

/// `GET /tracking`
pub struct GetTracking {
    /// The links.
    pub links: Arc<dyn TrackingLinks>,
    /// The orders.
    pub orders: Arc<dyn OrderStore>,
    /// The routes.
    pub routes: Arc<dyn RouteStore>,
    /// Where the agents were last seen.
    pub locations: Arc<dyn LocationStore>,
    /// For the time from there to the next stop.
    pub estimate: LegEstimate,
    /// The agents, for their first names.
    pub users: Arc<dyn UserStore>,
    /// The company.
    pub company: Company,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Whether a recipient without an email address gets text messages.
    pub texts: bool,
    /// The proof that the recipient sees.
    pub proof: ShowProof,
    /// The windows for another attempt.
    pub windows: OfferWindows,
}

/// The company, as the page shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Company {
    /// Its name.
    pub name: String,
    /// Its colour, such as `#2457a6`.
    pub colour: String,
    /// An address or a number for questions; empty if there is none.
    pub support: String,
}

/// A server of map tiles, for the tracking page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MapTiles {
    /// The address of a tile, with `{z}`, `{x}` and `{y}`.
    pub url: String,
    /// Whom the map names as its maker.
    pub credit: String,
}

impl MapTiles {
    /// The server alone, for a Content-Security-Policy: scheme and host.
    pub fn origin(&self) -> &str {
        let host = self.url.find("://").map_or(0, |scheme| scheme + 3);
        let end = self.url[host..]
            .find('/')
            .map_or(self.url.len(), |path| host + path);
        &self.url[..end]
    }
}

/// An order, as the person at the door may see it. It has no ids, no contacts, no notes and no
/// other stops.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TrackingAnswer {
    status: OrderStatus,
    /// The status in words.
    message: &'static str,
    /// The time of the last step.
    since: Timestamp,
    /// The span in which the delivery is expected. `null` if nobody knows yet, or if the order has ended.
    expected: Option<Expected>,
    courier: Option<Courier>,
    /// The number of stops that the courier makes before this one.
    stops_before: Option<usize>,
    /// The courier and the door. `null` while the courier is not shown.
    map: Option<TrackingMap>,
    /// What the person at the door can tell now, and what was told.
    note: Telling,
    rating: Telling,
    /// The choice of a window for the next attempt.
    window: Choice,
    /// Whether the person can stop the emails about parcels.
    messages: Telling,
    /// The PIN that the courier asks for. Absent if the delivery needs none, or has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pin: Option<String>,
    /// The photo of the delivery, as a link for five minutes. Absent before it is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    photo: Option<String>,
    company: Company,
    /// The time of this answer.
    at: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
struct Expected {
    from: Timestamp,
    to: Timestamp,
}

impl From<TimeWindow> for Expected {
    fn from(window: TimeWindow) -> Self {
        Self {
            from: window.start,
            to: window.end,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Choice {
    /// Whether a window can be chosen now.
    open: bool,
    /// Whether one was chosen and is in force.
    told: bool,
    /// The windows to choose from, the next one first.
    offered: Vec<Expected>,
    /// The window in force, if the person at the door has chosen it.
    chosen: Option<Expected>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Courier {
    first_name: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
struct Telling {
    /// Whether it can be told now.
    open: bool,
    /// Whether it was told. The answer does not repeat it, because others may have the link.
    told: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct TrackingMap {
    door: Coordinates,
    courier: Coordinates,
    /// The time at which the courier was there.
    at: Timestamp,
}

impl GetTracking {
    /// The order of a link.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for a link that is unknown, replaced or expired; these look alike.
    /// [`Refusal::Throttled`] for a link that is used more than 30 times a minute.
    pub async fn run(&self, token: &str, words: &'static Words) -> Result<TrackingAnswer, Refusal> {
        let now = self.clock.now();
        let order_id = open(self.links.as_ref(), token, now).await?;
        let order = tracked(self.orders.as_ref(), order_id, now).await?;
        self.answer(order, words, now).await
    }

    async fn answer(
        &self,
        order: Order,
        words: &'static Words,
        now: Timestamp,
    ) -> Result<TrackingAnswer, Refusal> {
        let under_way = UnderWay {
            routes: self.routes.as_ref(),
            locations: self.locations.as_ref(),
            estimate: &self.estimate,
        };
        let routes = under_way.of_orders([&order], now).await?;
        let route = routes.of(&order);
        let seen = route.and_then(|route| routes.location_on(route));
        let way = route.and_then(|route| route.way_to_door(order.id));
        // While a dispatcher decides, nobody knows when the courier comes.
        let way = way.filter(|_| order.is_expected_at_door());
        let eta = way.map(|(eta, _)| eta);
        let agent = match route {
            Some(route) => self.users.user(route.agent_id).await?,
            None => None,
        };
        let offered = self.windows.to(&order, agent.as_ref(), now);
        let chosen = order.chosen_window();
        let pin = self.proof.pin(&order, now).await?;
        let photo = self.proof.photo(&order, now).await?;
        Ok(TrackingAnswer {
            status: order.status,
            message: words.status(order.status),
            since: order
                .history
                .last()
                .map_or(order.created_at, |line| line.at),
            expected: expected(&order, eta, now),
            courier: agent.map(|agent| Courier {
                first_name: first_name(&agent.name),
            }),
            stops_before: way.map(|(_, before)| before),
            map: way.and_then(|(_, before)| map(&order, before, seen?, now)),
            note: Telling {
                open: order.takes_note(),
                told: order.recipient.note.is_some(),
            },
            rating: Telling {
                open: order.takes_rating(),
                told: order.recipient.rating.is_some(),
            },
            window: Choice {
                open: !offered.is_empty(),
                told: chosen.is_some(),
                offered: offered.into_iter().map(Expected::from).collect(),
                chosen: chosen.map(Expected::from),
            },
            messages: Telling {
                open: order
                    .dropoff
                    .contact
                    .is_some_and(|it| it.email.is_some() || (self.texts && it.phone.is_some())),
                told: false,
            },
            pin,
            photo,
            company: self.company.clone(),
            at: now,
        })
    }
}

/// The window around the expected time. A pending order that has a window for its drop-off shows that window.
fn expected(order: &Order, eta: Option<Timestamp>, now: Timestamp) -> Option<Expected> {
    if let Some(eta) = eta {
        let window = ExpectedWindow::around(eta, now);
        let window = match order.chosen_window() {
            Some(chosen) => window.within(chosen, eta),
            None => window,
        };
        return Some(Expected {
            from: window.from,
            to: window.to,
        });
    }
    let window = order
        .dropoff
        .window
        .filter(|window| window.end < OPEN_END)?;
    (order.status == OrderStatus::Pending).then(|| window.into())
}

/// The courier on the way to the door. The order must be aboard, the door near in the route, and the location fresh.
fn map(order: &Order, before: usize, seen: &AgentLocation, now: Timestamp) -> Option<TrackingMap> {
    let shown = order.status == OrderStatus::InProgress
        && before <= MOST_STOPS_BEFORE
        && !seen.last.is_older_than(LOCATION_IS_FRESH, now);
    let door = order.dropoff.location?;
    shown.then_some(TrackingMap {
        door,
        courier: seen.last.location,
        at: seen.last.at,
    })
}

fn first_name(name: &str) -> String {
    name.split_whitespace()
        .next()
        .unwrap_or_default()
        .to_owned()
}
