//! `POST /me/email`: changes the email address of the caller's account, with the password and a code.

use std::sync::Arc;
use std::time::Duration;

use adapters::cognito::CognitoAccounts;
use adapters::dynamodb::DynamoUsers;
use adapters::system::SystemClock;
use app::accounts::{ChangeEmail, EmailChange};
use runtime::http::{Problem, Request, Response};
use serde_json::json;
use settings::CompanyName;

/// A third of the function's timeout. The rest is for Cognito.
const WAITS_FOR_MAIL: Duration = Duration::from_secs(5);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let (users, pool, client, via, CompanyName(company)) = settings::from_environment()?;
    let aws = adapters::aws::config();
    let dynamodb = adapters::dynamodb::Client::new(&aws);
    let cognito = adapters::cognito::Client::new(&aws);
    let accounts = Arc::new(CognitoAccounts::new(&cognito, &pool, &client));
    let change_email = ChangeEmail {
        users: Arc::new(DynamoUsers::new(&dynamodb, &users)),
        identity: accounts.clone(),
        addresses: accounts,
        mailer: adapters::mail::mailer(&aws, &via),
        waits_for_mail: WAITS_FOR_MAIL,
        clock: Arc::new(SystemClock),
        company,
    };
    runtime::http::serve(change_email, handle).await
}

async fn handle(change_email: &ChangeEmail, request: &Request) -> Result<Response, Problem> {
    let caller = request.caller()?;
    match change_email.run(&caller, &request.json()?).await? {
        EmailChange::CodeMailed => Response::accepted(&json!({"status": "code_requested"})),
        EmailChange::Changed(me) => Response::ok(&me),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use app::ports::IdentityProvider;
    use testkit::build::marta_signs_up;
    use testkit::http::{answered, pointers};
    use testkit::memory::{CODE, EMAIL_CODE};
    use testkit::{MemoryIdentity, MemoryMailer, MemoryStore, StillClock, a_customer};

    const EVENT: &str = include_str!("../../../events/change-email.json");

    /// The use case in a world where Marta has an account, and an event of hers.
    async fn change_email() -> (ChangeEmail, String) {
        let identity = Arc::new(MemoryIdentity::default());
        let marta = marta_signs_up();
        identity.sign_up(&marta).await.unwrap();
        identity.confirm(&marta.email, CODE).await.unwrap();
        let mut user = a_customer(1).build();
        user.id = identity.account_of(&marta.email).unwrap().user_id;
        user.email.clone_from(&marta.email);
        let event = EVENT
            .replace("c3a48a72-0061-70a5-1b6c-3f2c1a9d0b11", &user.id.to_string())
            .replace("Correct-Horse-7", &marta.password);
        let change_email = ChangeEmail {
            users: Arc::new(MemoryStore::with([user], [])),
            identity: identity.clone(),
            addresses: identity,
            mailer: Arc::new(MemoryMailer::default()),
            waits_for_mail: Duration::from_secs(5),
            clock: Arc::new(StillClock::at("2030-05-06T08:00:00Z")),
            company: "Waybill".to_owned(),
        };
        (change_email, event)
    }

    fn with_code(event: &str, code: &str) -> String {
        event.replace(
            "\\\"password\\\"",
            &format!("\\\"code\\\":\\\"{code}\\\",\\\"password\\\""),
        )
    }

    #[tokio::test]
    async fn a_new_address_gets_a_code_and_the_code_changes_it() {
        let (change_email, event) = change_email().await;
        let asked = answered(&change_email, handle, &event).await;
        assert_eq!(asked, (202, json!({"status": "code_requested"})));
        let (status, body) = answered(&change_email, handle, &with_code(&event, "000000")).await;
        assert_eq!((status, &body["code"]), (422, &json!("invalid_code")));
        // A repetition gets the same answer.
        for _ in 0..2 {
            let (status, body) =
                answered(&change_email, handle, &with_code(&event, EMAIL_CODE)).await;
            assert_eq!(
                (status, &body["email"]),
                (200, &json!("marta.nova@example.com"))
            );
        }
    }

    #[tokio::test]
    async fn without_the_password_nothing_is_mailed() {
        let (change_email, event) = change_email().await;
        let event = event.replace(&marta_signs_up().password, "Wrong-Horse-7");
        let (status, body) = answered(&change_email, handle, &event).await;
        assert_eq!((status, &body["code"]), (422, &json!("wrong_password")));
        assert_eq!(pointers(&body), ["#/password"]);
    }
}
