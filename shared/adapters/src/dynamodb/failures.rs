//! Which of DynamoDB's errors is which of the stores'.

use std::error::Error;
use std::fmt;

use app::ports::StoreError;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::CancellationReason;

use crate::failure::CallFailed;

/// The store is away: what neither a condition nor another writer explains. Throttling, time-outs and lost connections
/// come here after the SDK's own retries.
pub(super) fn away<E, R>(call: &'static str, error: SdkError<E, R>) -> StoreError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    R: fmt::Debug + Send + Sync + 'static,
{
    StoreError::Unavailable(CallFailed::new(call, error).into())
}

/// Why a write of a single item was not made.
pub(super) trait WriteError: ProvideErrorMetadata + Error + Send + Sync + 'static {
    /// Its condition does not hold.
    fn is_refused(&self) -> bool;
    /// A transaction is changing the item at this moment. To read again and try again is all that there is to do,
    /// as after a lost race.
    fn is_contended(&self) -> bool;
}

macro_rules! write_error {
    ($($error:ident),*) => {$(
        impl WriteError for $error {
            fn is_refused(&self) -> bool {
                self.is_conditional_check_failed_exception()
            }

            fn is_contended(&self) -> bool {
                self.is_transaction_conflict_exception()
            }
        }
    )*};
}
write_error!(PutItemError, UpdateItemError, DeleteItemError);

/// How a conditional write of a single item ended: `false` where its condition does not hold.
pub(super) fn written<T, E, R>(
    call: &'static str,
    result: Result<T, SdkError<E, R>>,
) -> Result<Option<T>, StoreError>
where
    E: WriteError,
    R: fmt::Debug + Send + Sync + 'static,
{
    match result {
        Ok(output) => Ok(Some(output)),
        Err(error) => match error.as_service_error() {
            Some(refused) if refused.is_refused() => Ok(None),
            Some(contended) if contended.is_contended() => Err(StoreError::Conflict),
            _ => Err(away(call, error)),
        },
    }
}

/// Why a transaction was cancelled, action by action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cancelled {
    /// Conditions do not hold: those of the actions at these indices.
    Refused(Vec<usize>),
    /// Another transaction is at one of the items.
    Contended,
}

/// How a transaction ended.
pub(super) fn transacted<T, R>(
    result: Result<T, SdkError<TransactWriteItemsError, R>>,
) -> Result<Result<(), Cancelled>, StoreError>
where
    R: fmt::Debug + Send + Sync + 'static,
{
    let error = match result {
        Ok(_) => return Ok(Ok(())),
        Err(error) => error,
    };
    let cancelled = match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
            why(cancelled.cancellation_reasons())
        }
        // The same transaction is still under way: an earlier attempt of the SDK whose answer was lost.
        Some(TransactWriteItemsError::TransactionInProgressException(_)) => {
            Some(Cancelled::Contended)
        }
        _ => None,
    };
    cancelled
        .map(Err)
        .ok_or_else(|| away("TransactWriteItems", error))
}

/// A condition that does not hold says most: it will not hold the next time either. Any other reason (throttled, too
/// large) is no race, and stays with the error.
fn why(reasons: &[CancellationReason]) -> Option<Cancelled> {
    let with_code = |code: &str| -> Vec<usize> {
        let codes = reasons.iter().map(CancellationReason::code).enumerate();
        codes
            .filter(|(_, found)| *found == Some(code))
            .map(|(index, _)| index)
            .collect()
    };
    let refused = with_code("ConditionalCheckFailed");
    if !refused.is_empty() {
        return Some(Cancelled::Refused(refused));
    }
    let contended = !with_code("TransactionConflict").is_empty();
    contended.then_some(Cancelled::Contended)
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
}
