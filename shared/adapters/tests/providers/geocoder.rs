//! OpenRouteService's geocoder: what it is asked, and what is made of its answers.

use adapters::geocoder::ors::OrsGeocoder;
use app::addresses::Region;
use app::ports::Geocoder as _;
use domain::Coordinates;
use serde_json::{Value, json};

use crate::access;
use crate::server::{Reply, Server};

fn geocoder(url: &str, region: Region) -> OrsGeocoder {
    OrsGeocoder::new(access(url.to_owned()), region).unwrap()
}

fn feature(coordinates: Value, properties: Value) -> Value {
    json!({"type": "Feature", "geometry": {"type": "Point", "coordinates": coordinates}, "properties": properties})
}

fn found(features: &[Value]) -> Reply {
    let answer = json!({"geocoding": {"version": "0.2"}, "type": "FeatureCollection",
        "features": features, "bbox": [139.0, 35.0, 140.0, 36.0]});
    Reply::Json(200, answer)
}

#[tokio::test]
async fn it_is_asked_with_the_key_for_the_address_in_the_country_near_the_centre() {
    let server = Server::always(found(&[]));
    let tokyo = Region {
        country: Some("JP".to_owned()),
        centre: Some(Coordinates {
            lat: 35.68,
            lon: 139.77,
        }),
    };
    // A base URL may end with a slash, and an address holds whatever a person writes.
    let url = format!("{}/", server.url());
    let candidates = geocoder(&url, tokyo)
        .candidates("1-9-1 Marunouchi & Söhne?#")
        .await;
    assert_eq!(candidates.unwrap(), []);
    geocoder(&server.url(), Region::default())
        .candidates("a")
        .await
        .unwrap();
    let asked = server.asked();
    assert_eq!(
        asked[0].path,
        "/geocode/search?text=1-9-1+Marunouchi+%26+S%C3%B6hne%3F%23&size=5\
         &boundary.country=JP&focus.point.lat=35.68&focus.point.lon=139.77"
    );
    assert_eq!(asked[0].authorization.as_deref(), Some("an-ors-key"));
    assert_eq!(asked[1].path, "/geocode/search?text=a&size=5");
}

#[tokio::test]
async fn longitude_comes_first_and_what_is_nowhere_is_passed_over() {
    let label = json!({"label": "Tokyo Station", "confidence": 0.9, "layer": "venue"});
    let server = Server::always(found(&[
        feature(json!([139.7671, 35.6812]), label.clone()),
        feature(json!([35.6812, 139.7671]), label.clone()),
        feature(json!([139.7]), label),
        feature(
            json!([139.7, 35.6, 12.5]),
            json!({"name": "a height, and no label"}),
        ),
    ]));
    let candidates = geocoder(&server.url(), Region::default())
        .candidates("x")
        .await;
    let candidates = candidates.unwrap();
    let shown: Vec<_> = candidates
        .iter()
        .map(|it| {
            (
                it.label.as_str(),
                it.location.lat,
                it.location.lon,
                it.confidence,
            )
        })
        .collect();
    let expected = [
        ("Tokyo Station", 35.6812, 139.7671, 0.9),
        ("35.60000, 139.70000", 35.6, 139.7, 0.0),
    ];
    assert_eq!(shown, expected);
}

#[tokio::test]
async fn a_bad_day_is_an_error_that_does_not_tell_the_address() {
    let refused = |status| Server::always(Reply::Json(status, json!({"error": "Secret Street 1"})));
    let half = Server::always(Reply::Half(json!({"features": []})));
    let strange = Server::always(Reply::Json(200, json!({"features": "Secret Street 1"})));
    let urls = [401, 403, 404, 429, 500].map(|status| refused(status).url());
    let others = [half.url(), strange.url(), Server::nobody()];
    for url in urls.iter().chain(&others) {
        let answer = geocoder(url, Region::default())
            .candidates("Secret Street 1")
            .await;
        let told = format!("{:?}", answer.unwrap_err());
        assert!(
            !told.contains("Secret") && !told.contains("an-ors-key"),
            "{told}"
        );
    }
}

#[tokio::test]
async fn a_moment_of_weakness_is_got_over() {
    let good = found(&[feature(
        json!([2.17, 41.38]),
        json!({"label": "a", "confidence": 1}),
    )]);
    let server = Server::that(move |_, before| match before {
        0 => Reply::Json(502, json!({})),
        _ => good.clone(),
    });
    let candidates = geocoder(&server.url(), Region::default())
        .candidates("a")
        .await;
    assert_eq!(candidates.unwrap().len(), 1);
    assert_eq!(server.asked().len(), 2);
}
