//! The desk of the calls with which dispatchers decide about routes.

use adapters::desk::{DeskSettings, dispatch_desk};
use app::routes::by_hand::DispatchDesk;

/// A desk with the settings of this process.
///
/// # Errors
/// A setting is missing or malformed.
pub fn from_environment() -> Result<DispatchDesk, settings::ConfigError> {
    let settings: DeskSettings = settings::from_environment()?;
    let aws = adapters::aws::config();
    let dynamodb = adapters::dynamodb::Client::new(&aws);
    Ok(dispatch_desk(&dynamodb, settings))
}
