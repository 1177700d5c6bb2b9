//! The templates of the messages to recipients: one file for each language and moment. Of an email, the first line is
//! the subject, and the text follows after an empty line. A text message is one line. A part in braces stands for a
//! value.

use domain::{Language, Moment};

use super::gsm;
use crate::notifications::letter::{Letter, Part};
use crate::ports::Email;

/// The values of a template. A value that a template does not name is not used.
#[derive(Debug, Clone, Default)]
pub(super) struct Values {
    /// The name of the courier company.
    pub(super) company: String,
    /// The begin of the window, such as `09:40`.
    pub(super) from: String,
    /// The end of the window.
    pub(super) to: String,
    /// The time of the delivery.
    pub(super) at: String,
    /// The tracking link.
    pub(super) link: String,
}

/// The longest name of a company in a text message. With it, each template fits into one message without its link.
const LONGEST_NAME: usize = 30;

/// The email of a moment in a language. In its HTML the values are escaped.
pub(super) fn email(language: Language, moment: Moment, values: &Values) -> Email {
    let (template, _) = templates(language, moment);
    let (subject, text) = template.split_once("\n\n").unwrap_or((template, ""));
    let parts = text.trim_end().split("\n\n");
    Letter {
        subject: filled(subject, values),
        parts: parts
            .map(|part| Part::Paragraph(filled(part, values)))
            .collect(),
    }
    .plain(&values.company)
}

/// The text message of a moment in a language. It has only characters of GSM-7, because one other character would halve
/// what fits into a message.
pub(super) fn text(language: Language, moment: Moment, values: &Values) -> String {
    let (_, template) = templates(language, moment);
    let name: String = gsm::line(&values.company)
        .chars()
        .take(LONGEST_NAME)
        .collect();
    let values = Values {
        company: name.trim_end().to_owned(),
        ..values.clone()
    };
    filled(template.trim_end(), &values)
}

/// The text with the values in place of their names. A value that contains a name in braces stays as it is.
fn filled(text: &str, values: &Values) -> String {
    let mut filled = String::with_capacity(text.len() + values.link.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').unwrap_or((after, ""));
        filled.push_str(before);
        filled.push_str(match name {
            "company" => &values.company,
            "from" => &values.from,
            "to" => &values.to,
            "at" => &values.at,
            "link" => &values.link,
            _ => "",
        });
        rest = after;
    }
    filled + rest
}

/// The email and the text message.
fn templates(language: Language, moment: Moment) -> (&'static str, &'static str) {
    macro_rules! pair {
        ($name:literal) => {
            (
                include_str!(concat!("emails/", $name, ".txt")),
                include_str!(concat!("texts/", $name, ".txt")),
            )
        };
    }
    match (language, moment) {
        (Language::En, Moment::OutForDelivery) => pair!("en/out_for_delivery"),
        (Language::En, Moment::Arriving) => pair!("en/arriving"),
        (Language::En, Moment::Delayed) => pair!("en/delayed"),
        (Language::En, Moment::Delivered) => pair!("en/delivered"),
        (Language::En, Moment::Failed) => pair!("en/failed"),
        (Language::Es, Moment::OutForDelivery) => pair!("es/out_for_delivery"),
        (Language::Es, Moment::Arriving) => pair!("es/arriving"),
        (Language::Es, Moment::Delayed) => pair!("es/delayed"),
        (Language::Es, Moment::Delivered) => pair!("es/delivered"),
        (Language::Es, Moment::Failed) => pair!("es/failed"),
        (Language::Ca, Moment::OutForDelivery) => pair!("ca/out_for_delivery"),
        (Language::Ca, Moment::Arriving) => pair!("ca/arriving"),
        (Language::Ca, Moment::Delayed) => pair!("ca/delayed"),
        (Language::Ca, Moment::Delivered) => pair!("ca/delivered"),
        (Language::Ca, Moment::Failed) => pair!("ca/failed"),
        (Language::De, Moment::OutForDelivery) => pair!("de/out_for_delivery"),
        (Language::De, Moment::Arriving) => pair!("de/arriving"),
        (Language::De, Moment::Delayed) => pair!("de/delayed"),
        (Language::De, Moment::Delivered) => pair!("de/delivered"),
        (Language::De, Moment::Failed) => pair!("de/failed"),
        (Language::Fr, Moment::OutForDelivery) => pair!("fr/out_for_delivery"),
        (Language::Fr, Moment::Arriving) => pair!("fr/arriving"),
        (Language::Fr, Moment::Delayed) => pair!("fr/delayed"),
        (Language::Fr, Moment::Delivered) => pair!("fr/delivered"),
        (Language::Fr, Moment::Failed) => pair!("fr/failed"),
    }
}
