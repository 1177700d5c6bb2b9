//! A process that dies between any two steps of signing up, confirming and logging in strands nobody.
//!
//! Each call to Cognito or to the table is a step. The process is made to die before the call, and in another run
//! right after it, when the call was made and nobody heard of it; at each step in turn, until none is left.
//!
//! And two calls at the same moment, in every order of their steps, make nobody two people.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod lifeline;
mod turns;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use app::accounts::{ConfirmSignUp, LogIn, SignUp};
use app::ports::IdentityProvider;
use app::{Refusal, ports::Tokens};
use domain::{Role, User, UserStatus};
use lifeline::{Lifeline, Mortal};
use serde_json::json;
use testkit::build::grid;
use testkit::memory::CODE;
use testkit::{MemoryIdentity, MemoryMailer, MemoryStore, StillClock};
use turns::{in_turns, schedules};

const EMAIL: &str = "berta@example.com";
const PASSWORD: &str = "Parcel-2030!";

#[derive(Default)]
struct Office {
    store: Arc<MemoryStore>,
    identity: Arc<MemoryIdentity>,
    lifeline: Arc<Lifeline>,
}

impl Office {
    fn users(&self) -> Arc<Mortal<MemoryStore>> {
        Arc::new(Mortal::new(self.store.clone(), self.lifeline.clone()))
    }

    fn accounts(&self) -> Arc<Mortal<MemoryIdentity>> {
        Arc::new(Mortal::new(self.identity.clone(), self.lifeline.clone()))
    }

    fn clock() -> Arc<StillClock> {
        Arc::new(StillClock::at("2030-05-06T08:00:00Z"))
    }

    async fn sign_up(&self) -> Result<(), Refusal> {
        self.sign_up_as("agent").await
    }

    async fn sign_up_as(&self, role: &str) -> Result<(), Refusal> {
        let register = SignUp {
            users: self.users(),
            identity: self.accounts(),
            codes: self.accounts(),
            clock: Self::clock(),
            grid: grid(),
        };
        let mut body = json!({"email": EMAIL, "password": PASSWORD, "name": "Berta", "role": role});
        if role == "agent" {
            body["vehicle"] = json!({"capacity": 7});
        }
        register.run(&body).await
    }

    async fn confirm(&self) -> Result<(), Refusal> {
        let confirm = ConfirmSignUp {
            users: self.users(),
            identity: self.accounts(),
            clock: Self::clock(),
            grid: grid(),
        };
        let body = json!({"email": EMAIL, "code": CODE});
        confirm.run(&body).await.map(|_| ())
    }

    async fn log_in(&self) -> Result<Tokens, Refusal> {
        let log_in = LogIn {
            users: self.users(),
            identity: self.accounts(),
            mailer: Arc::new(MemoryMailer::default()),
            waits_for_mail: Duration::from_secs(5),
            clock: Self::clock(),
            grid: grid(),
        };
        log_in
            .run(&json!({"email": EMAIL, "password": PASSWORD}))
            .await
    }

    /// The one record, which says the same as the account and the token.
    async fn assert_whole(&self, at: usize) -> User {
        let tokens = self.log_in().await.unwrap();
        let mut users = self.store.all_users();
        assert_eq!(users.len(), 1, "one person, one record; died at {at}");
        let user = users.remove(0);
        let account = self.identity.account_of(EMAIL).unwrap();
        assert_eq!(account.user_id, user.id, "died at {at}");
        assert_eq!(account.roles, [user.role], "died at {at}");
        let role = format!("as {}", user.role);
        assert!(tokens.access_token.ends_with(&role), "died at {at}");
        let expected = match user.role {
            Role::Agent => UserStatus::PendingApproval,
            _ => UserStatus::Active,
        };
        assert_eq!(user.status, expected, "died at {at}");
        user
    }
}

/// What a person does after a call that failed.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Next {
    SignsUpAgain,
    Confirms,
    LogsIn,
}

#[tokio::test]
async fn a_sign_up_that_dies_anywhere_is_healed_by_the_next_step() {
    for next in [Next::SignsUpAgain, Next::Confirms, Next::LogsIn] {
        let mut deaths = 0;
        for at in 0.. {
            let office = Office::default();
            office.lifeline.dies_at(at);
            if office.sign_up().await.is_ok() {
                break;
            }
            deaths += 1;
            office.lifeline.lives();
            let signed_up = office.identity.account_of(EMAIL).is_some();
            if next == Next::SignsUpAgain || !signed_up {
                // Nothing was made: there is no code that could be confirmed either.
                office.sign_up().await.unwrap();
            }
            if next == Next::LogsIn {
                // Past us: the code is Cognito's, and so is the call that takes it.
                office.identity.confirm(EMAIL, CODE).await.unwrap();
            } else {
                office.confirm().await.unwrap();
            }
            let user = office.assert_whole(at).await;
            assert_eq!(user.role, Role::Agent, "what was asked for; died at {at}");
            if next == Next::SignsUpAgain {
                let capacity = user.agent.map(|profile| profile.capacity);
                assert_eq!(capacity, Some(7), "died at {at}");
            }
        }
        assert!(
            deaths >= 6,
            "sign-up has three calls, not {deaths} half calls"
        );
    }
}

#[tokio::test]
async fn a_confirmation_that_dies_anywhere_is_healed_by_the_next_step() {
    // After a whole sign-up, and after one that left nothing but the account.
    for signed_up in [true, false] {
        for next in [Next::Confirms, Next::LogsIn] {
            let mut deaths = 0;
            for at in 0.. {
                let office = Office::default();
                if signed_up {
                    office.sign_up().await.unwrap();
                } else {
                    let body = json!({"email": EMAIL, "password": PASSWORD, "name": "Berta", "role": "agent"});
                    let only_account = intake::read_new_account(&body).unwrap();
                    office.identity.sign_up(&only_account).await.unwrap();
                }
                office.lifeline.dies_at(at);
                if office.confirm().await.is_ok() {
                    break;
                }
                deaths += 1;
                office.lifeline.lives();
                let confirmed = office.identity.account_of(EMAIL).unwrap().confirmed;
                let recorded = !office.store.all_users().is_empty();
                match next {
                    // Cognito takes a code once. Without a record a second try is refused, since it may be a
                    // stranger's.
                    Next::Confirms if confirmed && !recorded => {
                        assert!(matches!(office.confirm().await, Err(Refusal::InvalidCode)));
                    }
                    Next::LogsIn if confirmed => {}
                    _ => office.confirm().await.unwrap(),
                }
                let user = office.assert_whole(at).await;
                assert_eq!(user.role, Role::Agent, "what was asked for; died at {at}");
            }
            assert!(
                deaths >= 8,
                "confirming has four calls, not {deaths} half calls"
            );
        }
    }
}

#[tokio::test]
async fn a_log_in_that_dies_anywhere_is_healed_by_the_next() {
    let mut deaths = 0;
    for at in 0.. {
        let office = Office::default();
        let body = json!({"email": EMAIL, "password": PASSWORD, "name": "Berta", "role": "agent"});
        let only_account = intake::read_new_account(&body).unwrap();
        office.identity.sign_up(&only_account).await.unwrap();
        office.identity.confirm(EMAIL, CODE).await.unwrap();
        office.lifeline.dies_at(at);
        if office.log_in().await.is_ok() {
            break;
        }
        deaths += 1;
        office.lifeline.lives();
        office.assert_whole(at).await;
    }
    assert!(
        deaths >= 10,
        "log-in has five calls, not {deaths} half calls"
    );
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Call {
    NewAccount(&'static str),
    Confirm,
    LogInOutcome,
}

impl Office {
    async fn answer(&self, call: Call) -> Result<(), Refusal> {
        match call {
            Call::NewAccount(role) => self.sign_up_as(role).await,
            Call::Confirm => self.confirm().await,
            Call::LogInOutcome => self.log_in().await.map(|_| ()),
        }
    }

    /// Past us, in Cognito itself: nothing says what the account is.
    async fn make_account(&self, confirmed: bool) {
        let body =
            json!({"email": EMAIL, "password": PASSWORD, "name": "Berta", "role": "customer"});
        let only_account = intake::read_new_account(&body).unwrap();
        self.identity.sign_up_past_us(&only_account, None);
        if confirmed {
            self.identity.confirm(EMAIL, CODE).await.unwrap();
        }
    }
}

#[tokio::test]
async fn two_calls_at_the_same_moment_leave_one_role_and_the_record_of_it() {
    let confirmed = true;
    for (first, second, confirmed, roles) in [
        (
            Call::NewAccount("agent"),
            Call::NewAccount("customer"),
            !confirmed,
            2,
        ),
        (Call::NewAccount("agent"), Call::Confirm, !confirmed, 2),
        (Call::Confirm, Call::Confirm, !confirmed, 1),
        (Call::LogInOutcome, Call::NewAccount("agent"), confirmed, 1),
        (Call::LogInOutcome, Call::LogInOutcome, confirmed, 1),
    ] {
        let mut seen = BTreeSet::new();
        for schedule in schedules() {
            let office = Office::default();
            office.make_account(confirmed).await;
            let answers = in_turns(schedule, office.answer(first), office.answer(second));
            let at = format!("{first:?} and {second:?}, turns {schedule:012b}");
            for (call, answer) in [first, second].into_iter().zip(answers) {
                // A second confirmation of an account without a record may be a stranger's.
                let refused = call == Call::Confirm && matches!(answer, Err(Refusal::InvalidCode));
                assert!(answer.is_ok() || refused, "{at}: {answer:?}");
            }
            let account = office.identity.account_of(EMAIL).unwrap();
            let users = office.store.all_users();
            assert_eq!(users.len(), 1, "one person, one record; {at}");
            assert_eq!(account.roles, [users[0].role], "{at}");
            let waits = users[0].status == UserStatus::Unconfirmed;
            assert_eq!(waits, !account.confirmed, "{at}");
            seen.insert(users[0].role);
        }
        assert_eq!(seen.len(), roles, "{first:?} and {second:?}: {seen:?}");
    }
}
