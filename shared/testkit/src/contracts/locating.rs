//! [`LocatingStore`] and [`GeocoderTurns`]

use std::collections::BTreeSet;

use app::ports::{GeocoderTurns, LocatingStore, StoreError, Turn};
use domain::ids::Uuid;
use domain::import::{Chain, Locating};
use domain::place::PlaceCandidate;
use domain::{ImportId, RowFault, Timestamp};
use futures::future::join_all;
use jiff::SignedDuration;

use super::fresh::later;
use crate::build::{Landmarks, at};

/// Checks a store of the progress of imports.
pub async fn run(store: &dyn LocatingStore) {
    let id = ImportId(Uuid::now_v7());
    let none = store.locating(id).await.unwrap();
    assert_eq!(none, Locating::none(id), "nobody has looked at an address");
    let first = Locating {
        row: 20,
        located: 9,
        failed: 2,
        cancelled: 1,
        fruitless: 3,
        chain: Some(Chain {
            id: 7,
            alive_until: at("2030-05-06T08:30:00.500Z"),
        }),
        ..none.marked()
    };
    let second = Locating {
        row: 40,
        failed: 4,
        chain: None,
        ..first.marked()
    };
    assert_conflict(store.put_locating(&second, &[fault(30)]).await);
    store
        .put_locating(&first, &[fault(9), fault(10)])
        .await
        .unwrap();
    assert_conflict(store.put_locating(&first, &[fault(9)]).await);
    store
        .put_locating(&second, &[fault(25), fault(40)])
        .await
        .unwrap();
    assert_conflict(store.put_locating(&first, &[fault(11)]).await);
    let third = Locating {
        row: 60,
        ..second.marked()
    };
    store.put_locating(&third, &[]).await.unwrap();
    assert_eq!(store.locating(id).await.unwrap(), third);

    let rows = async |after, limit| -> Vec<u32> {
        let faults = store.unplaced_rows(id, after, limit).await.unwrap();
        faults.into_iter().map(|fault| fault.row).collect()
    };
    assert_eq!(rows(0, 100).await, [9, 10, 25, 40]);
    assert_eq!(rows(0, 1).await, [9, 10], "whole writes");
    assert_eq!(rows(10, 1).await, [25, 40]);
    assert_eq!(rows(40, 1).await, [0; 0]);
    let found = store.unplaced_rows(id, 0, 1).await.unwrap();
    assert_eq!(found, [fault(9), fault(10)]);

    let raced = ImportId(Uuid::now_v7());
    let version = Locating::none(raced).marked();
    let writes = (0..4).map(|_| store.put_locating(&version, &[]));
    let written = join_all(writes).await;
    assert_eq!(written.iter().filter(|it| it.is_ok()).count(), 1);
}

/// Checks the turns of a geocoder. They are one record for everybody, so nobody else may take turns meanwhile. `now` is
/// later than every turn before.
pub async fn run_turns(turns: &dyn GeocoderTurns, now: Timestamp) {
    let apart = SignedDuration::from_millis(1_500);
    let within = SignedDuration::from_secs(3);
    let take = async |now| turns.take_turn(apart, now, within).await.unwrap();
    let after = |milliseconds| now + SignedDuration::from_millis(milliseconds);
    assert_eq!(take(now).await, Turn::At(now), "the first turn is at once");
    assert_eq!(take(now).await, Turn::At(after(1_500)));
    assert_eq!(take(after(200)).await, Turn::At(after(3_000)));
    assert_eq!(take(now).await, Turn::NotBefore(after(4_500)));
    assert_eq!(
        take(after(1_000)).await,
        Turn::NotBefore(after(4_500)),
        "no turn was taken"
    );
    assert_eq!(
        take(after(9_000)).await,
        Turn::At(after(9_000)),
        "no turns are saved up"
    );

    turns.rest_until(after(60_000)).await.unwrap();
    turns.rest_until(after(30_000)).await.unwrap();
    assert_eq!(take(after(20_000)).await, Turn::NotBefore(after(60_000)));
    assert_eq!(take(after(59_000)).await, Turn::At(after(60_000)));

    let now = after(100_000);
    let takes = (0..4).map(|_| turns.take_turn(apart, now, SignedDuration::from_hours(1)));
    let mut taken = BTreeSet::new();
    let mut lost = 0;
    for turn in join_all(takes).await {
        match turn {
            Ok(Turn::At(time)) => assert!(taken.insert(time), "two have one turn"),
            Ok(Turn::NotBefore(time)) => panic!("no turn before {time}"),
            Err(StoreError::Conflict) => lost += 1,
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(taken.len() + lost, 4);

    let key = Uuid::now_v7().to_string();
    let until = later(now, 60);
    let claim = async |owner, at| turns.claim(&key, owner, at, until).await.unwrap();
    assert!(claim("one", now).await);
    assert!(!claim("two", now).await);
    assert!(
        claim("one", now).await,
        "a lost answer does not lock the owner out"
    );
    turns.give_up(&key, "two").await.unwrap();
    assert!(
        !claim("two", later(now, 59)).await,
        "only the owner gives it up"
    );
    assert!(
        turns
            .claim(&key, "two", later(now, 60), later(now, 90))
            .await
            .unwrap()
    );
    assert!(!claim("one", later(now, 61)).await);
    turns.give_up(&key, "two").await.unwrap();
    assert!(claim("one", later(now, 61)).await);
    let raced = Uuid::now_v7().to_string();
    let owners: Vec<String> = (0..8).map(|n| n.to_string()).collect();
    let claims = owners
        .iter()
        .map(|owner| turns.claim(&raced, owner, now, until));
    let claimed = join_all(claims).await;
    let held = claimed.into_iter().filter(|it| matches!(it, Ok(true)));
    assert_eq!(held.count(), 1);
}

fn assert_conflict(result: Result<(), StoreError>) {
    assert!(matches!(result, Err(StoreError::Conflict)), "{result:?}");
}

fn fault(row: u32) -> RowFault {
    let candidates = [
        ("Carrer Major 1, Girona", 0.9),
        ("Carrer Major 1, Vic", 0.9),
    ];
    let candidates = candidates.map(|(label, confidence)| PlaceCandidate {
        label: label.to_owned(),
        location: Landmarks::SAGRADA_FAMILIA,
        confidence,
    });
    RowFault {
        row,
        column: Some("pickup_address".to_owned()),
        code: "address_not_placed".to_owned(),
        detail: "cannot be placed".to_owned(),
        candidates: candidates
            .into_iter()
            .filter(|_| row.is_multiple_of(2))
            .collect(),
    }
}
