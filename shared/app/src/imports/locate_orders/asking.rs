//! Asks the geocoder for the addresses that the cache does not know, at the pace of the provider.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use domain::Timestamp;
use futures::{StreamExt, stream};
use jiff::SignedDuration;
use tokio::time::sleep;

use super::LocateOrders;
use crate::addresses::PlaceAddresses;
use crate::ports::{GeocoderError, PlaceCandidate, StoreError, Turn};
use crate::refusal::{Cause, Refusal};

/// This many addresses are looked up at once. Their requests still have a turn each.
const ASKED_AT_ONCE: usize = 4;
/// The longest wait for a turn in a run. A longer wait is for a further message, which costs nothing meanwhile.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_secs(10);
/// A claim on an address is longer than the wait for a turn and the request.
const CLAIMED: SignedDuration = SignedDuration::from_secs(45);
/// While somebody else asks for an address, the run looks at the cache this often, with this pause.
const LOOKS: u32 = 3;
const PAUSE: Duration = Duration::from_secs(2);
/// After this many failures in a row the geocoder is left alone for a while.
const FAILURES: u32 = 3;
/// The rest when the provider has had enough requests, if it does not say how long.
const QUOTA_REST: SignedDuration = SignedDuration::from_mins(1);
/// The longest rest. A provider may name a whole day. A request a quarter of an hour shows when the quota is back.
const LONGEST_REST: SignedDuration = SignedDuration::from_mins(15);

/// The candidates for addresses, by their keys in the cache.
pub(super) type Answers = HashMap<String, Vec<PlaceCandidate>>;

/// Why an address has no answer.
pub(super) enum Hindrance {
    /// A request failed, or another address had another reason. The next look at the rows asks again.
    Again,
    /// The run has no time left.
    OutOfTime,
    /// Somebody else asks for an address at this moment.
    Busy,
    /// There is no turn before this time.
    NoTurnBefore(Timestamp),
    /// The geocoder fails.
    Fails(Cause),
}

/// The questions of one look at some rows.
pub(super) struct Asking<'a> {
    on: &'a LocateOrders,
    addresses: &'a PlaceAddresses,
    owner: &'a str,
    deadline: Option<Timestamp>,
    /// The requests that the geocoder answered.
    pub(super) answered: AtomicU32,
    /// The requests that failed.
    pub(super) unanswered: AtomicU32,
    /// The failures since the last answer, also of an earlier look.
    failed_in_a_row: &'a AtomicU32,
    /// Whether the others need not ask: the geocoder is to be left alone, or there is no turn.
    stops: AtomicBool,
}

impl<'a> Asking<'a> {
    pub(super) fn new(
        on: &'a LocateOrders,
        addresses: &'a PlaceAddresses,
        owner: &'a str,
        failed_in_a_row: &'a AtomicU32,
        deadline: Option<Timestamp>,
    ) -> Self {
        Self {
            on,
            addresses,
            owner,
            deadline,
            answered: AtomicU32::new(0),
            unanswered: AtomicU32::new(0),
            failed_in_a_row,
            stops: AtomicBool::new(false),
        }
    }

    /// Looks up these addresses. An address without an answer has a reason; one reason is answered for all.
    ///
    /// # Errors
    /// If the store is unavailable.
    pub(super) async fn run(
        &self,
        addresses: Vec<&str>,
    ) -> Result<(Answers, Option<Hindrance>), Refusal> {
        let mut answers = Answers::new();
        let mut hindrance = None;
        let looked_up = addresses.into_iter().map(|address| async move {
            let key = self.addresses.key(address);
            let outcome = self.look_up(address, &key).await;
            (key, outcome)
        });
        let mut looked_up = stream::iter(looked_up).buffered(ASKED_AT_ONCE);
        let mut away = None;
        while let Some((key, outcome)) = looked_up.next().await {
            match outcome {
                Ok(Ok(candidates)) => {
                    answers.insert(key, candidates);
                }
                Ok(Err(reason)) => hindrance = Some(worse(hindrance, reason)),
                Err(error) => away = Some(error),
            }
        }
        match away {
            // The answers so far are in the cache.
            Some(error) => Err(error),
            None => Ok((answers, hindrance)),
        }
    }

    /// Whether the geocoder answers at this moment: asks for an address whose answer is known, with one request.
    ///
    /// # Errors
    /// If the store is unavailable.
    pub(super) async fn answers(&self, known: &str) -> Result<bool, Refusal> {
        let key = self.addresses.key(known);
        Ok(self.ask(known, &key).await?.is_ok())
    }

    async fn look_up(
        &self,
        address: &str,
        key: &str,
    ) -> Result<Result<Vec<PlaceCandidate>, Hindrance>, Refusal> {
        let on = self.on;
        let cache = &self.addresses.cache;
        for look in 0.. {
            if let Some(known) = cache.recall(key, on.clock.now()).await? {
                return Ok(Ok(known));
            }
            if self.is_over() {
                return Ok(Err(Hindrance::OutOfTime));
            }
            if self.stops.load(Ordering::Relaxed) {
                return Ok(Err(Hindrance::Again));
            }
            let now = on.clock.now();
            if on.turns.claim(key, self.owner, now, now + CLAIMED).await? {
                break;
            }
            if look == LOOKS {
                return Ok(Err(Hindrance::Busy));
            }
            sleep(PAUSE).await;
        }
        // The answer may have come between the look and the claim.
        if let Some(known) = cache.recall(key, on.clock.now()).await? {
            return Ok(Ok(known));
        }
        let outcome = self.ask(address, key).await;
        if !matches!(outcome, Ok(Ok(_))) {
            // The next one who asks need not wait for the end of the claim.
            on.turns.give_up(key, self.owner).await?;
        }
        if matches!(
            outcome,
            Ok(Err(Hindrance::NoTurnBefore(_) | Hindrance::Fails(_)))
        ) {
            self.stops.store(true, Ordering::Relaxed);
        }
        outcome
    }

    /// Asks the geocoder at the next turn, with one request. The claim on the address is taken.
    async fn ask(
        &self,
        address: &str,
        key: &str,
    ) -> Result<Result<Vec<PlaceCandidate>, Hindrance>, Refusal> {
        let on = self.on;
        let apart = SignedDuration::from_millis(60_000 / i64::from(on.per_minute.max(1)));
        let now = on.clock.now();
        let turn = match on.turns.take_turn(apart, now, LONGEST_WAIT).await {
            Ok(turn) => turn,
            // Many others take turns at this moment.
            Err(StoreError::Conflict) => Turn::NotBefore(now + apart),
            Err(error) => return Err(error.into()),
        };
        match turn {
            Turn::At(time) => {
                sleep(Duration::try_from(time.duration_since(now)).unwrap_or_default()).await
            }
            Turn::NotBefore(time) => return Ok(Err(Hindrance::NoTurnBefore(time))),
        }
        if self.stops.load(Ordering::Relaxed) {
            // Another request has found out meanwhile. This turn is lost.
            return Ok(Err(Hindrance::Again));
        }
        let cause = match self
            .addresses
            .ask_for_file(address, key, on.clock.as_ref())
            .await
        {
            Ok(candidates) => {
                self.answered.fetch_add(1, Ordering::Relaxed);
                self.failed_in_a_row.store(0, Ordering::Relaxed);
                return Ok(Ok(candidates));
            }
            Err(GeocoderError::Quota { retry_after, .. }) => {
                self.unanswered.fetch_add(1, Ordering::Relaxed);
                let rest = retry_after.and_then(|rest| SignedDuration::try_from(rest).ok());
                let rest = rest.unwrap_or(QUOTA_REST).clamp(apart, LONGEST_REST);
                let until = on.clock.now() + rest;
                on.turns.rest_until(until).await?;
                return Ok(Err(Hindrance::NoTurnBefore(until)));
            }
            Err(GeocoderError::Refused(cause) | GeocoderError::Unavailable(cause)) => cause,
        };
        self.unanswered.fetch_add(1, Ordering::Relaxed);
        let failed = self.failed_in_a_row.fetch_add(1, Ordering::Relaxed) + 1;
        Ok(Err(if failed >= FAILURES {
            Hindrance::Fails(cause)
        } else {
            Hindrance::Again
        }))
    }

    fn is_over(&self) -> bool {
        self.deadline
            .is_some_and(|deadline| self.on.clock.now() >= deadline)
    }
}

/// Of two reasons the one that lasts longer.
fn worse(one: Option<Hindrance>, other: Hindrance) -> Hindrance {
    let weight = |it: &Hindrance| match it {
        Hindrance::Again => 0,
        Hindrance::OutOfTime => 1,
        Hindrance::Busy => 2,
        Hindrance::Fails(_) => 3,
        Hindrance::NoTurnBefore(_) => 4,
    };
    match one {
        Some(one) if weight(&one) >= weight(&other) => one,
        _ => other,
    }
}
