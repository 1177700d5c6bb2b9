//! A letter, as plain text and as HTML.

use crate::ports::Email;

/// The longest subject, in characters. SNS accepts fewer than 100.
const LONGEST_SUBJECT: usize = 99;

/// A letter without its greeting and its signature.
#[derive(Debug, Clone)]
pub(crate) struct Letter {
    pub(crate) subject: String,
    pub(crate) parts: Vec<Part>,
}

/// A part of a letter.
#[derive(Debug, Clone)]
pub(crate) enum Part {
    Paragraph(String),
    /// Names, each with a value.
    Facts(Vec<(&'static str, String)>),
    /// Lines under a title.
    List {
        title: String,
        lines: Vec<String>,
    },
}

impl Letter {
    /// The email to a person from a company.
    pub(crate) fn signed(self, to: &str, company: &str) -> Email {
        let greeting = Part::Paragraph(format!("Hello {to},"));
        let parts = std::iter::once(greeting).chain(self.parts).collect();
        let subject = self.subject;
        Self { subject, parts }.plain(company)
    }

    /// The email from a company without a greeting, to a person whose name is not known.
    pub(crate) fn plain(self, company: &str) -> Email {
        let mut parts = self.parts;
        parts.push(Part::Paragraph(company.to_owned()));
        let text: Vec<String> = parts.iter().map(Part::text).collect();
        let html: String = parts.iter().map(Part::html).collect();
        let clean = |text: String| text.replace(turns_direction, "");
        Email {
            subject: clean(subject(&self.subject)),
            body: clean(text.join("\n\n") + "\n"),
            html: clean(format!(
                "<!doctype html><html><head><meta charset=\"utf-8\"></head><body>\n{html}</body></html>\n"
            )),
        }
    }
}

impl Part {
    fn text(&self) -> String {
        match self {
            Self::Paragraph(text) => text.clone(),
            Self::Facts(facts) => {
                let width = facts.iter().map(|(name, _)| name.len()).max();
                let width = width.unwrap_or_default() + 1;
                let line = |(name, fact): &(&str, String)| {
                    format!("  {:<width$}  {fact}", format!("{name}:"))
                };
                facts.iter().map(line).collect::<Vec<_>>().join("\n")
            }
            Self::List { title, lines } => format!("{title}\n\n{}", lines.join("\n")),
        }
    }

    fn html(&self) -> String {
        match self {
            Self::Paragraph(text) => format!("<p>{}</p>\n", escaped(text)),
            Self::Facts(facts) => {
                let row = |(name, fact): &(&str, String)| {
                    format!("<tr><td>{name}:</td><td>{}</td></tr>\n", escaped(fact))
                };
                let rows: String = facts.iter().map(row).collect();
                format!("<table>\n{rows}</table>\n")
            }
            Self::List { title, lines } => {
                let item = |line: &String| format!("{}<br>\n", escaped(line.trim_start()));
                let items: String = lines.iter().map(item).collect();
                format!("<p>{}</p>\n<p>\n{items}</p>\n", escaped(title))
            }
        }
    }
}

/// One line that is not too long.
fn subject(text: &str) -> String {
    let one_line = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    one_line.take(LONGEST_SUBJECT).collect()
}

fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\n' => html.push_str("<br>"),
            other => html.push(other),
        }
    }
    html
}

/// Whether a character turns the direction of the text after it. A name with U+202E would make the rest of an email
/// read backwards.
fn turns_direction(character: char) -> bool {
    matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
