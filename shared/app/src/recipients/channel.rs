//! How a recipient is told: by email or by text message.

use std::sync::Arc;

use domain::{AllowedNumbers, Contact, PhoneNumber};
use strum::Display;

use crate::ports::{AddressMailer, TextSender};

/// The way of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display)]
#[strum(serialize_all = "snake_case")]
pub enum Via {
    /// An email.
    Email,
    /// A text message.
    Text,
}

/// Text messages, as the company has switched them on.
#[derive(Clone)]
pub struct Texts {
    /// Sends them.
    pub sender: Arc<dyn TextSender>,
    /// The numbers that may get them.
    pub allowed: AllowedNumbers,
    /// The most of them in a month.
    pub per_month: u32,
}

/// The service and the address of a recipient.
pub(super) enum Channel<'a> {
    Email(&'a dyn AddressMailer, &'a str),
    Text(&'a Texts, PhoneNumber),
}

impl<'a> Channel<'a> {
    /// One channel for each recipient: the email address, or else the phone number. A recipient with both gets no text
    /// messages, because they cost more, and one parcel should not be told of twice.
    pub(super) fn of(
        contact: &'a Contact,
        mailer: Option<&'a dyn AddressMailer>,
        texts: Option<&'a Texts>,
    ) -> Option<Self> {
        if let (Some(mailer), Some(address)) = (mailer, contact.email.as_deref()) {
            return Some(Self::Email(mailer, address));
        }
        let (texts, number) = (texts?, number_of(contact)?);
        texts
            .allowed
            .allow(&number)
            .then_some(Self::Text(texts, number))
    }

    /// The text whose pseudonym is stored if nobody is to be told anything this way.
    pub(super) fn stop_text(&self) -> String {
        match self {
            Self::Email(_, address) => stop_text(address),
            Self::Text(_, number) => stop_text(number.e164()),
        }
    }
}

/// The texts whose pseudonyms are stored if a person wants no messages: of the email address and of the phone number.
pub(super) fn stop_texts(contact: &Contact) -> Vec<String> {
    let address = contact.email.as_deref().map(stop_text);
    let number = number_of(contact).map(|number| stop_text(number.e164()));
    address.into_iter().chain(number).collect()
}

fn number_of(contact: &Contact) -> Option<PhoneNumber> {
    PhoneNumber::read(contact.phone.as_deref()?)
}

fn stop_text(address: &str) -> String {
    format!("no messages to {}", address.to_lowercase())
}
