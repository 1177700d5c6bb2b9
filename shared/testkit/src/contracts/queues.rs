//! [`Queue`], with two kinds of messages.

use std::sync::Mutex;

use app::messages::{Event, News, Notification, Wake, WakeCause};
use app::ports::Queue;
use async_trait::async_trait;
use domain::ids::Uuid;
use domain::{OrderId, OrderStatus};

use super::fresh::later;
use super::{Fresh, eventually};
use crate::build::at;

/// More messages than SQS takes in one call.
const MANY: u64 = 25;

/// The consumer's end of a queue.
#[async_trait]
pub trait Outlet: Sync {
    /// Takes some of the messages out of the queue.
    async fn take(&self) -> Vec<String>;
}

/// Checks the optimization queue.
pub async fn run_wakes(queue: &dyn Queue<Wake>, outlet: &dyn Outlet) {
    queue.send(&[], 0).await.unwrap();
    let zone = Fresh::new().zone();
    let wakes: Vec<Wake> = (0..MANY)
        .map(|number| Wake {
            zone,
            cause: WakeCause::OrderPending,
            order_id: (number > 0).then(|| OrderId(Uuid::now_v7())),
            agent_id: None,
        })
        .collect();
    queue.send(&wakes, 0).await.unwrap();
    all_arrive(&wakes, outlet).await;
    queue.send(&wakes[..1], 1).await.unwrap();
    all_arrive(&wakes[..1], outlet).await;
}

/// Checks the notification queue.
pub async fn run_notifications(queue: &dyn Queue<Notification>, outlet: &dyn Outlet) {
    queue.send(&[], 0).await.unwrap();
    let fresh = Fresh::new();
    let mut notifications = vec![
        Notification::UserConfirmed {
            user_id: fresh.user_id(),
        },
        Notification::Alone(Event::RoutePlanned {
            agent_id: fresh.user_id(),
            route_id: fresh.route_id(),
            version: 2,
            gained_orders: 3,
            lost_orders: 1,
            new: false,
            resequenced: false,
            first_step: false,
        }),
    ];
    let news = |number: u64| News {
        event: Event::OrderChanged {
            order_id: OrderId(Uuid::now_v7()),
            status: OrderStatus::Delivered,
            releases: 1,
        },
        at: later(at("2030-05-06T08:00:00.123Z"), number as i64),
        request_id: None,
    };
    notifications.extend((0..MANY).map(|number| Notification::NewsWaiting {
        user_id: fresh.user_id(),
        news: (0..number % 3).map(news).collect(),
    }));
    queue.send(&notifications, 0).await.unwrap();
    all_arrive(&notifications, outlet).await;
}

/// Asserts that all sent messages arrive, once or more often, and no others.
async fn all_arrive<M>(sent: &[M], outlet: &dyn Outlet)
where
    M: PartialEq + std::fmt::Debug + serde::de::DeserializeOwned,
{
    let missing: Mutex<Vec<&M>> = Mutex::new(sent.iter().collect());
    eventually("all messages arrive", || async {
        for body in outlet.take().await {
            let message: M = serde_json::from_str(&body).unwrap();
            assert!(sent.contains(&message), "never sent: {message:?}");
            missing.lock().unwrap().retain(|wanted| **wanted != message);
        }
        missing.lock().unwrap().is_empty()
    })
    .await;
}
