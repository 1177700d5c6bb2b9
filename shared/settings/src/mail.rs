//! How emails are sent.

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
