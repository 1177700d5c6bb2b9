//! What all AWS clients share.

use std::time::Duration;

use aws_config::BehaviorVersion;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;

pub use aws_config::SdkConfig;

/// A connection that has not been made by then is made anew.
const CONNECT: Duration = Duration::from_secs(1);
/// One attempt. DynamoDB, SQS and SNS answer in milliseconds; Cognito hashes passwords and may mail a code meanwhile.
const ATTEMPT: Duration = Duration::from_secs(4);
/// A call with all its attempts: below the 15 s that the HTTP functions have, so that they answer 503 themselves.
const CALL: Duration = Duration::from_secs(10);
/// Tries of one call, the first included.
const ATTEMPTS: u32 = 4;

/// Region, credentials and endpoint as the environment has them (`AWS_ENDPOINT_URL` included), with timeouts, and
/// retries with exponential backoff. Standard retries and not adaptive ones: a function's instance makes a few calls at
/// a time, so that slowing down its own rate would lengthen requests without relieving anybody.
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
