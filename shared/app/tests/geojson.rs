//! Routes on a map.

#![allow(clippy::unwrap_used, clippy::panic)]

use app::routes::geojson::FeatureCollection;
use domain::route::Departure;
use domain::{
    Coordinates, Leg, OrderId, Route, RouteId, RouteStatus, RouteStop, StopKind, StopStatus,
};
use serde_json::{Value, json};
use testkit::Landmarks;
use testkit::build::{at, user_id};
use testkit::still::uuid_of;

fn stop(kind: StopKind, location: Coordinates, status: StopStatus) -> RouteStop {
    RouteStop {
        kind,
        order_id: OrderId(uuid_of(7)),
        location,
        address: (kind == StopKind::Pickup).then(|| "Marunouchi 1-9-1".to_owned()),
        eta: at("2030-05-06T08:10:00Z"),
        not_before: None,
        not_after: None,
        service_s: 120,
        leg: Leg {
            distance_m: 500,
            duration_s: 60,
        },
        status,
        done_at: None,
        pinned: false,
        returns: false,
    }
}

fn route(pickup: StopStatus, geometry: Option<&str>) -> Route {
    let created_at = at("2030-05-06T08:00:00Z");
    Route {
        id: RouteId(uuid_of(3)),
        agent_id: user_id(2),
        status: RouteStatus::Assigned,
        from: Departure {
            location: START,
            at: created_at,
        },
        breaks: Vec::new(),
        stops: vec![
            stop(StopKind::Pickup, Landmarks::TOKYO_STATION, pickup),
            stop(StopKind::Dropoff, TOWER, StopStatus::Pending),
        ],
        provider: "ors".to_owned(),
        geometry: geometry.map(str::to_owned),
        left_in_first_step: 0,
        decisions: Vec::new(),
        created_at,
        updated_at: created_at,
        version: 1,
    }
}

// These longitudes are not valid latitudes, so swapped coordinates would be invalid.
const START: Coordinates = Coordinates {
    lat: 35.7,
    lon: 139.7,
};
const TOWER: Coordinates = Coordinates {
    lat: 35.6586,
    lon: 139.7454,
};

fn collection(route: Route) -> Value {
    serde_json::to_value(FeatureCollection::of(&[route], None)).unwrap()
}

#[test]
fn a_route_is_a_line_and_a_point_for_each_stop() {
    // The example in the documentation of the polyline format.
    let shown = collection(route(
        StopStatus::Pending,
        Some("_p~iF~ps|U_ulLnnqC_mqNvxq`@"),
    ));
    let [line, pickup, dropoff] = shown["features"].as_array().unwrap().as_slice() else {
        panic!("three features: {shown}");
    };
    let way = json!([[-120.2, 38.5], [-120.95, 40.7], [-126.453, 43.252]]);
    assert_eq!(
        line["geometry"],
        json!({"type": "LineString", "coordinates": way})
    );
    assert_eq!(line["properties"]["feature"], "route");
    assert_eq!(line["properties"]["provider"], "ors");
    assert_eq!(line["properties"]["distance_m"], 1000);
    assert_eq!(
        pickup["geometry"],
        json!({"type": "Point", "coordinates": [139.7671, 35.6812]})
    );
    assert_eq!(pickup["properties"]["kind"], "pickup");
    assert_eq!(pickup["properties"]["address"], "Marunouchi 1-9-1");
    assert_eq!(dropoff["properties"]["sequence"], 2);
    assert_eq!(dropoff["id"], format!("{}/2", RouteId(uuid_of(3))));
    assert!(dropoff["properties"].get("address").is_none());
}

#[test]
fn without_a_geometry_the_line_goes_straight_from_stop_to_stop() {
    let straight = json!([[139.7, 35.7], [139.7671, 35.6812], [139.7454, 35.6586]]);
    for unreadable in [None, Some(""), Some("\u{7f}~~~")] {
        let shown = collection(route(StopStatus::Pending, unreadable));
        assert_eq!(
            shown["features"][0]["geometry"]["coordinates"], straight,
            "{unreadable:?}"
        );
    }
    let begun = collection(route(StopStatus::Done, None));
    let from_pickup = json!([[139.7671, 35.6812], [139.7454, 35.6586]]);
    assert_eq!(begun["features"][0]["geometry"]["coordinates"], from_pickup);
}

#[test]
fn the_line_passes_by_what_was_taken_off() {
    let mut it = route(StopStatus::Pending, None);
    it.stops[0].status = StopStatus::Skipped;
    let passed_by = json!([[139.7, 35.7], [139.7454, 35.6586]]);
    assert_eq!(
        collection(it.clone())["features"][0]["geometry"]["coordinates"],
        passed_by
    );
    it.stops[1].status = StopStatus::Skipped;
    let shown = collection(it);
    let line = shown["features"][0]["geometry"]["coordinates"].as_array();
    assert!(line.unwrap().len() >= 2, "a line of less is none");
}

#[test]
fn a_line_over_the_180th_meridian_is_cut() {
    // From Taveuni in Fiji over the meridian and on to the east.
    let way = [(179.5, -16.5), (-179.5, -17.5), (-179.0, -17.5)];
    let line = polyline::encode_coordinates(way.map(Into::into), 5).unwrap();
    let shown = collection(route(StopStatus::Pending, Some(&line)));
    let geometry = &shown["features"][0]["geometry"];
    assert_eq!(geometry["type"], "MultiLineString");
    assert_eq!(
        geometry["coordinates"],
        json!([
            [[179.5, -16.5], [180.0, -17.0]],
            [[-180.0, -17.0], [-179.5, -17.5], [-179.0, -17.5]],
        ])
    );
}
