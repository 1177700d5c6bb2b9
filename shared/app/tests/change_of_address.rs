//! An email address that a user has left gets no more emails, even if other calls run at the moment of the change.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod lifeline;
mod turns;

use std::sync::Arc;
use std::time::Duration;

use app::Refusal;
use app::accounts::LogIn;
use app::messages::{Event, Notification};
use app::notifications::{Letterhead, SendNotifications};
use app::ports::{IdentityProvider, Mailer, Wish};
use domain::{EmailNotifications, Order, OrderStatus, Role, User};
use lifeline::{Lifeline, Mortal};
use serde_json::json;
use testkit::build::{at, grid, user_id};
use testkit::memory::CODE;
use testkit::still::uuid_of;
use testkit::{
    MemoryIdentity, MemoryMailer, MemoryNotifications, MemoryStore, StillClock, a_customer,
    an_order,
};
use turns::{in_turns, schedules};

const OLD: &str = "ana@example.com";
const NEW: &str = "ana.nova@example.com";
const PASSWORD: &str = "Parcel-2030!";

/// Ana has changed her address in Cognito and has not logged in since.
struct Office {
    store: Arc<MemoryStore>,
    identity: Arc<MemoryIdentity>,
    mailer: Arc<MemoryMailer>,
    lifeline: Arc<Lifeline>,
    notifications: Arc<MemoryNotifications>,
    clock: Arc<StillClock>,
    order: Order,
}

impl Office {
    async fn new(asked_before: bool) -> Self {
        let identity = MemoryIdentity::default();
        let body = json!({"email": OLD, "password": PASSWORD, "name": "Ana", "role": "customer"});
        identity
            .sign_up(&intake::read_new_account(&body).unwrap())
            .await
            .unwrap();
        identity.confirm(OLD, CODE).await.unwrap();
        identity.grant(OLD, Role::Customer).await.unwrap();
        let mut ana = a_customer(1).build();
        ana.id = identity.account_of(OLD).unwrap().user_id;
        (ana.name, ana.email) = ("Ana".to_owned(), OLD.to_owned());
        ana.email_notifications = EmailNotifications::Off;
        ana.subscribed_at = asked_before.then(|| at("2030-05-06T07:00:00Z"));
        identity.change_account(OLD, NEW, "Ana");
        let now = at("2030-05-06T08:00:00Z");
        let order = an_order(1).of(ana.id).build();
        let route_id = domain::RouteId(uuid_of(7));
        let order = order.assigned(user_id(10), route_id, now).unwrap();
        Self {
            store: Arc::new(MemoryStore::with([ana], [order.clone()])),
            identity: Arc::new(identity),
            mailer: Arc::default(),
            lifeline: Arc::default(),
            notifications: Arc::default(),
            clock: Arc::new(StillClock::at("2030-05-06T08:00:00Z")),
            order,
        }
    }

    fn mortal<P>(&self, port: &Arc<P>) -> Arc<Mortal<P>> {
        Arc::new(Mortal::new(port.clone(), self.lifeline.clone()))
    }

    async fn log_in(&self) -> Result<(), Refusal> {
        let log_in = LogIn {
            users: self.mortal(&self.store),
            identity: self.identity.clone(),
            mailer: self.mortal(&self.mailer),
            waits_for_mail: Duration::from_secs(5),
            clock: self.clock.clone(),
            grid: grid(),
        };
        let body = json!({"email": NEW, "password": PASSWORD});
        log_in.run(&body).await.map(|_| ())
    }

    async fn tell(&self, notification: &Notification) -> Result<(), Refusal> {
        let tell = SendNotifications {
            users: self.mortal(&self.store),
            orders: self.store.clone(),
            routes: self.store.clone(),
            outboxes: self.store.clone(),
            promises: self.store.clone(),
            notifications: self.notifications.clone(),
            mailer: self.mortal(&self.mailer),
            clock: self.clock.clone(),
            letterhead: Letterhead {
                company: "Waybill".to_owned(),
                time_zone: jiff::tz::TimeZone::UTC,
            },
            recipients: None,
        };
        tell.run(notification).await.map(|_| ())
    }

    fn ana(&self) -> User {
        self.store.all_users().remove(0)
    }
}

#[tokio::test]
async fn an_address_that_is_left_while_an_email_is_sent_hears_no_more() {
    for confirmation in [true, false] {
        let mut asked_old = 0;
        for schedule in schedules() {
            let office = Office::new(!confirmation).await;
            let ana = office.ana().id;
            let notification = if confirmation {
                Notification::UserConfirmed { user_id: ana }
            } else {
                Notification::Alone(Event::OrderChanged {
                    order_id: office.order.id,
                    status: OrderStatus::Assigned,
                    releases: 0,
                })
            };
            let answers = in_turns(schedule, office.log_in(), office.tell(&notification));
            let run = format!("{notification:?}, turns {schedule:012b}");
            for answer in answers {
                answer.unwrap_or_else(|refusal| panic!("{run}: {refusal:?}"));
            }
            let asked = office.mailer.take_subscribed();
            asked_old += usize::from(asked.iter().any(|(_, address)| address == OLD));
            let subscribed = office.mailer.address_of(ana);
            assert_eq!(subscribed, Some(office.ana().email), "{run}");

            // If the log-in lost the race against the record of the subscription, the next log-in stores the new
            // address.
            office.log_in().await.unwrap();
            assert_eq!(office.ana().email, NEW, "{run}");
            let subscribed = office.mailer.address_of(ana);
            assert_eq!(subscribed.as_deref(), Some(NEW), "{run}");
        }
        assert!(asked_old > 0, "no schedule asked the old address");
    }
}

#[tokio::test]
async fn a_log_in_that_dies_anywhere_over_a_new_address_is_healed_by_the_next() {
    let mut deaths = 0;
    for half_call in 0.. {
        let office = Office::new(true).await;
        let ana = office.ana();
        office
            .mailer
            .subscribe(ana.id, OLD, Wish::OfTheBackend)
            .await
            .unwrap();
        office.lifeline.dies_at(half_call);
        let _ = office.log_in().await;
        if office.lifeline.outlived() {
            break;
        }
        deaths += 1;
        office.lifeline.lives();
        let subscribed = office.mailer.address_of(ana.id);
        let left = office.ana().email == NEW && subscribed.as_deref() == Some(OLD);
        assert!(!left, "died at {half_call}");
        office.log_in().await.unwrap();
        assert_eq!(office.ana().email, NEW, "died at {half_call}");
        let subscribed = office.mailer.address_of(ana.id);
        assert_eq!(subscribed.as_deref(), Some(NEW), "died at {half_call}");
    }
    assert!(deaths >= 12, "six calls, not {deaths} half calls");
}
