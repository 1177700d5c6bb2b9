//! A new email address, with the password and a code.

#![allow(clippy::unwrap_used, clippy::panic)]

mod lifeline;

use std::sync::Arc;
use std::time::Duration;

use app::accounts::{ChangeEmail, EmailChange, LogIn};
use app::ports::{IdentityProvider, Mailer, UserStore, Wish};
use app::{Caller, Refusal};
use domain::{NewAccount, Role, User, UserStatus};
use lifeline::{Lifeline, Mortal};
use serde_json::{Value, json};
use testkit::build::grid;
use testkit::memory::{CODE, EMAIL_CODE, IdentityCall};
use testkit::{MemoryIdentity, MemoryMailer, MemoryStore, StillClock, a_customer};

const OLD: &str = "ana@example.com";
const NEW: &str = "ana.nova@example.com";
const PASSWORD: &str = "Parcel-2030!";

fn account(email: &str) -> NewAccount {
    let body = json!({"email": email, "password": PASSWORD, "name": "Ana", "role": "customer"});
    intake::read_new_account(&body).unwrap()
}

/// Ana has an account with her old address, and the mail service knows this address.
struct Office {
    store: Arc<MemoryStore>,
    identity: Arc<MemoryIdentity>,
    mailer: Arc<MemoryMailer>,
    lifeline: Arc<Lifeline>,
    clock: Arc<StillClock>,
}

impl Office {
    async fn new() -> Self {
        let identity = MemoryIdentity::default();
        identity.sign_up(&account(OLD)).await.unwrap();
        identity.confirm(OLD, CODE).await.unwrap();
        identity.grant(OLD, Role::Customer).await.unwrap();
        let mut ana = a_customer(1).build();
        ana.id = identity.account_of(OLD).unwrap().user_id;
        (ana.name, ana.email) = ("Ana".to_owned(), OLD.to_owned());
        let mailer = MemoryMailer::default();
        mailer
            .subscribe(ana.id, OLD, Wish::OfTheBackend)
            .await
            .unwrap();
        mailer.take_subscribed();
        identity.take_mailed();
        Self {
            store: Arc::new(MemoryStore::with([ana], [])),
            identity: Arc::new(identity),
            mailer: Arc::new(mailer),
            lifeline: Arc::default(),
            clock: Arc::new(StillClock::at("2030-05-06T08:00:00Z")),
        }
    }

    fn ana(&self) -> User {
        self.store.all_users().remove(0)
    }

    fn mortal<P>(&self, port: &Arc<P>) -> Arc<Mortal<P>> {
        Arc::new(Mortal::new(port.clone(), self.lifeline.clone()))
    }

    async fn send(&self, body: Value) -> Result<EmailChange, Refusal> {
        let change = ChangeEmail {
            users: self.mortal(&self.store),
            identity: self.mortal(&self.identity),
            addresses: self.mortal(&self.identity),
            mailer: self.mortal(&self.mailer),
            waits_for_mail: Duration::from_secs(5),
            clock: self.clock.clone(),
            company: "Waybill".to_owned(),
        };
        let caller = Caller {
            user_id: self.ana().id,
            roles: vec![Role::Customer],
            request_id: None,
        };
        change.run(&caller, &body).await
    }

    async fn ask(&self) -> Result<EmailChange, Refusal> {
        self.send(json!({"email": NEW, "password": PASSWORD})).await
    }

    async fn set(&self, code: &str) -> Result<Value, Refusal> {
        let body = json!({"email": NEW, "password": PASSWORD, "code": code});
        match self.send(body).await? {
            EmailChange::Changed(me) => Ok(serde_json::to_value(me).unwrap()),
            EmailChange::CodeMailed => panic!("there was a code"),
        }
    }

    async fn log_in(&self, email: &str) -> Result<(), Refusal> {
        let log_in = LogIn {
            users: self.store.clone(),
            identity: self.identity.clone(),
            mailer: self.mailer.clone(),
            waits_for_mail: Duration::from_secs(5),
            clock: self.clock.clone(),
            grid: grid(),
        };
        let body = json!({"email": email, "password": PASSWORD});
        log_in.run(&body).await.map(|_| ())
    }
}

#[tokio::test]
async fn the_new_address_gets_a_code_and_the_old_address_is_told() {
    let office = Office::new().await;
    assert_eq!(office.ask().await.unwrap(), EmailChange::CodeMailed);
    assert_eq!(
        office.identity.take_mailed(),
        [(EMAIL_CODE, NEW.to_owned())]
    );
    let told = office.mailer.take_sent();
    assert_eq!(told.len(), 1);
    assert!(told[0].1.body.contains(NEW), "{}", told[0].1.body);
    assert_eq!(
        office.mailer.address_of(office.ana().id).as_deref(),
        Some(OLD)
    );
    assert_eq!(office.ana().email, OLD, "until the code is there");
    office.log_in(OLD).await.unwrap();

    let refusal = office.set("000000").await.unwrap_err();
    assert!(matches!(refusal, Refusal::InvalidCode), "{refusal:?}");
    let me = office.set(EMAIL_CODE).await.unwrap();
    assert_eq!(
        (&me["email"], &me["email_notifications"]),
        (&json!(NEW), &json!("pending"))
    );
    assert_eq!(office.ana().email, NEW);
    assert_eq!(
        office.mailer.address_of(office.ana().id).as_deref(),
        Some(NEW)
    );
    office.log_in(NEW).await.unwrap();
    assert!(matches!(
        office.log_in(OLD).await,
        Err(Refusal::InvalidCredentials)
    ));
    // A client without an answer repeats the call. The code works once.
    assert_eq!(office.set(EMAIL_CODE).await.unwrap()["email"], NEW);
}

#[tokio::test]
async fn a_token_without_the_password_changes_nothing() {
    let office = Office::new().await;
    office.ask().await.unwrap();
    office.identity.take_mailed();
    office.mailer.take_sent();
    for code in [None, Some(EMAIL_CODE)] {
        let mut body = json!({"email": NEW, "password": "Wrong-2030!"});
        if let Some(code) = code {
            body["code"] = json!(code);
        }
        let refusal = office.send(body).await.unwrap_err();
        assert!(matches!(refusal, Refusal::WrongPassword), "{refusal:?}");
    }
    assert_eq!(office.identity.take_mailed(), []);
    assert_eq!(office.mailer.take_sent(), []);
    assert_eq!(office.ana().email, OLD);
}

#[tokio::test]
async fn an_address_of_somebody_else_is_answered_as_a_free_one() {
    let office = Office::new().await;
    office.identity.sign_up(&account(NEW)).await.unwrap();
    office.identity.take_mailed();
    assert_eq!(office.ask().await.unwrap(), EmailChange::CodeMailed);
    assert_eq!(office.identity.take_mailed(), []);
    assert!(matches!(
        office.set(EMAIL_CODE).await,
        Err(Refusal::InvalidCode)
    ));
    assert_eq!(office.ana().email, OLD);
}

#[tokio::test]
async fn bad_fields_are_named_and_the_current_address_is_no_new_one() {
    let office = Office::new().await;
    for (body, named) in [
        (
            json!({"mail": "x"}),
            vec!["#/mail", "#/email", "#/password"],
        ),
        (
            json!({"email": NEW, "password": PASSWORD, "code": 7}),
            vec!["#/code"],
        ),
        (
            json!({"email": "Ana@Example.com", "password": PASSWORD}),
            vec!["#/email"],
        ),
    ] {
        let Err(Refusal::Invalid(faults)) = office.send(body).await else {
            panic!("{named:?}");
        };
        let pointers: Vec<&str> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(pointers, named);
    }
    assert_eq!(office.identity.take_mailed(), []);
}

#[tokio::test]
async fn while_the_old_address_cannot_be_told_there_is_no_code() {
    let office = Office::new().await;
    office.mailer.set_away(true);
    let refusal = office.ask().await.unwrap_err();
    assert!(matches!(refusal, Refusal::Unavailable(_)), "{refusal:?}");
    assert_eq!(office.identity.take_mailed(), []);
}

#[tokio::test]
async fn an_address_that_never_confirmed_its_emails_may_be_left() {
    let office = Office::new().await;
    office.mailer.forget(office.ana().id).await.unwrap();
    office.ask().await.unwrap();
    office.set(EMAIL_CODE).await.unwrap();
    assert_eq!(
        office.mailer.address_of(office.ana().id).as_deref(),
        Some(NEW)
    );
}

#[tokio::test]
async fn a_suspended_customer_keeps_the_address() {
    let office = Office::new().await;
    let now = office.ana().updated_at;
    let suspended = office
        .ana()
        .customer_set_to(UserStatus::Suspended, now)
        .unwrap();
    office.store.put_user(&suspended).await.unwrap();
    let refusal = office.ask().await.unwrap_err();
    assert!(matches!(refusal, Refusal::AccountSuspended), "{refusal:?}");
    assert_eq!(office.identity.take_mailed(), []);
}

#[tokio::test]
async fn while_the_mail_service_is_away_the_account_gets_its_address_and_the_record_follows_later()
{
    let office = Office::new().await;
    office.ask().await.unwrap();
    office.mailer.set_away(true);
    assert_eq!(office.set(EMAIL_CODE).await.unwrap()["email"], NEW);
    assert_eq!(
        office.ana().email,
        OLD,
        "the topic still has the old address"
    );
    office.mailer.set_away(false);
    office.log_in(NEW).await.unwrap();
    assert_eq!(office.ana().email, NEW);
}

#[tokio::test]
async fn a_provider_that_is_away_is_told() {
    let office = Office::new().await;
    for call in [IdentityCall::Open, IdentityCall::MailCodeTo] {
        office.identity.set_away(Some(call));
        assert!(
            matches!(office.ask().await, Err(Refusal::Unavailable(_))),
            "{call:?}"
        );
    }
    office.identity.set_away(None);
    office.ask().await.unwrap();
    for call in [IdentityCall::SetAddress, IdentityCall::Account] {
        office.identity.set_away(Some(call));
        assert!(
            matches!(office.set(EMAIL_CODE).await, Err(Refusal::Unavailable(_))),
            "{call:?}"
        );
    }
}

#[tokio::test]
async fn a_change_that_dies_anywhere_is_healed_by_a_repetition_and_by_a_log_in() {
    for repeats in [true, false] {
        let mut deaths = 0;
        for half_call in 0.. {
            let office = Office::new().await;
            office.ask().await.unwrap();
            let id = office.ana().id;
            office.lifeline.dies_at(half_call);
            let _ = office.set(EMAIL_CODE).await;
            if office.lifeline.outlived() {
                break;
            }
            deaths += 1;
            office.lifeline.lives();
            let left =
                office.ana().email == NEW && office.mailer.address_of(id).as_deref() == Some(OLD);
            assert!(!left, "died at {half_call}");
            let changed = office.identity.account_of(NEW).is_some();
            if repeats || !changed {
                office.set(EMAIL_CODE).await.unwrap();
            }
            office.log_in(NEW).await.unwrap();
            assert_eq!(office.ana().email, NEW, "died at {half_call}");
            assert_eq!(
                office.mailer.address_of(id).as_deref(),
                Some(NEW),
                "died at {half_call}"
            );
        }
        assert!(deaths >= 12, "ten calls or so, not {deaths} half calls");
    }
}
