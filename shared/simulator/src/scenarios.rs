//! The scenarios of `make bench-day`.

use domain::{Coordinates, LegEstimate};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::day::{Day, DayAgent, DayOrder, Duty, GENERATED_DAY};
use crate::generate::{order_between, point_near};
use crate::streets::Streets;

const HOUR_S: f64 = 3600.0;
const MINUTE_S: f64 = 60.0;

/// When orders are placed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Demand {
    /// Evenly over the day.
    Even,
    /// Half of them evenly, a quarter around noon, and a quarter in the early evening.
    Rushes,
    /// An import in the morning has this number of orders. The others come evenly over the day.
    Import(usize),
}

/// When agents are on duty.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Duties {
    /// All day.
    AllDay,
    /// One agent after the other comes on duty during the first two hours.
    OneAfterTheOther,
    /// Half of the agents take a break of 45 minutes, and a quarter leave two hours before the last orders.
    BreaksAndLeavings,
}

/// A kind of day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scenario {
    /// The name.
    pub name: &'static str,
    /// A short description.
    pub about: &'static str,
    /// The middle of the city.
    pub city: Coordinates,
    /// The side of the city, in kilometres.
    pub side_km: f64,
    /// The number of agents.
    pub agents: usize,
    /// The number of orders.
    pub orders: usize,
    /// The number of shops. Each is a customer.
    pub shops: usize,
    /// The hours in which orders are placed.
    pub hours: f64,
    /// When orders are placed.
    pub demand: Demand,
    /// When agents are on duty.
    pub duties: Duties,
    /// The share of orders that their customers cancel within half an hour, unless they are picked up by then.
    pub cancelled: f64,
    /// The share of orders that cannot be picked up.
    pub failing: f64,
    /// How far true driving times may be from their estimates.
    pub noise: f64,
}

const BERLIN: Coordinates = Coordinates {
    lat: 52.52,
    lon: 13.405,
};
const BARCELONA: Coordinates = Coordinates {
    lat: 41.395,
    lon: 2.165,
};
const PORTO_ALEGRE: Coordinates = Coordinates {
    lat: -30.034,
    lon: -51.21,
};
const ZUG: Coordinates = Coordinates {
    lat: 47.172,
    lon: 8.517,
};
const NEW_YORK: Coordinates = Coordinates {
    lat: 40.745,
    lon: -73.985,
};
const TOKYO: Coordinates = Coordinates {
    lat: 35.69,
    lon: 139.70,
};

/// A day without trouble, as the base of the others.
const CALM: Scenario = Scenario {
    name: "light",
    about: "a light day: everybody could be served at once",
    city: BARCELONA,
    side_km: 6.0,
    agents: 6,
    orders: 70,
    shops: 12,
    hours: 9.0,
    demand: Demand::Rushes,
    duties: Duties::AllDay,
    cancelled: 0.0,
    failing: 0.0,
    noise: 0.0,
};

/// The scenarios.
pub const SCENARIOS: [Scenario; 8] = [
    CALM,
    Scenario {
        name: "full",
        about: "a full day: the agents always have something to do",
        city: BERLIN,
        side_km: 8.0,
        agents: 8,
        orders: 200,
        shops: 30,
        hours: 8.0,
        ..CALM
    },
    Scenario {
        name: "overloaded",
        about: "an overloaded day: more orders than the agents can deliver before evening",
        city: PORTO_ALEGRE,
        side_km: 8.0,
        agents: 6,
        orders: 240,
        shops: 30,
        hours: 8.0,
        demand: Demand::Even,
        ..CALM
    },
    Scenario {
        name: "small town",
        about: "three agents, who come on duty one after the other",
        city: ZUG,
        side_km: 4.0,
        agents: 3,
        orders: 60,
        shops: 8,
        hours: 8.0,
        duties: Duties::OneAfterTheOther,
        ..CALM
    },
    Scenario {
        name: "breaks",
        about: "agents take breaks or leave early",
        city: TOKYO,
        side_km: 7.0,
        agents: 8,
        orders: 150,
        shops: 20,
        hours: 8.0,
        duties: Duties::BreaksAndLeavings,
        ..CALM
    },
    Scenario {
        name: "traffic",
        about: "each leg takes up to 40 % less or more time than estimated",
        city: NEW_YORK,
        side_km: 7.0,
        agents: 8,
        orders: 160,
        shops: 25,
        hours: 8.0,
        noise: 0.4,
        ..CALM
    },
    Scenario {
        name: "trouble",
        about: "8 % of the orders are cancelled, and 5 % cannot be picked up",
        city: BARCELONA,
        side_km: 6.0,
        agents: 7,
        orders: 150,
        shops: 20,
        hours: 8.0,
        cancelled: 0.08,
        failing: 0.05,
        noise: 0.2,
        ..CALM
    },
    Scenario {
        name: "import",
        about: "an import of 300 orders in the morning, and 60 orders during the day",
        city: BERLIN,
        side_km: 8.0,
        agents: 12,
        orders: 360,
        shops: 20,
        hours: 8.0,
        demand: Demand::Import(300),
        ..CALM
    },
];

impl Scenario {
    /// The day with this seed.
    pub fn day(&self, seed: u64) -> Day {
        let mut dice = StdRng::seed_from_u64(seed);
        let shops: Vec<Coordinates> = (0..self.shops)
            .map(|_| point_near(self.city, self.side_km, &mut dice))
            .collect();
        let agents = (0..self.agents).map(|index| DayAgent {
            start: point_near(self.city, self.side_km, &mut dice),
            duties: self.duties_of(index),
            capacity: 100,
            has_shifts: false,
        });
        let agents = agents.collect();
        let mut orders: Vec<DayOrder> = (0..self.orders)
            .map(|index| self.order(index, &shops, &mut dice))
            .collect();
        orders.sort_by(|one, other| one.at_s.total_cmp(&other.at_s));
        Day {
            begins: GENERATED_DAY,
            orders,
            agents,
            streets: Streets {
                estimate: LegEstimate::default(),
                noise: self.noise,
                seed,
            },
            promise_s: 4.0 * HOUR_S,
        }
    }

    fn order(&self, index: usize, shops: &[Coordinates], dice: &mut StdRng) -> DayOrder {
        // The file of an import comes from one customer, whose warehouse is the first shop.
        let imported = matches!(self.demand, Demand::Import(many) if index < many);
        let shop = if imported {
            0
        } else {
            dice.random_range(0..shops.len())
        };
        let at_s = if imported {
            5.0 * MINUTE_S
        } else {
            self.placed_s(dice)
        };
        let dropoff = point_near(self.city, self.side_km, dice);
        let cancelled = dice.random_bool(self.cancelled);
        DayOrder {
            at_s,
            customer: shop,
            new: order_between(shops[shop], dropoff, 120),
            cancelled_s: cancelled.then(|| at_s + dice.random_range(MINUTE_S..30.0 * MINUTE_S)),
            pickup_fails: dice.random_bool(self.failing),
        }
    }

    fn placed_s(&self, dice: &mut StdRng) -> f64 {
        let any = dice.random_range(0.0..self.hours);
        let hour = match (self.demand, dice.random_range(0..4)) {
            (Demand::Rushes, 0) => self.hours * 0.4 + dice.random_range(-0.75..0.75),
            (Demand::Rushes, 1) => self.hours * 0.8 + dice.random_range(-0.75..0.75),
            _ => any,
        };
        (hour * HOUR_S).round()
    }

    fn duties_of(&self, agent: usize) -> Vec<Duty> {
        let share = agent as f64 / self.agents as f64;
        match self.duties {
            Duties::AllDay => vec![Duty::from(0.0)],
            Duties::OneAfterTheOther => vec![Duty::from(2.0 * HOUR_S * share)],
            // Two of four take a break, one after the other, and one of four leaves early.
            Duties::BreaksAndLeavings => match agent % 4 {
                0 | 2 => {
                    let until_s = self.hours * HOUR_S * (0.35 + 0.3 * share);
                    let break_ends_s = until_s + 45.0 * MINUTE_S;
                    let first = Duty {
                        from_s: 0.0,
                        until_s,
                    };
                    vec![first, Duty::from(break_ends_s)]
                }
                1 => vec![Duty {
                    from_s: 0.0,
                    until_s: (self.hours - 2.0) * HOUR_S,
                }],
                _ => vec![Duty::from(0.0)],
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_always_gives_the_same_day() {
        for scenario in SCENARIOS {
            let (one, again, other) = (scenario.day(1), scenario.day(1), scenario.day(2));
            let ends = |day: &Day| -> Vec<(f64, Coordinates)> {
                let orders = day.orders.iter();
                orders.map(|it| (it.at_s, it.dropoff())).collect()
            };
            assert_eq!(ends(&one), ends(&again));
            assert_ne!(ends(&one), ends(&other));
            assert_eq!(one.orders.len(), scenario.orders);
            assert!(one.orders.is_sorted_by_key(|order| order.at_s));
        }
    }
}
