//! How far apart the points of a problem are.

use crate::fault::{Fault, FaultKind};

/// One leg: both of its measures side by side, since the search reads both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Leg {
    pub(crate) distance_m: u32,
    pub(crate) duration_s: u32,
}

/// Distances and driving times between all pairs of `n` points.
///
/// A leg may be longer one way than the other. Nothing else is asked of the
/// numbers: the triangle inequality may be broken, points may coincide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TravelMatrix {
    points: usize,
    /// Row-major. After the last point of each row, and after the last row,
    /// stands one more: the nowhere to which a vehicle without an end point
    /// returns, at no cost. It spares the search a branch.
    legs: Vec<Leg>,
    symmetric: bool,
}

impl TravelMatrix {
    /// Takes two row-major `points` × `points` matrices: the entry at
    /// `from * points + to` is the leg from `from` to `to`, in metres and in
    /// seconds.
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

    /// Measures every leg by a function of two points, that gives metres and
    /// seconds. It is called row by row.
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

    /// How many points there are.
    #[must_use]
    pub fn points(&self) -> usize {
        self.points
    }

    /// Metres from one point to another.
    ///
    /// # Panics
    ///
    /// If a point is not below [`points`](Self::points).
    #[must_use]
    pub fn distance_m(&self, from: usize, to: usize) -> u32 {
        self.leg(from, to).distance_m
    }

    /// Seconds of driving from one point to another.
    ///
    /// # Panics
    ///
    /// If a point is not below [`points`](Self::points).
    #[must_use]
    pub fn duration_s(&self, from: usize, to: usize) -> u32 {
        self.leg(from, to).duration_s
    }

    fn leg(&self, from: usize, to: usize) -> Leg {
        assert!(from < self.points && to < self.points, "no such point");
        self.row(from)[to]
    }

    /// The number of the point that is nowhere.
    pub(crate) fn nowhere(&self) -> usize {
        self.points
    }

    /// Whether each leg is the same both ways.
    pub(crate) fn is_symmetric(&self) -> bool {
        self.symmetric
    }

    /// The legs from a point, to each point and to nowhere.
    pub(crate) fn row(&self, from: usize) -> &[Leg] {
        let stride = self.points + 1;
        &self.legs[from * stride..(from + 1) * stride]
    }
}
