//! How emails and text messages are sent.

use app::recipients::Moments;
use domain::{AllowedNumbers, Moment};

use crate::resources::UserTopics;
use crate::{Environment, Setting};

/// The service that sends emails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MailVia {
    /// SNS, to subscribers of a topic for each user.
    Sns(UserTopics),
    /// SES, to any address.
    Ses(SesSender),
}

/// The sender of emails through SES.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SesSender {
    /// The address of a verified identity, with or without a name: `Waybill <no-reply@example.com>`.
    pub from: String,
    /// The configuration set, which stops mail to an address after a bounce or a complaint.
    pub configuration_set: String,
}

/// `MAIL_VIA`, and the settings of the service that it names: `USER_TOPIC_ARN_PREFIX`, or `MAIL_FROM` and
/// `MAIL_CONFIGURATION_SET`.
impl Setting for MailVia {
    fn read(env: &Environment) -> Option<Self> {
        if env.one_of("MAIL_VIA", &["sns", "ses"])? == "sns" {
            return UserTopics::read(env).map(Self::Sns);
        }
        let (from, configuration_set) = (env.text("MAIL_FROM"), env.text("MAIL_CONFIGURATION_SET"));
        Some(Self::Ses(SesSender {
            from: from?,
            configuration_set: configuration_set?,
        }))
    }
}

/// `RECIPIENT_MESSAGES`: the moments at which recipients are told something, with commas between them. Empty for none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecipientMoments(pub Moments);

/// What the messages to recipients need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecipientMessages {
    /// The moments. They are not empty.
    pub moments: Moments,
    /// `TRACKING_PAGE`: the address of the tracking page, with `API_ID` in place of `{api_id}`.
    pub page: String,
}

/// `RECIPIENT_KEY_PARAMETER`: the parameter with the key for pseudonyms. `None` if recipients are told nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecipientKey(pub Option<String>);

/// `SMS_ENABLED`: whether recipients get text messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextsAreOn(pub bool);

/// How recipients get text messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextMessages {
    /// `SMS_COUNTRIES`: the beginnings of the phone numbers that may get them.
    pub allowed: AllowedNumbers,
    /// `SMS_PER_MONTH`: the most of them in a month.
    pub per_month: u32,
    /// The sender.
    pub sender: TextSenderName,
}

/// `SMS_SENDER_ID` and `SMS_MAX_PRICE`: what SNS is told about each text message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TextSenderName {
    /// The name that phones show in place of a number, where the country allows it.
    pub id: Option<String>,
    /// The most dollars that a text message may cost. SNS drops a dearer one.
    pub max_price: Option<String>,
}

impl Setting for TextsAreOn {
    fn read(env: &Environment) -> Option<Self> {
        env.flag("SMS_ENABLED").map(Self)
    }
}

/// `None` if recipients get no text messages.
impl Setting for Option<TextMessages> {
    fn read(env: &Environment) -> Option<Self> {
        let TextsAreOn(true) = TextsAreOn::read(env)? else {
            return Some(None);
        };
        let countries = env.text("SMS_COUNTRIES");
        let allowed = countries.and_then(|text| {
            let read = AllowedNumbers::read(&text).filter(|allowed| !allowed.is_empty());
            if read.is_none() {
                env.note("SMS_COUNTRIES must be calling codes with commas between them".into());
            }
            read
        });
        let per_month = env.whole_number("SMS_PER_MONTH", 1..=10_000_000);
        let sender = TextSenderName {
            id: env.optional_text("SMS_SENDER_ID"),
            max_price: env.optional_text("SMS_MAX_PRICE"),
        };
        Some(Some(TextMessages {
            allowed: allowed?,
            per_month: per_month?,
            sender,
        }))
    }
}

impl Setting for RecipientMoments {
    fn read(env: &Environment) -> Option<Self> {
        let text = env.optional_text("RECIPIENT_MESSAGES").unwrap_or_default();
        let names = text.split(',').map(str::trim).filter(|it| !it.is_empty());
        let moments: Result<Moments, _> = names.map(str::parse::<Moment>).collect();
        let moments =
            moments.map_err(|_| env.note("RECIPIENT_MESSAGES names an unknown moment".into()));
        moments.ok().map(Self)
    }
}

/// `None` if recipients are told nothing.
impl Setting for Option<RecipientMessages> {
    fn read(env: &Environment) -> Option<Self> {
        let RecipientMoments(moments) = RecipientMoments::read(env)?;
        if moments.is_empty() {
            return Some(None);
        }
        let (page, api_id) = (env.url("TRACKING_PAGE"), env.text("API_ID"));
        let page = page?.replace("{api_id}", &api_id?);
        Some(Some(RecipientMessages { moments, page }))
    }
}

impl Setting for RecipientKey {
    fn read(env: &Environment) -> Option<Self> {
        Some(Self(env.optional_text("RECIPIENT_KEY_PARAMETER")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Texts = Option<TextMessages>;

    #[test]
    fn text_messages_need_countries_and_a_limit() {
        let off = Environment::of(|name| (name == "SMS_ENABLED").then(|| "false".to_owned()));
        assert_eq!(off.all::<Texts>().unwrap(), None);
        let on = Environment::of(|name| {
            let value = match name {
                "SMS_ENABLED" => "true",
                "SMS_COUNTRIES" => "34, 351",
                "SMS_PER_MONTH" => "250",
                "SMS_SENDER_ID" => "Waybill",
                _ => return None,
            };
            Some(value.to_owned())
        });
        let texts = on.all::<Texts>().unwrap().unwrap();
        assert_eq!(texts.allowed, AllowedNumbers::read("34,351").unwrap());
        assert_eq!(texts.per_month, 250);
        assert_eq!(texts.sender.id.as_deref(), Some("Waybill"));
        assert_eq!(texts.sender.max_price, None);
        let wrong = Environment::of(|name| {
            let value = match name {
                "SMS_ENABLED" => "true",
                "SMS_COUNTRIES" => "ES",
                "SMS_PER_MONTH" => "0",
                _ => return None,
            };
            Some(value.to_owned())
        });
        let told = wrong.all::<Texts>().unwrap_err().to_string();
        assert!(
            told.contains("SMS_COUNTRIES must be calling codes"),
            "{told}"
        );
        assert!(
            told.contains("SMS_PER_MONTH must be a whole number"),
            "{told}"
        );
    }
}
