//! The queues, on SQS.

use std::collections::HashMap;
use std::marker::PhantomData;
use std::time::Duration;

use app::back_off::{BackOff, Pauses};
use app::messages::{CustomerChanged, ImportKey, LocateImport, Notification, Wake};
use app::ports::{Queue, QueueError};
use async_trait::async_trait;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use serde::Serialize;
use settings::resources;

pub use aws_sdk_sqs::Client;

use crate::failure::CallFailed;
use crate::system::RandomJitter;

/// The most messages in one call, set by SQS.
const BATCH: usize = 10;
/// Messages that SQS did not accept are sent again, three times at most.
const PAUSES: Pauses = Pauses {
    first: Duration::from_millis(100),
    longest: Duration::from_millis(400),
    most: 3,
};
/// The longest delay that SQS supports, in seconds.
const LONGEST_DELAY_S: u32 = 900;

const CALL: &str = "SendMessageBatch";

/// A kind of messages, and the queue of the stack that carries it.
pub trait Carried: Serialize {
    /// The queue.
    type Queue: AsRef<str>;
}

impl Carried for Wake {
    type Queue = resources::OptimizationQueue;
}

impl Carried for Notification {
    type Queue = resources::NotificationQueue;
}

impl Carried for ImportKey {
    type Queue = resources::ImportQueue;
}

impl Carried for LocateImport {
    type Queue = resources::LocatingQueue;
}

/// A suspension is rare. A queue of its own would be polled all the time, and each poll costs money.
impl Carried for CustomerChanged {
    type Queue = resources::ImportQueue;
}

/// A queue on SQS.
#[derive(Debug, Clone)]
pub struct SqsQueue<M> {
    client: Client,
    url: String,
    carries: PhantomData<fn(M)>,
}

impl<M: Carried> SqsQueue<M> {
    /// Sends to this queue.
    pub fn new(client: &Client, queue: &M::Queue) -> Self {
        Self {
            client: client.clone(),
            url: queue.as_ref().to_owned(),
            carries: PhantomData,
        }
    }

    /// SQS may accept a part of a batch. The rest is sent again.
    async fn send_batch(
        &self,
        mut entries: HashMap<String, SendMessageBatchRequestEntry>,
    ) -> Result<(), QueueError> {
        let mut back_off = BackOff::new(PAUSES, &RandomJitter);
        loop {
            let answer = self
                .client
                .send_message_batch()
                .queue_url(&self.url)
                .set_entries(Some(entries.values().cloned().collect()))
                .send()
                .await
                .map_err(|error| QueueError(CallFailed::new(CALL, error).into()))?;
            for sent in &answer.successful {
                entries.remove(&sent.id);
            }
            // SQS found a fault in a message. It would refuse the message again.
            if let Some(refused) = answer.failed.iter().find(|failed| failed.sender_fault) {
                let failed = CallFailed::because(CALL, format!("refused: {}", refused.code));
                return Err(QueueError(failed.into()));
            }
            if entries.is_empty() {
                return Ok(());
            }
            if !back_off.pause().await {
                let reason = format!("{} messages not taken", entries.len());
                return Err(QueueError(CallFailed::because(CALL, reason).into()));
            }
        }
    }
}

#[async_trait]
impl<M: Carried + Sync> Queue<M> for SqsQueue<M> {
    /// Sends messages as JSON. After an error, some of them may have been sent: all consumers accept repetition.
    async fn send(&self, messages: &[M], delay_s: u32) -> Result<(), QueueError> {
        let delay_s = i32::try_from(delay_s.min(LONGEST_DELAY_S)).unwrap_or_default();
        for messages in messages.chunks(BATCH) {
            let mut entries = HashMap::new();
            for (number, message) in messages.iter().enumerate() {
                let id = number.to_string();
                let body = serde_json::to_string(message).map_err(|e| QueueError(e.into()))?;
                let entry = SendMessageBatchRequestEntry::builder()
                    .id(&id)
                    .message_body(body)
                    .delay_seconds(delay_s)
                    .build()
                    .map_err(|error| QueueError(error.into()))?;
                entries.insert(id, entry);
            }
            self.send_batch(entries).await?;
        }
        Ok(())
    }
}
