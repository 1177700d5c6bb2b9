//! Tracking: what the person at the door sees of an order, without an account.

mod choose_window;
mod create_tracking_link;
mod get_tracking;
mod show_proof;
mod tell;
mod words;

pub use choose_window::{ChooseWindow, OfferWindows};
pub use create_tracking_link::{CreateTrackingLink, NewLink};
pub use get_tracking::{Company, GetTracking, MapTiles, TrackingAnswer};
pub use show_proof::ShowProof;
pub use tell::{LeaveNote, RateDelivery, TellByLink};
pub use words::Words;

use domain::recipient::MOST_CHOICES;
use domain::{Order, OrderId, RecipientRefused, Timestamp, TrackingToken};

use crate::digest::sha256_hex;
use crate::ports::{LinkUse, OrderStore, TrackingLinks};
use crate::refusal::Refusal;

/// Uses of one link in a minute.
const MOST_A_MINUTE: u32 = 30;

/// The order of a link. The use is counted.
pub(crate) async fn open(
    links: &dyn TrackingLinks,
    token: &str,
    now: Timestamp,
) -> Result<OrderId, Refusal> {
    let token = TrackingToken::read(token).map_err(|_| Refusal::NotFound)?;
    match links.use_link(&hash(&token), MOST_A_MINUTE, now).await? {
        LinkUse::Order(order_id) => Ok(order_id),
        LinkUse::TooOften => Err(Refusal::Throttled),
        LinkUse::Unknown => Err(Refusal::NotFound),
    }
}

/// The refusal of what a person at the door tells about an order.
pub(crate) fn refusal(refused: RecipientRefused, order: &Order) -> Refusal {
    match refused {
        RecipientRefused::Ended => Refusal::OrderEnded {
            status: order.status,
        },
        RecipientRefused::NotDelivered => Refusal::NotDelivered,
        RecipientRefused::NoNextAttempt => Refusal::NoNextAttempt,
        RecipientRefused::TooManyChoices => Refusal::TooManyChoices { most: MOST_CHOICES },
        RecipientRefused::TooSoon => Refusal::Throttled,
    }
}

/// The order of a link that was opened. When tracking is over, the link opens nothing.
pub(crate) async fn tracked(
    orders: &dyn OrderStore,
    order_id: OrderId,
    now: Timestamp,
) -> Result<Order, Refusal> {
    let order = orders.order(order_id).await?;
    let is_over = |order: &Order| order.tracking_ends_at().is_some_and(|end| end <= now);
    order
        .filter(|order| !is_over(order))
        .ok_or(Refusal::NotFound)
}

/// The form in which the store knows a token.
fn hash(token: &TrackingToken) -> String {
    sha256_hex(token.secret().as_bytes())
}
