//! Every key that is put together from parts, and how it is taken apart again.
//!
//! | key | form |
//! | --- | --- |
//! | Orders `list_shard` | `<shard>` |
//! | Orders `status_shard` | `<status>#<shard>` |
//! | Orders `pending_zone` | `<zone>#<shard>` |
//! | Orders `retry_key` | `<retry_at>#<order_id>` |
//! | Routes `item` | `route#<route_id>`, `geometry#<route_id>` |
//! | Imports `item` | `import`, `rejected#<row, ten digits>` |
//! | Claims `claim` | `order-key#<caller>#<SHA-256 of the key>`, `external-id#<customer>#<SHA-256 of it>`,
//! `outbox#<user>`, `told#<user>#<ten minutes>`, `zone#<zone>`, `legs#<lat>,<lon>`,
//! `place#<SHA-256 of what was asked>`, `pending-bound#<customer>`, `no-agents#<zone>`, `sweep`,
//! `tracking#<SHA-256 of the token>`, `tracking-of#<order>`, `promise#<order>`, `messages#<order>`,
//! `no-messages#<pseudonym of an address>`, `proofs#<order>`, `pin#<order>` |
//!
//! Times in keys are RFC 3339 in UTC with exactly three decimals, so that they sort as text.

use app::digest::sha256_hex;
use domain::{Coordinates, OrderId, OrderStatus, RouteId, Timestamp, UserId, Zone};
use uuid::Uuid;

/// The number of partitions of an index that would otherwise have one hot key. DynamoDB takes 1,000 writes a second for
/// each partition.
pub const SHARDS: u8 = 8;

const ROUTE: &str = "route#";
const GEOMETRY: &str = "geometry#";
const LEGS: &str = "legs#";
const NO_AGENTS: &str = "no-agents#";

/// The shard of an order. It comes from the last byte of the id, which is random in UUIDs of version 7 and a hash in
/// those of version 8.
pub fn shard(order_id: OrderId) -> u8 {
    let [.., last] = order_id.0.into_bytes();
    last % SHARDS
}

/// All shards.
pub fn shards() -> impl Iterator<Item = u8> {
    0..SHARDS
}

/// Key of `orders-by-shard`.
pub fn list_shard(shard: u8) -> String {
    shard.to_string()
}

/// Key of `orders-by-status`.
pub fn status_shard(status: OrderStatus, shard: u8) -> String {
    format!("{}#{shard}", status.name())
}

/// Key of `pending-orders`.
pub fn pending_zone(zone: Zone, shard: u8) -> String {
    format!("{zone}#{shard}")
}

/// The zone in a key of `pending-orders`.
pub fn zone_of_pending(pending_zone: &str) -> Option<Zone> {
    let (zone, _) = pending_zone.split_once('#')?;
    zone.parse().ok()
}

/// The time and the order in a sort key of `pending-orders`.
pub fn time_and_order(retry_key: &str) -> Option<(Timestamp, OrderId)> {
    let (retry_at, order_id) = retry_key.split_once('#')?;
    Some((retry_at.parse().ok()?, order_id.parse().ok()?))
}

/// Sort key of `pending-orders`: the time when the order is due, then the id.
pub fn retry_key(retry_at: Timestamp, order_id: OrderId) -> String {
    format!("{}#{order_id}", sortable(retry_at))
}

/// Sorts after every `retry_key` of that time and before all later ones.
pub fn retry_key_bound(due_by: Timestamp) -> String {
    format!("{}#~", sortable(due_by))
}

/// A time in a form that sorts as text.
pub fn sortable(time: Timestamp) -> String {
    format!("{time:.3}")
}

/// Sort key of a route.
pub fn route_item(route_id: RouteId) -> String {
    format!("{ROUTE}{route_id}")
}

/// Sort key of a route's geometry.
pub fn geometry_item(route_id: RouteId) -> String {
    format!("{GEOMETRY}{route_id}")
}

/// Whether a sort key belongs to a route itself.
pub fn is_route_item(item: &str) -> bool {
    item.starts_with(ROUTE)
}

/// The route of a sort key.
pub fn route_of_item(item: &str) -> Option<RouteId> {
    item.strip_prefix(ROUTE)?.parse().ok()
}

/// The first and the last sort key of the routes before one route, or of all routes. `None` if there can be none.
pub fn routes_before(before: Option<RouteId>) -> Option<(String, String)> {
    let last = match before {
        // UUIDs sort the same as text and as numbers.
        Some(before) => Uuid::from_u128(before.0.as_u128().checked_sub(1)?),
        None => Uuid::max(),
    };
    Some((route_item(RouteId(Uuid::nil())), route_item(RouteId(last))))
}

/// The claim of a caller's `Idempotency-Key`. The key is a text of the caller, of any length, so it is hashed.
pub fn order_key_claim(caller: UserId, key: &str) -> String {
    format!("order-key#{caller}#{}", sha256_hex(key.as_bytes()))
}

/// The claim of a customer's external id for an order, hashed too.
pub fn external_id_claim(customer: UserId, external_id: &str) -> String {
    format!(
        "external-id#{customer}#{}",
        sha256_hex(external_id.as_bytes())
    )
}

/// Sort key of an import itself.
pub const IMPORT_ITEM: &str = "import";

/// Sort key of the profiles of a customer, whose id is the hash key of the item.
pub const PROFILES_ITEM: &str = "profiles";

/// Sort key of the faults of a chunk's rejected rows: the number of the first row, so that they sort by row.
pub fn rejected_item(first_row: u32) -> String {
    format!("rejected#{first_row:010}")
}

/// Sorts after all faults of an import.
pub const REJECTED_END: &str = "rejected#~";

/// Sort key of how far the addresses of an import are placed.
pub const LOCATING_ITEM: &str = "locating";

/// Sort key of the faults of rows whose orders failed: the number of the first row, so that they sort by row.
pub fn unplaced_item(first_row: u32) -> String {
    format!("unplaced#{first_row:010}")
}

/// Sorts after all of them.
pub const UNPLACED_END: &str = "unplaced#~";

/// The outbox of a user.
pub fn outbox_claim(user: UserId) -> String {
    format!("outbox#{user}")
}

/// What a user was told of the ten minutes that begin at this second since 1970.
pub fn told_claim(user: UserId, begins_at_s: i64) -> String {
    format!("told#{user}#{begins_at_s}")
}

/// The geocoder's answer for an address, by the hash of the question.
pub fn place_claim(asked: &str) -> String {
    format!("place#{asked}")
}

/// The claim of the one who asks the geocoder for an address, by the hash of the question.
pub fn asking_claim(asked: &str) -> String {
    format!("asking#{asked}")
}

/// The turns to ask the geocoder.
pub const GEOCODER_TURNS_CLAIM: &str = "geocoder-turns";

/// The lease of a zone.
pub fn zone_claim(zone: Zone) -> String {
    format!("zone#{zone}")
}

/// The note that a zone has no agents nearby.
pub fn no_agents_claim(zone: Zone) -> String {
    format!("{NO_AGENTS}{zone}")
}

/// The zone in a key of [`no_agents_claim`].
pub fn zone_of_no_agents(claim: &str) -> Option<Zone> {
    claim.strip_prefix(NO_AGENTS)?.parse().ok()
}

/// The bound on a customer's pending orders.
pub fn pending_bound_claim(customer: UserId) -> String {
    format!("pending-bound#{customer}")
}

/// A tracking link, by the hash of its token.
pub fn tracking_claim(token_hash: &str) -> String {
    format!("tracking#{token_hash}")
}

/// The current tracking link of an order.
pub fn tracking_of_claim(order_id: OrderId) -> String {
    format!("tracking-of#{order_id}")
}

/// The delivery time that an order's customer was told.
pub fn promise_claim(order_id: OrderId) -> String {
    format!("promise#{order_id}")
}

/// What the recipient of an order was told.
pub fn messages_claim(order_id: OrderId) -> String {
    format!("messages#{order_id}")
}

/// The number of text messages in a month.
pub fn texts_claim(month: &str) -> String {
    format!("texts#{month}")
}

/// The wish for no messages at an address or a phone number.
pub fn no_messages_claim(pseudonym: &str) -> String {
    format!("no-messages#{pseudonym}")
}

/// The pictures of an order.
pub fn proofs_claim(order_id: OrderId) -> String {
    format!("proofs#{order_id}")
}

/// The PIN of an order's recipient.
pub fn pin_claim(order_id: OrderId) -> String {
    format!("pin#{order_id}")
}

/// The place of the sweep.
pub const SWEEP_CLAIM: &str = "sweep";

/// The legs from and to a place.
pub fn legs_claim(place: Coordinates) -> String {
    format!("{LEGS}{}", cell(place))
}

/// The place in a key of [`legs_claim`], to the metre.
pub fn place_of_legs(claim: &str) -> Option<Coordinates> {
    place_of_cell(claim.strip_prefix(LEGS)?)
}

/// Degrees with five decimals, which is a metre. Places that agree in them are the same.
pub fn cell(place: Coordinates) -> String {
    // Adding zero makes the negative one positive.
    let rounded = |degrees: f64| (degrees * 1e5).round() / 1e5 + 0.0;
    format!("{:.5},{:.5}", rounded(place.lat), rounded(place.lon))
}

/// The place of a [`cell`].
pub fn place_of_cell(cell: &str) -> Option<Coordinates> {
    let (lat, lon) = cell.split_once(',')?;
    Some(Coordinates {
        lat: lat.parse().ok()?,
        lon: lon.parse().ok()?,
    })
}
