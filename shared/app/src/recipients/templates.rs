//! The templates of the emails to recipients: one file for each language and moment. The first line is the subject, and
//! the text follows after an empty line. A part in braces stands for a value.

use domain::{Language, Moment};

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

/// The email of a moment in a language. In its HTML the values are escaped.
pub(super) fn email(language: Language, moment: Moment, values: &Values) -> Email {
    let template = template(language, moment);
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

fn template(language: Language, moment: Moment) -> &'static str {
    match (language, moment) {
        (Language::En, Moment::OutForDelivery) => include_str!("templates/en/out_for_delivery.txt"),
        (Language::En, Moment::Arriving) => include_str!("templates/en/arriving.txt"),
        (Language::En, Moment::Delayed) => include_str!("templates/en/delayed.txt"),
        (Language::En, Moment::Delivered) => include_str!("templates/en/delivered.txt"),
        (Language::En, Moment::Failed) => include_str!("templates/en/failed.txt"),
        (Language::Es, Moment::OutForDelivery) => include_str!("templates/es/out_for_delivery.txt"),
        (Language::Es, Moment::Arriving) => include_str!("templates/es/arriving.txt"),
        (Language::Es, Moment::Delayed) => include_str!("templates/es/delayed.txt"),
        (Language::Es, Moment::Delivered) => include_str!("templates/es/delivered.txt"),
        (Language::Es, Moment::Failed) => include_str!("templates/es/failed.txt"),
        (Language::Ca, Moment::OutForDelivery) => include_str!("templates/ca/out_for_delivery.txt"),
        (Language::Ca, Moment::Arriving) => include_str!("templates/ca/arriving.txt"),
        (Language::Ca, Moment::Delayed) => include_str!("templates/ca/delayed.txt"),
        (Language::Ca, Moment::Delivered) => include_str!("templates/ca/delivered.txt"),
        (Language::Ca, Moment::Failed) => include_str!("templates/ca/failed.txt"),
        (Language::De, Moment::OutForDelivery) => include_str!("templates/de/out_for_delivery.txt"),
        (Language::De, Moment::Arriving) => include_str!("templates/de/arriving.txt"),
        (Language::De, Moment::Delayed) => include_str!("templates/de/delayed.txt"),
        (Language::De, Moment::Delivered) => include_str!("templates/de/delivered.txt"),
        (Language::De, Moment::Failed) => include_str!("templates/de/failed.txt"),
        (Language::Fr, Moment::OutForDelivery) => include_str!("templates/fr/out_for_delivery.txt"),
        (Language::Fr, Moment::Arriving) => include_str!("templates/fr/arriving.txt"),
        (Language::Fr, Moment::Delayed) => include_str!("templates/fr/delayed.txt"),
        (Language::Fr, Moment::Delivered) => include_str!("templates/fr/delivered.txt"),
        (Language::Fr, Moment::Failed) => include_str!("templates/fr/failed.txt"),
    }
}
