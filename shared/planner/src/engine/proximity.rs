//! The travel matrix as the search reads it: points that are close to one
//! another stand side by side.

use crate::travel::{Leg, TravelMatrix};

/// A travel matrix without the points that stand where another one does: many
/// orders begin at the same shop. The others are numbered along a chain from
/// neighbour to neighbour: the stops of a tour are mostly close to one another,
/// and what the search reads of a row then lies on few cache lines.
#[derive(Debug)]
pub(crate) struct Proximity {
    /// The number of each point, nowhere's last.
    numbers: Vec<u32>,
    /// How many numbers there are.
    stride: usize,
    /// Row by row, a row for each point that legs begin at.
    from: Vec<Leg>,
    /// Row by row, a row for each point that legs lead to; empty if that makes
    /// no difference.
    to: Vec<Leg>,
}

impl Proximity {
    pub(crate) fn new(travel: &TravelMatrix) -> Self {
        let firsts = firsts(travel);
        let chain = chain(travel, &firsts);
        let mut numbers = vec![0; firsts.len()];
        for (number, &point) in chain.iter().enumerate() {
            numbers[point as usize] = number as u32;
        }
        for (point, &first) in firsts.iter().enumerate() {
            numbers[point] = numbers[first as usize];
        }
        let mut from = Vec::with_capacity(chain.len() * chain.len());
        for &point in &chain {
            let row = travel.row(point as usize);
            from.extend(chain.iter().map(|&to| row[to as usize]));
        }
        let mut to = Vec::new();
        if !travel.is_symmetric() {
            to.reserve_exact(from.len());
            for number in 0..chain.len() {
                to.extend(from.chunks_exact(chain.len()).map(|row| row[number]));
            }
        }
        Self {
            numbers,
            stride: chain.len(),
            from,
            to,
        }
    }

    /// The number that a point has here.
    pub(crate) fn number(&self, point: usize) -> u32 {
        self.numbers[point]
    }

    /// The legs from a point, by its number.
    pub(crate) fn from(&self, number: u32) -> &[Leg] {
        &self.from[number as usize * self.stride..][..self.stride]
    }

    /// The legs to a point, by its number.
    pub(crate) fn to(&self, number: u32) -> &[Leg] {
        if self.to.is_empty() {
            return self.from(number);
        }
        &self.to[number as usize * self.stride..][..self.stride]
    }
}

/// For each point, and nowhere, the first one that stands in the same place: no
/// way between them, and the same ways to all others.
fn firsts(travel: &TravelMatrix) -> Vec<u32> {
    let same = |a: usize, b: usize| {
        let none = Leg::default();
        travel.row(a)[b] == none
            && travel.row(b)[a] == none
            && travel.row(a) == travel.row(b)
            && (travel.is_symmetric()
                || (0..travel.points()).all(|it| travel.row(it)[a] == travel.row(it)[b]))
    };
    let mut places: Vec<u32> = Vec::new();
    let mut firsts = Vec::with_capacity(travel.points() + 1);
    for point in 0..travel.points() as u32 {
        let known = places
            .iter()
            .copied()
            .find(|&place| same(place as usize, point as usize));
        firsts.push(known.unwrap_or(point));
        if known.is_none() {
            places.push(point);
        }
    }
    firsts.push(travel.nowhere() as u32);
    firsts
}

/// Each place once, followed by the closest one that was not named yet, and
/// nowhere at last.
fn chain(travel: &TravelMatrix, firsts: &[u32]) -> Vec<u32> {
    let mut left: Vec<u32> = (0..travel.points() as u32)
        .filter(|&point| firsts[point as usize] == point)
        .collect();
    let mut chain = Vec::with_capacity(left.len() + 1);
    let mut at = 0;
    while !left.is_empty() {
        let here = left.swap_remove(at);
        chain.push(here);
        let row = travel.row(here as usize);
        let closest = (0..left.len()).min_by_key(|&it| row[left[it] as usize].duration_s);
        at = closest.unwrap_or(0);
    }
    chain.push(travel.nowhere() as u32);
    chain
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Points on a street, by their house numbers; uphill takes longer.
    fn street(houses: &[u32]) -> TravelMatrix {
        TravelMatrix::measured(houses.len(), |from, to| {
            let length = houses[from].abs_diff(houses[to]);
            (length, length + houses[to].saturating_sub(houses[from]))
        })
    }

    #[test]
    fn points_in_the_same_place_share_a_number_and_every_leg_is_kept() {
        let houses = [9, 4, 9, 1, 4];
        let travel = street(&houses);
        let proximity = Proximity::new(&travel);
        assert_eq!(proximity.number(0), proximity.number(2));
        assert_eq!(proximity.number(1), proximity.number(4));
        // Three houses and nowhere.
        assert_eq!(proximity.from(0).len(), 4);
        for from in 0..=houses.len() {
            for to in 0..=houses.len() {
                let (at, towards) = (proximity.number(from), proximity.number(to));
                let leg = travel.row(from)[to];
                assert_eq!(proximity.from(at)[towards as usize], leg, "{from} {to}");
                assert_eq!(proximity.to(towards)[at as usize], leg, "{from} {to}");
            }
        }
    }

    #[test]
    fn no_way_between_them_does_not_make_two_points_one_place() {
        // From point 1 there is a lift down to point 0 and up again; only from there is it far to point 2.
        let travel = TravelMatrix::measured(3, |from, to| match (from, to) {
            (1, 2) => (9, 9),
            (0, 2) | (2, _) => (5, 5),
            _ => (0, 0),
        });
        let proximity = Proximity::new(&travel);
        assert_ne!(proximity.number(0), proximity.number(1));
    }

    #[test]
    fn neighbours_have_neighbouring_numbers() {
        let proximity = Proximity::new(&street(&[0, 100, 2, 102, 1, 101]));
        let numbers: Vec<u32> = (0..6).map(|point| proximity.number(point)).collect();
        assert_eq!(numbers, [0, 3, 2, 5, 1, 4]);
    }
}
