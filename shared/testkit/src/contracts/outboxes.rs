//! [`Outboxes`]

use std::collections::HashSet;
use std::slice;

use app::messages::{Event, News};
use app::ports::{Outboxes, Taken};
use domain::ids::Uuid;
use domain::{OrderId, OrderStatus, Timestamp, UserId};
use futures::future::join_all;

use super::Fresh;
use super::fresh::later;
use crate::build::at;

/// More than enough to fill an outbox.
const MANY: usize = 7;

/// Checks the outboxes.
pub async fn run(outboxes: &dyn Outboxes) {
    let fresh = Fresh::new();
    let now = at("2030-05-06T08:00:00.100Z");
    waits_until_taken(outboxes, &fresh, now).await;
    one_of_many_takes_it(outboxes, &fresh, now).await;
    is_remembered(outboxes, &fresh, now).await;
    is_full_at_last(outboxes, fresh.user_id(), now).await;
}

fn news(at: Timestamp) -> News {
    News {
        event: Event::OrderChanged {
            order_id: OrderId(Uuid::now_v7()),
            status: OrderStatus::Delivered,
            releases: 0,
        },
        at,
        request_id: Some(Uuid::now_v7().to_string()),
    }
}

async fn waits_until_taken(outboxes: &dyn Outboxes, fresh: &Fresh, now: Timestamp) {
    let (user, until) = (fresh.user_id(), later(now, 60));
    let take = async |at, until| outboxes.take(user, at, until, false).await.unwrap();
    assert_eq!(take(now, until).await, Taken::Empty);

    let (first, second, third) = (news(now), news(now), news(now));
    for _ in 0..2 {
        let both = [first.clone(), second.clone()];
        assert!(outboxes.add(user, &both, now).await.unwrap());
    }
    let taken = ours(take(now, until).await);
    assert_eq!(taken.len(), 2, "each once: {taken:?}");
    assert!(taken.contains(&first) && taken.contains(&second));
    assert_eq!(
        take(later(now, 59), later(now, 119)).await,
        Taken::Theirs(until)
    );
    // News that arrives meanwhile waits for the next holder.
    assert!(
        outboxes
            .add(user, slice::from_ref(&third), now)
            .await
            .unwrap()
    );
    let (done, free_at) = ([first, second], later(now, 3));
    outboxes
        .give_back(user, until, &done, free_at)
        .await
        .unwrap();
    assert_eq!(take(later(now, 2), until).await, Taken::Theirs(free_at));
    let until = later(now, 63);
    assert_eq!(ours(take(free_at, until).await), slice::from_ref(&third));

    // The holder dies. The next one has all news, and the first holder cannot give back what it has lost.
    let next = later(now, 130);
    assert_eq!(ours(take(until, next).await), slice::from_ref(&third));
    outboxes
        .give_back(user, until, slice::from_ref(&third), until)
        .await
        .unwrap();
    assert_eq!(take(later(now, 100), next).await, Taken::Theirs(next));
    outboxes
        .give_back(user, next, &[third], next)
        .await
        .unwrap();
    assert_eq!(take(later(now, 200), later(now, 260)).await, Taken::Empty);
    let carries = outboxes.take(user, later(now, 200), later(now, 260), true);
    assert_eq!(ours(carries.await.unwrap()), []);
    let carries = outboxes.take(user, later(now, 201), later(now, 261), true);
    assert_eq!(carries.await.unwrap(), Taken::Theirs(later(now, 260)));
}

async fn one_of_many_takes_it(outboxes: &dyn Outboxes, fresh: &Fresh, now: Timestamp) {
    let user = fresh.user_id();
    outboxes.add(user, &[news(now)], now).await.unwrap();
    let raced = (0..8).map(|_| outboxes.take(user, now, later(now, 60), false));
    let results: Vec<Taken> = join_all(raced)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    let ours = results.iter().filter(|it| matches!(it, Taken::Ours(_)));
    assert_eq!(ours.count(), 1, "exactly one sends: {results:?}");
    assert!(!results.contains(&Taken::Empty), "{results:?}");
}

async fn is_remembered(outboxes: &dyn Outboxes, fresh: &Fresh, now: Timestamp) {
    let (user, other) = (fresh.user_id(), fresh.user_id());
    // They happened in different hours, in no order.
    let all: Vec<News> = [5, 0, 3, 0]
        .into_iter()
        .map(|hours| news(later(now, hours * 3600)))
        .collect();
    let names = |news: &[News]| news.iter().map(News::name).collect::<HashSet<_>>();
    assert_eq!(outboxes.told(user, &all).await.unwrap(), HashSet::new());
    for _ in 0..2 {
        outboxes
            .remember(user, &all[..3], later(now, 86_400))
            .await
            .unwrap();
    }
    assert_eq!(outboxes.told(user, &all).await.unwrap(), names(&all[..3]));
    assert_eq!(outboxes.told(other, &all).await.unwrap(), HashSet::new());
    outboxes.remember(user, &[], now).await.unwrap();
    assert_eq!(outboxes.told(user, &[]).await.unwrap(), HashSet::new());
}

async fn is_full_at_last(outboxes: &dyn Outboxes, user: UserId, now: Timestamp) {
    let mut stored = 0;
    for _ in 0..MANY {
        let hundred: Vec<News> = (0..100).map(|_| news(now)).collect();
        if !outboxes.add(user, &hundred, now).await.unwrap() {
            let taken = outboxes.take(user, now, later(now, 60), false);
            assert_eq!(ours(taken.await.unwrap()).len(), stored, "all or nothing");
            return;
        }
        stored += 100;
    }
    panic!("{stored} pieces of news did not fill an outbox");
}

#[track_caller]
fn ours(taken: Taken) -> Vec<News> {
    match taken {
        Taken::Ours(news) => news,
        other => panic!("the outbox was to be taken, not {other:?}"),
    }
}
