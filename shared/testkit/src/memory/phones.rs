//! Phones, which keep the texts that they get.

use std::collections::BTreeSet;
use std::sync::Mutex;

use app::ports::{TextError, TextSender};
use async_trait::async_trait;
use domain::PhoneNumber;

use super::away;

/// The texts that were sent, and the numbers whose owners have answered STOP. Like SNS, it accepts texts that go
/// nowhere.
#[derive(Debug, Default)]
pub struct MemoryPhones {
    inner: Mutex<Phones>,
}

#[derive(Debug, Default)]
struct Phones {
    sent: Vec<(String, String)>,
    opted_out: BTreeSet<String>,
    refused: BTreeSet<String>,
    away: bool,
}

impl MemoryPhones {
    /// The phone's owner has answered STOP.
    pub fn opt_out(&self, number: &str) {
        let opted_out = &mut self.inner.lock().unwrap().opted_out;
        opted_out.insert(number.to_owned());
    }

    /// The service takes no texts to this number.
    pub fn refuse(&self, number: &str) {
        let refused = &mut self.inner.lock().unwrap().refused;
        refused.insert(number.to_owned());
    }

    /// The texts that were sent since the last call, each with its number.
    pub fn take_sent(&self) -> Vec<(String, String)> {
        std::mem::take(&mut self.inner.lock().unwrap().sent)
    }

    /// Makes the service unavailable, or available again.
    pub fn set_away(&self, away: bool) {
        self.inner.lock().unwrap().away = away;
    }
}

#[async_trait]
impl TextSender for MemoryPhones {
    async fn is_opted_out(&self, number: &PhoneNumber) -> Result<bool, TextError> {
        let phones = self.inner.lock().unwrap();
        if phones.away {
            return Err(TextError::Unavailable(away()));
        }
        Ok(phones.opted_out.contains(number.e164()))
    }

    async fn send_text(&self, number: &PhoneNumber, text: &str) -> Result<(), TextError> {
        let mut phones = self.inner.lock().unwrap();
        if phones.away {
            return Err(TextError::Unavailable(away()));
        }
        if phones.refused.contains(number.e164()) {
            return Err(TextError::Refused);
        }
        if !phones.opted_out.contains(number.e164()) {
            phones
                .sent
                .push((number.e164().to_owned(), text.to_owned()));
        }
        Ok(())
    }
}
