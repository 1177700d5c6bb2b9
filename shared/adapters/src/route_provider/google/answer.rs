//! Google's answer. The label of a visit names its order: an index of 0 is left out of the JSON and looks like no
//! index.

use app::ports::FallbackReason;
use domain::Leg;
use planner::StopKind;

use super::request::{order_label, vehicle_label};
use super::wire::{ShipmentRoute, Tours, Transition, Visit};
use crate::route_provider::draft::{Draft, DraftRoute, DraftStop};
use crate::route_provider::outline::Outline;
use crate::route_provider::remote::Unusable;

pub(super) fn draft(tours: Tours, outline: &Outline) -> Result<Draft, Unusable> {
    // A vehicle that does not move has a route without visits.
    let driven = tours.routes.into_iter().filter(|it| !it.visits.is_empty());
    let routes: Result<Vec<DraftRoute>, Unusable> = driven.map(|it| route(it, outline)).collect();
    let skipped = tours.skipped_shipments.iter();
    let left_over: Result<Vec<usize>, Unusable> = skipped
        .map(|skipped| order(skipped.index, &skipped.label, outline))
        .collect();
    Ok(Draft {
        routes: routes?,
        left_over: left_over?,
    })
}

fn route(route: ShipmentRoute, outline: &Outline) -> Result<DraftRoute, Unusable> {
    // One transition leads to each visit. There may be one more, to the end.
    if route.transitions.len() < route.visits.len() {
        return Err(unreadable("a route has fewer ways than stops"));
    }
    let stops = route.visits.iter().zip(&route.transitions);
    let stops: Result<Vec<DraftStop>, Unusable> = stops
        .map(|(visit, way)| stop(visit, way, outline))
        .collect();
    let start = outline.vehicles.get(route.vehicle_index);
    let start = start.filter(|it| vehicle_label(it.vehicle) == route.vehicle_label);
    let start = start.ok_or_else(|| unreadable("a route's vehicle is not what its label says"))?;
    let way = route.route_polyline.map(|way| way.points);
    Ok(DraftRoute {
        vehicle: start.vehicle,
        stops: stops?,
        geometry: way.filter(|points| !points.is_empty()),
    })
}

fn stop(visit: &Visit, way: &Transition, outline: &Outline) -> Result<DraftStop, Unusable> {
    Ok(DraftStop {
        order: order(visit.shipment_index, &visit.shipment_label, outline)?,
        kind: if visit.is_pickup {
            StopKind::Pickup
        } else {
            StopKind::Dropoff
        },
        leg: leg(way)?,
    })
}

fn order(index: usize, label: &str, outline: &Outline) -> Result<usize, Unusable> {
    let task = outline.tasks.get(index);
    let task = task.filter(|task| order_label(task.order) == label);
    task.map(|task| task.order)
        .ok_or_else(|| unreadable("a shipment is not what its label says"))
}

fn leg(way: &Transition) -> Result<Leg, Unusable> {
    let seconds = way.travel_duration.as_deref().unwrap_or("0s");
    let seconds = seconds.strip_suffix('s').and_then(|it| it.parse().ok());
    let seconds: f64 = seconds.ok_or_else(|| unreadable("a duration is none"))?;
    // Rounded up, so that no arrival is too early.
    Ok(Leg {
        distance_m: whole(way.travel_distance_meters.round())?,
        duration_s: whole(seconds.ceil())?,
    })
}

fn whole(number: f64) -> Result<u32, Unusable> {
    if (0.0..=f64::from(u32::MAX)).contains(&number) {
        Ok(number as u32)
    } else {
        Err(unreadable("a leg is out of range"))
    }
}

fn unreadable(detail: &str) -> Unusable {
    Unusable::new(FallbackReason::Unreadable, detail)
}
