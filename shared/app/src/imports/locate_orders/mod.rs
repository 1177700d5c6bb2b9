//! Places the addresses of imported orders on the map.

mod asking;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

use domain::import::{Chain, Locating};
use domain::place::{ADDRESS_NOT_PLACED, PlaceFault};
use domain::{
    Coordinates, Import, LongestLeg, Order, OrderId, ServiceArea, StopKind, Timestamp, UserStatus,
    ZoneGrid,
};
use futures::{StreamExt, stream};
use jiff::SignedDuration;
use tracing::warn;

use crate::addresses::{PlaceAddresses, Placed, Unplaceable};
use crate::messages::{ImportKey, LocateImport};
use crate::orders::OUTSIDE_SERVICE_AREA;
use crate::ports::{
    Clock, GeocoderTurns, Ids, ImportStore, Jitter, LocatingStore, OrderStore, PlaceCandidate,
    Queue, StoreError, UserStore,
};
use crate::refusal::Refusal;
use crate::retry::Attempts;
use asking::{Answers, Asking, Hindrance};

/// The orders of this many rows are read at once, and their progress is stored together.
const ROWS: u32 = 50;
/// This many orders are written at once.
const WRITES_AT_ONCE: usize = 8;
/// No rows are begun with less time left than this. A request to the geocoder and its turn are within it.
const LAST_ROWS: Duration = Duration::from_secs(20);
/// Another chain of messages may take over when a chain was silent for this long: longer than the queue delivers a
/// message of a crashed run again.
const SILENT: SignedDuration = SignedDuration::from_mins(30);
/// The delay after an outage or a lost race, in seconds. It doubles while the geocoder stays away.
const REST_S: u32 = 30;
/// The delay while a customer is suspended, no geocoder is configured, or the geocoder stays away, in seconds. It is
/// the longest one that SQS takes.
const LONG_REST_S: u32 = 900;
/// After this many runs in a row without progress, about four hours, a failing geocoder brings the message to the
/// dead-letter queue, and an operator looks. A quota that is used up does not count.
const MOST_FRUITLESS: u32 = 20;
/// After this many runs in a row without progress, about half an hour, the run finds out whether the geocoder fails for
/// one address alone.
const STUBBORN: u32 = 6;
/// The delays are up to this much longer, so that the chains do not come back at once, in seconds.
const SPREAD_S: u32 = 5;

/// `locate-orders`: places the addresses of imported orders on the map.
pub struct LocateOrders {
    /// The imports.
    pub imports: Arc<dyn ImportStore>,
    /// How far their addresses are placed.
    pub locating: Arc<dyn LocatingStore>,
    /// The orders.
    pub orders: Arc<dyn OrderStore>,
    /// The records of people.
    pub users: Arc<dyn UserStore>,
    /// Finds the locations of addresses. `None` if no geocoder is configured: then the addresses wait.
    pub addresses: Option<PlaceAddresses>,
    /// The turns to ask the geocoder.
    pub turns: Arc<dyn GeocoderTurns>,
    /// The requests that all function instances together send in a minute.
    pub per_minute: u32,
    /// Goes on with an import later.
    pub queue: Arc<dyn Queue<LocateImport>>,
    /// Ends an import whose addresses are all placed.
    pub ends: Arc<dyn Queue<ImportKey>>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Names the runs.
    pub ids: Arc<dyn Ids>,
    /// Randomness for the delays.
    pub jitter: Arc<dyn Jitter>,
    /// The zones.
    pub grid: ZoneGrid,
    /// The area in which the company picks up and hands over.
    pub service_area: ServiceArea,
    /// The longest way from a pickup to its drop-off.
    pub longest_leg: LongestLeg,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LocatingEnd {
    /// The addresses of all rows that were read are placed, or their orders have ended.
    Settled,
    /// Another chain of messages goes on with the import.
    LeftToOthers,
    /// A further message goes on.
    HandedOn,
    /// The geocoder's turns or its quota are used up for now.
    OutOfTurns,
    /// The geocoder fails.
    GeocoderFails,
    /// The customer is suspended, the import is being cancelled, or there is no geocoder.
    Waits,
}

/// The result of one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocatingReport {
    /// How the run ended.
    pub end: LocatingEnd,
    /// Orders that got their locations.
    pub located: u32,
    /// Orders that failed.
    pub failed: u32,
    /// Requests that the geocoder answered.
    pub answered: u32,
    /// Requests that failed.
    pub unanswered: u32,
}

/// What follows a run.
enum Next {
    /// Nothing.
    Nothing(LocatingEnd),
    /// A message with this delay.
    Message(LocatingEnd, u32),
    /// The record was changed by somebody else: read it again.
    Again,
}

impl LocateOrders {
    /// Goes on with an import until all addresses of the rows that were read are placed, or until `time` is up.
    ///
    /// One message after the other goes on with an import: a chain. A run takes the rows in their order. It asks the
    /// geocoder for each address that the cache does not know, writes the orders, each on the condition of its version,
    /// and then stores how far it came. What became of the rows is counted from the orders themselves, in the same
    /// write. So after a crash the next run asks for nothing that was answered, and counts no row twice.
    ///
    /// A run that has to wait ends with a further message, so no message comes closer to the dead-letter queue by
    /// waiting.
    ///
    /// # Errors
    /// If a dependency stays unavailable and the run made no progress, or if the geocoder has failed for hours. The
    /// queue then delivers the message again.
    pub async fn run(
        &self,
        message: LocateImport,
        time: Duration,
    ) -> Result<LocatingReport, Refusal> {
        let deadline = self.clock.now().checked_add(time.saturating_sub(LAST_ROWS));
        let mut run = Run {
            on: self,
            message,
            deadline: deadline.ok(),
            owner: self.ids.order_id().to_string(),
            failed_in_a_row: AtomicU32::new(0),
            report: LocatingReport {
                end: LocatingEnd::HandedOn,
                located: 0,
                failed: 0,
                answered: 0,
                unanswered: 0,
            },
        };
        let mut attempts = Attempts::new(self.jitter.as_ref());
        loop {
            let next = match run.go_on().await {
                Ok(next) => next,
                // What was done is stored. A message that makes progress must not come closer to the dead letters.
                Err(Refusal::Unavailable(_) | Refusal::Contended) if run.has_got_on() => {
                    Next::Message(LocatingEnd::HandedOn, REST_S)
                }
                Err(refusal) => return Err(refusal),
            };
            match next {
                Next::Again => {
                    attempts.pause().await?;
                    continue;
                }
                Next::Nothing(end) => run.report.end = end,
                Next::Message(end, delay_s) => {
                    run.report.end = end;
                    let delay_s = delay_s + self.jitter.up_to(SPREAD_S.min(delay_s));
                    let delay_s = delay_s.min(LONG_REST_S);
                    self.queue.send(&[message], delay_s).await?;
                }
            }
            return Ok(run.report);
        }
    }
}

/// One run.
struct Run<'a> {
    on: &'a LocateOrders,
    message: LocateImport,
    /// No rows are begun after this time. `None` if it is beyond the range of times.
    deadline: Option<Timestamp>,
    /// Whose claims on addresses the run takes.
    owner: String,
    /// The requests since the last answer that failed.
    failed_in_a_row: AtomicU32,
    report: LocatingReport,
}

impl Run<'_> {
    async fn go_on(&mut self) -> Result<Next, Refusal> {
        let on = self.on;
        let key = self.message.import;
        let import = on.imports.import(key.import_id).await?;
        let import = import.filter(|import| import.customer_id == key.customer_id);
        let import = import.ok_or(Refusal::NotFound)?;
        let state = on.locating.locating(import.id).await?;
        if state.is_left_to_others(self.message.chain, on.clock.now()) {
            // The other chain reads the import again before it ends, because the version has changed.
            return self
                .put(&state.marked(), Next::Nothing(LocatingEnd::LeftToOthers))
                .await;
        }
        let held = state.held_by(Some(self.chain()));
        match on.locating.put_locating(&held, &[]).await {
            Ok(()) => self.rows(&import, held).await,
            Err(StoreError::Conflict) => Ok(Next::Again),
            Err(error) => Err(error.into()),
        }
    }

    async fn rows(&mut self, import: &Import, mut state: Locating) -> Result<Next, Refusal> {
        let on = self.on;
        if import.is_cancelling() {
            return Ok(Next::Message(LocatingEnd::Waits, REST_S));
        }
        loop {
            if state.waiting(import) == 0 || state.row >= import.rows() {
                return self.end(import, &state).await;
            }
            if self.is_over() {
                return Ok(Next::Message(LocatingEnd::HandedOn, 0));
            }
            let last = import.rows().min(state.row + ROWS);
            let rows: BTreeMap<OrderId, u32> = (state.row + 1..=last)
                .map(|row| (import.id.order_in_row(row), row))
                .collect();
            let ids: Vec<OrderId> = rows.keys().copied().collect();
            let orders = on.orders.orders(&ids).await?;
            let mut orders: BTreeMap<u32, Order> = orders
                .into_iter()
                .filter_map(|order| Some((*rows.get(&order.id)?, order)))
                .collect();
            let hindrance = if orders.values().any(Order::awaits_places) {
                match self.not_now(import).await? {
                    Some(next) => return Ok(next),
                    None => self.settle(&mut orders).await?,
                }
            } else {
                None
            };
            let open = orders.iter().find(|(_, order)| order.awaits_places());
            let through = open.map_or(last, |(row, _)| row - 1);
            if through > state.row {
                let settled: Vec<(u32, &Order)> = orders
                    .range(..=through)
                    .map(|(row, order)| (*row, order))
                    .collect();
                let (next, faults) = state.through(through, &settled);
                let next = Locating {
                    chain: Some(self.chain()),
                    ..next
                };
                match on.locating.put_locating(&next, &faults).await {
                    Ok(()) => state = next,
                    Err(StoreError::Conflict) => return Ok(Next::Again),
                    Err(error) => return Err(error.into()),
                }
            }
            match hindrance {
                // Somebody else has changed an order meanwhile.
                None if through < last => return Ok(Next::Again),
                None | Some(Hindrance::Again) => {}
                Some(Hindrance::Fails(_))
                    if self.gives_up(&state, &orders, through + 1).await? => {}
                Some(hindrance) => return self.hindered(&state, hindrance).await,
            }
        }
    }

    /// Whether the row that all others wait for is given up. This happens if the geocoder has failed for its address in
    /// run after run, and answers for another address of these rows now. Then the address counts as unknown, the order
    /// fails, and the rows behind it go on. After a crash in between, the next run finds the same. If another import
    /// gets an answer for this address at this moment, the later one of the two writes stays in the cache.
    ///
    /// # Errors
    /// If the store is unavailable.
    async fn gives_up(
        &self,
        state: &Locating,
        orders: &BTreeMap<u32, Order>,
        row: u32,
    ) -> Result<bool, Refusal> {
        let on = self.on;
        let (Some(addresses), Some(stuck)) = (&on.addresses, orders.get(&row)) else {
            return Ok(false);
        };
        let located = orders.values().filter(|order| order.zone.is_some());
        let answered = located.filter_map(|order| order.dropoff.address.as_deref());
        let (true, Some(other)) = (state.fruitless >= STUBBORN, { answered }.next()) else {
            return Ok(false);
        };
        if !self.asking(addresses).answers(other).await? {
            return Ok(false);
        }
        for stop in [&stuck.pickup, &stuck.dropoff] {
            let Some(address) = stop.address_to_place() else {
                continue;
            };
            let key = addresses.key(address);
            let now = on.clock.now();
            if addresses.cache.recall(&key, now).await?.is_none() {
                addresses
                    .remember_for_file(&key, &[], on.clock.as_ref())
                    .await;
            }
        }
        warn!(import_id = %self.message.import.import_id, row, "the geocoder fails for one address alone");
        Ok(true)
    }

    fn asking<'a>(&'a self, addresses: &'a PlaceAddresses) -> Asking<'a> {
        Asking::new(
            self.on,
            addresses,
            &self.owner,
            &self.failed_in_a_row,
            self.deadline,
        )
    }

    /// Why no address of the import is placed at this time.
    async fn not_now(&self, import: &Import) -> Result<Option<Next>, Refusal> {
        let customer = self.on.users.user(import.customer_id).await?;
        let is_suspended = customer.is_some_and(|it| it.status == UserStatus::Suspended);
        let waits = is_suspended || self.on.addresses.is_none();
        Ok(waits.then_some(Next::Message(LocatingEnd::Waits, LONG_REST_S)))
    }

    /// Places the addresses of these orders and writes the orders. An order whose address has no answer stays as it is.
    async fn settle(
        &mut self,
        orders: &mut BTreeMap<u32, Order>,
    ) -> Result<Option<Hindrance>, Refusal> {
        let on = self.on;
        let Some(addresses) = &on.addresses else {
            return Ok(None);
        };
        let now = on.clock.now();
        let waiting = orders.values().filter(|order| order.awaits_places());
        // An order that comes too late anyway costs no request.
        let in_time = waiting.filter(|order| order.expired(now).is_none());
        let mut seen = BTreeSet::new();
        let asked: Vec<&str> = in_time
            .flat_map(|order| [&order.pickup, &order.dropoff])
            .filter_map(|stop| stop.address_to_place())
            .filter(|address| seen.insert(addresses.key(address)))
            .collect();
        let asking = self.asking(addresses);
        let outcome = asking.run(asked).await;
        let (answered, unanswered) = (asking.answered, asking.unanswered);
        self.report.answered += answered.into_inner();
        self.report.unanswered += unanswered.into_inner();
        let (answers, hindrance) = outcome?;
        let now = on.clock.now();
        let changed: Vec<(u32, Order)> = orders
            .iter()
            .filter_map(|(row, order)| Some((*row, self.changed(order, addresses, &answers, now)?)))
            .collect();
        let writes = changed.into_iter().map(|(row, order)| async move {
            match on.orders.put_order(&order).await {
                Ok(()) => Ok(Some((row, order))),
                // Somebody else has changed the order. The next look at these rows finds out.
                Err(StoreError::Conflict) => Ok(None),
                Err(error) => Err(error),
            }
        });
        let mut written = stream::iter(writes).buffer_unordered(WRITES_AT_ONCE);
        let mut away = None;
        while let Some(outcome) = written.next().await {
            match outcome {
                Ok(Some((row, order))) => {
                    if order.zone.is_some() {
                        self.report.located += 1;
                    } else {
                        self.report.failed += 1;
                    }
                    orders.insert(row, order);
                }
                Ok(None) => {}
                Err(error) => away = Some(error),
            }
        }
        match away {
            Some(error) => Err(error.into()),
            None => Ok(hindrance),
        }
    }

    /// The order after its addresses were looked up. `None` if it waits, or did not wait.
    fn changed(
        &self,
        order: &Order,
        addresses: &PlaceAddresses,
        answers: &Answers,
        now: Timestamp,
    ) -> Option<Order> {
        if !order.awaits_places() {
            return None;
        }
        if let Some(expired) = order.expired(now) {
            return Some(expired);
        }
        let mut faults = Vec::new();
        let mut locations = Vec::new();
        for (kind, stop) in [
            (StopKind::Pickup, &order.pickup),
            (StopKind::Dropoff, &order.dropoff),
        ] {
            let placed = match stop.location {
                Some(location) => Placed::At(location),
                None => {
                    let key = addresses.key(stop.address_to_place()?);
                    addresses.judge(answers.get(&key)?.clone())
                }
            };
            match placed {
                Placed::At(location) => locations.push((kind, location)),
                Placed::Doubtful(candidates) => faults.push(not_placed(kind, candidates)),
            }
        }
        if let [(_, pickup), (_, dropoff)] = locations[..] {
            match self.zone_of(pickup, dropoff) {
                Ok(zone) => return order.located(pickup, dropoff, zone, now),
                Err(more) => faults = more,
            }
        }
        order.not_located(faults, now)
    }

    /// The zone of the pickup, if the company takes orders from there to the drop-off.
    fn zone_of(
        &self,
        pickup: Coordinates,
        dropoff: Coordinates,
    ) -> Result<domain::Zone, Vec<PlaceFault>> {
        let on = self.on;
        let fault = |stop, code: &str, detail: String| PlaceFault {
            stop,
            code: code.to_owned(),
            detail,
            candidates: Vec::new(),
        };
        let stops = [(StopKind::Pickup, pickup), (StopKind::Dropoff, dropoff)];
        let outside = stops.iter().filter(|(_, at)| !on.service_area.covers(*at));
        let outside: Vec<PlaceFault> = outside
            .map(|(stop, _)| {
                fault(
                    *stop,
                    "outside_service_area",
                    OUTSIDE_SERVICE_AREA.to_owned(),
                )
            })
            .collect();
        if !outside.is_empty() {
            return Err(outside);
        }
        if !on.longest_leg.allows(pickup, dropoff) {
            let detail = on.longest_leg.fault();
            return Err(vec![fault(StopKind::Dropoff, "leg_too_long", detail)]);
        }
        on.grid.zone_of(pickup).ok_or_else(|| {
            let detail = "is not a place on earth".to_owned();
            vec![fault(StopKind::Pickup, "invalid", detail)]
        })
    }

    /// All rows that were read are settled. If the file is read to its end, the import may end too. That message comes
    /// first: after a crash in between, this run is repeated.
    async fn end(&self, import: &Import, state: &Locating) -> Result<Next, Refusal> {
        if import.read_at.is_some() && !import.status.is_over() {
            self.on.ends.send(&[self.message.import], 0).await?;
        }
        self.put(&state.held_by(None), Next::Nothing(LocatingEnd::Settled))
            .await
    }

    async fn hindered(&self, state: &Locating, hindrance: Hindrance) -> Result<Next, Refusal> {
        let (end, delay_s) = match hindrance {
            Hindrance::Again | Hindrance::OutOfTime => {
                return Ok(Next::Message(LocatingEnd::HandedOn, 0));
            }
            Hindrance::Busy => return Ok(Next::Message(LocatingEnd::HandedOn, REST_S)),
            Hindrance::NoTurnBefore(time) => {
                let wait = time.duration_since(self.on.clock.now()).as_secs() + 1;
                (LocatingEnd::OutOfTurns, u32::try_from(wait).unwrap_or(1))
            }
            Hindrance::Fails(cause) => {
                if state.fruitless >= MOST_FRUITLESS {
                    return Err(Refusal::Unavailable(cause));
                }
                let doubled = REST_S.saturating_mul(1 << state.fruitless.min(5));
                let next = Next::Message(LocatingEnd::GeocoderFails, doubled.min(LONG_REST_S));
                return self.put(&state.hindered(), next).await;
            }
        };
        Ok(Next::Message(end, delay_s))
    }

    async fn put(&self, state: &Locating, next: Next) -> Result<Next, Refusal> {
        match self.on.locating.put_locating(state, &[]).await {
            Ok(()) => Ok(next),
            Err(StoreError::Conflict) => Ok(Next::Again),
            Err(error) => Err(error.into()),
        }
    }

    fn chain(&self) -> Chain {
        Chain {
            id: self.message.chain,
            alive_until: self.on.clock.now() + SILENT,
        }
    }

    fn is_over(&self) -> bool {
        self.deadline
            .is_some_and(|deadline| self.on.clock.now() >= deadline)
    }

    fn has_got_on(&self) -> bool {
        let report = &self.report;
        report.located + report.failed + report.answered > 0
    }
}

fn not_placed(stop: StopKind, candidates: Vec<PlaceCandidate>) -> PlaceFault {
    let told = Unplaceable::at("", candidates);
    PlaceFault {
        stop,
        code: ADDRESS_NOT_PLACED.to_owned(),
        detail: told.detail,
        candidates: told.candidates,
    }
}
