//! Finds all faults of an instance.

use crate::fault::{Fault, FaultKind};
use crate::instance::{
    Break, InstanceSpec, MOST_BREAKS, Order, PlannerStop, StopKind, Vehicle, Window,
};

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
    faults.objective();
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
        if vehicle.breaks.len() > MOST_BREAKS {
            self.add(format!("{place}.breaks"), FaultKind::TooManyBreaks);
        }
        for (at, it) in vehicle.breaks.iter().enumerate() {
            let place = format!("{place}.breaks[{at}]");
            self.window(&format!("{place}.window"), it.window);
            self.time(&format!("{place}.duration_s"), it.duration_s);
            if it.duration_s < 1 {
                self.add(format!("{place}.duration_s"), FaultKind::BreakWithoutLength);
            }
            let before = at.checked_sub(1).map(|before| &vehicle.breaks[before]);
            let ends_s = |it: &Break| it.window.latest_s.saturating_add(it.duration_s);
            if before.is_some_and(|before| it.window.earliest_s < ends_s(before)) {
                self.add(format!("{place}.window"), FaultKind::BreaksOverlap);
            }
        }
        if !(0..=FaultKind::COST_BOUND).contains(&vehicle.fixed_cost) {
            self.add(format!("{place}.fixed_cost"), FaultKind::CostOutOfRange);
        }
        for (at, &(order, kind)) in vehicle.frozen.iter().enumerate() {
            let place = format!("{place}.frozen[{at}]");
            self.frozen(place, index, &vehicle.frozen[..at], (order, kind));
        }
        let orders = self.spec.orders.len();
        for (at, &(order, _)) in vehicle.planned.iter().enumerate() {
            if order >= orders {
                let kind = FaultKind::NoSuchOrder { order, orders };
                self.add(format!("{place}.planned[{at}]"), kind);
            }
        }
    }

    /// A frozen stop of a vehicle, after others.
    fn frozen(
        &mut self,
        place: String,
        vehicle: usize,
        before: &[(usize, StopKind)],
        stop: (usize, StopKind),
    ) {
        let (order, kind) = stop;
        let Some(frozen) = self.spec.orders.get(order) else {
            let orders = self.spec.orders.len();
            self.add(place, FaultKind::NoSuchOrder { order, orders });
            return;
        };
        if frozen.pinned_to != Some(vehicle) {
            self.add(place.clone(), FaultKind::FrozenOnAnotherVehicle);
        }
        if before.contains(&stop) {
            self.add(place.clone(), FaultKind::FrozenTwice);
        }
        let picked_up = before.contains(&(order, StopKind::Pickup));
        match (kind, frozen.pickup) {
            (StopKind::Pickup, None) => self.add(place, FaultKind::FrozenPickupAboard),
            (StopKind::Dropoff, Some(_)) if !picked_up => {
                self.add(place, FaultKind::FrozenDropoffNotAboard);
            }
            _ => {}
        }
    }

    fn order(&mut self, index: usize, order: &Order) {
        let place = format!("orders[{index}]");
        if let Some(pickup) = &order.pickup {
            self.stop(&format!("{place}.pickup"), pickup);
        } else if order.pinned_to.is_none() {
            self.add(
                format!("{place}.pinned_to"),
                FaultKind::AboardWithoutVehicle,
            );
        }
        self.stop(&format!("{place}.dropoff"), &order.dropoff);
        if order.size == 0 {
            self.add(format!("{place}.size"), FaultKind::SizeZero);
        }
        let vehicles = self.spec.vehicles.len();
        for (field, vehicle) in [
            ("pinned_to", order.pinned_to),
            ("current_vehicle", order.current_vehicle),
        ] {
            if let Some(vehicle) = vehicle.filter(|vehicle| *vehicle >= vehicles) {
                let kind = FaultKind::NoSuchVehicle { vehicle, vehicles };
                self.add(format!("{place}.{field}"), kind);
            }
        }
        for (at, &vehicle) in order.allowed_vehicles.iter().flatten().enumerate() {
            if vehicle >= vehicles {
                let kind = FaultKind::NoSuchVehicle { vehicle, vehicles };
                self.add(format!("{place}.allowed_vehicles[{at}]"), kind);
            }
        }
        if order.urgency == 0 {
            self.add(format!("{place}.urgency"), FaultKind::UrgencyZero);
        }
        self.time(&format!("{place}.waiting_since_s"), order.waiting_since_s);
        if let Some(promise_s) = order.promise_s {
            if promise_s < 0 {
                self.add(format!("{place}.promise_s"), FaultKind::NegativePromise);
            }
            self.time(&format!("{place}.promise_s"), promise_s);
        }
    }

    fn objective(&mut self) {
        let objective = &self.spec.objective;
        if !(0..=FaultKind::COST_BOUND).contains(&objective.move_cost) {
            self.add("objective.move_cost", FaultKind::CostOutOfRange);
        }
        let weight = u64::from(objective.waiting_weight_milli);
        let prices = self.spec.orders.iter();
        let total = prices.fold(0_u64, |total, order| {
            total.saturating_add(weight * u64::from(order.urgency))
        });
        if total > FaultKind::WAITING_BOUND {
            self.add(
                "objective.waiting_weight_milli",
                FaultKind::WaitingTooExpensive,
            );
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
