//! Finds all faults of an instance.

use crate::fault::{Fault, FaultKind};
use crate::instance::{InstanceSpec, Order, PlannerStop, StopKind, Vehicle, Window};

/// All faults of an instance, in the order of its parts.
pub(crate) fn faults(spec: &InstanceSpec) -> Vec<Fault> {
    let mut faults = Faults {
        spec,
        found: Vec::new(),
    };
    // The search numbers stops with 32 bits and needs a few numbers as marks.
    let bound = usize::try_from(i32::MAX / 4).unwrap_or(usize::MAX);
    for (place, count) in [
        ("travel", spec.travel.points()),
        ("vehicles", spec.vehicles.len()),
        ("orders", spec.orders.len()),
    ] {
        if count > bound {
            faults.add(place, FaultKind::TooLarge);
        }
    }
    for (index, vehicle) in spec.vehicles.iter().enumerate() {
        faults.vehicle(index, vehicle);
    }
    for (index, order) in spec.orders.iter().enumerate() {
        faults.order(index, order);
    }
    faults.found
}

struct Faults<'a> {
    spec: &'a InstanceSpec,
    found: Vec<Fault>,
}

impl Faults<'_> {
    fn add(&mut self, place: impl Into<String>, kind: FaultKind) {
        self.found.push(Fault::new(place, kind));
    }

    fn vehicle(&mut self, index: usize, vehicle: &Vehicle) {
        let place = format!("vehicles[{index}]");
        self.point(&format!("{place}.start"), vehicle.start);
        if let Some(end) = vehicle.end {
            self.point(&format!("{place}.end"), end);
        }
        self.time(&format!("{place}.shift"), vehicle.shift.start_s);
        self.time(&format!("{place}.shift"), vehicle.shift.end_s);
        if !(0..=FaultKind::COST_BOUND).contains(&vehicle.fixed_cost) {
            self.add(format!("{place}.fixed_cost"), FaultKind::CostOutOfRange);
        }
        let Some((order, kind)) = vehicle.next_stop else {
            return;
        };
        let place = format!("{place}.next_stop");
        let Some(next) = self.spec.orders.get(order) else {
            let orders = self.spec.orders.len();
            self.add(place, FaultKind::NoSuchOrder { order, orders });
            return;
        };
        if next.vehicle != Some(index) {
            self.add(place.clone(), FaultKind::NextStopOfAnotherVehicle);
        }
        match (kind, next.pickup) {
            (StopKind::Pickup, None) => self.add(place, FaultKind::NextStopPickedUpAlready),
            (StopKind::Dropoff, Some(_)) => self.add(place, FaultKind::NextStopNotPickedUp),
            _ => {}
        }
    }

    fn order(&mut self, index: usize, order: &Order) {
        let place = format!("orders[{index}]");
        if let Some(pickup) = &order.pickup {
            self.stop(&format!("{place}.pickup"), pickup);
        } else if order.vehicle.is_none() {
            self.add(format!("{place}.vehicle"), FaultKind::AboardWithoutVehicle);
        }
        self.stop(&format!("{place}.dropoff"), &order.dropoff);
        if order.size == 0 {
            self.add(format!("{place}.size"), FaultKind::SizeZero);
        }
        if let Some(vehicle) = order.vehicle {
            let vehicles = self.spec.vehicles.len();
            if vehicle >= vehicles {
                self.add(
                    format!("{place}.vehicle"),
                    FaultKind::NoSuchVehicle { vehicle, vehicles },
                );
            }
        }
    }

    fn stop(&mut self, place: &str, stop: &PlannerStop) {
        self.point(&format!("{place}.point"), stop.point);
        if let Some(window) = stop.window {
            self.window(&format!("{place}.window"), window);
        }
        if stop.service_s < 0 {
            self.add(format!("{place}.service_s"), FaultKind::NegativeService);
        } else {
            self.time(&format!("{place}.service_s"), stop.service_s);
        }
    }

    fn window(&mut self, place: &str, window: Window) {
        self.time(place, window.earliest_s);
        self.time(place, window.latest_s);
        if window.latest_s < window.earliest_s {
            self.add(place, FaultKind::WindowEndsBeforeItBegins);
        }
    }

    fn point(&mut self, place: &str, point: usize) {
        let points = self.spec.travel.points();
        if point >= points {
            self.add(place, FaultKind::NoSuchPoint { point, points });
        }
    }

    fn time(&mut self, place: &str, time_s: i64) {
        if !(-FaultKind::TIME_BOUND_S..=FaultKind::TIME_BOUND_S).contains(&time_s) {
            self.add(place, FaultKind::TimeOutOfRange);
        }
    }
}
