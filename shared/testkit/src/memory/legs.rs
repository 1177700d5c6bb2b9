//! Legs of a road network.

use std::collections::HashMap;
use std::sync::Mutex;

use app::ports::{LegCache, PlaceLegs, StoreError};
use async_trait::async_trait;
use domain::{Coordinates, Timestamp};

/// Keeps legs in memory.
#[derive(Default)]
pub struct MemoryLegs(Mutex<HashMap<(i64, i64), (Timestamp, PlaceLegs)>>);

/// Five decimals.
fn cell(place: Coordinates) -> (i64, i64) {
    let rounded = |degrees: f64| (degrees * 1e5).round() as i64;
    (rounded(place.lat), rounded(place.lon))
}

#[async_trait]
impl LegCache for MemoryLegs {
    async fn kept(
        &self,
        places: &[Coordinates],
        now: Timestamp,
    ) -> Result<Vec<PlaceLegs>, StoreError> {
        let kept = self.0.lock().unwrap();
        let cells: std::collections::HashSet<_> = places.iter().map(|it| cell(*it)).collect();
        let found = cells.iter().filter_map(|cell| kept.get(cell));
        let found = found.filter(|(until, _)| *until > now);
        Ok(found.map(|(_, legs)| legs.clone()).collect())
    }

    async fn keep(&self, legs: &[PlaceLegs], until: Timestamp) -> Result<(), StoreError> {
        let mut kept = self.0.lock().unwrap();
        kept.extend(legs.iter().map(|it| (cell(it.place), (until, it.clone()))));
        Ok(())
    }
}
