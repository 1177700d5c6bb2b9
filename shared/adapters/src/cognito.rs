//! Accounts and passwords, in a Cognito user pool.
//!
//! The username is the email address. The pool must have `PreventUserExistenceErrors` on. Some errors of Cognito still
//! tell an unknown address from a wrong password or code; this adapter hides the difference.
//!
//! The app client has a secret, and each call proves that it knows the secret. Cognito's access tokens stay inside: a
//! thief could use one to change the address of an account, or to delete the account, through Cognito's own API.
//! Callers of our API get the ID token as their access token. Cognito's API does not accept it.

use app::ports::{
    Account, Confirmation, IdentityError, IdentityProvider, LogInOutcome, Registration, Tokens,
    Whose,
};
use async_trait::async_trait;
use aws_sdk_cognitoidentityprovider::operation::admin_get_user::AdminGetUserError;
use aws_sdk_cognitoidentityprovider::operation::admin_get_user::AdminGetUserOutput;
use aws_sdk_cognitoidentityprovider::operation::admin_initiate_auth::AdminInitiateAuthError as AuthError;
use aws_sdk_cognitoidentityprovider::operation::confirm_sign_up::ConfirmSignUpError as ConfirmError;
use aws_sdk_cognitoidentityprovider::operation::sign_up::SignUpError;
use aws_sdk_cognitoidentityprovider::types::{
    AttributeType, AuthFlowType, AuthenticationResultType, UserStatusType,
};
use domain::{NewAccount, Role, UserId};
use settings::resources::{UserPool, UserPoolClient};

pub use aws_sdk_cognitoidentityprovider::Client;

mod addresses;
mod failures;
mod recovery;
mod secret;
mod sessions;

pub use sessions::CognitoSessions;

use failures::{away, failed, no_code_mailed, once, refused_password};
use secret::secret_hash;

/// The attribute with the requested role. In the pool it must be immutable: a client that may write an attribute at the
/// sign-up may otherwise write it at any time.
const SIGNED_UP_AS: &str = "custom:signed_up_as";
const AUTHENTICATE: &str = "AdminInitiateAuth";

/// Accounts in a user pool.
#[derive(Debug, Clone)]
pub struct CognitoAccounts {
    client: Client,
    pool: UserPool,
    pool_client: UserPoolClient,
}

impl CognitoAccounts {
    /// In this pool, through this app client.
    pub fn new(client: &Client, pool: &UserPool, pool_client: &UserPoolClient) -> Self {
        Self {
            client: client.clone(),
            pool: pool.clone(),
            pool_client: pool_client.clone(),
        }
    }

    /// Proves to Cognito that a call for this user comes from the app client.
    fn hash_for(&self, username: &str) -> String {
        secret_hash(&self.pool_client, username)
    }

    async fn roles(&self, email: &str) -> Result<Vec<Role>, IdentityError> {
        let list = self.client.admin_list_groups_for_user();
        let list = list.user_pool_id(self.pool.as_str()).username(email);
        let mut groups = list.into_paginator().items().send();
        let mut roles = Vec::new();
        while let Some(group) = groups.next().await {
            let group = group.map_err(|error| failed("AdminListGroupsForUser", error))?;
            // A group without a role of ours grants nothing.
            roles.extend(
                group
                    .group_name()
                    .and_then(|name| name.parse::<Role>().ok()),
            );
        }
        Ok(roles)
    }
}

#[async_trait]
impl IdentityProvider for CognitoAccounts {
    async fn sign_up(&self, sign_up: &NewAccount) -> Result<Registration, IdentityError> {
        let answer = self
            .client
            .sign_up()
            .client_id(self.pool_client.id())
            .secret_hash(self.hash_for(&sign_up.email))
            .username(&sign_up.email)
            .password(&sign_up.password)
            .user_attributes(user_attribute("email", &sign_up.email)?)
            .user_attributes(user_attribute("name", &sign_up.name)?)
            .user_attributes(user_attribute(SIGNED_UP_AS, sign_up.role.group())?)
            .send()
            .await;
        let error = match answer {
            Ok(answer) => return Ok(Registration::New(user_id("SignUp", &answer.user_sub)?)),
            Err(error) => error,
        };
        match error.as_service_error() {
            Some(SignUpError::UsernameExistsException(_)) => Ok(Registration::Known),
            // The account may exist by now, without its group and its record. The user can ask for the code again.
            Some(
                SignUpError::CodeDeliveryFailureException(_)
                | SignUpError::LimitExceededException(_),
            ) => {
                no_code_mailed("SignUp", error)?;
                Ok(Registration::Known)
            }
            Some(SignUpError::InvalidPasswordException(refusal)) => {
                Err(refused_password(refusal.message()))
            }
            Some(SignUpError::InvalidParameterException(refusal))
                if refusal
                    .message()
                    .is_some_and(|text| text.contains("password")) =>
            {
                Err(refused_password(None))
            }
            _ => Err(failed("SignUp", error)),
        }
    }

    async fn account(&self, whose: Whose<'_>) -> Result<Option<Account>, IdentityError> {
        let username = username(whose);
        let get = self.client.admin_get_user();
        let get = get.user_pool_id(self.pool.as_str()).username(&username);
        let answer = match get.send().await {
            Ok(answer) => answer,
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(AdminGetUserError::is_user_not_found_exception) =>
            {
                return Ok(None);
            }
            Err(error) => return Err(failed("AdminGetUser", error)),
        };
        let user_id = user_id(
            "AdminGetUser",
            attribute(&answer, "sub").unwrap_or_default(),
        )?;
        Ok(Some(Account {
            user_id,
            name: attribute(&answer, "name").unwrap_or_default().to_owned(),
            email: attribute(&answer, "email")
                .unwrap_or(&username)
                .to_lowercase(),
            confirmed: answer.user_status() != Some(&UserStatusType::Unconfirmed),
            roles: self.roles(&username).await?,
            asked_for: attribute(&answer, SIGNED_UP_AS).and_then(|role| role.parse().ok()),
        }))
    }

    async fn grant(&self, email: &str, role: Role) -> Result<(), IdentityError> {
        self.client
            .admin_add_user_to_group()
            .user_pool_id(self.pool.as_str())
            .username(email)
            .group_name(role.group())
            .send()
            .await
            .map_err(|error| failed("AdminAddUserToGroup", error))?;
        Ok(())
    }

    async fn confirm(&self, email: &str, code: &str) -> Result<Confirmation, IdentityError> {
        let answer = self
            .client
            .confirm_sign_up()
            .client_id(self.pool_client.id())
            .secret_hash(self.hash_for(email))
            .username(email)
            .confirmation_code(code)
            .customize()
            .config_override(once())
            .send()
            .await;
        let error = match answer {
            Ok(_) => return Ok(Confirmation::Confirmed),
            Err(error) => error,
        };
        match error.as_service_error() {
            Some(
                ConfirmError::CodeMismatchException(_)
                | ConfirmError::ExpiredCodeException(_)
                | ConfirmError::UserNotFoundException(_)
                // Cognito limits attempts only for accounts that exist.
                | ConfirmError::LimitExceededException(_)
                | ConfirmError::TooManyFailedAttemptsException(_)
                // Cognito never sends a code of this form.
                | ConfirmError::InvalidParameterException(_),
            ) => Ok(Confirmation::WrongCode),
            // "User cannot be confirmed. Current status is CONFIRMED"
            Some(ConfirmError::NotAuthorizedException(refusal))
                if refusal.message().is_some_and(|text| text.contains("CONFIRMED")) =>
            {
                Ok(Confirmation::AlreadyConfirmed)
            }
            // A disabled account, for example: no code helps.
            Some(ConfirmError::NotAuthorizedException(_)) => Ok(Confirmation::WrongCode),
            _ => Err(failed("ConfirmSignUp", error)),
        }
    }

    async fn log_in(&self, email: &str, password: &str) -> Result<LogInOutcome, IdentityError> {
        Ok(match self.authenticate(email, password).await? {
            Authenticated::As(tokens) => LogInOutcome::Granted(for_the_client(tokens)?),
            Authenticated::WrongCredentials => LogInOutcome::WrongCredentials,
            Authenticated::NotConfirmed => LogInOutcome::NotConfirmed,
        })
    }
}

/// What Cognito says to a password.
enum Authenticated {
    As(AuthenticationResultType),
    WrongCredentials,
    NotConfirmed,
}

impl CognitoAccounts {
    async fn authenticate(
        &self,
        username: &str,
        password: &str,
    ) -> Result<Authenticated, IdentityError> {
        let answer = self
            .client
            .admin_initiate_auth()
            .user_pool_id(self.pool.as_str())
            .client_id(self.pool_client.id())
            .auth_flow(AuthFlowType::AdminUserPasswordAuth)
            .auth_parameters("USERNAME", username)
            .auth_parameters("PASSWORD", password)
            .auth_parameters("SECRET_HASH", self.hash_for(username))
            .send()
            .await;
        let error = match answer {
            // Without tokens Cognito answered with a challenge (a new password, a second factor), which this backend
            // does not support.
            Ok(answer) => {
                let challenge =
                    || IdentityError::Refused("this account cannot log in here yet".to_owned());
                let tokens = answer.authentication_result.ok_or_else(challenge)?;
                return Ok(Authenticated::As(tokens));
            }
            Err(error) => error,
        };
        match error.as_service_error() {
            // These include accounts that are disabled, or locked after too many attempts: everyone gets the same
            // answer.
            Some(
                AuthError::NotAuthorizedException(_)
                | AuthError::UserNotFoundException(_)
                | AuthError::InvalidParameterException(_)
                | AuthError::PasswordResetRequiredException(_),
            ) => Ok(Authenticated::WrongCredentials),
            Some(AuthError::UserNotConfirmedException(_)) => Ok(Authenticated::NotConfirmed),
            _ => Err(failed(AUTHENTICATE, error)),
        }
    }
}

/// The tokens of a log-in, without the one that Cognito's own API accepts.
fn for_the_client(tokens: AuthenticationResultType) -> Result<Tokens, IdentityError> {
    Ok(Tokens {
        access_token: given("ID token", tokens.id_token)?,
        refresh_token: given("refresh token", tokens.refresh_token)?,
        token_type: "Bearer",
        expires_in: tokens.expires_in,
    })
}

fn given(what: &'static str, token: Option<String>) -> Result<String, IdentityError> {
    token.ok_or_else(|| away(AUTHENTICATE, format!("no {what} in the answer")))
}

/// The pool accepts the `sub` as a username too.
fn username(whose: Whose<'_>) -> String {
    match whose {
        Whose::User(user_id) => user_id.to_string(),
        Whose::Address(email) => email.to_owned(),
    }
}

fn attribute<'a>(user: &'a AdminGetUserOutput, name: &str) -> Option<&'a str> {
    let attributes = user.user_attributes().iter();
    let mut named = attributes.filter(|attribute| attribute.name() == name);
    named.next().and_then(AttributeType::value)
}

fn user_attribute(name: &str, value: &str) -> Result<AttributeType, IdentityError> {
    let attribute = AttributeType::builder().name(name).value(value).build();
    attribute.map_err(|error| away("SignUp", error))
}

fn user_id(call: &'static str, sub: &str) -> Result<UserId, IdentityError> {
    sub.parse().map_err(|error: uuid::Error| away(call, error))
}
