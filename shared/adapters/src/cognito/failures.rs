//! Which of Cognito's errors is which of the port's.

use std::error::Error;
use std::fmt;

use app::ports::IdentityError;
use app::refusal::Cause;
use aws_sdk_cognitoidentityprovider::config::Builder;
use aws_sdk_cognitoidentityprovider::config::retry::RetryConfig;
use aws_sdk_cognitoidentityprovider::error::{ProvideErrorMetadata, SdkError};
use tracing::warn;

use crate::failure::CallFailed;

/// What no call treats in its own way.
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

/// For a call that is not to be repeated by the SDK: it takes a limit for a throttle, and would wait and ask again, which
/// for an account that there is takes seconds longer than for a stranger's.
pub(super) fn once() -> Builder {
    Builder::default().retry_config(RetryConfig::disabled())
}

/// A code that was not mailed. What only an account that there is can meet with is no failure, since whoever asks would
/// learn of it: it is for the log.
pub(super) fn no_code_mailed<E, R>(
    call: &'static str,
    error: SdkError<E, R>,
) -> Result<(), IdentityError>
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    R: fmt::Debug + Send + Sync + 'static,
{
    match error.code() {
        // No such address, one that is confirmed already or not yet, a disabled account.
        Some("UserNotFoundException" | "InvalidParameterException" | "NotAuthorizedException") => {
            Ok(())
        }
        // Asked for too often, or the day's mails are used up, or the sender is not set up.
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

/// An answer without what it should hold, or a request that could not be put together.
pub(super) fn away(call: &'static str, reason: impl Into<Cause>) -> IdentityError {
    IdentityError::Unavailable(CallFailed::because(call, reason).into())
}

/// A password that breaks the pool's rules. Cognito's own message says which, after a preamble.
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
