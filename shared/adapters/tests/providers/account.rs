//! A Google service account, made for the test.

use std::sync::OnceLock;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

/// The JSON key of a service account whose tokens are given out at `<url>/token`.
pub fn of_a_service(url: &str) -> String {
    json!({
        "type": "service_account",
        "project_id": "waybill-test",
        "private_key_id": "1",
        "private_key": private_key(),
        "client_email": "planner@waybill-test.iam.gserviceaccount.com",
        "client_id": "1",
        "auth_uri": format!("{url}/auth"),
        "token_uri": format!("{url}/token"),
    })
    .to_string()
}

fn private_key() -> &'static str {
    static KEY: OnceLock<String> = OnceLock::new();
    KEY.get_or_init(|| {
        let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
        let der: Pkcs8V1Der<'_> = pair.as_der().unwrap();
        let text = STANDARD.encode(der.as_ref());
        let lines: Vec<&str> = (0..text.len())
            .step_by(64)
            .map(|at| &text[at..text.len().min(at + 64)])
            .collect();
        let lines = lines.join("\n");
        format!("-----BEGIN PRIVATE KEY-----\n{lines}\n-----END PRIVATE KEY-----\n")
    })
}

/// What a token was asked for with, unsigned.
pub fn claims(form: &str) -> Value {
    let assertion = form
        .split('&')
        .find_map(|field| field.strip_prefix("assertion="))
        .unwrap();
    let claims = assertion.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap()
}
