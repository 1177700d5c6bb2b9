//! A new email address, with the password and a code.

use app::ports::{AddressChange, IdentityError, Opened};
use async_trait::async_trait;
use aws_sdk_cognitoidentityprovider::operation::update_user_attributes::UpdateUserAttributesError as UpdateError;
use aws_sdk_cognitoidentityprovider::operation::verify_user_attribute::VerifyUserAttributeError as VerifyError;
use domain::UserId;

use super::failures::{failed, no_code_mailed, once};
use super::{Authenticated, CognitoAccounts, given, user_attribute};

#[async_trait]
impl AddressChange for CognitoAccounts {
    async fn open(&self, user_id: UserId, password: &str) -> Result<Option<Opened>, IdentityError> {
        Ok(
            match self.authenticate(&user_id.to_string(), password).await? {
                Authenticated::As(tokens) => {
                    Some(Opened::with(given("access token", tokens.access_token)?))
                }
                Authenticated::WrongCredentials | Authenticated::NotConfirmed => None,
            },
        )
    }

    /// The pool keeps the old address until the code is used (`AttributesRequireVerificationBeforeUpdate`).
    async fn mail_code_to(&self, account: &Opened, email: &str) -> Result<(), IdentityError> {
        let update = self.client.update_user_attributes();
        let update = update.access_token(account.token());
        let update = update.user_attributes(user_attribute("email", email)?);
        match update.customize().config_override(once()).send().await {
            Ok(_) => Ok(()),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(UpdateError::is_alias_exists_exception) =>
            {
                Ok(())
            }
            Err(error) => no_code_mailed("UpdateUserAttributes", error),
        }
    }

    async fn set_address(&self, account: &Opened, code: &str) -> Result<bool, IdentityError> {
        let verify = self.client.verify_user_attribute();
        let verify = verify.access_token(account.token());
        let verify = verify.attribute_name("email").code(code);
        let error = match verify.customize().config_override(once()).send().await {
            Ok(_) => return Ok(true),
            Err(error) => error,
        };
        match error.as_service_error() {
            Some(
                VerifyError::AliasExistsException(_)
                | VerifyError::CodeMismatchException(_)
                | VerifyError::ExpiredCodeException(_)
                | VerifyError::InvalidParameterException(_)
                | VerifyError::LimitExceededException(_)
                | VerifyError::NotAuthorizedException(_),
            ) => Ok(false),
            _ => Err(failed("VerifyUserAttribute", error)),
        }
    }
}
