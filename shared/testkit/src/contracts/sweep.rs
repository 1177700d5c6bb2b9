//! [`SweepPlace`]

use app::ports::{PendingPlace, SweepPlace};
use domain::OrderId;
use domain::ids::Uuid;

use super::Fresh;
use crate::build::at;

/// Checks the place of the sweep. There is one in a store, so no other test may change it meanwhile.
pub async fn run(sweep: &dyn SweepPlace) {
    let place = PendingPlace {
        zone: Fresh::new().zone(),
        due_at: at("2030-05-06T08:00:00.250Z"),
        order_id: OrderId(Uuid::now_v7()),
    };
    sweep.reach(Some(place)).await.unwrap();
    assert_eq!(sweep.reached().await.unwrap(), Some(place));
    let further = PendingPlace {
        due_at: at("2030-05-06T09:00:00Z"),
        ..place
    };
    sweep.reach(Some(further)).await.unwrap();
    assert_eq!(sweep.reached().await.unwrap(), Some(further));
    sweep.reach(None).await.unwrap();
    assert_eq!(sweep.reached().await.unwrap(), None, "the end");
    sweep.reach(None).await.unwrap();
    assert_eq!(sweep.reached().await.unwrap(), None, "a repetition");
}
