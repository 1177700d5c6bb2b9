//! [`LocationStore`]

use app::ports::{LocationStore, StoreError};
use domain::ids::Uuid;
use domain::{AgentLocation, Coordinates, LocationPoint, RouteId, Timestamp, UserId};

use super::fresh::later;
use crate::build::at;

/// Checks locations.
pub async fn run(locations: &dyn LocationStore) {
    the_latest_one_is_kept(locations).await;
    a_location_is_forgotten(locations).await;
    of_reports_at_once_one_is_stored(locations).await;
}

fn location(agent_id: UserId, at: Timestamp) -> AgentLocation {
    let point = |at| LocationPoint {
        location: Coordinates {
            lat: 41.387,
            lon: -2.170_1,
        },
        at,
        accuracy_m: 12.5,
    };
    AgentLocation {
        agent_id,
        route_id: RouteId(Uuid::now_v7()),
        last: point(at),
        timed_from: point(later(at, -20)),
    }
}

fn agent() -> UserId {
    UserId(Uuid::now_v7())
}

async fn the_latest_one_is_kept(locations: &dyn LocationStore) {
    let now = at("2030-05-06T08:00:00.123Z");
    let [one, other, nobody] = [(); 3].map(|()| agent());
    assert!(locations.locations(&[], now).await.unwrap().is_empty());
    let [first, of_other] = [one, other].map(|agent| location(agent, now));
    let second = AgentLocation {
        last: location(one, later(now, 10)).last,
        ..first
    };
    locations.put_location(&first, None, now).await.unwrap();
    locations.put_location(&of_other, None, now).await.unwrap();
    let stored = locations.put_location(&second, Some(&first), now).await;
    stored.unwrap();
    // A repetition, as after a lost answer, and a writer who has read nothing.
    for before in [Some(&first), None] {
        let again = locations.put_location(&second, before, now).await;
        assert!(matches!(again, Err(StoreError::Conflict)));
    }
    let mut found = locations
        .locations(&[one, nobody, other, one], now)
        .await
        .unwrap();
    found.sort_by_key(|location| location.agent_id);
    assert_eq!(found, [second, of_other]);
}

async fn a_location_is_forgotten(locations: &dyn LocationStore) {
    let now = at("2030-05-06T08:00:00Z");
    let agent = agent();
    let first = location(agent, now);
    locations.put_location(&first, None, now).await.unwrap();
    let day = 24 * 3600;
    let found = locations.locations(&[agent], later(now, day - 1)).await;
    assert_eq!(found.unwrap(), [first]);
    let found = locations.locations(&[agent], later(now, day)).await;
    assert!(found.unwrap().is_empty(), "also if it was not deleted yet");
    let second = location(agent, later(now, day + 60));
    let stored = locations.put_location(&second, None, second.last.at).await;
    stored.unwrap();
    let found = locations.locations(&[agent], second.last.at).await;
    assert_eq!(found.unwrap(), [second]);
}

async fn of_reports_at_once_one_is_stored(locations: &dyn LocationStore) {
    let now = at("2030-05-06T08:00:00Z");
    let agent = agent();
    let reports: Vec<_> = (0..8)
        .map(|second| location(agent, later(now, second)))
        .collect();
    let writes = reports
        .iter()
        .map(|report| locations.put_location(report, None, now));
    let written = futures::future::join_all(writes).await;
    assert_eq!(written.iter().filter(|it| it.is_ok()).count(), 1);
    let found = locations.locations(&[agent], now).await.unwrap();
    let winner = written.iter().position(Result::is_ok).unwrap();
    assert_eq!(found, [reports[winner]]);
}
