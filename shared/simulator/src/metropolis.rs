//! A city with so many agents that one zone has more stops than a plan can take.

use domain::{Coordinates, LegEstimate, Zone, ZoneGrid};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::day::{Day, DayAgent, DayOrder, Duty, GENERATED_DAY};
use crate::generate::{order_between, point_near};
use crate::streets::Streets;

/// A parcel goes to a place in a square of this many kilometres around the shop.
const SIDE_KM: f64 = 8.0;
/// The side of the square that is searched for points of a zone and its neighbours, in kilometres.
const SEARCHED_KM: f64 = 70.0;
/// The number of agents for each shop.
const AGENTS_PER_SHOP: usize = 4;

/// A metropolis, or a part of its day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Metropolis {
    /// The middle. Its zone is the dense one.
    pub city: Coordinates,
    /// All agents.
    pub agents: usize,
    /// The agents of the dense zone. The others are in the zones around it.
    pub dense: usize,
    /// The orders that an agent gets in an hour.
    pub orders_per_agent_hour: f64,
    /// The length of the day in hours.
    pub hours: f64,
}

impl Metropolis {
    /// 800 agents, 300 of them in one zone, and 20,000 orders in 8 hours.
    pub fn whole_day() -> Self {
        Self {
            city: Coordinates {
                lat: 52.52,
                lon: 13.405,
            },
            agents: 800,
            dense: 300,
            orders_per_agent_hour: 20_000.0 / 800.0 / 8.0,
            hours: 8.0,
        }
    }

    /// A small city with as many orders for each agent, with this seed. Its square has 8 agents.
    pub fn small_city(&self, seed: u64) -> Day {
        let mut dice = StdRng::seed_from_u64(seed);
        let point = |dice: &mut StdRng| point_near(self.city, SIDE_KM, dice);
        self.day_of(8, &mut dice, |dice, _| point(dice))
    }

    /// The day with this seed. `None` if the zones cannot be found.
    pub fn day(&self, seed: u64, grid: ZoneGrid) -> Option<Day> {
        let mut dice = StdRng::seed_from_u64(seed);
        let zone = grid.zone_of(self.city)?;
        let around = zone.neighbours();
        let share = self.dense as f64 / self.agents as f64;
        // The dense zone has the same share of the agents as of the shops.
        let place = move |dice: &mut StdRng, number: f64| {
            let zones: &[Zone] = if number < share { &[zone] } else { &around };
            loop {
                let point = point_near(self.city, SEARCHED_KM, dice);
                if grid.zone_of(point).is_some_and(|it| zones.contains(&it)) {
                    return point;
                }
            }
        };
        Some(self.day_of(self.agents, &mut dice, place))
    }

    /// A day with points from the function `place`. The function gets the number of the point as a share of all points.
    fn day_of(
        &self,
        agents: usize,
        dice: &mut StdRng,
        place: impl Fn(&mut StdRng, f64) -> Coordinates,
    ) -> Day {
        let mut places = |many: usize| -> Vec<Coordinates> {
            let shares = (0..many).map(|number| number as f64 / many as f64);
            shares.map(|share| place(dice, share)).collect()
        };
        let starts = places(agents);
        let shops = places(agents.div_ceil(AGENTS_PER_SHOP).max(2));
        let orders = (agents as f64 * self.orders_per_agent_hour * self.hours).round() as usize;
        let mut placed: Vec<f64> = (0..orders)
            .map(|_| dice.random_range(0.0..self.hours * 3600.0))
            .collect();
        placed.sort_by(f64::total_cmp);
        let orders = placed.into_iter().map(|at_s| {
            let shop = dice.random_range(0..shops.len());
            let dropoff = point_near(shops[shop], SIDE_KM, dice);
            DayOrder {
                at_s,
                customer: shop,
                new: order_between(shops[shop], dropoff, 120),
                cancelled_s: None,
                pickup_fails: false,
            }
        });
        Day {
            begins: GENERATED_DAY,
            orders: orders.collect(),
            agents: starts
                .into_iter()
                .map(|start| DayAgent {
                    start,
                    duties: vec![Duty::from(0.0)],
                    capacity: 100,
                    has_shifts: false,
                })
                .collect(),
            streets: Streets::quiet(LegEstimate::default()),
            promise_s: 4.0 * 3600.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dense_zone_has_its_share() {
        let metropolis = Metropolis {
            agents: 80,
            dense: 30,
            hours: 1.0,
            ..Metropolis::whole_day()
        };
        let grid = testkit::build::grid();
        let day = metropolis.day(1, grid).unwrap();
        let zone = grid.zone_of(metropolis.city);
        let inside = |place| grid.zone_of(place) == zone;
        let dense = day.agents.iter().filter(|agent| inside(agent.start));
        assert_eq!((dense.count(), day.agents.len()), (30, 80));
        assert_eq!(day.orders.len(), 250);
        let small = metropolis.small_city(1);
        assert_eq!((small.agents.len(), small.orders.len()), (8, 25));
    }
}
