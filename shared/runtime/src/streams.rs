//! Records from a DynamoDB stream, in the order in which they were written.

use aws_lambda_events::dynamodb::{Event, EventRecord};
use aws_lambda_events::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use futures::FutureExt as _;
use futures::future::LocalBoxFuture;
use lambda_runtime::{LambdaEvent, Runtime, service_fn};
use tracing::{Instrument, error, info, warn};

use crate::failure::{Failure, caught, chain};
use crate::invocation;

/// Hands the records of a stream to `handle` and its use case, forever. Handling the same records again must change
/// nothing.
///
/// # Errors
/// When the Lambda runtime cannot be reached.
pub async fn serve<U>(
    use_case: U,
    handle: impl AsyncFn(&U, &[EventRecord]) -> Result<(), Failure>,
) -> Result<(), lambda_runtime::Error> {
    run(&Bound {
        use_case: &use_case,
        handle,
    })
    .await
}

/// A handler together with its use case.
struct Bound<'u, U, H> {
    use_case: &'u U,
    handle: H,
}

/// Hides the types of the handler and of the use case, so that the loop is compiled once and not for each function.
trait Consume {
    fn consume<'a>(&'a self, records: &'a [EventRecord])
    -> LocalBoxFuture<'a, Result<(), Failure>>;
}

impl<U, H> Consume for Bound<'_, U, H>
where
    H: AsyncFn(&U, &[EventRecord]) -> Result<(), Failure>,
{
    fn consume<'a>(
        &'a self,
        records: &'a [EventRecord],
    ) -> LocalBoxFuture<'a, Result<(), Failure>> {
        (self.handle)(self.use_case, records).boxed_local()
    }
}

/// The compiler compiles a future where it is polled. Without the box, each function would compile this loop.
fn run(handler: &dyn Consume) -> LocalBoxFuture<'_, Result<(), lambda_runtime::Error>> {
    Box::pin(async move {
        let service = service_fn(|event: LambdaEvent<Event>| {
            let span = invocation::span(&event.context);
            async move {
                let outcome = work_through(handler, &event.payload).await;
                // The cause is already logged. The runtime logs the error that it gets here, and the console shows it.
                outcome.map_err(|failure| lambda_runtime::Error::from(failure.to_string()))
            }
            .instrument(span)
        });
        Runtime::new(service).run().await
    })
}

/// Hands the records of one event to `handle`. All records together take the fewest calls. If that fails, the records
/// are handled one by one, to find the bad record. The bad record is reported, and Lambda delivers it again with all
/// records that follow it.
///
/// # Errors
/// When the bad record is the first of several. If it were reported, the records behind it would wait until its retries
/// are used up. A batch that fails as a whole is split by Lambda, until the record is alone.
pub async fn consume<U>(
    use_case: &U,
    handle: impl AsyncFn(&U, &[EventRecord]) -> Result<(), Failure>,
    event: &Event,
) -> Result<DynamoDbEventResponse, Failure> {
    work_through(&Bound { use_case, handle }, event).await
}

async fn work_through(
    handler: &dyn Consume,
    event: &Event,
) -> Result<DynamoDbEventResponse, Failure> {
    let records = event.records.as_slice();
    let mut response = DynamoDbEventResponse::default();
    if records.is_empty() {
        return Ok(response);
    }
    let Err(failure) = caught(handler.consume(records)).await else {
        info!(records = records.len(), "records done");
        return Ok(response);
    };
    warn!(
        records = records.len(),
        cause = chain(&failure),
        "the records failed together; trying them one by one"
    );
    for (done, record) in records.iter().enumerate() {
        let Err(failure) = caught(handler.consume(std::slice::from_ref(record))).await else {
            continue;
        };
        let sequence_number = record.change.sequence_number.as_deref();
        error!(
            event_id = record.event_id,
            sequence_number,
            done,
            left = records.len() - done,
            cause = chain(&failure),
            "record failed"
        );
        return match sequence_number {
            // If nothing is done yet, an error has the same effect, and also counts in the function's metric.
            Some(number) if done > 0 => {
                let mut failure = DynamoDbBatchItemFailure::default();
                failure.item_identifier = Some(number.to_owned());
                response.batch_item_failures.push(failure);
                Ok(response)
            }
            _ => Err(failure),
        };
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use app::Refusal;
    use serde_json::{Value, json};

    /// Stumbles over records with certain sequence numbers, and remembers the others.
    #[derive(Default)]
    struct Stumbling {
        panics: bool,
        over: &'static [&'static str],
        done: Mutex<Vec<String>>,
    }

    async fn stumble(stumbling: &Stumbling, records: &[EventRecord]) -> Result<(), Failure> {
        let numbers = records
            .iter()
            .filter_map(|record| record.change.sequence_number.clone());
        for number in numbers {
            if stumbling.over.contains(&number.as_str()) {
                assert!(!stumbling.panics, "as told");
                return Err(Refusal::Contended.into());
            }
            stumbling.done.lock().unwrap().push(number);
        }
        Ok(())
    }

    fn event(count: usize) -> Event {
        let records: Vec<Value> = (1..=count)
            .map(|number| {
                json!({
                    "eventID": format!("e{number}"), "eventName": "INSERT", "awsRegion": "eu-central-1",
                    "dynamodb": {"SequenceNumber": number.to_string(), "SizeBytes": 1, "Keys": {}},
                })
            })
            .collect();
        serde_json::from_value(json!({ "Records": records })).unwrap()
    }

    async fn reported(stumbling: &Stumbling, count: usize) -> Option<Vec<String>> {
        let response = consume(stumbling, stumble, &event(count)).await.ok()?;
        let failures = response.batch_item_failures.into_iter();
        Some(
            failures
                .filter_map(|failure| failure.item_identifier)
                .collect(),
        )
    }

    #[tokio::test]
    async fn a_good_batch_is_done_in_one_go() {
        let stumbling = Stumbling::default();
        assert_eq!(reported(&stumbling, 3).await.unwrap(), [""; 0]);
        assert_eq!(*stumbling.done.lock().unwrap(), ["1", "2", "3"]);
    }

    #[tokio::test]
    async fn the_first_failure_is_reported_and_nothing_after_it_is_done() {
        for panics in [false, true] {
            let stumbling = Stumbling {
                panics,
                over: &["2", "3"],
                ..Stumbling::default()
            };
            assert_eq!(reported(&stumbling, 4).await.unwrap(), ["2"]);
            assert!(!stumbling.done.lock().unwrap().contains(&"4".to_owned()));
        }
    }

    #[tokio::test]
    async fn a_bad_record_in_front_makes_lambda_split_the_batch() {
        let stumbling = Stumbling {
            over: &["1"],
            ..Stumbling::default()
        };
        assert!(reported(&stumbling, 3).await.is_none());
        assert!(
            reported(&stumbling, 1).await.is_none(),
            "alone it is an error, and an alarm"
        );
    }

    #[tokio::test]
    async fn an_empty_batch_is_nothing() {
        assert_eq!(reported(&Stumbling::default(), 0).await.unwrap(), [""; 0]);
    }
}
