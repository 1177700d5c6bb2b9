//! [`ZoneLeases`]

use app::ports::{Dirty, ZoneLeases};
use futures::future::join_all;

use super::Fresh;
use super::fresh::later;
use crate::build::at;

/// Checks leases on zones.
pub async fn run(leases: &dyn ZoneLeases) {
    one_holds_a_zone(leases).await;
    the_holder_hears_what_others_asked(leases).await;
    what_was_asked_outlives_whoever_heard_it(leases).await;
    a_dead_holder_is_succeeded(leases).await;
    of_many_one_gets_it(leases).await;
}

async fn one_holds_a_zone(leases: &dyn ZoneLeases) {
    let now = at("2030-05-06T08:00:00.100Z");
    let until = later(now, 60);
    let (zone, other) = (Fresh::new().zone(), Fresh::new().zone());
    assert!(leases.take(zone, "a", now, until).await.unwrap());
    assert!(!leases.take(zone, "b", later(now, 1), until).await.unwrap());
    assert!(
        leases.take(zone, "a", later(now, 1), until).await.unwrap(),
        "a repetition"
    );
    assert!(leases.take(other, "b", now, until).await.unwrap());
    let not_theirs = leases.give_back(zone, "b").await.unwrap();
    assert_eq!(not_theirs, None);
    leases.settle(zone, "b").await.unwrap();
    assert!(!leases.take(zone, "b", later(now, 2), until).await.unwrap());
    let nobody_asked = leases.give_back(zone, "a").await.unwrap();
    assert_eq!(nobody_asked, None);
    assert!(leases.take(zone, "b", later(now, 3), until).await.unwrap());
    leases.give_back(zone, "b").await.unwrap();
    leases.settle(zone, "b").await.unwrap();
    let nobodys = leases.give_back(zone, "b").await.unwrap();
    assert_eq!(nobodys, None);
    leases.settle(zone, "b").await.unwrap();
    assert!(leases.take(zone, "a", now, until).await.unwrap());
}

async fn the_holder_hears_what_others_asked(leases: &dyn ZoneLeases) {
    let now = at("2030-05-06T08:00:00Z");
    let until = later(now, 60);
    let zone = Fresh::new().zone();
    assert!(
        !leases.mark_dirty(zone, true, now).await.unwrap(),
        "nobody holds the lease"
    );
    for (asked, heard) in [
        (&[false][..], false),
        (&[true], true),
        (&[false, true, false], true),
    ] {
        assert!(leases.take(zone, "a", now, until).await.unwrap());
        for everything in asked {
            assert!(
                leases
                    .mark_dirty(zone, *everything, later(now, 1))
                    .await
                    .unwrap()
            );
        }
        for _ in 0..2 {
            let dirty = leases.give_back(zone, "a").await.unwrap();
            assert_eq!(
                dirty,
                Some(Dirty { everything: heard }),
                "the same again, since the first answer may be lost"
            );
        }
        leases.settle(zone, "a").await.unwrap();
    }
    assert!(leases.take(zone, "b", now, until).await.unwrap());
    let dirty = leases.give_back(zone, "b").await.unwrap();
    assert_eq!(dirty, None, "the request was settled");
}

async fn what_was_asked_outlives_whoever_heard_it(leases: &dyn ZoneLeases) {
    let now = at("2030-05-06T08:00:00Z");
    let until = later(now, 60);
    let zone = Fresh::new().zone();
    let everything = Some(Dirty { everything: true });
    assert!(leases.take(zone, "a", now, until).await.unwrap());
    assert!(leases.mark_dirty(zone, true, now).await.unwrap());
    assert_eq!(leases.give_back(zone, "a").await.unwrap(), everything);
    let slow_clock = later(now, -3600);
    let marked = leases.mark_dirty(zone, false, slow_clock).await.unwrap();
    assert!(!marked, "the lease was given back already");
    // The holder dies before the zone is woken.
    let taken = leases.take(zone, "b", slow_clock, until).await.unwrap();
    assert!(taken, "the lease was given back, even for a slow clock");
    leases.settle(zone, "a").await.unwrap();
    let taken = leases.take(zone, "c", now, until).await.unwrap();
    assert!(
        !taken,
        "the first holder does not settle the lease of the second"
    );
    assert_eq!(leases.give_back(zone, "b").await.unwrap(), everything);
}

async fn a_dead_holder_is_succeeded(leases: &dyn ZoneLeases) {
    let now = at("2030-05-06T08:00:00Z");
    let until = later(now, 60);
    let zone = Fresh::new().zone();
    assert!(leases.take(zone, "a", now, until).await.unwrap());
    assert!(leases.mark_dirty(zone, true, later(now, 1)).await.unwrap());
    assert!(
        !leases.mark_dirty(zone, false, until).await.unwrap(),
        "the lease has expired"
    );
    assert!(
        leases
            .take(zone, "b", until, later(until, 60))
            .await
            .unwrap()
    );
    let dirty = leases.give_back(zone, "a").await.unwrap();
    assert_eq!(dirty, None, "the lease has another holder");
    assert!(
        !leases
            .take(zone, "c", later(until, 1), later(until, 61))
            .await
            .unwrap()
    );
    let dirty = leases.give_back(zone, "b").await.unwrap();
    assert_eq!(
        dirty,
        Some(Dirty { everything: true }),
        "the request to the dead holder"
    );
}

async fn of_many_one_gets_it(leases: &dyn ZoneLeases) {
    let now = at("2030-05-06T08:00:00Z");
    let zone = Fresh::new().zone();
    let owners = ["a", "b", "c", "d", "e", "f"];
    let takes = owners.map(|owner| leases.take(zone, owner, now, later(now, 60)));
    let results = join_all(takes).await;
    let taken = results.into_iter().filter(|taken| *taken.as_ref().unwrap());
    assert_eq!(taken.count(), 1);
}
