//! The legs between the places of a plan, known or not yet.

use std::collections::HashMap;

use app::ports::{KnownLeg, PlaceLegs};
use domain::{Coordinates, Leg};

use super::blocks::Block;
use super::wire::Matrix;
use crate::route_provider::remote::Unusable;

/// The places of a request, those within a metre of each other as one.
pub(super) struct Places {
    listed: Vec<Coordinates>,
    by_cell: HashMap<(i64, i64), usize>,
    index: Vec<usize>,
}

impl Places {
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

    /// Each once.
    pub(super) fn listed(&self) -> &[Coordinates] {
        &self.listed
    }

    /// The number of a request's place.
    pub(super) fn index(&self, place: usize) -> usize {
        self.index[place]
    }

    fn number(&self, place: Coordinates) -> Option<usize> {
        self.by_cell.get(&cell(place)).copied()
    }
}

/// Degrees in five decimals: a metre.
fn cell(place: Coordinates) -> (i64, i64) {
    let rounded = |degrees: f64| (degrees * 1e5).round() as i64;
    (rounded(place.lat), rounded(place.lon))
}

/// What is known of each pair.
pub(super) struct LegTable<'a> {
    places: &'a Places,
    legs: Vec<Option<KnownLeg>>,
}

impl<'a> LegTable<'a> {
    /// That one is at a place already, and nothing else.
    pub(super) fn new(places: &'a Places) -> Self {
        let count = places.listed.len();
        let mut table = Self {
            places,
            legs: vec![None; count * count],
        };
        for place in 0..count {
            table.set(place, place, KnownLeg::Road(Leg::default()));
        }
        table
    }

    pub(super) fn leg(&self, from: usize, to: usize) -> Option<KnownLeg> {
        self.legs[from * self.places.listed.len() + to]
    }

    fn set(&mut self, from: usize, to: usize, leg: KnownLeg) {
        let count = self.places.listed.len();
        self.legs[from * count + to] = Some(leg);
    }

    /// Takes over what was kept. Other places may be among it.
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

    /// Takes over what the service answered.
    pub(super) fn put(&mut self, block: &Block, matrix: &Matrix) -> Result<(), Unusable> {
        for (row, from) in block.sources.iter().enumerate() {
            for (column, to) in block.destinations.iter().enumerate() {
                let leg = matrix.leg(row, column)?;
                if from != to {
                    self.set(*from, *to, leg);
                }
            }
        }
        Ok(())
    }

    /// Places whose legs to and from all others cover whatever is unknown: those with the most unknown ones first, until
    /// nothing is left. Few, where one order came to a zone that was planned a moment ago.
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

    /// The newcomers' legs, to be kept. A pair of newcomers is kept with the first of them alone.
    pub(super) fn rows_of(&self, newcomers: &[usize]) -> Vec<PlaceLegs> {
        let listed = &self.places.listed;
        let rows = newcomers.iter().map(|place| {
            let others = (0..listed.len())
                .filter(|other| other > place || newcomers.binary_search(other).is_err());
            let others = others.filter(|other| other != place).filter_map(|other| {
                let (there, back) = (self.leg(*place, other)?, self.leg(other, *place)?);
                Some((listed[other], there, back))
            });
            PlaceLegs {
                place: listed[*place],
                others: others.collect(),
            }
        });
        rows.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(count: usize) -> Places {
        let place = |n: usize| Coordinates {
            lat: 35.0 + n as f64 / 100.0,
            lon: 139.7,
        };
        Places::of(&(0..count).map(place).collect::<Vec<_>>())
    }

    fn leg(duration_s: u32) -> KnownLeg {
        KnownLeg::Road(Leg {
            distance_m: 10 * duration_s,
            duration_s,
        })
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
        let mut table = LegTable::new(&places);
        for from in 0..6_usize {
            for to in (0..6).filter(|to| *to != from) {
                table.set(from, to, leg((10 * from + to) as u32));
            }
        }
        // First four strangers, then two more.
        let mut kept = table.rows_of(&[0, 1, 2, 3]);
        kept.extend(table.rows_of(&[4, 5]));
        let pairs: usize = kept.iter().map(|row| row.others.len()).sum();
        assert!(pairs < 6 * 5, "a pair of newcomers is kept once: {pairs}");

        let mut next = LegTable::new(&places);
        next.fill(&kept);
        assert!(fully_known(&next));
        assert!(next.newcomers().is_empty());
        assert_eq!(next.leg(4, 1), Some(leg(41)));
        assert_eq!(next.leg(1, 4), Some(leg(14)));
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
        let places = Places::of(&[here, nearly]);
        assert_eq!(places.listed().len(), 1);
        assert_eq!(places.index(1), 0);
        assert!(LegTable::new(&places).newcomers().is_empty());
    }
}
