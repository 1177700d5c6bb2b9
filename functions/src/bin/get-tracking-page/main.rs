//! `GET /track`: the page that a tracking link opens, in the recipient's language. It has no content of an order: its
//! script reads that from `GET /tracking`.

use app::Refusal;
use app::tracking::{Company, MapTiles, Words};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use runtime::http::{Problem, Request, Response};
use serde_json::json;
use settings::PhotoOrigin;
use sha2::{Digest, Sha256};

const PAGE: &str = include_str!("page.html");
const SCRIPT: &str = include_str!("page.js");
const STYLE: &str = include_str!("page.css");
/// Leaflet 1.9.4 (https://leafletjs.com), without changes: `leaflet.LICENSE`. Only a page with map tiles loads it.
const LEAFLET: &str = include_str!("leaflet.js");
const LEAFLET_STYLE: &str = include_str!("leaflet.css");

/// What the page shows beside an order.
struct TrackingPage {
    company: Company,
    tiles: Option<MapTiles>,
    /// The server of the photos.
    photos: PhotoOrigin,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let (company, tiles, photos) = settings::from_environment()?;
    let page = TrackingPage {
        company,
        tiles,
        photos,
    };
    runtime::http::serve(page, handle).await
}

async fn handle(page: &TrackingPage, request: &Request) -> Result<Response, Problem> {
    let TrackingPage {
        company,
        tiles,
        photos: PhotoOrigin(photos),
    } = page;
    if request.asks_for("part", "map") {
        // Leaflet has 147 KB. Within the page, it would come with each opening.
        let leaflet = tiles.as_ref().map(|_| LEAFLET.to_owned());
        let leaflet = leaflet.ok_or(Refusal::NotFound)?;
        return Ok(Response::public(leaflet, "text/javascript; charset=utf-8"));
    }
    let words = Words::accepted(request.header("Accept-Language").unwrap_or_default());
    let style = STYLE.replace("#2457a6", &company.colour);
    let style = match tiles {
        Some(_) => format!("{LEAFLET_STYLE}{style}"),
        None => style,
    };
    let words_json = json!({"words": words, "company": company, "tiles": tiles}).to_string();
    let map_script = match tiles {
        Some(_) => r#"<script src="track?part=map"></script>"#,
        None => "",
    };
    let html = PAGE
        .replace("{{language}}", words.tag)
        .replace("{{title}}", words.title)
        .replace("{{needs_script}}", words.needs_script)
        .replace("{{style}}", &style)
        .replace("{{map_script}}", map_script)
        .replace("{{script}}", SCRIPT)
        // Within a script element, only `<` could end the element.
        .replace("{{words}}", &words_json.replace('<', "\\u003c"));
    // The page may run this script, use this style, call its own server and load photos from the bucket. With map tiles
    // it may also load Leaflet from its own server and images from the server of the tiles. It may load nothing else.
    let (own_script, images) = match tiles {
        Some(tiles) => (" 'self'", format!("img-src {photos} {}; ", tiles.origin())),
        None => ("", format!("img-src {photos}; ")),
    };
    let policy = format!(
        "default-src 'none'; script-src '{}'{own_script}; style-src '{}'; {images}connect-src 'self'; base-uri 'none'; \
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
        page_with(None, event).await
    }

    async fn page_with(tiles: Option<MapTiles>, event: &str) -> (String, String) {
        let company = Company {
            name: "Bikes </script> & Co".to_owned(),
            colour: "#123456".to_owned(),
            support: "help@example.com".to_owned(),
        };
        let photos = PhotoOrigin("https://photos.example.com".to_owned());
        let page = TrackingPage {
            company,
            tiles,
            photos,
        };
        let response = answer(&page, handle, event).await;
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

    fn tiles() -> MapTiles {
        MapTiles {
            url: "https://tiles.example.com/{z}/{x}/{y}.png".to_owned(),
            credit: "© Map Makers".to_owned(),
        }
    }

    #[tokio::test]
    async fn a_page_with_tiles_may_ask_their_server_for_images_and_is_small_too() {
        let (policy, body) = page_with(Some(tiles()), EVENT).await;
        assert!(policy.contains("img-src https://photos.example.com https://tiles.example.com; "));
        assert!(policy.contains("script-src 'sha256-") && policy.contains(" 'self'; style-src"));
        assert!(body.contains("track?part=map") && body.len() < 60_000);
        // A browser reads CR and LF as LF, and then the hash of the style would not fit.
        assert!(!body.contains('\r'));
        let (policy, body) = page(EVENT).await;
        assert!(policy.contains("img-src https://photos.example.com; "));
        assert!(!policy.contains("' 'self'"));
        assert!(!body.contains("part=map"));
    }

    #[tokio::test]
    async fn leaflet_is_there_for_a_page_with_tiles_alone() {
        let event = EVENT.replace(
            r#""queryStringParameters": null"#,
            r#""queryStringParameters": {"part": "map"}"#,
        );
        let event = event.replace(
            r#""multiValueQueryStringParameters": null"#,
            r#""multiValueQueryStringParameters": {"part": ["map"]}"#,
        );
        for (tiles, status) in [(Some(tiles()), 200), (None, 404)] {
            let company = Company {
                name: "Bikes".to_owned(),
                colour: "#123456".to_owned(),
                support: String::new(),
            };
            let photos = PhotoOrigin("https://photos.example.com".to_owned());
            let page = TrackingPage {
                company,
                tiles,
                photos,
            };
            let response = answer(&page, handle, &event).await;
            assert_eq!(response.status(), status);
            let is_kept = response.headers()["Cache-Control"] == "public, max-age=86400";
            assert_eq!(is_kept, status == 200);
        }
    }

    #[tokio::test]
    async fn the_company_cannot_end_the_script_and_the_page_is_small() {
        let (_, body) = page(EVENT).await;
        assert!(!body.contains("Bikes </script>"));
        assert!(body.len() < 60_000);
    }
}
