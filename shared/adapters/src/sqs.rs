//! The queues, on SQS.

use std::collections::HashMap;
use std::time::Duration;

use app::messages::{ImportKey, Notification, Wake};
use app::ports::{ImportQueue, NotificationQueue, QueueError, WakeQueue};
use async_trait::async_trait;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use serde::Serialize;

pub use aws_sdk_sqs::Client;

use crate::failure::CallFailed;

/// SQS takes so many messages in one call.
const BATCH: usize = 10;
/// Rounds in which SQS must have taken all messages of a batch.
const ROUNDS: u32 = 4;
const PAUSE_MS: u64 = 50;
/// The longest delay that SQS knows, in seconds.
const LONGEST_DELAY_S: u32 = 900;

const CALL: &str = "SendMessageBatch";

/// Wake-ups of the optimizer.
#[derive(Debug, Clone)]
pub struct SqsWakes(Queue);

impl SqsWakes {
    /// Into the queue of that URL.
    pub fn new(client: Client, queue_url: impl Into<String>) -> Self {
        Self(Queue::new(client, queue_url))
    }
}

#[async_trait]
impl WakeQueue for SqsWakes {
    async fn wake(&self, wakes: &[Wake], delay_s: u32) -> Result<(), QueueError> {
        self.0.send(wakes, delay_s).await
    }
}

/// What people are to be told.
#[derive(Debug, Clone)]
pub struct SqsNotifications(Queue);

impl SqsNotifications {
    /// Into the queue of that URL.
    pub fn new(client: Client, queue_url: impl Into<String>) -> Self {
        Self(Queue::new(client, queue_url))
    }
}

#[async_trait]
impl NotificationQueue for SqsNotifications {
    async fn notify(&self, notifications: &[Notification]) -> Result<(), QueueError> {
        self.0.send(notifications, 0).await
    }
}

/// Imports that have rows left.
#[derive(Debug, Clone)]
pub struct SqsImports(Queue);

impl SqsImports {
    /// Into the queue of that URL.
    pub fn new(client: Client, queue_url: impl Into<String>) -> Self {
        Self(Queue::new(client, queue_url))
    }
}

#[async_trait]
impl ImportQueue for SqsImports {
    async fn go_on(&self, key: ImportKey, delay_s: u32) -> Result<(), QueueError> {
        self.0.send(&[key], delay_s).await
    }
}

#[derive(Debug, Clone)]
struct Queue {
    client: Client,
    url: String,
}

impl Queue {
    fn new(client: Client, url: impl Into<String>) -> Self {
        Self {
            client,
            url: url.into(),
        }
    }

    /// Sends messages as JSON. After an error some of them may have been sent: all consumers bear repetition.
    async fn send<M: Serialize>(&self, messages: &[M], delay_s: u32) -> Result<(), QueueError> {
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

    /// SQS may take a part of a batch; the rest is sent again.
    async fn send_batch(
        &self,
        mut entries: HashMap<String, SendMessageBatchRequestEntry>,
    ) -> Result<(), QueueError> {
        for round in 0..ROUNDS {
            if round > 0 {
                let pause = rand::random_range(PAUSE_MS..=PAUSE_MS << round);
                tokio::time::sleep(Duration::from_millis(pause)).await;
            }
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
            // A message that SQS finds fault with is no better the next time.
            if let Some(refused) = answer.failed.iter().find(|failed| failed.sender_fault) {
                let failed = CallFailed::because(CALL, format!("refused: {}", refused.code));
                return Err(QueueError(failed.into()));
            }
            if entries.is_empty() {
                return Ok(());
            }
        }
        let failed = CallFailed::because(CALL, format!("{} messages not taken", entries.len()));
        Err(QueueError(failed.into()))
    }
}
