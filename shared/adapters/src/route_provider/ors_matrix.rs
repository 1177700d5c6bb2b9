//! The embedded planner on the road network of OpenRouteService, for problems that the optimizer of that service cannot
//! take.

mod blocks;
mod legs;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use app::ports::{
    Clock, FallbackReason, KnownLeg, LegCache, PlaceLegs, PlanAnswer, PlanRequest, ProviderError,
};
use async_trait::async_trait;
use domain::{Coordinates, Leg, Timestamp};
use futures::stream::{FuturesUnordered, StreamExt as _};
use jiff::SignedDuration;
use planner::TravelMatrix;
use tokio::time::{Instant, timeout_at};
use tracing::warn;

use super::embedded::{aside, searched, threads};
use super::fallback::by_the_deadline;
use super::remote::{RemotePlanner, Unusable};
use crate::ors::OrsAccess;
use crate::system::instant;
use blocks::Block;
use legs::{DistinctPlaces, LegTable};

/// The name in answers and routes.
const NAME: &str = "ors-matrix";
/// The most calls for one plan: half of the limit of the public service for a minute.
const MOST_CALLS: usize = 20;
/// The most calls at a time.
const CALLS_AT_ONCE: usize = 4;
/// The longest wait for the cache. A new question to the service takes about as long.
const CACHE: Duration = Duration::from_secs(1);
/// How long a leg is kept. Roads change slowly.
const KEPT_FOR: SignedDuration = SignedDuration::from_hours(24);
/// A leg without a road takes a hundred days: no pending order is planned on it, and sums stay far below any limit.
const UNROUTABLE: Leg = Leg {
    distance_m: 10_000_000,
    duration_s: 100 * 24 * 3_600,
};

/// The search of the embedded planner on travel times of OpenRouteService.
pub struct OrsMatrixPlanner {
    access: OrsAccess,
    most_pairs: usize,
    cache: Arc<dyn LegCache>,
    clock: Arc<dyn Clock>,
}

impl OrsMatrixPlanner {
    /// Asks for at most `most_pairs` pairs in one call, and keeps the answers.
    pub fn new(
        access: OrsAccess,
        most_pairs: usize,
        cache: Arc<dyn LegCache>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            access,
            most_pairs,
            cache,
            clock,
        }
    }

    /// All legs between the places: from the cache, and the rest from the service. Answers are kept even if another
    /// block failed.
    async fn legs<'a>(
        &self,
        places: &'a DistinctPlaces,
        deadline: Instant,
    ) -> Result<LegTable<'a>, Unusable> {
        let mut table = LegTable::new(places);
        let now = self.clock.now();
        table.fill(&self.kept(places, now, deadline).await);
        let newcomers = table.newcomers();
        if newcomers.is_empty() {
            return Ok(table);
        }
        let blocks = blocks::of(places.listed().len(), &newcomers, self.most_pairs);
        if blocks.len() > MOST_CALLS {
            let detail = format!(
                "{} calls, where {MOST_CALLS} are made for a plan",
                blocks.len()
            );
            return Err(Unusable::new(FallbackReason::TooLarge, detail));
        }
        let asked = self.put_answers(&mut table, blocks, deadline).await;
        let news = table.news_of(&newcomers);
        if !news.is_empty() {
            let keep = self.cache.keep(&news, now + KEPT_FOR);
            match timeout_at(patient_until(deadline), keep).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => warn!(?error, "legs cannot be kept"),
                Err(_) => warn!("legs cannot be kept in time"),
            }
        }
        asked.map(|()| table)
    }

    /// The legs from the cache. The cache saves calls but is never required: if it is slow or unavailable, the plan
    /// goes on.
    async fn kept(
        &self,
        places: &DistinctPlaces,
        now: Timestamp,
        deadline: Instant,
    ) -> Vec<PlaceLegs> {
        let kept = self.cache.kept(places.listed(), now);
        match timeout_at(patient_until(deadline), kept).await {
            Ok(Ok(kept)) => return kept,
            Ok(Err(error)) => warn!(?error, "legs that were kept cannot be read"),
            Err(_) => warn!("legs that were kept cannot be read in time"),
        }
        Vec::new()
    }

    /// Asks for the blocks, a few at a time, and puts the answers into the table. After a failure no other call begins,
    /// and the current calls still end.
    async fn put_answers(
        &self,
        table: &mut LegTable<'_>,
        blocks: Vec<Block>,
        deadline: Instant,
    ) -> Result<(), Unusable> {
        let places = table.places();
        // The rest of the time is for storing the answers.
        let asked_until = deadline - deadline.saturating_duration_since(instant()) / 10;
        let ask = |block| by_the_deadline(asked_until, self.ask(places, block, asked_until));
        let mut waiting = blocks.into_iter();
        let mut under_way: FuturesUnordered<_> =
            waiting.by_ref().take(CALLS_AT_ONCE).map(ask).collect();
        let mut failure = None;
        while let Some(answer) = under_way.next().await {
            let put = answer.and_then(|(block, matrix)| table.put(&block, &matrix));
            match (put, &failure) {
                (Ok(()), None) => under_way.extend(waiting.next().map(ask)),
                (Err(unusable), None) => failure = Some(unusable),
                (_, Some(_)) => {}
            }
        }
        failure.map_or(Ok(()), Err)
    }

    async fn ask(
        &self,
        places: &[Coordinates],
        block: Block,
        deadline: Instant,
    ) -> Result<(Block, wire::Matrix), Unusable> {
        let url = self.access.url("/v2/matrix/driving-car");
        let request = wire::MatrixRequest::of(places, &block);
        let matrix = self.access.post_json(&url, &request, deadline).await?;
        Ok((block, matrix))
    }
}

#[async_trait]
impl RemotePlanner for OrsMatrixPlanner {
    fn name(&self) -> &'static str {
        NAME
    }

    fn is_our_search(&self) -> bool {
        true
    }

    async fn plan(&self, request: &PlanRequest, deadline: Instant) -> Result<PlanAnswer, Unusable> {
        let places = DistinctPlaces::of(&request.places);
        let table = self.legs(&places, deadline).await?;
        let travel = TravelMatrix::measured(request.places.len(), |from, to| {
            let leg = match table.leg(places.index(from), places.index(to)) {
                Some(KnownLeg::Road(leg)) => leg,
                Some(KnownLeg::Unroutable) | None => UNROUTABLE,
            };
            (leg.distance_m, leg.duration_s)
        });
        let request = request.clone();
        let answer = aside(move || searched(request, travel, NAME, threads())).await;
        let answer = answer.map_err(|error| match error {
            // The embedded planner reports the fault.
            ProviderError::InvalidProblem(_) => unsupported("the problem contradicts itself"),
            ProviderError::Unavailable(_) => unsupported("the search broke off"),
        })?;
        let mut visits = answer.routes.iter().flat_map(|route| &route.visits);
        if visits.any(|visit| visit.duration_s == UNROUTABLE.duration_s) {
            return Err(unsupported(
                "a committed order is where no road of the service leads",
            ));
        }
        Ok(answer)
    }
}

fn patient_until(deadline: Instant) -> Instant {
    deadline.min(instant() + CACHE)
}

fn unsupported(detail: &str) -> Unusable {
    Unusable::new(FallbackReason::Unsupported, detail)
}
