//! Codes by email, and their use.

use app::ports::{ConfirmationCodes, IdentityError, PasswordRecovery, Reset};
use async_trait::async_trait;
use aws_sdk_cognitoidentityprovider::operation::confirm_forgot_password::ConfirmForgotPasswordError as ResetError;

use super::CognitoAccounts;
use super::failures::{failed, no_code_mailed, once, refused_password};

#[async_trait]
impl ConfirmationCodes for CognitoAccounts {
    async fn resend(&self, email: &str) -> Result<(), IdentityError> {
        let resend = self.client.resend_confirmation_code();
        let resend = resend.client_id(self.pool_client.id());
        let resend = resend.secret_hash(self.hash_for(email)).username(email);
        match resend.customize().config_override(once()).send().await {
            Ok(_) => Ok(()),
            Err(error) => no_code_mailed("ResendConfirmationCode", error),
        }
    }
}

#[async_trait]
impl PasswordRecovery for CognitoAccounts {
    async fn send_code(&self, email: &str) -> Result<(), IdentityError> {
        let forgot = self.client.forgot_password();
        let forgot = forgot.client_id(self.pool_client.id());
        let forgot = forgot.secret_hash(self.hash_for(email)).username(email);
        match forgot.customize().config_override(once()).send().await {
            Ok(_) => Ok(()),
            Err(error) => no_code_mailed("ForgotPassword", error),
        }
    }

    async fn reset(
        &self,
        email: &str,
        code: &str,
        new_password: &str,
    ) -> Result<Reset, IdentityError> {
        let answer = self
            .client
            .confirm_forgot_password()
            .client_id(self.pool_client.id())
            .secret_hash(self.hash_for(email))
            .username(email)
            .confirmation_code(code)
            .password(new_password)
            .customize()
            .config_override(once())
            .send()
            .await;
        let error = match answer {
            Ok(_) => return Ok(Reset::Done),
            Err(error) => error,
        };
        match error.as_service_error() {
            // Only an existing account can be locked, disabled or unconfirmed. Everyone gets the same answer.
            Some(
                ResetError::CodeMismatchException(_)
                | ResetError::ExpiredCodeException(_)
                | ResetError::InvalidParameterException(_)
                | ResetError::LimitExceededException(_)
                | ResetError::NotAuthorizedException(_)
                | ResetError::TooManyFailedAttemptsException(_)
                | ResetError::UserNotConfirmedException(_)
                | ResetError::UserNotFoundException(_),
            ) => Ok(Reset::WrongCode),
            Some(ResetError::InvalidPasswordException(refusal)) => {
                Err(refused_password(refusal.message()))
            }
            Some(ResetError::PasswordHistoryPolicyViolationException(refusal)) => {
                Err(refused_password(refusal.message()))
            }
            _ => Err(failed("ConfirmForgotPassword", error)),
        }
    }
}
