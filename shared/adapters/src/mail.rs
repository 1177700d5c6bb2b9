//! Emails, through the service that the settings name.

use std::sync::Arc;

use app::ports::{AddressMailer, Mailer};
use settings::MailVia;

use crate::aws::SdkConfig;
use crate::ses::SesMailer;
use crate::sns::SnsMailer;
use crate::system::SystemClock;
use crate::{ses, sns};

/// The mailer of the stack.
pub fn mailer(aws: &SdkConfig, via: &MailVia) -> Arc<dyn Mailer> {
    match via {
        MailVia::Sns(topics) => Arc::new(SnsMailer::new(&sns::Client::new(aws), topics)),
        MailVia::Ses(sender) => {
            let clock = Arc::new(SystemClock);
            Arc::new(SesMailer::new(&ses::Client::new(aws), sender, clock))
        }
    }
}

/// The mailer to any address. `None` with SNS, which knows only subscribers.
pub fn address_mailer(aws: &SdkConfig, via: &MailVia) -> Option<Arc<dyn AddressMailer>> {
    match via {
        MailVia::Sns(_) => None,
        MailVia::Ses(sender) => {
            let clock = Arc::new(SystemClock);
            let mailer = SesMailer::new(&ses::Client::new(aws), sender, clock);
            Some(Arc::new(mailer))
        }
    }
}
