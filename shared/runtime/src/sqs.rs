//! Messages from an SQS queue.
//!
//! Each message succeeds or fails on its own: Lambda deletes the messages that are not reported as failed. A failed
//! message comes again. If a message fails too often, SQS moves it to the dead-letter queue. A lack of time is no
//! failure: a job that cannot begin in time can be handed on.

use std::time::{Duration, Instant};

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use futures::future::{LocalBoxFuture, join_all};
use lambda_runtime::{LambdaEvent, Runtime, service_fn};
use serde::de::DeserializeOwned;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;
use tracing::{Instrument, error, info};

use crate::clock::instant;
use crate::failure::{Failure, caught, chain};
use crate::invocation;
use crate::metrics::Metrics;

/// How many jobs are handed on at a time.
const HANDED_ON_AT_ONCE: usize = 8;

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    id: String,
    body: String,
    received: Option<u32>,
    /// When the invocation ends; none if there is no limit.
    deadline: Option<Instant>,
}

impl Message {
    /// Reads the body as JSON.
    ///
    /// # Errors
    /// [`Failure::Unreadable`] if it is not JSON for a `T`.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_json::from_str(&self.body).map_err(|error| {
            // serde's message quotes the value, so only the place is kept.
            let place = format!("line {}, column {}", error.line(), error.column());
            Failure::Unreadable(place.into())
        })
    }

    /// The time that the invocation has left. Long work uses this to stop in time and hand on the rest.
    pub fn time_left(&self) -> Duration {
        self.deadline.map_or(Duration::MAX, |deadline| {
            deadline.saturating_duration_since(instant())
        })
    }
}

/// Work on one message, or on several that belong together.
pub struct Job<'a> {
    messages: Vec<&'a Message>,
    work: LocalBoxFuture<'a, Result<(), Failure>>,
    later: Option<LocalBoxFuture<'a, Result<(), Failure>>>,
}

impl<'a> Job<'a> {
    /// Work on messages that succeed or fail together.
    pub fn new(
        messages: Vec<&'a Message>,
        work: impl Future<Output = Result<(), Failure>> + 'a,
    ) -> Self {
        Self {
            messages,
            work: Box::pin(work),
            later: None,
        }
    }

    /// `hand_on` runs if no time is left for the work. It sends messages that ask for the work later; after that, the
    /// messages of this job count as done. After a crash between the two, both exist and the work is done twice.
    #[must_use]
    pub fn or_later(mut self, hand_on: impl Future<Output = Result<(), Failure>> + 'a) -> Self {
        self.later = Some(Box::pin(hand_on));
        self
    }

    /// A message that failed before any work began.
    pub fn failed(message: &'a Message, failure: Failure) -> Self {
        Self::new(vec![message], async { Err(failure) })
    }
}

/// How many jobs of a batch run, and for how long.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// How many jobs run at a time.
    pub at_once: usize,
    /// The longest time that a job takes. With less time left, no job is begun: the job is handed on if it can be, or
    /// else its messages come again.
    pub longest_job: Duration,
}

/// Short jobs that need little memory.
impl Default for Limits {
    fn default() -> Self {
        Self {
            at_once: 8,
            longest_job: Duration::from_secs(5),
        }
    }
}

/// Works through the messages of a queue, forever. `jobs` makes jobs of each batch for its use case; a message without
/// a job counts as done.
///
/// # Errors
/// When the Lambda runtime cannot be reached.
pub async fn serve<U>(
    use_case: U,
    jobs: impl for<'a> Fn(&'a U, &'a [Message]) -> Vec<Job<'a>>,
    limits: Limits,
) -> Result<(), lambda_runtime::Error> {
    run(
        &Bound {
            use_case: &use_case,
            jobs,
        },
        limits,
    )
    .await
}

/// Works through one batch as [`serve`] does, within `time`, and says which messages have failed.
///
/// # Errors
/// When a message has no id, so that it cannot be reported: then the whole batch comes again.
pub async fn consume<U>(
    use_case: &U,
    jobs: impl for<'a> Fn(&'a U, &'a [Message]) -> Vec<Job<'a>>,
    limits: Limits,
    event: SqsEvent,
    time: Duration,
) -> Result<SqsBatchResponse, lambda_runtime::Error> {
    work_through(&Bound { use_case, jobs }, limits, event, time).await
}

/// A function that makes jobs, together with its use case.
struct Bound<'u, U, J> {
    use_case: &'u U,
    jobs: J,
}

/// Hides the type of the use case, so that the loop is compiled once and not for each function.
trait Consume {
    fn jobs<'a>(&'a self, batch: &'a [Message]) -> Vec<Job<'a>>;
}

impl<U, J> Consume for Bound<'_, U, J>
where
    J: for<'a> Fn(&'a U, &'a [Message]) -> Vec<Job<'a>>,
{
    fn jobs<'a>(&'a self, batch: &'a [Message]) -> Vec<Job<'a>> {
        (self.jobs)(self.use_case, batch)
    }
}

/// The compiler compiles a future where it is polled. Without the box, each function would compile this loop.
fn run(
    consumer: &dyn Consume,
    limits: Limits,
) -> LocalBoxFuture<'_, Result<(), lambda_runtime::Error>> {
    Box::pin(async move {
        let service = service_fn(|event: LambdaEvent<SqsEvent>| {
            let span = invocation::span(&event.context);
            let time = invocation::time_left(&event.context);
            work_through(consumer, limits, event.payload, time).instrument(span)
        });
        Runtime::new(service).run().await
    })
}

async fn work_through(
    consumer: &dyn Consume,
    limits: Limits,
    event: SqsEvent,
    time: Duration,
) -> Result<SqsBatchResponse, lambda_runtime::Error> {
    let begun = instant();
    let deadline = begun.checked_add(time);
    let batch: Option<Vec<Message>> = event
        .records
        .into_iter()
        .map(|record| {
            let received = record.attributes.get("ApproximateReceiveCount");
            Some(Message {
                received: received.and_then(|count| count.parse().ok()),
                id: record.message_id?,
                body: record.body.unwrap_or_default(),
                deadline,
            })
        })
        .collect();
    let batch = batch.ok_or("a message has no id")?;
    let turns = Turns {
        begun,
        last: time.checked_sub(limits.longest_job),
        work: Semaphore::new(limits.at_once),
        hand_on: Semaphore::new(HANDED_ON_AT_ONCE),
    };
    let jobs = consumer.jobs(&batch).into_iter();
    let failed = join_all(jobs.map(|job| turns.failed_of(job))).await;
    let mut response = SqsBatchResponse::default();
    for message in failed.into_iter().flatten() {
        response.add_failure(message.id.as_str());
    }
    let failed = response.batch_item_failures.len();
    if failed > 0 {
        // Lambda does not count an invocation that reports failed messages as an error, so there is a metric of our
        // own.
        Metrics::new().count("MessagesFailed", failed).emit();
    }
    Ok(response)
}

/// The turns of the jobs of one invocation.
struct Turns {
    begun: Instant,
    /// The last job begins at most this long after the start. None: there is no time for any job.
    last: Option<Duration>,
    work: Semaphore,
    hand_on: Semaphore,
}

enum Ending {
    Done,
    HandedOn,
}

impl Turns {
    /// Does a job or hands it on. Returns the messages of the job if that failed.
    async fn failed_of<'a>(&self, job: Job<'a>) -> Vec<&'a Message> {
        let turn = self.to_work().await;
        let begun = instant();
        let ending = match (&turn, job.later) {
            (Some(_), _) => caught(job.work).await.map(|()| Ending::Done),
            (None, Some(later)) => self.handed_on(later).await.map(|()| Ending::HandedOn),
            (None, None) => Err(Failure::OutOfTime),
        };
        for message in &job.messages {
            log(message, &ending, begun.elapsed());
        }
        if ending.is_err() {
            job.messages
        } else {
            Vec::new()
        }
    }

    /// Waits for a turn, first come, first served. None if the last time to begin passes first. Jobs that run at that
    /// time continue.
    async fn to_work(&self) -> Option<SemaphorePermit<'_>> {
        let left = self.last?.checked_sub(self.begun.elapsed())?;
        timeout(left, self.work.acquire()).await.ok()?.ok()
    }

    async fn handed_on(
        &self,
        later: LocalBoxFuture<'_, Result<(), Failure>>,
    ) -> Result<(), Failure> {
        let _turn = self.hand_on.acquire().await;
        caught(later).await
    }
}

fn log(message: &Message, ending: &Result<Ending, Failure>, time: Duration) {
    let (message_id, received) = (&message.id, message.received);
    let duration_ms = time.as_millis() as u64;
    match ending {
        Ok(Ending::Done) => info!(message_id, received, duration_ms, "message done"),
        Ok(Ending::HandedOn) => info!(message_id, received, duration_ms, "message handed on"),
        Err(failure) => error!(
            message_id,
            received,
            duration_ms,
            cause = chain(failure),
            "message failed"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use app::Refusal;
    use serde_json::{Value, json};
    use tokio::sync::Notify;

    const AMPLE: Duration = Duration::from_secs(60);

    /// Each job does what its message says.
    fn obey<'a>((): &'a (), batch: &'a [Message]) -> Vec<Job<'a>> {
        let jobs = batch.iter().map(|message| {
            Job::new(vec![message], async {
                match message.json::<String>()?.as_str() {
                    "panic" => panic!("as told"),
                    "refuse" => Err(Refusal::Contended.into()),
                    _ => Ok(()),
                }
            })
        });
        jobs.collect()
    }

    /// All messages are one job, which fails.
    fn all_or_nothing<'a>((): &'a (), batch: &'a [Message]) -> Vec<Job<'a>> {
        let work = async { Err(Refusal::Contended.into()) };
        vec![Job::new(batch.iter().collect(), work)]
    }

    fn event(bodies: &[&str]) -> SqsEvent {
        let records: Vec<Value> = bodies
            .iter()
            .enumerate()
            .map(|(index, body)| json!({"messageId": format!("m{index}"), "body": body}))
            .collect();
        serde_json::from_value(json!({ "Records": records })).unwrap()
    }

    async fn failed(
        jobs: impl for<'a> Fn(&'a (), &'a [Message]) -> Vec<Job<'a>>,
        bodies: &[&str],
        time: Duration,
    ) -> Vec<String> {
        failed_within(Limits::default(), &(), jobs, bodies, time).await
    }

    async fn failed_within<U>(
        limits: Limits,
        use_case: &U,
        jobs: impl for<'a> Fn(&'a U, &'a [Message]) -> Vec<Job<'a>>,
        bodies: &[&str],
        time: Duration,
    ) -> Vec<String> {
        let response = consume(use_case, jobs, limits, event(bodies), time);
        let response = response.await.unwrap();
        let mut ids: Vec<String> = response
            .batch_item_failures
            .into_iter()
            .map(|failure| failure.item_identifier)
            .collect();
        ids.sort();
        ids
    }

    #[tokio::test]
    async fn one_bad_message_does_not_take_the_others_along() {
        let bodies = [
            r#""go""#,
            r#""panic""#,
            "no JSON",
            "",
            r#""refuse""#,
            r#""go""#,
        ];
        let failed = failed(obey, &bodies, AMPLE).await;
        assert_eq!(failed, ["m1", "m2", "m3", "m4"]);
    }

    #[tokio::test]
    async fn messages_of_one_job_fail_together() {
        assert_eq!(
            failed(all_or_nothing, &["1", "2"], AMPLE).await,
            ["m0", "m1"]
        );
    }

    #[tokio::test]
    async fn without_time_left_nothing_is_begun_and_everything_comes_again() {
        let ids = failed(obey, &[r#""go""#], Duration::from_secs(1)).await;
        assert_eq!(ids, ["m0"]);
    }

    /// Each job runs until another job is handed on. To hand on "lost" fails.
    #[derive(Default)]
    struct Patient {
        handed_on: Notify,
    }

    fn wait<'a>(patient: &'a Patient, batch: &'a [Message]) -> Vec<Job<'a>> {
        let job = |message: &'a Message| {
            let work = async {
                patient.handed_on.notified().await;
                Ok(())
            };
            Job::new(vec![message], work).or_later(async {
                match message.json::<String>()?.as_str() {
                    "panic" => panic!("as told"),
                    "lost" => Err(Refusal::Unavailable("no queue".into()).into()),
                    _ => {
                        patient.handed_on.notify_one();
                        Ok(())
                    }
                }
            })
        };
        batch.iter().map(job).collect()
    }

    const ONE_LONG_JOB: Limits = Limits {
        at_once: 1,
        longest_job: Duration::from_secs(59),
    };

    #[tokio::test]
    async fn what_cannot_be_begun_in_time_is_handed_on_while_others_work_and_is_no_failure() {
        let bodies = [r#""go""#, r#""go""#, r#""go""#];
        let patient = Patient::default();
        let failed = failed_within(ONE_LONG_JOB, &patient, wait, &bodies, AMPLE);
        let failed = timeout(Duration::from_secs(20), failed);
        let failed = failed
            .await
            .expect("nothing is handed on before a job ends");
        assert!(failed.is_empty(), "{failed:?}");
    }

    #[tokio::test]
    async fn what_can_be_neither_begun_nor_handed_on_comes_again() {
        let bodies = [r#""go""#, r#""lost""#, r#""panic""#];
        let no_time = Duration::from_secs(58);
        let failed = failed_within(ONE_LONG_JOB, &Patient::default(), wait, &bodies, no_time).await;
        assert_eq!(failed, ["m1", "m2"]);
    }

    #[tokio::test]
    async fn a_batch_that_could_not_be_reported_fails_as_a_whole() {
        let event = serde_json::from_value(json!({"Records": [{"body": "1"}]})).unwrap();
        assert!(
            consume(&(), obey, Limits::default(), event, AMPLE)
                .await
                .is_err()
        );
    }

    #[test]
    fn an_unreadable_message_is_not_quoted() {
        let message = Message {
            id: "m".to_owned(),
            body: r#"{"secret": 1}"#.to_owned(),
            received: None,
            deadline: None,
        };
        let failure = message.json::<String>().unwrap_err();
        assert!(!chain(&failure).contains("secret"));
    }
}
