//! The configuration that all AWS clients share.

use std::time::Duration;

use aws_config::BehaviorVersion;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;

pub use aws_config::SdkConfig;

/// The longest wait for a connection. After it, a new connection is made.
const CONNECT: Duration = Duration::from_secs(1);
/// The longest time of one attempt. DynamoDB, SQS and SNS answer in milliseconds. Cognito hashes passwords and may send
/// an email first.
const ATTEMPT: Duration = Duration::from_secs(4);
/// The longest time of a call with all its attempts. The HTTP functions have 15 s, so they can answer 503 themselves.
const CALL: Duration = Duration::from_secs(10);
/// The attempts of one call, with the first one.
const ATTEMPTS: u32 = 4;

/// Region, credentials and endpoint from the environment (`AWS_ENDPOINT_URL` too), with timeouts and with retries after
/// an exponential backoff. The retries are standard and not adaptive: an instance of a function makes few calls at a
/// time. A lower rate would make its requests longer and help no one.
pub async fn config() -> SdkConfig {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .operation_attempt_timeout(ATTEMPT)
        .operation_timeout(CALL)
        .build();
    aws_config::defaults(BehaviorVersion::latest())
        .timeout_config(timeouts)
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
        .load()
        .await
}
