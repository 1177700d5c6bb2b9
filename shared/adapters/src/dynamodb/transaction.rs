//! Transactions: their retries and their outcomes.

use app::ports::StoreError;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::Config;
use aws_sdk_dynamodb::config::interceptors::InterceptorContext;
use aws_sdk_dynamodb::config::retry::{ClassifyRetry, RetryAction};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{CancellationReason, TransactWriteItem};

use super::failures::away;

/// The reason for a cancelled transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cancelled {
    /// The conditions of the actions at these indices do not hold.
    Refused(Vec<usize>),
    /// Another transaction holds one of the items.
    Contended,
}

/// Makes all changes or none. Each call has one client token, which the SDK makes and keeps over its attempts.
pub(super) async fn transact(
    client: &Client,
    actions: Vec<TransactWriteItem>,
) -> Result<Result<(), Cancelled>, StoreError> {
    let transaction = client.transact_write_items();
    let transaction = transaction.set_transact_items(Some(actions)).customize();
    let transaction =
        transaction.config_override(Config::builder().retry_classifier(ThrottledWithin));
    let error = match transaction.send().await {
        Ok(_) => return Ok(Ok(())),
        Err(error) => error,
    };
    let cancelled = match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
            why(cancelled.cancellation_reasons())
        }
        // The same transaction is still in progress: an earlier attempt of the SDK whose answer was lost.
        Some(TransactWriteItemsError::TransactionInProgressException(_)) => {
            Some(Cancelled::Contended)
        }
        _ => None,
    };
    cancelled
        .map(Err)
        .ok_or_else(|| away("TransactWriteItems", error))
}

/// The SDK repeats a throttled write. For a transaction, DynamoDB names throttling only among the reasons for the
/// cancellation, and the SDK does not look there.
#[derive(Debug)]
struct ThrottledWithin;

impl ClassifyRetry for ThrottledWithin {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let Some(Err(error)) = context.output_or_error() else {
            return RetryAction::NoActionIndicated;
        };
        let error = error.as_operation_error();
        match error.and_then(|error| error.downcast_ref::<TransactWriteItemsError>()) {
            Some(TransactWriteItemsError::TransactionCanceledException(cancelled))
                if is_throttled(cancelled.cancellation_reasons()) =>
            {
                RetryAction::throttling_error()
            }
            _ => RetryAction::NoActionIndicated,
        }
    }

    fn name(&self) -> &'static str {
        "throttled within a transaction"
    }
}

/// If a condition does not hold, a retry cannot help, throttled or not.
fn is_throttled(reasons: &[CancellationReason]) -> bool {
    let throttled = ["ThrottlingError", "ProvisionedThroughputExceeded"];
    with_code(reasons, "ConditionalCheckFailed").is_empty()
        && throttled
            .iter()
            .any(|code| !with_code(reasons, code).is_empty())
}

/// A failed condition counts most, because a retry cannot help. Other reasons (throttled, too large) are no race and
/// stay with the error.
fn why(reasons: &[CancellationReason]) -> Option<Cancelled> {
    let refused = with_code(reasons, "ConditionalCheckFailed");
    if !refused.is_empty() {
        return Some(Cancelled::Refused(refused));
    }
    let contended = !with_code(reasons, "TransactionConflict").is_empty();
    contended.then_some(Cancelled::Contended)
}

fn with_code(reasons: &[CancellationReason], code: &str) -> Vec<usize> {
    let codes = reasons.iter().map(CancellationReason::code).enumerate();
    codes
        .filter(|(_, found)| *found == Some(code))
        .map(|(index, _)| index)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reasons(codes: &[&str]) -> Vec<CancellationReason> {
        codes
            .iter()
            .map(|code| CancellationReason::builder().code(*code).build())
            .collect()
    }

    #[test]
    fn a_condition_that_fails_outweighs_a_conflict() {
        let reasons = reasons(&["None", "TransactionConflict", "ConditionalCheckFailed"]);
        assert_eq!(why(&reasons), Some(Cancelled::Refused(vec![2])));
    }

    #[test]
    fn a_conflict_is_a_race_and_throttling_is_not() {
        let contended = reasons(&["None", "TransactionConflict", "ThrottlingError"]);
        assert_eq!(why(&contended), Some(Cancelled::Contended));
        assert_eq!(why(&reasons(&["ThrottlingError", "None"])), None);
    }

    #[test]
    fn what_is_throttled_may_be_tried_again_unless_a_condition_fails() {
        for code in ["ThrottlingError", "ProvisionedThroughputExceeded"] {
            assert!(is_throttled(&reasons(&["None", code])));
            assert!(is_throttled(&reasons(&["TransactionConflict", code])));
            assert!(!is_throttled(&reasons(&["ConditionalCheckFailed", code])));
        }
        for code in ["TransactionConflict", "ValidationError", "None"] {
            assert!(!is_throttled(&reasons(&[code])), "{code}");
        }
    }
}
