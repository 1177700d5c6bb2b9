//! The distances and driving times between points.

use crate::fault::{Fault, FaultKind};

/// One leg. Its two measures are side by side because the search reads both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Leg {
    pub(crate) distance_m: u32,
    pub(crate) duration_s: u32,
}

/// Distances and driving times between all pairs of `n` points.
///
/// The two directions of a leg may differ. The triangle inequality need not hold, and points may coincide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TravelMatrix {
    points: usize,
    /// The legs, row by row. Each row has one more entry, and there is one more row, for the point `nowhere`. A vehicle
    /// without an end point returns to it at no cost, which spares the search a branch.
    legs: Vec<Leg>,
    symmetric: bool,
}

impl TravelMatrix {
    /// Takes two matrices of `points` × `points` entries, in metres and in seconds. The entry at `from * points + to`
    /// is the leg from `from` to `to`.
    ///
    /// # Errors
    ///
    /// A fault for each matrix that does not have `points * points` entries.
    pub fn new(
        points: usize,
        distances_m: Vec<u32>,
        durations_s: Vec<u32>,
    ) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let expected = points.saturating_mul(points);
        for (place, found) in [
            ("travel.distances_m", distances_m.len()),
            ("travel.durations_s", durations_s.len()),
        ] {
            if found != expected {
                faults.push(Fault::new(place, FaultKind::MatrixSize { expected, found }));
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let mut pairs = distances_m.into_iter().zip(durations_s);
        Ok(Self::measured(points, |_, _| {
            pairs.next().unwrap_or_default()
        }))
    }

    /// Builds the matrix from a function of two points that returns metres and seconds. It is called row by row.
    #[must_use]
    pub fn measured(points: usize, mut leg: impl FnMut(usize, usize) -> (u32, u32)) -> Self {
        let stride = points + 1;
        let mut legs = Vec::with_capacity(stride.saturating_mul(stride));
        for from in 0..points {
            for to in 0..points {
                let (distance_m, duration_s) = leg(from, to);
                legs.push(Leg {
                    distance_m,
                    duration_s,
                });
            }
            legs.push(Leg::default());
        }
        legs.resize(stride.saturating_mul(stride), Leg::default());
        let symmetric =
            (0..points).all(|a| (0..a).all(|b| legs[a * stride + b] == legs[b * stride + a]));
        Self {
            points,
            legs,
            symmetric,
        }
    }

    /// The number of points.
    #[must_use]
    pub fn points(&self) -> usize {
        self.points
    }

    /// The metres from one point to another.
    ///
    /// # Panics
    ///
    /// Panics if a point is not below [`points`](Self::points).
    #[must_use]
    pub fn distance_m(&self, from: usize, to: usize) -> u32 {
        self.leg(from, to).distance_m
    }

    /// The seconds of driving from one point to another.
    ///
    /// # Panics
    ///
    /// Panics if a point is not below [`points`](Self::points).
    #[must_use]
    pub fn duration_s(&self, from: usize, to: usize) -> u32 {
        self.leg(from, to).duration_s
    }

    fn leg(&self, from: usize, to: usize) -> Leg {
        assert!(from < self.points && to < self.points, "no such point");
        self.row(from)[to]
    }

    /// The index of the point `nowhere`.
    pub(crate) fn nowhere(&self) -> usize {
        self.points
    }

    /// Whether the two directions of every leg are equal.
    pub(crate) fn is_symmetric(&self) -> bool {
        self.symmetric
    }

    /// The legs from a point to each point and to `nowhere`.
    pub(crate) fn row(&self, from: usize) -> &[Leg] {
        let stride = self.points + 1;
        &self.legs[from * stride..(from + 1) * stride]
    }
}
