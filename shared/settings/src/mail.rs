//! How emails are sent.

use app::recipients::Moments;
use domain::Moment;

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
