//! Tells people by email what happened.

use app::messages::Notification;
use app::notify::{SendNotifications, Told};
use runtime::Failure;
use runtime::metrics::Metrics;
use runtime::sqs::{Handler, Job, Message};

/// Tells people by email what happened, each message on its own.
pub struct TellPeople(pub SendNotifications);

impl Handler for TellPeople {
    fn jobs<'a>(&'a self, batch: &'a [Message]) -> Vec<Job<'a>> {
        let jobs = batch
            .iter()
            .map(|message| Job::new(vec![message], self.tell(message)));
        jobs.collect()
    }
}

impl TellPeople {
    async fn tell(&self, message: &Message) -> Result<(), Failure> {
        let notification: Notification = message.json()?;
        if self.0.run(&notification).await? == Told::Sent {
            Metrics::new().count("EmailsSent", 1).emit();
        }
        Ok(())
    }
}
