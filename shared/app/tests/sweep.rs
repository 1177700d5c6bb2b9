//! The sweep over the pending orders.

#![allow(clippy::unwrap_used)]

mod world;

use std::collections::BTreeSet;
use std::time::Duration;

use app::orders::SweepReport;
use domain::{Order, Zone};
use testkit::{Landmarks, an_order};
use world::World;

const A_MINUTE: Duration = Duration::from_secs(60);
/// More than two pages of the index.
const ORDERS: u64 = 12_000;

/// The orders of four hours. The first 11,000 are picked up in Barcelona, the others in Tokyo.
fn a_long_list() -> Vec<Order> {
    let orders = (1..=ORDERS).map(|number| {
        let (minute, second) = (number / 60 % 60, number % 60);
        let hour = number / 3600;
        let order =
            an_order(number).placed_at(&format!("2030-05-06T0{hour}:{minute:02}:{second:02}Z"));
        match number {
            ..=11_000 => order.build(),
            _ => order.from(Landmarks::TOKYO_STATION).build(),
        }
    });
    orders.collect()
}

fn woken(world: &World) -> Vec<Zone> {
    let wakes = world.wakes.take_messages().into_iter();
    wakes.map(|wake| wake.zone).collect()
}

#[tokio::test]
async fn a_long_list_is_swept_page_by_page() {
    let world = World::with([], a_long_list());
    let zones: BTreeSet<Zone> = (world.store.all_orders().iter())
        .filter_map(|order| order.zone)
        .collect();
    assert_eq!(zones.len(), 2);
    let report = world.sweep_pending_orders().run(A_MINUTE).await.unwrap();
    let all = SweepReport {
        zones: 2,
        pages: 3,
        is_over: true,
        oldest: world.store.all_orders().iter().map(|order| order.id).min(),
    };
    assert_eq!(report, all);
    let woken = woken(&world);
    assert_eq!(
        woken.len(),
        2,
        "each zone once, although it is in many pages"
    );
    assert_eq!(BTreeSet::from_iter(woken), zones);
}

#[tokio::test]
async fn a_sweep_without_time_is_continued() {
    let world = World::with([], a_long_list());
    let mut runs = Vec::new();
    for _ in 0..4 {
        let sweep = world.sweep_pending_orders();
        let report = sweep.run(Duration::ZERO).await.unwrap();
        assert_eq!(report.pages, 1, "a run without time reads one page");
        runs.push((report.zones, report.is_over));
        assert_eq!(woken(&world).len(), report.zones);
    }
    // After the end, the next run begins at the beginning.
    assert_eq!(runs, [(1, false), (1, false), (2, true), (1, false)]);
}

#[tokio::test]
async fn a_page_that_failed_is_read_again() {
    let world = World::with([], a_long_list());
    let sweep = world.sweep_pending_orders();
    sweep.run(Duration::ZERO).await.unwrap();
    sweep.run(Duration::ZERO).await.unwrap();
    woken(&world);
    world.wakes.set_away(true);
    sweep.run(A_MINUTE).await.unwrap_err();
    world.wakes.set_away(false);
    let report = sweep.run(A_MINUTE).await.unwrap();
    assert_eq!((report.zones, report.pages), (2, 1));
    assert_eq!(woken(&world).len(), 2);
}

#[tokio::test]
async fn two_sweeps_at_once_miss_nothing() {
    let world = World::with([], a_long_list());
    let (one, other) = (world.sweep_pending_orders(), world.sweep_pending_orders());
    let mut runs = 0;
    loop {
        let (first, second) = tokio::join!(one.run(Duration::ZERO), other.run(Duration::ZERO));
        runs += 1;
        if first.unwrap().is_over || second.unwrap().is_over {
            break;
        }
    }
    assert!(runs <= 3, "they took {runs} runs");
    assert_eq!(BTreeSet::from_iter(woken(&world)).len(), 2);
}
