//! [`ZonesWithoutAgents`]

use app::ports::ZonesWithoutAgents;
use domain::Zone;

use super::Fresh;
use super::fresh::later;
use crate::build::at;

/// Checks the notes of zones without agents.
pub async fn run(notes: &dyn ZonesWithoutAgents) {
    let now = at("2030-05-06T08:00:00.250Z");
    let zones: Vec<Zone> = (0..120).map(|_| Fresh::new().zone()).collect();
    let among = async |now| {
        let mut found = notes.among(&zones, now).await.unwrap();
        found.sort_unstable();
        found.dedup();
        found
    };
    assert_eq!(among(now).await, []);
    assert_eq!(notes.among(&[], now).await.unwrap(), []);
    for zone in [zones[3], zones[110]] {
        notes.note(zone, later(now, 60)).await.unwrap();
    }
    let mut both = [zones[3], zones[110]];
    both.sort_unstable();
    assert_eq!(among(now).await, both);
    notes.note(zones[3], later(now, 600)).await.unwrap();
    assert_eq!(among(later(now, 60)).await, [zones[3]], "until then");
    assert_eq!(among(later(now, 600)).await, []);
}
