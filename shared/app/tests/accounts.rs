//! Accounts, and how an interrupted step is repaired.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::time::Duration;

use app::accounts::{ConfirmSignUp, GetMe, LogIn, RefreshToken, SignUp, SubscribeEmails};
use app::ports::{IdentityProvider, Mailer, Registration, Tokens, UserStore};
use app::{Caller, Refusal};
use domain::{EmailNotifications, NewAccount, Role, RouteId, User, UserStatus};
use jiff::SignedDuration;
use serde_json::{Value, json};
use testkit::build::grid;
use testkit::memory::{CODE, IdentityCall};
use testkit::still::uuid_of;
use testkit::{MemoryIdentity, MemoryMailer, MemorySes, MemoryStore, NextWrite, StillClock};

const EMAIL: &str = "berta@example.com";

fn berta() -> NewAccount {
    let body =
        json!({"email": EMAIL, "password": "Parcel-2030!", "name": "Berta", "role": "customer"});
    intake::read_new_account(&body).unwrap()
}

struct Office {
    users: Arc<MemoryStore>,
    identity: Arc<MemoryIdentity>,
    mailer: Arc<MemoryMailer>,
    /// In place of the mailer with subscriptions.
    ses: Option<Arc<MemorySes>>,
    clock: Arc<StillClock>,
    waits_for_mail: Duration,
}

impl Office {
    fn new() -> Self {
        Self {
            users: Arc::default(),
            identity: Arc::default(),
            mailer: Arc::default(),
            ses: None,
            clock: Arc::new(StillClock::at("2030-05-06T08:00:00Z")),
            waits_for_mail: Duration::from_secs(5),
        }
    }

    fn mail(&self) -> Arc<dyn Mailer> {
        match &self.ses {
            Some(ses) => ses.clone(),
            None => self.mailer.clone(),
        }
    }

    async fn sign_up(&self) -> Result<(), Refusal> {
        self.sign_up_as("agent").await
    }

    async fn sign_up_as(&self, role: &str) -> Result<(), Refusal> {
        let register = SignUp {
            users: self.users.clone(),
            identity: self.identity.clone(),
            codes: self.identity.clone(),
            clock: self.clock.clone(),
            grid: grid(),
        };
        let mut body = json!({"email": "Berta@Example.com", "password": "Parcel-2030!", "name": "Berta", "role": role});
        if role == "agent" {
            body["vehicle"] = json!({"capacity": 7});
        }
        register.run(&body).await
    }

    async fn confirm(&self, code: &str) -> Result<Value, Refusal> {
        let confirm = ConfirmSignUp {
            users: self.users.clone(),
            identity: self.identity.clone(),
            clock: self.clock.clone(),
            grid: grid(),
        };
        let answer = confirm.run(&json!({"email": EMAIL, "code": code})).await?;
        Ok(serde_json::to_value(answer).unwrap())
    }

    async fn log_in(&self, password: &str) -> Result<Tokens, Refusal> {
        self.log_in_with(EMAIL, password).await
    }

    async fn log_in_with(&self, email: &str, password: &str) -> Result<Tokens, Refusal> {
        let log_in = LogIn {
            users: self.users.clone(),
            identity: self.identity.clone(),
            mailer: self.mail(),
            waits_for_mail: self.waits_for_mail,
            clock: self.clock.clone(),
            grid: grid(),
        };
        log_in
            .run(&json!({"email": email, "password": password}))
            .await
    }

    async fn me(&self) -> Value {
        let show = GetMe {
            users: self.users.clone(),
            mailer: self.mail(),
            clock: self.clock.clone(),
        };
        let caller = Caller {
            user_id: self.user().id,
            roles: vec![self.user().role],
            request_id: None,
        };
        serde_json::to_value(show.run(&caller).await.unwrap()).unwrap()
    }

    async fn subscribe(&self) -> Value {
        let subscribe = SubscribeEmails {
            users: self.users.clone(),
            mailer: self.mail(),
            clock: self.clock.clone(),
        };
        let caller = Caller {
            user_id: self.user().id,
            roles: vec![self.user().role],
            request_id: None,
        };
        serde_json::to_value(subscribe.run(&caller).await.unwrap()).unwrap()
    }

    fn user(&self) -> User {
        let mut users = self.users.all_users();
        assert_eq!(users.len(), 1, "one person, one record");
        users.remove(0)
    }
}

#[tokio::test]
async fn an_agent_signs_up_confirms_and_waits_for_approval() {
    let office = Office::new();
    office.sign_up().await.unwrap();
    assert!(matches!(
        office.log_in("Parcel-2030!").await,
        Err(Refusal::NotConfirmed)
    ));
    assert!(matches!(
        office.confirm("000000").await,
        Err(Refusal::InvalidCode)
    ));
    let confirmed = office.confirm(CODE).await.unwrap();
    assert_eq!(
        (&confirmed["role"], &confirmed["status"]),
        (&json!("agent"), &json!("pending_approval"))
    );
    assert!(matches!(
        office.log_in("wrong-2030!").await,
        Err(Refusal::InvalidCredentials)
    ));
    let tokens = office.log_in("Parcel-2030!").await.unwrap();
    assert!(tokens.access_token.ends_with("as agent"));
    assert_eq!(office.user().agent.unwrap().capacity, 7);
}

#[tokio::test]
async fn signing_up_with_a_known_address_answers_alike_and_changes_nothing() {
    let office = Office::new();
    office.sign_up().await.unwrap();
    office.confirm(CODE).await.unwrap();
    let before = office.user();
    office.sign_up_as("customer").await.unwrap();
    assert_eq!(office.user(), before);
    assert_eq!(
        office.identity.account_of(EMAIL).unwrap().roles,
        [Role::Agent]
    );
}

#[tokio::test]
async fn a_crash_before_the_record_is_healed_by_signing_up_again() {
    let office = Office::new();
    office.users.next_writes([NextWrite::IsRefused]);
    assert!(office.sign_up().await.is_err());
    office.sign_up().await.unwrap();
    office.confirm(CODE).await.unwrap();
    assert_eq!(
        (office.user().role, office.user().status),
        (Role::Agent, UserStatus::PendingApproval)
    );
}

#[tokio::test]
async fn a_crash_before_the_group_is_healed_from_the_record_by_whatever_comes_next() {
    for again in ["agent", "customer", ""] {
        let office = Office::new();
        office.identity.set_away(Some(IdentityCall::Grant));
        assert!(office.sign_up().await.is_err());
        office.identity.set_away(None);
        if !again.is_empty() {
            office.sign_up_as(again).await.unwrap();
        }
        if again == "agent" {
            let account = office.identity.account_of(EMAIL).unwrap();
            assert_eq!(account.roles, [Role::Agent]);
        }
        office.confirm(CODE).await.unwrap();
        assert_eq!(
            (office.user().role, office.user().status),
            (Role::Agent, UserStatus::PendingApproval)
        );
        let account = office.identity.account_of(EMAIL).unwrap();
        assert_eq!(account.roles, [Role::Agent]);
    }
}

#[tokio::test]
async fn a_crash_after_the_confirmation_is_healed_by_confirming_again_or_logging_in() {
    for again in [true, false] {
        let office = Office::new();
        office.sign_up().await.unwrap();
        office.users.next_writes([NextWrite::IsRefused]);
        assert!(office.confirm(CODE).await.is_err());
        if again {
            office.confirm(CODE).await.unwrap();
        } else {
            office.log_in("Parcel-2030!").await.unwrap();
        }
        assert_eq!(office.user().status, UserStatus::PendingApproval);
    }
}

#[tokio::test]
async fn who_made_an_account_past_us_becomes_what_anybody_may_be_with_a_token_that_says_so() {
    for (asked_for, role, status) in [
        (None, Role::Customer, UserStatus::Active),
        (Some(Role::Customer), Role::Customer, UserStatus::Active),
        (Some(Role::Agent), Role::Agent, UserStatus::PendingApproval),
        // Nobody becomes a dispatcher by asking.
        (Some(Role::Dispatcher), Role::Customer, UserStatus::Active),
    ] {
        for through_us in [true, false] {
            let office = Office::new();
            office.identity.sign_up_past_us(&berta(), asked_for);
            if through_us {
                office.confirm(CODE).await.unwrap();
            } else {
                office.identity.confirm(EMAIL, CODE).await.unwrap();
            }
            let tokens = office.log_in("Parcel-2030!").await.unwrap();
            assert!(
                tokens.access_token.ends_with(&format!("as {role}")),
                "{asked_for:?}: {}",
                tokens.access_token
            );
            assert_eq!((office.user().role, office.user().status), (role, status));
        }
    }
}

#[tokio::test]
async fn an_agent_whose_sign_up_died_after_the_account_is_one_whoever_signs_up_again() {
    for again in ["agent", "customer", ""] {
        let office = Office::new();
        office.users.next_writes([NextWrite::IsRefused]);
        assert!(office.sign_up().await.is_err());
        if !again.is_empty() {
            office.sign_up_as(again).await.unwrap();
        }
        office.confirm(CODE).await.unwrap();
        assert_eq!(
            (office.user().role, office.user().status),
            (Role::Agent, UserStatus::PendingApproval),
            "again as {again}"
        );
    }
}

#[tokio::test]
async fn confirming_again_later_tells_strangers_nothing() {
    let office = Office::new();
    office.sign_up().await.unwrap();
    office.confirm(CODE).await.unwrap();
    office.confirm(CODE).await.unwrap();
    office.clock.advance(SignedDuration::from_mins(16));
    assert!(matches!(
        office.confirm(CODE).await,
        Err(Refusal::InvalidCode)
    ));
}

#[tokio::test]
async fn a_subscription_that_lapsed_or_was_lost_is_asked_for_again_and_then_no_more() {
    let office = Office::new();
    office.sign_up().await.unwrap();
    office.confirm(CODE).await.unwrap();
    // The message about the confirmation never came, so the log-in asks.
    office.log_in("Parcel-2030!").await.unwrap();
    assert_eq!(office.mailer.take_subscribed().len(), 1);
    office.log_in("Parcel-2030!").await.unwrap();
    assert_eq!(
        office.mailer.take_subscribed(),
        [],
        "the request is still open"
    );
    office.clock.advance(SignedDuration::from_hours(49));
    office
        .mailer
        .set_subscription(office.user().id, EmailNotifications::Off);
    assert_eq!(office.me().await["email_notifications"], "off");
    office.log_in("Parcel-2030!").await.unwrap();
    assert_eq!(
        office.mailer.take_subscribed().len(),
        1,
        "the request had lapsed"
    );

    office
        .mailer
        .set_subscription(office.user().id, EmailNotifications::On);
    assert_eq!(office.me().await["email_notifications"], "on");
    office
        .mailer
        .set_subscription(office.user().id, EmailNotifications::Off);
    office.clock.advance(SignedDuration::from_hours(49));
    assert_eq!(office.me().await["email_notifications"], "off");
    assert!(office.user().subscription_lost_at.is_some());
    office.log_in("Parcel-2030!").await.unwrap();
    assert_eq!(
        office.mailer.take_subscribed().len(),
        1,
        "SNS may have given up the subscription"
    );
    assert_eq!(office.me().await["email_notifications"], "pending");

    office.clock.advance(SignedDuration::from_hours(49));
    office
        .mailer
        .set_subscription(office.user().id, EmailNotifications::Off);
    assert_eq!(office.me().await["email_notifications"], "off");
    office.log_in("Parcel-2030!").await.unwrap();
    assert_eq!(
        office.mailer.take_subscribed(),
        [],
        "a user who does not confirm wants no emails"
    );
    // Unless the user asks for them.
    assert_eq!(office.subscribe().await["email_notifications"], "pending");
    assert_eq!(office.mailer.take_subscribed().len(), 1);
}

/// Berta's subscription is on.
async fn subscribed() -> Office {
    let office = Office::new();
    office.sign_up().await.unwrap();
    office.confirm(CODE).await.unwrap();
    office.log_in("Parcel-2030!").await.unwrap();
    office
        .mailer
        .set_subscription(office.user().id, EmailNotifications::On);
    assert_eq!(office.me().await["email_notifications"], "on");
    office.mailer.take_subscribed();
    office
}

#[tokio::test]
async fn a_log_in_renews_a_subscription_that_nobody_saw_getting_lost() {
    let office = subscribed().await;
    let id = office.user().id;
    office.mailer.set_subscription(id, EmailNotifications::Off);
    office.log_in("Parcel-2030!").await.unwrap();
    assert_eq!(
        office.mailer.take_subscribed(),
        [],
        "looked up a moment ago"
    );
    office.clock.advance(SignedDuration::from_mins(11));
    office.log_in("Parcel-2030!").await.unwrap();
    assert_eq!(office.mailer.take_subscribed().len(), 1);
    let user = office.user();
    assert_eq!(user.email_notifications, EmailNotifications::Pending);
    assert_eq!(user.subscription_lost_at, user.subscribed_at);

    office.mailer.set_subscription(id, EmailNotifications::On);
    assert_eq!(office.me().await["email_notifications"], "on");
    assert_eq!(office.user().subscription_lost_at, None);
}

#[tokio::test]
async fn a_record_that_says_on_is_believed_for_ten_minutes() {
    let office = subscribed().await;
    let asked = office.mailer.lookups();
    office.clock.advance(SignedDuration::from_secs(599));
    assert_eq!(office.me().await["email_notifications"], "on");
    assert_eq!(office.mailer.lookups(), asked);
    office.clock.advance(SignedDuration::from_secs(1));
    for _ in 0..2 {
        assert_eq!(office.me().await["email_notifications"], "on");
    }
    assert_eq!(office.mailer.lookups(), asked + 1);
    // While the record says anything else, each call asks.
    office
        .mailer
        .set_subscription(office.user().id, EmailNotifications::Off);
    office.clock.advance(SignedDuration::from_mins(10));
    for _ in 0..2 {
        assert_eq!(office.me().await["email_notifications"], "off");
    }
    assert_eq!(office.mailer.lookups(), asked + 3);
}

#[tokio::test]
async fn asking_for_emails_mails_another_request_but_not_every_second() {
    let office = subscribed().await;
    assert_eq!(office.subscribe().await["email_notifications"], "on");
    assert_eq!(office.mailer.take_subscribed(), []);
    office
        .mailer
        .set_subscription(office.user().id, EmailNotifications::Off);
    for _ in 0..2 {
        assert_eq!(office.subscribe().await["email_notifications"], "pending");
    }
    assert_eq!(office.mailer.take_subscribed().len(), 1);
    office.clock.advance(SignedDuration::from_mins(1));
    assert_eq!(office.subscribe().await["email_notifications"], "pending");
    assert_eq!(office.mailer.take_subscribed().len(), 1);
}

#[tokio::test]
async fn with_ses_a_bounce_stops_mail_until_the_user_wants_it_again() {
    let mut office = Office::new();
    let ses = Arc::new(MemorySes::new(office.clock.clone()));
    office.ses = Some(ses.clone());
    office.sign_up().await.unwrap();
    office.confirm(CODE).await.unwrap();
    office.log_in("Parcel-2030!").await.unwrap();
    let shown = async || office.me().await["email_notifications"].clone();
    assert_eq!(shown().await, "on", "nobody has to confirm");

    ses.stop(EMAIL);
    office.clock.advance(SignedDuration::from_mins(11));
    assert_eq!(shown().await, "off");
    assert!(office.user().subscription_lost_at.is_some());
    assert_eq!(
        office.subscribe().await["email_notifications"],
        "off",
        "a sender with many bounces is stopped as a whole"
    );
    office.clock.advance(SignedDuration::from_hours(2));
    for _ in 0..2 {
        office.log_in("Parcel-2030!").await.unwrap();
        assert_eq!(shown().await, "off", "a log-in lifts nothing");
    }
    assert_eq!(office.subscribe().await["email_notifications"], "on");
    assert_eq!(office.user().subscription_lost_at, None);
    assert_eq!(shown().await, "on");

    // The address bounces again, and an operator takes it off the list.
    ses.stop(EMAIL);
    office.clock.advance(SignedDuration::from_mins(11));
    office.log_in("Parcel-2030!").await.unwrap();
    assert_eq!(office.user().email_notifications, EmailNotifications::Off);
    ses.lift(EMAIL);
    assert_eq!(shown().await, "on");
}

#[tokio::test]
async fn nobody_is_kept_out_because_mail_is_away() {
    let office = Office::new();
    office.sign_up().await.unwrap();
    office.confirm(CODE).await.unwrap();
    office.mailer.set_away(true);
    office.log_in("Parcel-2030!").await.unwrap();
    assert_eq!(office.me().await["email_notifications"], "off");
}

#[tokio::test]
async fn nobody_is_kept_out_because_mail_does_not_answer() {
    for address_changed in [false, true] {
        let mut office = Office::new();
        office.sign_up().await.unwrap();
        office.confirm(CODE).await.unwrap();
        let mut email = EMAIL;
        if address_changed {
            email = "berta.nova@example.com";
            office.identity.change_account(EMAIL, email, "Berta");
        }
        office.mailer.hang();
        office.waits_for_mail = Duration::from_millis(10);
        office.log_in_with(email, "Parcel-2030!").await.unwrap();
        assert_eq!(
            office.user().email,
            EMAIL,
            "the next log-in changes the address"
        );
    }
}

#[tokio::test]
async fn the_record_follows_an_address_and_a_name_that_were_changed_past_us() {
    const NEW: &str = "berta.nova@example.com";
    let office = Office::new();
    office.sign_up().await.unwrap();
    office.confirm(CODE).await.unwrap();
    office.log_in("Parcel-2030!").await.unwrap();
    let id = office.user().id;
    office.mailer.set_subscription(id, EmailNotifications::On);
    office.me().await;
    office.mailer.take_subscribed();
    office.identity.change_account(EMAIL, NEW, "Berta Nova");

    // While the mail service is unavailable, the old address still gets emails. So the record still names it.
    office.mailer.set_away(true);
    office.log_in_with(NEW, "Parcel-2030!").await.unwrap();
    assert_eq!(office.user().email, EMAIL);
    office.mailer.set_away(false);
    office.log_in_with(NEW, "Parcel-2030!").await.unwrap();
    let user = office.user();
    assert_eq!(
        (user.id, user.email.as_str(), user.name.as_str()),
        (id, NEW, "Berta Nova")
    );
    assert_eq!(
        office.mailer.take_subscribed(),
        [(id, NEW.to_owned())],
        "the new address is asked, and the old one gets no more emails"
    );
    assert_eq!(office.me().await["email_notifications"], "pending");
    let version = office.user().version;
    office.log_in_with(NEW, "Parcel-2030!").await.unwrap();
    assert_eq!(office.user().version, version, "nothing is left to do");
}

#[tokio::test]
async fn a_name_that_nobody_could_have_signed_up_with_is_not_taken_over() {
    for name in ["", "  ", "two\nlines", &"x".repeat(101)] {
        let office = Office::new();
        office.sign_up().await.unwrap();
        office.confirm(CODE).await.unwrap();
        office.identity.change_account(EMAIL, EMAIL, name);
        office.log_in("Parcel-2030!").await.unwrap();
        assert_eq!(office.user().name, "Berta");
    }
}

#[tokio::test]
async fn somebody_put_into_the_dispatchers_group_by_hand_is_one_from_the_next_log_in_on() {
    let office = Office::new();
    office.sign_up_as("customer").await.unwrap();
    office.confirm(CODE).await.unwrap();
    office
        .identity
        .grant(EMAIL, Role::Dispatcher)
        .await
        .unwrap();
    office.log_in("Parcel-2030!").await.unwrap();
    let id = office.user().id;
    assert_eq!(
        office.users.user(id).await.unwrap().unwrap().role,
        Role::Dispatcher
    );
}

#[tokio::test]
async fn a_dispatcher_who_is_taken_out_of_the_group_is_what_they_signed_up_as() {
    for (signed_up_as, taken_out_of_all, role) in [
        (None, true, Role::Customer),
        (Some(Role::Dispatcher), true, Role::Customer),
        (Some(Role::Customer), false, Role::Customer),
        (Some(Role::Agent), true, Role::Agent),
        (Some(Role::Agent), false, Role::Agent),
    ] {
        // A former agent needs a new approval.
        let status = match role {
            Role::Agent => UserStatus::PendingApproval,
            _ => UserStatus::Active,
        };
        let office = Office::new();
        office.identity.sign_up_past_us(&berta(), signed_up_as);
        office.confirm(CODE).await.unwrap();
        office
            .identity
            .grant(EMAIL, Role::Dispatcher)
            .await
            .unwrap();
        office.log_in("Parcel-2030!").await.unwrap();
        assert_eq!(office.user().role, Role::Dispatcher);

        office.identity.take_out(EMAIL, Role::Dispatcher);
        if taken_out_of_all {
            office.identity.take_out(EMAIL, role);
        }
        for _ in 0..2 {
            let tokens = office.log_in("Parcel-2030!").await.unwrap();
            assert!(
                tokens.access_token.ends_with(&format!("as {role}")),
                "{signed_up_as:?}: {}",
                tokens.access_token
            );
            assert_eq!((office.user().role, office.user().status), (role, status));
            let account = office.identity.account_of(EMAIL).unwrap();
            assert_eq!(account.roles, [role]);
        }
    }
}

#[tokio::test]
async fn a_record_alone_makes_nobody_a_dispatcher_at_sign_up_either() {
    let office = Office::new();
    // Only the group makes a dispatcher, however the record was written.
    let Registration::New(id) = office.identity.sign_up_past_us(&berta(), None) else {
        unreachable!("the address is new");
    };
    let mut former = testkit::a_customer(1).build();
    (former.id, former.role) = (id, Role::Dispatcher);
    office.users.put_user(&former).await.unwrap();
    office.sign_up_as("customer").await.unwrap();
    assert_eq!(office.identity.account_of(EMAIL).unwrap().roles, []);
}

#[tokio::test]
async fn an_agent_who_is_made_a_dispatcher_leaves_the_fleet_when_the_route_has_ended() {
    let office = Office::new();
    office.sign_up().await.unwrap();
    office.confirm(CODE).await.unwrap();
    office.log_in("Parcel-2030!").await.unwrap();
    let id = office.user().id;
    let mut driving = office.user().changed(office.user().updated_at);
    driving.status = UserStatus::Active;
    driving.agent.as_mut().unwrap().open_route_id = Some(RouteId(uuid_of(1)));
    office.users.put_user(&driving).await.unwrap();
    office
        .identity
        .grant(EMAIL, Role::Dispatcher)
        .await
        .unwrap();
    office.log_in("Parcel-2030!").await.unwrap();
    assert_eq!(office.user(), driving, "the record names the orders aboard");

    let mut done = driving.changed(driving.updated_at);
    done.agent.as_mut().unwrap().open_route_id = None;
    office.users.put_user(&done).await.unwrap();
    office.log_in("Parcel-2030!").await.unwrap();
    let user = office.user();
    assert_eq!(
        (user.role, user.status, user.agent),
        (Role::Dispatcher, UserStatus::Active, None)
    );
    let fleet = office
        .users
        .with_status(Role::Agent, UserStatus::Active, None, 10);
    assert_eq!(fleet.await.unwrap(), [], "{id} is no longer listed");
}

#[tokio::test]
async fn every_bad_field_of_a_sign_up_is_named() {
    let office = Office::new();
    let register = SignUp {
        users: office.users.clone(),
        identity: office.identity.clone(),
        codes: office.identity.clone(),
        clock: office.clock.clone(),
        grid: grid(),
    };
    let body = json!({"email": "berta", "name": " ", "role": "dispatcher", "vehicle": {"capacity": 0}, "admin": true});
    let Err(Refusal::Invalid(faults)) = register.run(&body).await else {
        unreachable!("it is not valid");
    };
    let pointers: Vec<&str> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
    assert_eq!(
        pointers,
        [
            "#/admin",
            "#/email",
            "#/password",
            "#/name",
            "#/role",
            "#/vehicle/capacity"
        ]
    );
}

#[tokio::test]
async fn an_account_that_the_operator_made_gets_a_record_that_could_have_signed_up() {
    for (name, recorded) in [
        ("", "berta"),
        (" \n", "berta"),
        ("two\nlines", "berta"),
        (&"y".repeat(101), "berta"),
        ("  Berta Nova ", "Berta Nova"),
    ] {
        for granted in [None, Some(Role::Dispatcher)] {
            let office = Office::new();
            let made = NewAccount {
                name: name.to_owned(),
                ..berta()
            };
            office.identity.sign_up_past_us(&made, None);
            office.identity.confirm(EMAIL, CODE).await.unwrap();
            if let Some(role) = granted {
                office.identity.grant(EMAIL, role).await.unwrap();
            }
            office.log_in("Parcel-2030!").await.unwrap();
            let user = office.user();
            assert_eq!(
                (user.name, user.status),
                (recorded.to_owned(), UserStatus::Active)
            );
            assert_eq!(user.role, granted.unwrap_or(Role::Customer));
        }
    }
}

#[tokio::test]
async fn who_signs_up_again_before_the_confirmation_gets_a_new_code() {
    let office = Office::new();
    office.sign_up().await.unwrap();
    office.identity.take_mailed();
    // As the same or as another: the answer is the same, and the first sign-up counts.
    for role in ["agent", "customer"] {
        office.sign_up_as(role).await.unwrap();
        assert_eq!(office.identity.take_mailed(), [(CODE, EMAIL.to_owned())]);
    }
    office.confirm(CODE).await.unwrap();
    assert_eq!(office.user().role, Role::Agent);
    office.sign_up().await.unwrap();
    assert_eq!(
        office.identity.take_mailed(),
        [],
        "a confirmed address needs no code"
    );
}

#[tokio::test]
async fn a_suspended_customer_gets_no_tokens_until_a_dispatcher_ends_that() {
    let office = Office::new();
    office.sign_up_as("customer").await.unwrap();
    office.confirm(CODE).await.unwrap();
    let refresh = RefreshToken {
        users: office.users.clone(),
        refresh: office.identity.clone(),
        sessions: office.identity.clone(),
    };
    let session = office.log_in("Parcel-2030!").await.unwrap().refresh_token;
    let now = office.user().updated_at;
    let suspended = office.user().customer_set_to(UserStatus::Suspended, now);
    office.users.put_user(&suspended.unwrap()).await.unwrap();
    let refused = office.log_in("Parcel-2030!").await.map(|_| ());
    assert!(
        matches!(refused, Err(Refusal::AccountSuspended)),
        "{refused:?}"
    );
    let refused = refresh
        .run(&json!({"refresh_token": session}))
        .await
        .map(|_| ());
    assert!(
        matches!(refused, Err(Refusal::AccountSuspended)),
        "{refused:?}"
    );
    assert_eq!(
        office.identity.sessions_of(EMAIL),
        0,
        "the refresh ended the sessions"
    );
    let again = office.user().customer_set_to(UserStatus::Active, now);
    office.users.put_user(&again.unwrap()).await.unwrap();
    office.log_in("Parcel-2030!").await.unwrap();
}
