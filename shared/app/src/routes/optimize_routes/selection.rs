//! Which orders and agents take part in a plan.
//!
//! A dense city has more stops in one zone than a plan can take. Then a plan takes the order that waits longest, and
//! the orders and the agents near its pickup. The next plan begins with the next order. So each plan is about one part
//! of the city, and the parts have no fixed borders.

use std::cmp::Reverse;
use std::collections::HashMap;

use domain::{Coordinates, Order, Route, UserId};

use super::instance::Crew;

/// The orders and agents of one plan.
pub(super) struct Selection {
    /// The pending orders.
    pub(super) orders: Vec<Order>,
    /// The agents.
    pub(super) crews: Vec<Crew>,
    /// The number of pending orders that are left for the next plan.
    pub(super) left_for_next: usize,
    /// The number of agents that are left out.
    pub(super) left_out: usize,
}

impl Selection {
    /// Selects from the orders, which come in turn, and the crews, so that the plan has at most this number of points:
    /// two for each order, and one for each crew. The crews take at most half of the points, so that the plan has room
    /// for orders, whatever routes there are.
    pub(super) fn of(mut orders: Vec<Order>, mut crews: Vec<Crew>, most_points: usize) -> Self {
        let (all_orders, all_crews) = (orders.len(), crews.len());
        let needed = 2 * orders.len() + crews.iter().map(Crew::points).sum::<usize>();
        if needed <= most_points {
            return Self {
                orders,
                crews,
                left_for_next: 0,
                left_out: 0,
            };
        }
        let centre = match orders.first() {
            Some(first) => first.pickup.location,
            // Without orders, the plan is for an agent who is idle, or else for the one who is most late.
            None => crews.iter().find_map(idle_position).or_else(|| {
                let most_late = crews
                    .iter()
                    .max_by_key(|crew| crew.route().map(Route::lateness));
                most_late.and_then(Crew::position)
            }),
        };
        if let Some(centre) = centre {
            orders.sort_by(|one, other| {
                let away = |order: &Order| {
                    let pickup = order.pickup.location;
                    pickup.map_or(f64::MAX, |it| it.great_circle_m(centre))
                };
                away(one).total_cmp(&away(other))
            });
            // A crew that has no room can only give orders away, so the others come first.
            let away = |crew: &Crew| {
                crew.position()
                    .map_or(f64::MAX, |it| it.great_circle_m(centre))
            };
            crews.sort_by(|one, other| {
                let full = |crew: &Crew| crew.room() == 0;
                let by_room = full(one).cmp(&full(other));
                by_room.then(away(one).total_cmp(&away(other)))
            });
        }
        let mut points = 0;
        crews.retain(|crew| {
            points += crew.points();
            points <= most_points / 2
        });
        let taken: usize = crews.iter().map(Crew::points).sum();
        orders.truncate(most_points.saturating_sub(taken) / 2);
        Self {
            left_for_next: all_orders - orders.len(),
            left_out: all_crews - crews.len(),
            orders,
            crews,
        }
    }
}

fn idle_position(crew: &Crew) -> Option<Coordinates> {
    crew.position().filter(|_| crew.route().is_none())
}

/// Puts orders into the sequence in which plans take them: orders that no plan has tried come first, then customers
/// take turns. Of one customer the most urgent orders come first, and of these the one that is due longest. So neither
/// a file of many orders nor many urgent ones delay the single order of another customer.
pub(super) fn take_turns(orders: &mut Vec<Order>) {
    let due = |order: &Order| (order.waiting.map(|waiting| waiting.retry_at), order.id);
    let tried = |order: &Order| order.waiting.is_some_and(|waiting| waiting.attempts > 0);
    orders.sort_unstable_by_key(|order| (tried(order), Reverse(order.priority), due(order)));
    let mut turns: HashMap<(bool, UserId), usize> = HashMap::new();
    let mut in_turn: Vec<(bool, usize, Order)> = orders
        .drain(..)
        .map(|order| {
            let tried = tried(&order);
            let turn = turns.entry((tried, order.customer_id)).or_default();
            *turn += 1;
            (tried, *turn, order)
        })
        .collect();
    // A stable sort: within a turn, the most urgent order comes first, and then the one that is due longest.
    in_turn.sort_by_key(|(tried, turn, _)| (*tried, *turn));
    orders.extend(in_turn.into_iter().map(|(_, _, order)| order));
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{OrderId, Priority};
    use testkit::build::user_id;
    use testkit::{Landmarks, an_agent, an_order};

    /// Orders and agents of two neighbourhoods, in turn.
    fn two_neighbourhoods(orders: u64, agents: u64) -> (Vec<Order>, Vec<Crew>) {
        let place = |n: u64| [Landmarks::CAMP_NOU, Landmarks::BARCELONETA][(n % 2) as usize];
        let orders = (0..orders).map(|n| an_order(n).from(place(n)).build());
        let agents = (0..agents).map(|n| an_agent(n).starting_at(place(n)).on_duty().build());
        (orders.collect(), agents.map(Crew::free).collect())
    }

    #[test]
    fn a_plan_that_is_full_is_about_the_part_of_the_first_order() {
        let (mut orders, crews) = two_neighbourhoods(40, 20);
        orders.rotate_left(1);
        let first = orders[0].pickup.location;
        let selection = Selection::of(orders, crews, 30);
        assert_eq!((selection.orders.len(), selection.crews.len()), (7, 15));
        assert_eq!((selection.left_for_next, selection.left_out), (33, 5));
        assert!(
            selection
                .orders
                .iter()
                .all(|it| it.pickup.location == first)
        );
        let near = selection.crews.iter().take(10);
        assert!(near.map(Crew::position).all(|it| it == first));
    }

    #[test]
    fn urgent_orders_come_first_and_customers_still_take_turns() {
        let of = |n: u64, customer: u64, priority| {
            let order = an_order(n).of(user_id(customer));
            order.with_priority(priority).build()
        };
        let (normal, urgent) = (Priority::Normal, Priority::Urgent);
        let mut orders = vec![
            of(1, 1, normal),
            of(2, 1, urgent),
            of(3, 1, urgent),
            of(4, 2, normal),
        ];
        let ids: Vec<OrderId> = orders.iter().map(|order| order.id).collect();
        take_turns(&mut orders);
        let in_turn: Vec<OrderId> = orders.iter().map(|order| order.id).collect();
        assert_eq!(in_turn, [ids[1], ids[3], ids[2], ids[0]]);
    }

    #[test]
    fn a_plan_with_room_for_all_takes_all_in_their_turn() {
        let (orders, crews) = two_neighbourhoods(5, 3);
        let ids: Vec<_> = orders.iter().map(|order| order.id).collect();
        let selection = Selection::of(orders, crews, 30);
        let selected: Vec<_> = selection.orders.iter().map(|order| order.id).collect();
        assert_eq!(selected, ids);
        assert_eq!((selection.left_for_next, selection.left_out), (0, 0));
    }
}
