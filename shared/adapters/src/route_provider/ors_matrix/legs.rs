//! The legs between the places of a plan, known or unknown.

use std::collections::HashMap;

use app::ports::{KnownLeg, PlaceLegs};
use domain::{Coordinates, Leg};

use super::blocks::Block;
use super::wire::Matrix;
use crate::route_provider::remote::Unusable;

/// The places of a request. Places within a metre of each other are one place.
pub(super) struct DistinctPlaces {
    listed: Vec<Coordinates>,
    by_cell: HashMap<(i64, i64), usize>,
    index: Vec<usize>,
}

impl DistinctPlaces {
    pub(super) fn of(places: &[Coordinates]) -> Self {
        let mut all = Self {
            listed: Vec::new(),
            by_cell: HashMap::new(),
            index: Vec::with_capacity(places.len()),
        };
        for place in places {
            let next = all.listed.len();
            let number = *all.by_cell.entry(cell(*place)).or_insert(next);
            if number == next {
                all.listed.push(*place);
            }
            all.index.push(number);
        }
        all
    }

    /// Each place once.
    pub(super) fn listed(&self) -> &[Coordinates] {
        &self.listed
    }

    /// The number of a place of the request.
    pub(super) fn index(&self, place: usize) -> usize {
        self.index[place]
    }

    fn number(&self, place: Coordinates) -> Option<usize> {
        self.by_cell.get(&cell(place)).copied()
    }
}

/// Degrees with five decimals, which is a metre.
fn cell(place: Coordinates) -> (i64, i64) {
    let rounded = |degrees: f64| (degrees * 1e5).round() as i64;
    (rounded(place.lat), rounded(place.lon))
}

/// The known legs of all pairs.
pub(super) struct LegTable<'a> {
    places: &'a DistinctPlaces,
    legs: Vec<Option<KnownLeg>>,
    /// Whether the service answered this leg just now.
    news: Vec<bool>,
}

impl<'a> LegTable<'a> {
    /// Knows only the legs from each place to itself.
    pub(super) fn new(places: &'a DistinctPlaces) -> Self {
        let count = places.listed.len();
        let mut table = Self {
            places,
            legs: vec![None; count * count],
            news: vec![false; count * count],
        };
        for place in 0..count {
            table.set(place, place, KnownLeg::Road(Leg::default()));
        }
        table
    }

    /// The places, each once.
    pub(super) fn places(&self) -> &'a [Coordinates] {
        &self.places.listed
    }

    pub(super) fn leg(&self, from: usize, to: usize) -> Option<KnownLeg> {
        self.legs[self.at(from, to)]
    }

    fn at(&self, from: usize, to: usize) -> usize {
        from * self.places.listed.len() + to
    }

    fn set(&mut self, from: usize, to: usize, leg: KnownLeg) {
        let at = self.at(from, to);
        self.legs[at] = Some(leg);
    }

    /// Adds kept legs. They may have other places too.
    pub(super) fn fill(&mut self, kept: &[PlaceLegs]) {
        for row in kept {
            let Some(place) = self.places.number(row.place) else {
                continue;
            };
            for (other, there, back) in &row.others {
                if let Some(other) = self.places.number(*other)
                    && other != place
                {
                    self.set(place, other, *there);
                    self.set(other, place, *back);
                }
            }
        }
    }

    /// Adds the answer of the service. If the matrix has a fault, nothing is added.
    pub(super) fn put(&mut self, block: &Block, matrix: &Matrix) -> Result<(), Unusable> {
        let mut said = Vec::with_capacity(block.sources.len() * block.destinations.len());
        for (row, from) in block.sources.iter().enumerate() {
            for (column, to) in block.destinations.iter().enumerate() {
                said.push((*from, *to, matrix.leg(row, column)?));
            }
        }
        for (from, to, leg) in said.into_iter().filter(|(from, to, _)| from != to) {
            self.set(from, to, leg);
            let at = self.at(from, to);
            self.news[at] = true;
        }
        Ok(())
    }

    /// Places whose legs to and from all others cover everything unknown, chosen greedily by the most unknown legs.
    /// They are few if one order came to a zone that was planned a moment ago.
    pub(super) fn newcomers(&self) -> Vec<usize> {
        let count = self.places.listed.len();
        let unknown = |a: usize, b: usize| self.leg(a, b).is_none() || self.leg(b, a).is_none();
        let mut left: Vec<usize> = (0..count)
            .map(|a| (0..count).filter(|b| unknown(a, *b)).count())
            .collect();
        let mut newcomers = Vec::new();
        let mut covered = vec![false; count];
        while let Some(place) = (0..count)
            .filter(|it| left[*it] > 0)
            .max_by_key(|it| left[*it])
        {
            covered[place] = true;
            left[place] = 0;
            for other in (0..count).filter(|it| !covered[*it]) {
                left[other] -= usize::from(unknown(place, other));
            }
            newcomers.push(place);
        }
        newcomers.sort_unstable();
        newcomers
    }

    /// The answers of the service about the newcomers, to be kept. A pair of newcomers is kept with the first of them
    /// only. A leg that was kept before is not kept again, because its day began then. A leg without a known way back
    /// is not kept.
    pub(super) fn news_of(&self, newcomers: &[usize]) -> Vec<PlaceLegs> {
        let listed = &self.places.listed;
        let news = |from, to| self.leg(from, to).filter(|_| self.news[self.at(from, to)]);
        let rows = newcomers.iter().map(|place| {
            let others = (0..listed.len())
                .filter(|other| other > place || newcomers.binary_search(other).is_err());
            let others = others.filter(|other| other != place).filter_map(|other| {
                let (there, back) = (news(*place, other)?, news(other, *place)?);
                Some((listed[other], there, back))
            });
            PlaceLegs {
                place: listed[*place],
                others: others.collect(),
            }
        });
        rows.filter(|row| !row.others.is_empty()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(count: usize) -> DistinctPlaces {
        let place = |n: usize| Coordinates {
            lat: 35.0 + n as f64 / 100.0,
            lon: 139.7,
        };
        DistinctPlaces::of(&(0..count).map(place).collect::<Vec<_>>())
    }

    fn leg(duration_s: u32) -> KnownLeg {
        KnownLeg::Road(Leg {
            distance_m: 10 * duration_s,
            duration_s,
        })
    }

    /// Acts as if the service had answered all legs from the sources to the destinations.
    fn answered(table: &mut LegTable<'_>, sources: &[usize], destinations: &[usize]) {
        let seconds = |from: &usize| {
            let row = destinations.iter().map(|to| (10 * from + to) as f64);
            row.collect::<Vec<_>>()
        };
        let durations: Vec<_> = sources.iter().map(seconds).collect();
        let matrix = serde_json::json!({"durations": durations, "distances": durations});
        let block = Block {
            sources: sources.to_vec(),
            destinations: destinations.to_vec(),
        };
        let matrix: Matrix = serde_json::from_value(matrix).unwrap();
        table.put(&block, &matrix).unwrap();
    }

    fn fully_known(table: &LegTable<'_>) -> bool {
        table.legs.iter().all(Option::is_some)
    }

    #[test]
    fn who_came_last_is_asked_about_and_what_was_kept_is_not() {
        let places = places(5);
        let mut table = LegTable::new(&places);
        assert_eq!(
            table.newcomers(),
            [1, 2, 3, 4],
            "the fifth's legs are among theirs"
        );
        for from in 0..4 {
            for to in (0..4).filter(|to| *to != from) {
                table.set(from, to, leg(60));
            }
        }
        assert_eq!(table.newcomers(), [4]);
    }

    #[test]
    fn what_is_kept_of_newcomers_fills_the_next_table() {
        let places = places(6);
        let all = [0, 1, 2, 3, 4, 5];
        let mut table = LegTable::new(&places);
        answered(&mut table, &all, &all);
        // First four new places, then two more.
        let mut kept = table.news_of(&[0, 1, 2, 3]);
        kept.extend(table.news_of(&[4, 5]));
        let pairs: usize = kept.iter().map(|row| row.others.len()).sum();
        assert!(pairs < 6 * 5, "a pair of newcomers is kept once: {pairs}");

        let mut next = LegTable::new(&places);
        next.fill(&kept);
        assert!(fully_known(&next));
        assert!(next.newcomers().is_empty());
        let road = |metres_and_seconds| {
            Some(KnownLeg::Road(Leg {
                distance_m: metres_and_seconds,
                duration_s: metres_and_seconds,
            }))
        };
        assert_eq!(next.leg(4, 1), road(41));
        assert_eq!(next.leg(1, 4), road(14));
    }

    #[test]
    fn what_was_kept_before_is_not_kept_for_another_day() {
        let places = places(4);
        let mut before = LegTable::new(&places);
        answered(&mut before, &[0, 1, 2], &[0, 1, 2]);
        let kept = before.news_of(&[0, 1, 2]);

        // One half of the answer is about the last place, which is new; the other half about the first one was known
        // before.
        let mut table = LegTable::new(&places);
        table.fill(&kept);
        assert_eq!(table.news_of(&[0, 1, 2, 3]), [], "nothing was asked");
        let all = Block {
            sources: vec![0, 1, 2, 3],
            destinations: vec![0, 1, 2, 3],
        };
        let half: Matrix = serde_json::from_value(serde_json::json!({
            "durations": [[0, 1, 2, 3], [1, 0, 2, 3], [1, 2, 0]],
            "distances": [[0, 1, 2, 3], [1, 0, 2, 3], [1, 2, 0]],
        }))
        .unwrap();
        assert!(table.put(&all, &half).is_err());
        assert_eq!(
            table.news_of(&[0, 1, 2, 3]),
            [],
            "a faulty matrix is not kept"
        );
        answered(&mut table, &[3], &[0, 1, 2, 3]);
        answered(&mut table, &[0], &[1, 2, 3]);
        let news = table.news_of(&[0, 3]);
        let pairs: Vec<_> = news
            .iter()
            .map(|row| (row.place, row.others.len()))
            .collect();
        assert_eq!(
            pairs,
            [(places.listed()[0], 1)],
            "the way there and back between the two"
        );
    }

    #[test]
    fn a_place_that_is_named_twice_is_one() {
        let here = Coordinates {
            lat: 35.681_236,
            lon: 139.767_125,
        };
        let nearly = Coordinates {
            lat: 35.681_237,
            ..here
        };
        let places = DistinctPlaces::of(&[here, nearly]);
        assert_eq!(places.listed().len(), 1);
        assert_eq!(places.index(1), 0);
        assert!(LegTable::new(&places).newcomers().is_empty());
    }
}
