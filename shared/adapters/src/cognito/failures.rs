//! Cognito's errors as errors of the port.

use std::error::Error;
use std::fmt;

use app::ports::IdentityError;
use app::refusal::Cause;
use aws_sdk_cognitoidentityprovider::config::Builder;
use aws_sdk_cognitoidentityprovider::config::retry::RetryConfig;
use aws_sdk_cognitoidentityprovider::error::{ProvideErrorMetadata, SdkError};
use tracing::warn;

use crate::failure::CallFailed;

/// An error that a call does not handle itself.
pub(super) fn failed<E, R>(call: &'static str, error: SdkError<E, R>) -> IdentityError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    R: fmt::Debug + Send + Sync + 'static,
{
    match error.code() {
        Some(
            "TooManyRequestsException"
            | "LimitExceededException"
            | "TooManyFailedAttemptsException"
            | "ThrottlingException",
        ) => IdentityError::Throttled,
        Some("InvalidParameterException") => {
            IdentityError::Refused("is not accepted by the identity provider".to_owned())
        }
        _ => IdentityError::Unavailable(CallFailed::new(call, error).into()),
    }
}

/// For a call that the SDK must not repeat. The SDK takes a limit for throttling and waits. For an existing account
/// that takes seconds longer than for an unknown address.
pub(super) fn once() -> Builder {
    Builder::default().retry_config(RetryConfig::disabled())
}

/// A code was not sent. An error that only an existing account can cause is not returned, because the caller would
/// learn that the account exists. It goes to the log.
pub(super) fn no_code_mailed<E, R>(
    call: &'static str,
    error: SdkError<E, R>,
) -> Result<(), IdentityError>
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    R: fmt::Debug + Send + Sync + 'static,
{
    match error.code() {
        // An unknown address, one that is already or not yet confirmed, or a disabled account.
        Some("UserNotFoundException" | "InvalidParameterException" | "NotAuthorizedException") => {
            Ok(())
        }
        // Too many requests, no emails left today, or a sender that is not set up.
        Some(
            code @ ("LimitExceededException"
            | "CodeDeliveryFailureException"
            | "InvalidEmailRoleAccessPolicyException"),
        ) => {
            warn!(call, code, "a code could not be mailed");
            Ok(())
        }
        _ => Err(failed(call, error)),
    }
}

/// An incomplete answer, or a request that could not be built.
pub(super) fn away(call: &'static str, reason: impl Into<Cause>) -> IdentityError {
    IdentityError::Unavailable(CallFailed::because(call, reason).into())
}

/// The password breaks the rules of the pool. Cognito's own message names the rule after a preamble.
pub(super) fn refused_password(message: Option<&str>) -> IdentityError {
    let rule = message.map(|text| text.rsplit_once(": ").map_or(text, |(_, rule)| rule));
    let rule = rule.unwrap_or("Password is too short, or begins or ends with a space");
    IdentityError::PasswordRefused(rule.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_password_is_told_its_rule() {
        let aws = "Password did not conform with policy: Password must have numeric characters";
        let told = refused_password(Some(aws));
        let IdentityError::PasswordRefused(rule) = told else {
            panic!("{told:?}");
        };
        assert_eq!(rule, "Password must have numeric characters");
    }
}
