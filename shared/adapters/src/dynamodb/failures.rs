//! DynamoDB's errors as errors of the stores.

use std::error::Error;
use std::fmt;

use app::ports::StoreError;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;

use crate::failure::CallFailed;

/// The store is unavailable: neither a condition nor another writer explains the error. Throttling, timeouts and lost
/// connections come here after the SDK's own retries.
pub(super) fn away<E, R>(call: &'static str, error: SdkError<E, R>) -> StoreError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    R: fmt::Debug + Send + Sync + 'static,
{
    StoreError::Unavailable(CallFailed::new(call, error).into())
}

/// The reason for a write of a single item that was not made.
pub(super) trait WriteError: ProvideErrorMetadata + Error + Send + Sync + 'static {
    /// The condition does not hold.
    fn is_refused(&self) -> bool;
    /// A transaction is changing the item at this moment. As after a lost race, the caller can only read again and try
    /// again.
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

/// The result of a conditional write of a single item: `None` if the condition does not hold.
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
