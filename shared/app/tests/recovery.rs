//! Forgotten passwords, new tokens, and the end of sessions.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::Arc;
use std::time::Duration;

use app::Refusal;
use app::accounts::RefreshToken;
use app::accounts::{ForgotPassword, ResendCode, ResetPassword};
use app::accounts::{GetMe, LogIn};
use app::caller::Caller;
use app::ports::{IdentityProvider, LogInOutcome, PasswordRecovery, Tokens};
use domain::{Role, UserStatus};
use serde_json::json;
use testkit::build::{grid, marta_signs_up};
use testkit::memory::{CODE, IdentityCall, RESET_CODE};
use testkit::{MemoryIdentity, MemoryMailer, MemoryStore, StillClock, an_agent};

const NEW: &str = "Better-Horse-8";

/// Marta's confirmed account.
async fn marta() -> Arc<MemoryIdentity> {
    let identity = Arc::new(MemoryIdentity::default());
    let marta = marta_signs_up();
    identity.sign_up(&marta).await.unwrap();
    identity.confirm(&marta.email, CODE).await.unwrap();
    identity.grant(&marta.email, Role::Agent).await.unwrap();
    identity
}

async fn logged_in(identity: &MemoryIdentity, password: &str) -> Option<Tokens> {
    match identity
        .log_in(&marta_signs_up().email, password)
        .await
        .unwrap()
    {
        LogInOutcome::Granted(tokens) => Some(tokens),
        LogInOutcome::WrongCredentials | LogInOutcome::NotConfirmed => None,
    }
}

async fn reset(identity: &Arc<MemoryIdentity>, email: &str, code: &str) -> Result<(), Refusal> {
    let reset = ResetPassword {
        passwords: identity.clone(),
        identity: identity.clone(),
        sessions: identity.clone(),
    };
    reset
        .run(&json!({"email": email, "code": code, "new_password": NEW}))
        .await
}

#[tokio::test]
async fn a_reset_takes_the_new_password_and_ends_every_session() {
    let identity = marta().await;
    let email = marta_signs_up().email;
    logged_in(&identity, &marta_signs_up().password)
        .await
        .unwrap();
    identity.send_code(&email).await.unwrap();
    let refused = reset(&identity, &email, "000000").await;
    assert!(matches!(refused, Err(Refusal::InvalidCode)));
    assert_eq!(identity.sessions_of(&email), 1, "a wrong code ends nothing");
    reset(&identity, &email.to_uppercase(), RESET_CODE)
        .await
        .unwrap();
    assert_eq!(identity.sessions_of(&email), 0);
    assert!(
        logged_in(&identity, &marta_signs_up().password)
            .await
            .is_none()
    );
    assert!(logged_in(&identity, NEW).await.is_some());
}

#[tokio::test]
async fn a_reset_that_dies_before_the_sessions_end_is_finished_by_its_repetition() {
    let identity = marta().await;
    let email = marta_signs_up().email;
    logged_in(&identity, &marta_signs_up().password)
        .await
        .unwrap();
    identity.send_code(&email).await.unwrap();
    identity.set_away(Some(IdentityCall::SignOut));
    let failed = reset(&identity, &email, RESET_CODE).await;
    assert!(matches!(failed, Err(Refusal::Unavailable(_))));
    assert_eq!(identity.sessions_of(&email), 1);
    identity.set_away(None);
    // The provider has used up the code.
    reset(&identity, &email, RESET_CODE).await.unwrap();
    assert_eq!(identity.sessions_of(&email), 0);
}

#[tokio::test]
async fn a_code_for_nobody_is_a_wrong_code() {
    let identity = marta().await;
    let refused = reset(&identity, "nobody@example.com", RESET_CODE).await;
    assert!(matches!(refused, Err(Refusal::InvalidCode)));
}

#[tokio::test]
async fn a_provider_that_is_away_is_no_wrong_code() {
    let identity = marta().await;
    let email = marta_signs_up().email;
    for call in [IdentityCall::Reset, IdentityCall::LogInOutcome] {
        identity.set_away(Some(call));
        let failed = reset(&identity, &email, RESET_CODE).await;
        assert!(matches!(failed, Err(Refusal::Unavailable(_))), "{call:?}");
    }
    let body = json!({"email": email});
    identity.set_away(Some(IdentityCall::Resend));
    let resend = ResendCode {
        codes: identity.clone(),
    };
    assert!(matches!(
        resend.run(&body).await,
        Err(Refusal::Unavailable(_))
    ));
    identity.set_away(Some(IdentityCall::SendCode));
    let forgot = ForgotPassword {
        passwords: identity.clone(),
    };
    assert!(matches!(
        forgot.run(&body).await,
        Err(Refusal::Unavailable(_))
    ));
}

#[tokio::test]
async fn every_fault_of_a_reset_is_named_at_once() {
    let identity = marta().await;
    let reset = ResetPassword {
        passwords: identity.clone(),
        identity: identity.clone(),
        sessions: identity.clone(),
    };
    let body = json!({"email": "marta", "new_password": "short", "password": "x"});
    let Err(Refusal::Invalid(faults)) = reset.run(&body).await else {
        panic!("it is not valid");
    };
    let pointers: Vec<&str> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
    assert_eq!(
        pointers,
        ["#/password", "#/email", "#/code", "#/new_password"]
    );
}

#[tokio::test]
async fn a_suspended_agent_gets_no_tokens_and_sees_nothing() {
    let identity = marta().await;
    let (email, password) = (marta_signs_up().email, marta_signs_up().password);
    let token = logged_in(&identity, &password).await.unwrap().refresh_token;
    let mut user = an_agent(1).with_status(UserStatus::Suspended).build();
    user.id = identity.account_of(&email).unwrap().user_id;
    let caller = Caller {
        user_id: user.id,
        roles: vec![Role::Agent],
        request_id: None,
    };
    let store = Arc::new(MemoryStore::with([user], []));
    let clock = Arc::new(StillClock::at("2030-05-06T08:00:00Z"));
    let log_in = LogIn {
        users: store.clone(),
        identity: identity.clone(),
        mailer: Arc::new(MemoryMailer::default()),
        waits_for_mail: Duration::from_secs(5),
        clock: clock.clone(),
        grid: grid(),
    };
    let refused = log_in
        .run(&json!({"email": email, "password": password}))
        .await;
    assert!(matches!(refused.map(|_| ()), Err(Refusal::AgentNotActive)));
    let wrong = log_in
        .run(&json!({"email": email, "password": "Wrong-Horse-7"}))
        .await;
    assert!(matches!(
        wrong.map(|_| ()),
        Err(Refusal::InvalidCredentials)
    ));
    let show = GetMe {
        users: store.clone(),
        mailer: Arc::new(MemoryMailer::default()),
        clock,
    };
    assert!(matches!(
        show.run(&caller).await,
        Err(Refusal::AgentNotActive)
    ));

    // The suspension could not end the session, so the refresh token is still valid. Using the token ends the session.
    // The token is refused even if the session cannot be ended.
    let refresh = RefreshToken {
        users: store,
        refresh: identity.clone(),
        sessions: identity.clone(),
    };
    let body = json!({"refresh_token": token});
    identity.set_away(Some(IdentityCall::SignOut));
    assert!(matches!(
        refresh.run(&body).await.map(|_| ()),
        Err(Refusal::AgentNotActive)
    ));
    identity.set_away(None);
    assert!(matches!(
        refresh.run(&body).await.map(|_| ()),
        Err(Refusal::AgentNotActive)
    ));
    assert!(matches!(
        refresh.run(&body).await.map(|_| ()),
        Err(Refusal::InvalidRefreshToken)
    ));
}
