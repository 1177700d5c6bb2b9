//! `GET /track`: the page that a tracking link opens, in the recipient's language. It has no content of an order: its
//! script reads that from `GET /tracking`.

use app::tracking::{Company, Words};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use runtime::http::{Problem, Request, Response};
use serde_json::json;
use sha2::{Digest, Sha256};

const PAGE: &str = include_str!("page.html");
const SCRIPT: &str = include_str!("page.js");
const STYLE: &str = include_str!("page.css");

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let company: Company = settings::from_environment()?;
    runtime::http::serve(company, handle).await
}

async fn handle(company: &Company, request: &Request) -> Result<Response, Problem> {
    let words = Words::accepted(request.header("Accept-Language").unwrap_or_default());
    let style = STYLE.replace("#2457a6", &company.colour);
    let words_json = json!({"words": words, "company": company}).to_string();
    let html = PAGE
        .replace("{{language}}", words.tag)
        .replace("{{title}}", words.title)
        .replace("{{needs_script}}", words.needs_script)
        .replace("{{style}}", &style)
        .replace("{{script}}", SCRIPT)
        // Within a script element, only `<` could end the element.
        .replace("{{words}}", &words_json.replace('<', "\\u003c"));
    // The page may run this script, use this style and call its own server. It may load nothing else.
    let policy = format!(
        "default-src 'none'; script-src '{}'; style-src '{}'; connect-src 'self'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'",
        source_hash(SCRIPT),
        source_hash(&style)
    );
    Ok(Response::page(html, policy).varying_by("Accept-Language"))
}

/// The name of an inline script or style in a Content-Security-Policy.
fn source_hash(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    use runtime::http::answer;

    const EVENT: &str = include_str!("../../../../events/get-tracking-page.json");

    async fn page(event: &str) -> (String, String) {
        let company = Company {
            name: "Bikes </script> & Co".to_owned(),
            colour: "#123456".to_owned(),
            support: "help@example.com".to_owned(),
        };
        let response = answer(&company, handle, event).await;
        assert_eq!(response.status(), 200);
        let header = |name| response.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header("Content-Type"), "text/html; charset=utf-8");
        assert_eq!(header("Cache-Control"), "no-store");
        assert_eq!(header("Referrer-Policy"), "no-referrer");
        assert_eq!(header("X-Robots-Tag"), "noindex");
        let body = std::str::from_utf8(response.body()).unwrap().to_owned();
        (header("Content-Security-Policy"), body)
    }

    #[tokio::test]
    async fn the_page_speaks_the_language_of_the_browser() {
        let (_, catalan) = page(EVENT).await;
        assert!(catalan.contains(r#"<html lang="ca">"#) && catalan.contains("El teu enviament"));
        let (_, english) = page(&EVENT.replace("Accept-Language", "X-Other")).await;
        assert!(english.contains(r#"<html lang="en">"#) && !english.contains("{{"));
    }

    #[tokio::test]
    async fn the_policy_allows_this_script_and_this_style_alone() {
        let (policy, body) = page(EVENT).await;
        let between = |open: &str, close: &str| {
            let begin = body.find(open).unwrap() + open.len();
            &body[begin..begin + body[begin..].find(close).unwrap()]
        };
        let style = between("<style>", "</style>");
        assert!(style.contains("#123456"));
        assert!(policy.contains(&source_hash(style)));
        assert!(policy.contains(&source_hash(between("<script>", "</script>"))));
        assert!(policy.starts_with("default-src 'none'"));
    }

    #[tokio::test]
    async fn the_company_cannot_end_the_script_and_the_page_is_small() {
        let (_, body) = page(EVENT).await;
        assert!(!body.contains("Bikes </script>"));
        assert!(body.len() < 60_000);
    }
}
