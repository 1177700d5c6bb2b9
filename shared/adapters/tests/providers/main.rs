//! Route providers and the geocoder outside, as services on this machine play them: the requests to the letter, what
//! is made of the answers, and every kind of bad day.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![expect(
    clippy::disallowed_methods,
    reason = "a real server has real time to answer"
)]

mod account;
mod bad_days;
mod geocoder;
mod google;
mod keys;
mod ors;
mod ors_matrix;
mod problems;
mod server;

use std::time::Duration;

use adapters::keys::Key;
use adapters::ors::OrsAccess;
use adapters::route_provider::google::{GooglePlanner, GoogleSettings};
use adapters::route_provider::ors::{OrsLimits, OrsPlanner};
use adapters::web::Web;
use domain::{LegEstimate, StopKind};
use tokio::time::Instant;

/// The limits of the public service.
const PUBLIC: OrsLimits = OrsLimits {
    most_vehicles: 3,
    most_orders: 25,
};

fn access(url: String) -> OrsAccess {
    OrsAccess::new(Web::default(), &url, Key::given("an-ors-key"))
}

fn ors(url: String) -> OrsPlanner {
    OrsPlanner::new(access(url), PUBLIC, LegEstimate::default())
}

fn google(url: &str, traffic: bool) -> GooglePlanner {
    google_as(&account::of_a_service(url), url, traffic)
}

fn google_as(account: &str, url: &str, traffic: bool) -> GooglePlanner {
    let settings = GoogleSettings {
        base_url: url.to_owned(),
        project: "waybill-test".to_owned(),
        traffic,
    };
    GooglePlanner::new(
        Web::default(),
        Key::given(account),
        settings,
        LegEstimate::default(),
    )
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(10)
}

/// Order and kind of each stop, and when it begins.
fn stops(route: &app::ports::PlannedRoute) -> Vec<(usize, StopKind, i64)> {
    let visits = route.visits.iter();
    visits.map(|it| (it.order, it.kind, it.begin_s)).collect()
}

/// An encoded way through these.
fn way(places: &[domain::Coordinates]) -> String {
    let points = places.iter().map(|it| (it.lon, it.lat).into());
    polyline::encode_coordinates(points, 5).unwrap()
}
