//! [`Promises`]

use app::ports::{Promise, Promises};
use domain::OrderId;
use domain::ids::Uuid;

use super::Fresh;
use super::fresh::later;
use crate::build::at;

/// Checks the memory of delivery times.
pub async fn run(promises: &dyn Promises) {
    let fresh = Fresh::new();
    let now = at("2030-05-06T08:00:00.250Z");
    let forget_at = later(now, 3_600);
    let promise = |told_after_s: i64, expected_after_s: i64| Promise {
        order_id: OrderId(Uuid::now_v7()),
        customer_id: fresh.user_id(),
        expected: later(now, expected_after_s),
        told_at: later(now, told_after_s),
    };
    let (first, other) = (promise(0, 900), promise(1, 1_800));
    let (one, two, unknown) = (first.order_id, other.order_id, OrderId(Uuid::now_v7()));
    assert_eq!(promises.promised(&[one, unknown]).await.unwrap(), []);
    assert_eq!(promises.promised(&[]).await.unwrap(), []);

    promises.promise(&[first, other], forget_at).await.unwrap();
    let mut found = promises.promised(&[one, two, unknown, one]).await.unwrap();
    found.sort_by_key(|promise| promise.expected);
    assert_eq!(found, [first, other]);

    // The same again, an older one, and one of the same moment change nothing.
    let older = Promise {
        expected: later(now, 5),
        told_at: later(now, -1),
        ..first
    };
    let same_moment = Promise {
        expected: later(now, 6),
        ..first
    };
    for late in [first, older, same_moment] {
        promises.promise(&[late], forget_at).await.unwrap();
        assert_eq!(promises.promised(&[one]).await.unwrap(), [first]);
    }
    let newer = Promise {
        expected: later(now, 7),
        told_at: later(now, 2),
        ..first
    };
    promises.promise(&[newer], forget_at).await.unwrap();
    assert_eq!(promises.promised(&[one]).await.unwrap(), [newer]);
    promises.promise(&[], forget_at).await.unwrap();
}
