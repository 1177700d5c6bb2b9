//! A service on this machine that does as it is told.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;

/// What the service does with a request.
#[derive(Debug, Clone)]
pub enum Reply {
    /// Answers.
    Json(u16, Value),
    /// Answers, and asks to be left alone for so many seconds.
    RetryAfter(u16, u64),
    /// Says how long the answer is, and breaks off half-way.
    Half(Value),
    /// Takes the request and says nothing for longer than any test waits.
    Hang,
}

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Asked {
    pub path: String,
    pub authorization: Option<String>,
    pub body: String,
}

impl Asked {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

type Script = Arc<dyn Fn(&Asked, usize) -> Reply + Send + Sync>;

/// The service. It is gone with the test's process.
pub struct Server {
    url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    /// Does as the script says, which gets the request and how many came before it.
    pub fn that(script: impl Fn(&Asked, usize) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let script: Script = Arc::new(script);
        let kept = asked.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (script, kept) = (script.clone(), kept.clone());
                std::thread::spawn(move || exchange(stream.unwrap(), &script, &kept));
            }
        });
        Self { url, asked }
    }

    /// Always does the same.
    pub fn always(reply: Reply) -> Self {
        Self::that(move |_, _| reply.clone())
    }

    /// An address where nobody listens.
    pub fn nobody() -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    }

    pub fn url(&self) -> String {
        self.url.clone()
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

/// One request a connection.
fn exchange(mut stream: TcpStream, script: &Script, kept: &Mutex<Vec<Asked>>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        if line.trim().is_empty() {
            break;
        }
        lines.push(line.trim().to_owned());
    }
    let header = |name: &str| {
        let mut named = lines.iter().filter_map(|line| line.split_once(": "));
        let found = named.find(|(it, _)| it.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.to_owned())
    };
    let length: usize = header("content-length").map_or(0, |it| it.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let asked = Asked {
        path: lines[0].split(' ').nth(1).unwrap().to_owned(),
        authorization: header("authorization"),
        body: String::from_utf8(body).unwrap(),
    };
    let before = {
        let mut kept = kept.lock().unwrap();
        kept.push(asked.clone());
        kept.len() - 1
    };
    match script(&asked, before) {
        Reply::Json(status, answer) => {
            let answer = answer.to_string();
            respond(&mut stream, status, "", answer.len(), &answer);
        }
        Reply::RetryAfter(status, seconds) => {
            let header = format!("retry-after: {seconds}\r\n");
            respond(&mut stream, status, &header, 2, "{}");
        }
        Reply::Half(answer) => {
            let answer = answer.to_string();
            let half = &answer[..answer.len() / 2];
            respond(&mut stream, 200, "", answer.len(), half);
        }
        Reply::Hang => std::thread::sleep(Duration::from_secs(60)),
    }
}

fn respond(stream: &mut TcpStream, status: u16, headers: &str, length: usize, body: &str) {
    let head = format!(
        "HTTP/1.1 {status} x\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\
         connection: close\r\n{headers}\r\n"
    );
    // Who asked may be gone by now.
    let _ = stream.write_all(head.as_bytes());
    let _ = stream.write_all(body.as_bytes());
}
