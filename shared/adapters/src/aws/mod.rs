//! The configuration that all AWS clients share.
//!
//! Lambda gives a function its region and credentials in the environment. So the function reads no files, no other
//! sources of credentials and no certificates of the machine. It starts sooner and is smaller.

use std::time::Duration;
use std::{env, fs};

use aws_config::BehaviorVersion;
use aws_config::Region;
use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{SharedCredentialsProvider, SharedHttpClient};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use tracing::warn;

pub use aws_config::SdkConfig;

/// The longest wait for a connection. After this time, the client tries a new connection.
const CONNECT: Duration = Duration::from_secs(1);
/// The longest time of one attempt. DynamoDB, SQS and SNS answer in milliseconds. Cognito hashes passwords and may send
/// an email first.
const ATTEMPT: Duration = Duration::from_secs(4);
/// The longest time of a call with all its attempts. The HTTP functions have 15 s, so they can answer 503 themselves.
const CALL: Duration = Duration::from_secs(10);
/// The attempts of one call, with the first one.
const ATTEMPTS: u32 = 4;

/// The roots of Amazon Trust Services. Every AWS endpoint has a certificate of one of them.
const AMAZON_ROOTS: &[u8] = include_bytes!("amazon-roots.pem");

/// Region, credentials and endpoint from the environment (`AWS_ENDPOINT_URL` too), with timeouts and with retries after
/// an exponential backoff. The retries are standard and not adaptive. A function instance makes few calls at a time, so
/// a lower rate would only make its requests longer.
///
/// `AWS_CA_BUNDLE` names a file with more certificates (PEM), for a network whose proxy reads TLS.
pub fn config() -> SdkConfig {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .operation_attempt_timeout(ATTEMPT)
        .operation_timeout(CALL)
        .build();
    let region = env::var("AWS_REGION").or_else(|_| env::var("AWS_DEFAULT_REGION"));
    let credentials = EnvironmentVariableCredentialsProvider::new();
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(region.ok().map(Region::new))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .timeout_config(timeouts)
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
        .http_client(http_client());
    config.set_endpoint_url(env::var("AWS_ENDPOINT_URL").ok());
    config.build()
}

/// The HTTP client of all AWS clients.
pub fn http_client() -> SharedHttpClient {
    let mut roots = TrustStore::empty().with_pem_certificate(AMAZON_ROOTS);
    if let Ok(file) = env::var("AWS_CA_BUNDLE") {
        match fs::read(&file) {
            Ok(more) => roots = roots.with_pem_certificate(more),
            // Without the file, calls may fail because of the certificate. The log has the reason.
            Err(error) => warn!(%error, "AWS_CA_BUNDLE cannot be read"),
        }
    }
    let provider = Provider::rustls(CryptoMode::AwsLc);
    let builder = Builder::new().tls_provider(provider);
    match TlsContext::builder().with_trust_store(roots).build() {
        Ok(context) => builder.tls_context(context).build_https(),
        // Today, the builder cannot fail. If it could, the certificates of the machine would be good too.
        Err(error) => {
            warn!(%error, "the certificates of AWS cannot be used");
            builder.build_https()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The TLS stack reads the certificates at the first call only, and ends the function if one is damaged.
    #[test]
    fn the_roots_of_amazon_are_five_valid_certificates() {
        let roots = reqwest::Certificate::from_pem_bundle(AMAZON_ROOTS).unwrap();
        assert_eq!(roots.len(), 5);
        reqwest::Client::builder()
            .tls_certs_only(roots)
            .build()
            .unwrap();
    }
}
