//! [`IdentityProvider`]

use app::ports::{Confirmation, IdentityError, IdentityProvider, LogIn, Registration};
use domain::ids::Uuid;
use domain::{Role, SignUp, UserId};

const PASSWORD: &str = "Correct-horse-7";

/// All that an identity provider must do, given the code that it mails.
pub async fn run(identity: &dyn IdentityProvider, code: &str) {
    let sign_up = somebody();
    let user_id = an_address_signs_up_once(identity, &sign_up).await;
    the_code_confirms_the_address(identity, &sign_up.email, code).await;
    groups_are_granted(identity, &sign_up, user_id).await;
    the_password_opens(identity, &sign_up.email).await;
    a_weak_password_is_refused(identity).await;
}

fn somebody() -> SignUp {
    SignUp {
        email: format!("ana-{}@example.com", Uuid::now_v7()),
        password: PASSWORD.to_owned(),
        name: "Ana Núñez".to_owned(),
        role: Role::Customer,
        capacity: 1,
        start_location: None,
    }
}

async fn an_address_signs_up_once(identity: &dyn IdentityProvider, sign_up: &SignUp) -> UserId {
    assert_eq!(identity.account(&sign_up.email).await.unwrap(), None);
    let Registration::New(user_id) = identity.sign_up(sign_up).await.unwrap() else {
        panic!("the address was never seen before");
    };
    let again = identity.sign_up(sign_up).await.unwrap();
    assert_eq!(again, Registration::Known);
    let account = identity.account(&sign_up.email).await.unwrap().unwrap();
    assert_eq!(account.user_id, user_id);
    assert_eq!(
        (account.name, account.email),
        (sign_up.name.clone(), sign_up.email.clone())
    );
    assert!(!account.confirmed);
    assert_eq!(account.roles, []);
    user_id
}

async fn the_code_confirms_the_address(identity: &dyn IdentityProvider, email: &str, code: &str) {
    let early = identity.log_in(email, PASSWORD).await.unwrap();
    assert!(
        early == LogIn::NotConfirmed,
        "not before the address is confirmed"
    );
    let confirm = async |email: &str, code: &str| identity.confirm(email, code).await.unwrap();
    assert_eq!(confirm(email, "000000").await, Confirmation::WrongCode);
    assert_eq!(
        confirm(&somebody().email, code).await,
        Confirmation::WrongCode
    );
    assert_eq!(confirm(email, code).await, Confirmation::Confirmed);
    assert_eq!(confirm(email, code).await, Confirmation::AlreadyConfirmed);
    assert!(identity.account(email).await.unwrap().unwrap().confirmed);
}

async fn groups_are_granted(identity: &dyn IdentityProvider, sign_up: &SignUp, user_id: UserId) {
    for _ in 0..2 {
        identity
            .grant(&sign_up.email, Role::Customer)
            .await
            .unwrap();
        let account = identity.account(&sign_up.email).await.unwrap().unwrap();
        assert_eq!(
            (account.user_id, account.roles),
            (user_id, vec![Role::Customer])
        );
    }
}

async fn the_password_opens(identity: &dyn IdentityProvider, email: &str) {
    for (email, password) in [(email, "Wrong-horse-7"), (&somebody().email, PASSWORD)] {
        let answer = identity.log_in(email, password).await.unwrap();
        assert!(answer == LogIn::WrongCredentials, "strangers hear the same");
    }
    let LogIn::Granted(tokens) = identity.log_in(email, PASSWORD).await.unwrap() else {
        panic!("address and password are right");
    };
    assert_eq!(tokens.token_type, "Bearer");
    assert!(tokens.expires_in > 0);
    for token in [tokens.access_token, tokens.id_token, tokens.refresh_token] {
        assert!(!token.is_empty());
    }
}

async fn a_weak_password_is_refused(identity: &dyn IdentityProvider) {
    let weak = SignUp {
        password: "short".to_owned(),
        ..somebody()
    };
    let refused = identity.sign_up(&weak).await;
    assert!(
        matches!(refused, Err(IdentityError::PasswordRefused(_))),
        "{refused:?}"
    );
    assert_eq!(identity.account(&weak.email).await.unwrap(), None);
}
