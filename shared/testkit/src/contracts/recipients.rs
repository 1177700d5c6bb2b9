//! [`RecipientMessages`]

use app::ports::{Begun, RecipientMessages};
use domain::ids::Uuid;
use domain::{Moment, OrderId};

use super::fresh::later;
use crate::build::at;

/// Checks the memory of what recipients were told.
pub async fn run(messages: &dyn RecipientMessages) {
    let now = at("2030-05-06T08:00:00.250Z");
    let (order, other) = (OrderId(Uuid::now_v7()), OrderId(Uuid::now_v7()));
    let (until, window) = (later(now, 60), later(now, 900));
    let begin = async |moment, at, until| messages.begin(order, moment, at, until).await.unwrap();
    let sent = async |moment, until, window| {
        let sent = messages.sent(order, moment, until, window).await;
        sent.unwrap();
    };
    assert_eq!(begin(Moment::OutForDelivery, now, until).await, Begun::Ours);
    for moment in [Moment::OutForDelivery, Moment::Arriving] {
        let theirs = begin(moment, later(now, 59), later(now, 119)).await;
        assert_eq!(theirs, Begun::Theirs(until));
    }
    // The holder dies. The next one takes over, and the message counts although the first holder reports it late.
    let next = later(now, 120);
    let taken = begin(Moment::OutForDelivery, until, next).await;
    assert_eq!(taken, Begun::Ours);
    sent(Moment::OutForDelivery, until, Some(window)).await;
    let over = begin(Moment::OutForDelivery, later(now, 90), later(now, 150)).await;
    assert_eq!(over, Begun::Over);
    let theirs = begin(Moment::Arriving, later(now, 90), later(now, 150)).await;
    assert_eq!(
        theirs,
        Begun::Theirs(next),
        "not the lease of the first one"
    );
    sent(Moment::OutForDelivery, next, Some(later(window, 60))).await;
    assert_eq!(
        messages.told_until(&[order, other, order]).await.unwrap(),
        [(order, window)],
        "the first window stays"
    );
    assert_eq!(messages.told_until(&[]).await.unwrap(), []);

    for moment in [Moment::Arriving, Moment::Delayed, Moment::Failed] {
        assert_eq!(begin(moment, now, until).await, Begun::Ours, "{moment}");
        sent(moment, until, None).await;
        assert_eq!(begin(moment, now, until).await, Begun::Over, "{moment}");
    }
    let fifth = begin(Moment::Delivered, now, until).await;
    assert_eq!(fifth, Begun::Over, "four were sent");
    let began = messages.begin(other, Moment::Delivered, now, until).await;
    assert_eq!(began.unwrap(), Begun::Ours, "another order");

    // A month of its own: the count of a real one goes on.
    let (month, next) = (Uuid::now_v7().to_string(), Uuid::now_v7().to_string());
    let count = async |month, most| messages.count_text(month, most, now).await.unwrap();
    assert!(!count(&month, 0).await, "none are allowed");
    assert!(count(&month, 2).await && count(&month, 2).await);
    assert!(!count(&month, 2).await && !count(&month, 1).await);
    assert!(
        count(&month, 3).await,
        "the limit was raised, and no refused one counts"
    );
    assert!(!count(&month, 3).await && count(&next, 1).await);
    let racing = (0..5).map(|_| messages.count_text(&next, 4, now));
    let racing = futures::future::join_all(racing).await.into_iter();
    assert_eq!(
        racing.filter(|counted| *counted.as_ref().unwrap()).count(),
        3
    );

    let name = Uuid::now_v7().simple().to_string();
    assert!(!messages.is_stopped(&name).await.unwrap());
    for _ in 0..2 {
        messages.stop(&name, now).await.unwrap();
        assert!(messages.is_stopped(&name).await.unwrap());
    }
}
