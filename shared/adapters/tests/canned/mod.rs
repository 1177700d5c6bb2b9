//! A server on this machine that gives the answers it was told to, one after the other, and keeps the requests.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};

/// A status and a body.
#[derive(Clone, Copy)]
pub struct Answer(pub u16, pub &'static str);

impl From<Answer> for (u16, String) {
    fn from(Answer(status, body): Answer) -> Self {
        (status, body.to_owned())
    }
}

/// The server. It is gone with the test's process.
pub struct Canned {
    config: SdkConfig,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Canned {
    pub fn answering(answers: impl IntoIterator<Item = Answer>) -> Self {
        Self::answering_texts(answers.into_iter().map(Into::into))
    }

    pub fn answering_texts(answers: impl IntoIterator<Item = (u16, String)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let kept = requests.clone();
        let answers: Vec<(u16, String)> = answers.into_iter().collect();
        std::thread::spawn(move || {
            for (status, body) in answers {
                let (stream, _) = listener.accept().unwrap();
                exchange(stream, status, &body, &kept);
            }
        });
        let credentials = Credentials::new("test", "test", None, None, "test");
        let retries = RetryConfig::standard()
            .with_max_attempts(4)
            .with_initial_backoff(Duration::from_millis(1));
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(adapters::aws::http_client())
            .region(Region::new("eu-west-1"))
            .endpoint_url(endpoint)
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .retry_config(retries)
            .build();
        Self { config, requests }
    }

    pub fn config(&self) -> &SdkConfig {
        &self.config
    }

    /// The bodies of the requests so far.
    pub fn bodies(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    pub fn json_bodies(&self) -> Vec<serde_json::Value> {
        let bodies = self.bodies().into_iter();
        bodies
            .map(|body| serde_json::from_str(&body).unwrap())
            .collect()
    }
}

/// Reads one request, keeps its body, and answers it; one connection for each. It is kept first: who has the answer may
/// look at once.
fn exchange(mut stream: TcpStream, status: u16, answer: &str, kept: &Mutex<Vec<String>>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    kept.lock().unwrap().push(String::from_utf8(body).unwrap());
    let head = format!(
        "HTTP/1.1 {status} x\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        answer.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(answer.as_bytes()).unwrap();
}
