//! The travel matrix as the search reads it: close points have neighbouring numbers.

use crate::travel::{Leg, TravelMatrix};

/// A travel matrix in which points at the same place share a number, since many orders begin at the same shop. The
/// numbers follow a chain from neighbour to neighbour. The stops of a tour are mostly close to one another, so the
/// search reads few cache lines of each row.
#[derive(Debug)]
pub(crate) struct Proximity {
    /// The number of each point; the last one is that of `nowhere`.
    numbers: Vec<u32>,
    /// The count of numbers.
    stride: usize,
    /// A row for each number: the legs that start there.
    from: Vec<Leg>,
    /// A row for each number: the legs that end there. Empty if the matrix is symmetric.
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

    /// The number of a point.
    pub(crate) fn number(&self, point: usize) -> u32 {
        self.numbers[point]
    }

    /// The legs that start at a number.
    pub(crate) fn from(&self, number: u32) -> &[Leg] {
        &self.from[number as usize * self.stride..][..self.stride]
    }

    /// The legs that end at a number.
    pub(crate) fn to(&self, number: u32) -> &[Leg] {
        if self.to.is_empty() {
            return self.from(number);
        }
        &self.to[number as usize * self.stride..][..self.stride]
    }
}

/// For each point and `nowhere`: the first point at the same place. Two points are at the same place if the legs
/// between them are 0 and their legs to and from all other points are equal.
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

/// All places, each followed by the closest one that is not yet in the chain. The last entry is `nowhere`.
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

    /// Points on a street, by their house numbers. Uphill takes longer.
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
    fn two_points_with_no_way_between_them_can_be_different_places() {
        // A lift connects points 0 and 1. The way to point 2 is long only from point 1.
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
