//! What Cognito answers on AWS and the local stack does not: limits that only an account which is there can meet,
//! refresh tokens that are revoked, mails that cannot be sent. None of it may tell a stranger who has an account.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod canned;

use adapters::cognito::{CognitoAccounts, CognitoSessions};
use app::ports::{
    AddressChange, Confirmation, ConfirmationCodes, IdentityError, IdentityProvider, LogInOutcome,
    Opened, PasswordRecovery, Registration, Reset, SignOut, TokenRefresh, Whose,
};
use canned::{Answer, Canned};
use domain::{NewAccount, Role};
use settings::resources::{UserPool, UserPoolClient};
use testkit::build::{marta_signs_up, user_id};

const ANA: &str = "ana@example.com";

fn refusing(kind: &str, message: &str) -> Canned {
    let body = format!(r#"{{"__type": "{kind}", "message": "{message}"}}"#);
    // As many as the SDK asks for where it takes a limit for a throttle.
    Canned::answering_texts(vec![(400, body); 4])
}

fn accounts(aws: &Canned) -> CognitoAccounts {
    let client = adapters::cognito::Client::new(aws.config());
    CognitoAccounts::new(
        &client,
        &UserPool::named("eu-west-1_pool"),
        &UserPoolClient::with_secret("client", "a secret"),
    )
}

fn sessions(aws: &Canned) -> CognitoSessions {
    let client = adapters::cognito::Client::new(aws.config());
    CognitoSessions::new(&client, &UserPool::named("eu-west-1_pool"))
}

#[tokio::test]
async fn whoever_asks_for_a_code_hears_the_same() {
    for (kind, message) in [
        (
            "UserNotFoundException",
            "Username/client id combination not found.",
        ),
        ("InvalidParameterException", "User is already confirmed."),
        (
            "InvalidParameterException",
            "Cannot reset password for the user as there is no registered/verified email or phone_number",
        ),
        (
            "NotAuthorizedException",
            "User password cannot be reset in the current state.",
        ),
        (
            "LimitExceededException",
            "Attempt limit exceeded, please try after some time.",
        ),
        ("CodeDeliveryFailureException", "Unable to deliver message"),
        ("InvalidEmailRoleAccessPolicyException", "no"),
    ] {
        let aws = refusing(kind, message);
        accounts(&aws).resend(ANA).await.unwrap();
        let aws = refusing(kind, message);
        accounts(&aws).send_code(ANA).await.unwrap();
        assert_eq!(aws.bodies().len(), 1, "not asked again, which takes time");
    }
}

#[tokio::test]
async fn what_befalls_everybody_is_told() {
    let throttled = Answer(
        400,
        r#"{"__type": "TooManyRequestsException", "message": "Rate exceeded"}"#,
    );
    let aws = Canned::answering([throttled]);
    let answer = accounts(&aws).resend(ANA).await;
    assert!(
        matches!(answer, Err(IdentityError::Throttled)),
        "{answer:?}"
    );
    let aws = Canned::answering([throttled]);
    let answer = accounts(&aws).send_code(ANA).await;
    assert!(
        matches!(answer, Err(IdentityError::Throttled)),
        "{answer:?}"
    );
    let aws = Canned::answering([Answer(503, "{}")]);
    let answer = accounts(&aws).send_code(ANA).await;
    assert!(
        matches!(answer, Err(IdentityError::Unavailable(_))),
        "{answer:?}"
    );
}

#[tokio::test]
async fn a_sign_up_whose_code_cannot_be_mailed_is_answered_as_that_of_a_known_address() {
    for (kind, message) in [
        ("UsernameExistsException", "User already exists"),
        (
            "LimitExceededException",
            "Exceeded daily email limit for the operation or the account.",
        ),
        ("CodeDeliveryFailureException", "Unable to deliver message"),
    ] {
        let aws = refusing(kind, message);
        let answer = accounts(&aws).sign_up(&marta_signs_up()).await.unwrap();
        assert_eq!(answer, Registration::Known, "{kind}");
    }
}

#[tokio::test]
async fn too_many_codes_are_wrong_codes() {
    // A stranger's address is never locked: one that is would be known.
    for kind in ["LimitExceededException", "TooManyFailedAttemptsException"] {
        let aws = refusing(kind, "Attempt limit exceeded, please try after some time.");
        let answer = accounts(&aws).confirm(ANA, "123456").await.unwrap();
        assert_eq!(answer, Confirmation::WrongCode, "{kind}");
        assert_eq!(aws.bodies().len(), 1, "not asked again, which takes time");
        let aws = refusing(kind, "Attempt limit exceeded, please try after some time.");
        let answer = accounts(&aws).reset(ANA, "123456", "Better-Horse-8").await;
        assert_eq!(answer.unwrap(), Reset::WrongCode, "{kind}");
    }
}

#[tokio::test]
async fn a_code_that_resets_nothing_is_a_wrong_code() {
    for kind in [
        "CodeMismatchException",
        "ExpiredCodeException",
        "InvalidParameterException",
        "NotAuthorizedException",
        "UserNotConfirmedException",
        "UserNotFoundException",
    ] {
        let aws = refusing(kind, "no");
        let answer = accounts(&aws).reset(ANA, "123456", "Better-Horse-8").await;
        assert_eq!(answer.unwrap(), Reset::WrongCode, "{kind}");
    }
}

#[tokio::test]
async fn a_new_password_that_the_pool_refuses_all_the_same_is_told_its_rule() {
    for (kind, message, rule) in [
        (
            "InvalidPasswordException",
            "Password did not conform with policy: Password must have symbol characters",
            "Password must have symbol characters",
        ),
        (
            "PasswordHistoryPolicyViolationException",
            "Password has been used before",
            "Password has been used before",
        ),
    ] {
        let aws = refusing(kind, message);
        let answer = accounts(&aws).reset(ANA, "123456", "Better-Horse-8").await;
        let Err(IdentityError::PasswordRefused(told)) = answer else {
            panic!("{kind}: {answer:?}");
        };
        assert_eq!(told, rule);
    }
}

/// An unsigned token with this payload.
fn token(payload: &str) -> String {
    use base64::Engine;
    let encoded = base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(payload);
    format!("eyJhbGciOiJSUzI1NiJ9.{encoded}.c2lnbmF0dXJl")
}

#[tokio::test]
async fn a_refresh_keeps_the_refresh_token_unless_there_is_a_new_one() {
    let sub = user_id(7);
    let id = token(&format!(r#"{{"sub": "{sub}"}}"#));
    for (sent_back, expected) in [("", "the old one"), (r#""RefreshToken": "new","#, "new")] {
        let body = format!(
            r#"{{"AuthenticationResult": {{"AccessToken": "stays inside", "IdToken": "{id}", {sent_back}
                "TokenType": "Bearer", "ExpiresIn": 3600}}}}"#
        );
        let aws = Canned::answering_texts([(200, body)]);
        let refreshed = accounts(&aws).refresh("the old one").await.unwrap();
        let refreshed = refreshed.unwrap();
        assert_eq!(refreshed.user_id, sub);
        assert_eq!(refreshed.tokens.refresh_token, expected);
        assert_eq!(refreshed.tokens.access_token, id);
        let client = serde_json::json!({
            "ClientId": "client", "ClientSecret": "a secret", "RefreshToken": "the old one",
        });
        assert_eq!(aws.json_bodies()[0], client);
    }
}

#[tokio::test]
async fn a_refresh_token_that_does_not_count_is_none() {
    for (kind, message) in [
        ("NotAuthorizedException", "Refresh Token has been revoked"),
        ("NotAuthorizedException", "Refresh Token has expired"),
        ("NotAuthorizedException", "User is disabled."),
        ("InvalidParameterException", "Invalid refresh token."),
        ("UserNotFoundException", "User does not exist."),
    ] {
        let aws = refusing(kind, message);
        let answer = accounts(&aws).refresh("a token").await.unwrap();
        assert!(answer.is_none(), "{kind}: {message}");
    }
}

#[tokio::test]
async fn a_token_of_nobody_is_no_refresh() {
    for id in [token(r#"{"sub": "somebody"}"#), "opaque".to_owned()] {
        let body = format!(
            r#"{{"AuthenticationResult": {{"AccessToken": "a", "IdToken": "{id}", "ExpiresIn": 3600}}}}"#
        );
        let aws = Canned::answering_texts([(200, body)]);
        let answer = accounts(&aws).refresh("a token").await.map(|_| ());
        assert!(
            matches!(answer, Err(IdentityError::Unavailable(_))),
            "{answer:?}"
        );
    }
}

#[tokio::test]
async fn what_cognitos_own_api_accepts_stays_inside() {
    let tokens = r#"{"AuthenticationResult": {"AccessToken": "stays inside", "IdToken": "id",
        "RefreshToken": "refresh", "TokenType": "Bearer", "ExpiresIn": 3600}}"#;
    let aws = Canned::answering([Answer(200, tokens)]);
    let LogInOutcome::Granted(granted) =
        accounts(&aws).log_in(ANA, "Better-Horse-8").await.unwrap()
    else {
        panic!("Cognito gave tokens");
    };
    assert_eq!(granted.access_token, "id");
    let told = serde_json::to_string(&granted).unwrap();
    assert!(!told.contains("stays inside"), "{told}");
}

/// AWS refuses a call without the hash. The hash is the same in each call, because the user and the client are.
#[tokio::test]
async fn each_call_proves_that_it_knows_the_secret() {
    let aws = Canned::answering_texts(vec![
        (
            400,
            r#"{"__type": "CodeMismatchException"}"#.to_owned()
        );
        6
    ]);
    let accounts = accounts(&aws);
    let somebody = NewAccount {
        email: ANA.to_owned(),
        ..marta_signs_up()
    };
    let _ = accounts.sign_up(&somebody).await;
    let _ = accounts.confirm(ANA, "123456").await;
    let _ = accounts.resend(ANA).await;
    let _ = accounts.send_code(ANA).await;
    let _ = accounts.reset(ANA, "123456", "Better-Horse-8").await;
    let _ = accounts.log_in(ANA, "Better-Horse-8").await;
    let sent = aws.json_bodies();
    let hash = "VfmbbIOc4f8t60JzUAkUFKC/VCPTzJoHqp7pIBfGFbA=";
    for asked in &sent[..5] {
        assert_eq!(asked["SecretHash"], hash, "{asked}");
    }
    assert_eq!(sent[5]["AuthParameters"]["SECRET_HASH"], hash);
}

/// What AWS answers to a log-in.
const OPENED: Answer = Answer(
    200,
    r#"{"AuthenticationResult": {"AccessToken": "stays inside", "IdToken": "id", "ExpiresIn": 3600}}"#,
);

#[tokio::test]
async fn an_account_is_opened_by_its_id_with_the_password() {
    let aws = Canned::answering([OPENED]);
    let opened = accounts(&aws)
        .open(user_id(7), "Better-Horse-8")
        .await
        .unwrap();
    assert_eq!(opened.unwrap().token(), "stays inside");
    let sent = &aws.json_bodies()[0]["AuthParameters"];
    assert_eq!(sent["USERNAME"], user_id(7).to_string());
    for kind in [
        "NotAuthorizedException",
        "UserNotFoundException",
        "UserNotConfirmedException",
    ] {
        let aws = refusing(kind, "Incorrect username or password.");
        let opened = accounts(&aws)
            .open(user_id(7), "Wrong-Horse-8")
            .await
            .unwrap();
        assert!(opened.is_none(), "{kind}");
    }
}

#[tokio::test]
async fn nobody_learns_which_addresses_have_an_account_by_changing_to_one() {
    let opened = Opened::with("a token".to_owned());
    for kind in [
        "AliasExistsException",
        "LimitExceededException",
        "CodeDeliveryFailureException",
        "InvalidParameterException",
    ] {
        let aws = refusing(kind, "An account with the given email already exists.");
        accounts(&aws).mail_code_to(&opened, ANA).await.unwrap();
        assert_eq!(aws.bodies().len(), 1, "not asked again, which takes time");
    }
    for kind in [
        "AliasExistsException",
        "CodeMismatchException",
        "ExpiredCodeException",
        "LimitExceededException",
        "NotAuthorizedException",
    ] {
        let aws = refusing(kind, "no");
        assert!(
            !accounts(&aws).set_address(&opened, "123456").await.unwrap(),
            "{kind}"
        );
        assert_eq!(aws.bodies().len(), 1, "not asked again, which takes time");
    }
    let aws = Canned::answering([Answer(503, "{}")]);
    let answer = accounts(&aws).set_address(&opened, "123456").await;
    assert!(
        matches!(answer, Err(IdentityError::Unavailable(_))),
        "{answer:?}"
    );
}

#[tokio::test]
async fn who_is_gone_is_signed_out() {
    let aws = refusing("UserNotFoundException", "User does not exist.");
    sessions(&aws)
        .sign_out(Whose::User(user_id(7)))
        .await
        .unwrap();
    assert_eq!(aws.json_bodies()[0]["Username"], user_id(7).to_string());
    let aws = Canned::answering([Answer(503, "{}"); 4]);
    let answer = sessions(&aws).sign_out(Whose::Address(ANA)).await;
    assert!(
        matches!(answer, Err(IdentityError::Unavailable(_))),
        "{answer:?}"
    );
}

#[tokio::test]
async fn the_role_that_was_asked_for_is_kept_and_read_back() {
    let sub = user_id(7);
    let aws = Canned::answering_texts([(
        200,
        format!(r#"{{"UserConfirmed": false, "UserSub": "{sub}"}}"#),
    )]);
    let marta = marta_signs_up();
    accounts(&aws).sign_up(&marta).await.unwrap();
    let sent = &aws.json_bodies()[0]["UserAttributes"];
    let attribute = serde_json::json!({"Name": "custom:signed_up_as", "Value": marta.role.group()});
    assert!(sent.as_array().unwrap().contains(&attribute), "{sent}");

    for (value, asked_for) in [("agent", Some(Role::Agent)), ("king", None)] {
        let user = format!(
            r#"{{"Username": "{sub}", "UserStatus": "UNCONFIRMED", "UserAttributes": [
                {{"Name": "sub", "Value": "{sub}"}}, {{"Name": "custom:signed_up_as", "Value": "{value}"}}]}}"#
        );
        let aws = Canned::answering_texts([(200, user), (200, r#"{"Groups": []}"#.to_owned())]);
        let account = accounts(&aws)
            .account(Whose::Address(ANA))
            .await
            .unwrap()
            .unwrap();
        assert_eq!((account.roles, account.asked_for), (vec![], asked_for));
    }
}
