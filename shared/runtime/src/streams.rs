//! Records from a DynamoDB stream, in the order in which they were written.

use std::sync::Arc;

use async_trait::async_trait;
use aws_lambda_events::dynamodb::{Event, EventRecord};
use aws_lambda_events::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use lambda_runtime::{LambdaEvent, Runtime, service_fn};
use tracing::{Instrument, error, info, warn};

use crate::failure::{Failure, caught, chain};
use crate::invocation;

/// What a function does with the records of a stream. Doing it again with the same records must change nothing.
#[async_trait]
pub trait Handler: Send + Sync {
    /// Works through some records, all of them or none as far as the caller is concerned.
    async fn handle(&self, records: &[EventRecord]) -> Result<(), Failure>;
}

/// Waits for records, forever.
///
/// # Errors
/// When the Lambda runtime is away.
pub async fn serve(handler: Arc<dyn Handler>) -> Result<(), lambda_runtime::Error> {
    let service = service_fn(move |event: LambdaEvent<Event>| {
        let handler = Arc::clone(&handler);
        let span = invocation::span(&event.context);
        async move {
            let outcome = handle(handler.as_ref(), &event.payload).await;
            // The cause is logged by then; what is handed on is logged by the runtime, and shown in the console.
            outcome.map_err(|failure| lambda_runtime::Error::from(failure.to_string()))
        }
        .instrument(span)
    });
    Runtime::new(service).run().await
}

/// Works through a batch: all records together, since that takes the fewest calls; if that fails one by one, to find
/// out which of them it is. That one is reported, and Lambda delivers it again, with all that follow.
///
/// # Errors
/// When it is the first of several. Reported, it would drag the ones behind it along until its retries are used up; a
/// batch that fails as a whole is split by Lambda, until the record is alone.
pub async fn handle(
    handler: &dyn Handler,
    event: &Event,
) -> Result<DynamoDbEventResponse, Failure> {
    let records = event.records.as_slice();
    let mut response = DynamoDbEventResponse::default();
    if records.is_empty() {
        return Ok(response);
    }
    let Err(failure) = caught(handler.handle(records)).await else {
        info!(records = records.len(), "records done");
        return Ok(response);
    };
    warn!(
        records = records.len(),
        cause = chain(&failure),
        "the records failed together; trying them one by one"
    );
    for (done, record) in records.iter().enumerate() {
        let Err(failure) = caught(handler.handle(std::slice::from_ref(record))).await else {
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
            // Nothing is done yet: as an error, it is the same to the stream, and counts in the function's metric.
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

    #[async_trait]
    impl Handler for Stumbling {
        async fn handle(&self, records: &[EventRecord]) -> Result<(), Failure> {
            let numbers = records
                .iter()
                .filter_map(|r| r.change.sequence_number.clone());
            for number in numbers {
                if self.over.contains(&number.as_str()) {
                    assert!(!self.panics, "as told");
                    return Err(Refusal::Contended.into());
                }
                self.done.lock().unwrap().push(number);
            }
            Ok(())
        }
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

    async fn reported(handler: &Stumbling, count: usize) -> Option<Vec<String>> {
        let response = handle(handler, &event(count)).await.ok()?;
        let failures = response.batch_item_failures.into_iter();
        Some(
            failures
                .filter_map(|failure| failure.item_identifier)
                .collect(),
        )
    }

    #[tokio::test]
    async fn a_good_batch_is_done_in_one_go() {
        let handler = Stumbling::default();
        assert_eq!(reported(&handler, 3).await.unwrap(), [""; 0]);
        assert_eq!(*handler.done.lock().unwrap(), ["1", "2", "3"]);
    }

    #[tokio::test]
    async fn the_first_failure_is_reported_and_nothing_after_it_is_done() {
        for panics in [false, true] {
            let handler = Stumbling {
                panics,
                over: &["2", "3"],
                ..Stumbling::default()
            };
            assert_eq!(reported(&handler, 4).await.unwrap(), ["2"]);
            assert!(!handler.done.lock().unwrap().contains(&"4".to_owned()));
        }
    }

    #[tokio::test]
    async fn a_bad_record_in_front_makes_lambda_split_the_batch() {
        let handler = Stumbling {
            over: &["1"],
            ..Stumbling::default()
        };
        assert!(reported(&handler, 3).await.is_none());
        assert!(
            reported(&handler, 1).await.is_none(),
            "alone it is an error, and an alarm"
        );
    }

    #[tokio::test]
    async fn an_empty_batch_is_nothing() {
        assert_eq!(reported(&Stumbling::default(), 0).await.unwrap(), [""; 0]);
    }
}
