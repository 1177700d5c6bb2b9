//! [`IdentityProvider`], with codes, new passwords and sessions.

use app::ports::{
    AddressChange, Confirmation, ConfirmationCodes, IdentityError, IdentityProvider, LogInOutcome,
    PasswordRecovery, Registration, Reset, SignOut, TokenRefresh, Tokens, Whose,
};
use domain::ids::Uuid;
use domain::{NewAccount, Role, UserId};

const PASSWORD: &str = "Correct-horse-7";

/// The ports of one identity provider.
#[derive(Clone, Copy)]
pub struct Identity<'a> {
    /// Accounts.
    pub accounts: &'a dyn IdentityProvider,
    /// Confirmation codes.
    pub codes: &'a dyn ConfirmationCodes,
    /// New passwords.
    pub passwords: &'a dyn PasswordRecovery,
    /// New tokens.
    pub refresh: &'a dyn TokenRefresh,
    /// The end of sessions.
    pub sessions: &'a dyn SignOut,
    /// New addresses.
    pub addresses: &'a dyn AddressChange,
}

/// The codes that the provider mails.
#[derive(Clone, Copy)]
pub struct MailedCodes<'a> {
    /// The code that a sign-up mails.
    pub confirmation: &'a str,
    /// The code that resets a password.
    pub reset: &'a str,
    /// The code that a new address gets.
    pub new_address: &'a str,
}

/// Checks an identity provider, given the codes that it mails.
pub async fn run(identity: Identity<'_>, codes: MailedCodes<'_>) {
    let accounts = identity.accounts;
    let sign_up = somebody();
    let user_id = an_address_signs_up_once(accounts, &sign_up).await;
    codes_are_mailed_whoever_asks(identity, &sign_up.email).await;
    the_code_confirms_the_address(accounts, &sign_up.email, codes.confirmation).await;
    codes_are_mailed_whoever_asks(identity, &sign_up.email).await;
    groups_are_granted(accounts, &sign_up, user_id).await;
    the_password_opens(accounts, &sign_up.email).await;
    a_weak_password_is_refused(accounts).await;
    tokens_are_refreshed_until_the_sign_out(identity, &sign_up.email, user_id).await;
    a_code_sets_a_new_password_once(identity, &sign_up.email, codes.reset).await;
    a_code_changes_the_address(identity, &sign_up.email, user_id, codes).await;
}

fn somebody() -> NewAccount {
    NewAccount {
        email: format!("ana-{}@example.com", Uuid::now_v7()),
        password: PASSWORD.to_owned(),
        name: "Ana Núñez".to_owned(),
        role: Role::Customer,
        capacity: 1,
        start_location: None,
    }
}

async fn an_address_signs_up_once(identity: &dyn IdentityProvider, sign_up: &NewAccount) -> UserId {
    assert_eq!(
        identity
            .account(Whose::Address(&sign_up.email))
            .await
            .unwrap(),
        None
    );
    let Registration::New(user_id) = identity.sign_up(sign_up).await.unwrap() else {
        panic!("the address was never seen before");
    };
    let as_another = NewAccount {
        role: Role::Agent,
        ..sign_up.clone()
    };
    let again = identity.sign_up(&as_another).await.unwrap();
    assert_eq!(again, Registration::Known);
    let account = identity
        .account(Whose::Address(&sign_up.email))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(account.user_id, user_id);
    assert_eq!(
        (account.name, account.email),
        (sign_up.name.clone(), sign_up.email.clone())
    );
    assert!(!account.confirmed);
    assert_eq!(
        (account.roles, account.asked_for),
        (vec![], Some(sign_up.role)),
        "the role of the first sign-up is kept, and grants nothing"
    );
    user_id
}

async fn the_code_confirms_the_address(identity: &dyn IdentityProvider, email: &str, code: &str) {
    let early = identity.log_in(email, PASSWORD).await.unwrap();
    assert!(
        early == LogInOutcome::NotConfirmed,
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
    assert!(
        identity
            .account(Whose::Address(email))
            .await
            .unwrap()
            .unwrap()
            .confirmed
    );
}

async fn groups_are_granted(
    identity: &dyn IdentityProvider,
    sign_up: &NewAccount,
    user_id: UserId,
) {
    for _ in 0..2 {
        identity
            .grant(&sign_up.email, Role::Customer)
            .await
            .unwrap();
        let account = identity
            .account(Whose::Address(&sign_up.email))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            (account.user_id, account.roles),
            (user_id, vec![Role::Customer])
        );
    }
}

async fn the_password_opens(identity: &dyn IdentityProvider, email: &str) {
    for (email, password) in [(email, "Wrong-horse-7"), (&somebody().email, PASSWORD)] {
        let answer = identity.log_in(email, password).await.unwrap();
        assert!(
            answer == LogInOutcome::WrongCredentials,
            "strangers hear the same"
        );
    }
    let LogInOutcome::Granted(tokens) = identity.log_in(email, PASSWORD).await.unwrap() else {
        panic!("address and password are right");
    };
    assert_eq!(tokens.token_type, "Bearer");
    assert!(tokens.expires_in > 0);
    for token in [tokens.access_token, tokens.refresh_token] {
        assert!(!token.is_empty());
    }
}

async fn a_weak_password_is_refused(identity: &dyn IdentityProvider) {
    let weak = NewAccount {
        password: "short".to_owned(),
        ..somebody()
    };
    let refused = identity.sign_up(&weak).await;
    assert!(
        matches!(refused, Err(IdentityError::PasswordRefused(_))),
        "{refused:?}"
    );
    assert_eq!(
        identity.account(Whose::Address(&weak.email)).await.unwrap(),
        None
    );
}

/// No answer tells whether an account exists, or whether it is confirmed.
async fn codes_are_mailed_whoever_asks(identity: Identity<'_>, email: &str) {
    for email in [email, &somebody().email] {
        identity.codes.resend(email).await.unwrap();
        identity.passwords.send_code(email).await.unwrap();
    }
}

async fn logged_in(identity: Identity<'_>, email: &str, password: &str) -> Tokens {
    let LogInOutcome::Granted(tokens) = identity.accounts.log_in(email, password).await.unwrap()
    else {
        panic!("address and password are right");
    };
    tokens
}

async fn tokens_are_refreshed_until_the_sign_out(
    identity: Identity<'_>,
    email: &str,
    user_id: UserId,
) {
    let refresh = async |token: &str| identity.refresh.refresh(token).await.unwrap();
    for whose in [Whose::User(user_id), Whose::Address(email)] {
        let first = logged_in(identity, email, PASSWORD).await;
        let second = logged_in(identity, email, PASSWORD).await;
        for tokens in [&first, &second] {
            let refreshed = refresh(&tokens.refresh_token).await.unwrap();
            assert_eq!(refreshed.user_id, user_id);
            assert_eq!(refreshed.tokens.refresh_token, tokens.refresh_token);
            assert!(!refreshed.tokens.access_token.is_empty());
            assert!(refreshed.tokens.expires_in > 0);
        }
        // A repetition and an unknown account change nothing.
        let nobody = somebody().email;
        for whose in [whose, whose, Whose::Address(&nobody)] {
            identity.sessions.sign_out(whose).await.unwrap();
        }
        for tokens in [&first, &second] {
            assert!(refresh(&tokens.refresh_token).await.is_none(), "revoked");
        }
    }
    for forged in ["no token", "a.b.c"] {
        assert!(refresh(forged).await.is_none(), "{forged}");
    }
}

async fn a_code_sets_a_new_password_once(identity: Identity<'_>, email: &str, code: &str) {
    const NEW: &str = "Better-horse-8";
    let reset = async |email: &str, code: &str, password: &str| {
        identity.passwords.reset(email, code, password).await
    };
    identity.passwords.send_code(email).await.unwrap();
    let nobody = somebody().email;
    for (email, code) in [(email, "000000"), (&nobody, code)] {
        assert_eq!(reset(email, code, NEW).await.unwrap(), Reset::WrongCode);
    }
    logged_in(identity, email, PASSWORD).await;
    let weak = reset(email, code, "short").await;
    assert!(
        matches!(weak, Err(IdentityError::PasswordRefused(_))),
        "{weak:?}"
    );
    assert_eq!(reset(email, code, NEW).await.unwrap(), Reset::Done);
    let old = identity.accounts.log_in(email, PASSWORD).await.unwrap();
    assert!(
        old == LogInOutcome::WrongCredentials,
        "the old password is not valid any more"
    );
    logged_in(identity, email, NEW).await;
    let again = reset(email, code, PASSWORD).await.unwrap();
    assert_eq!(again, Reset::WrongCode, "a code counts once");
}

async fn a_code_changes_the_address(
    identity: Identity<'_>,
    old: &str,
    user_id: UserId,
    codes: MailedCodes<'_>,
) {
    const NEW_PASSWORD: &str = "Better-horse-8";
    let (accounts, addresses) = (identity.accounts, identity.addresses);
    let open = async |password| addresses.open(user_id, password).await.unwrap();
    assert!(open("Wrong-horse-7").await.is_none());
    let nobody = UserId(Uuid::now_v7());
    assert!(
        addresses
            .open(nobody, NEW_PASSWORD)
            .await
            .unwrap()
            .is_none()
    );

    let opened = open(NEW_PASSWORD).await.expect("the password is right");
    let set = async |code| addresses.set_address(&opened, code).await.unwrap();
    assert!(!set(codes.new_address).await, "no address waits for a code");
    let taken = somebody();
    accounts.sign_up(&taken).await.unwrap();
    addresses.mail_code_to(&opened, &taken.email).await.unwrap();
    assert!(
        !set(codes.new_address).await,
        "the caller does not learn that it is taken"
    );

    let new = somebody().email;
    addresses.mail_code_to(&opened, &new).await.unwrap();
    logged_in(identity, old, NEW_PASSWORD).await;
    assert!(!set("000000").await);
    let account = accounts.account(Whose::User(user_id)).await.unwrap();
    assert_eq!(account.unwrap().email, old, "until the code is there");
    assert!(set(codes.new_address).await);
    let account = accounts.account(Whose::User(user_id)).await.unwrap();
    assert_eq!(
        account.map(|account| (account.user_id, account.email)),
        Some((user_id, new.clone()))
    );
    logged_in(identity, &new, NEW_PASSWORD).await;
    let gone = accounts.log_in(old, NEW_PASSWORD).await.unwrap();
    assert!(gone == LogInOutcome::WrongCredentials);
    assert!(!set(codes.new_address).await, "a code counts once");
}
