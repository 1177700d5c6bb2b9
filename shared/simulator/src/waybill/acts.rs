//! The acts of customers and agents.

use std::collections::BTreeSet;

use app::Refusal;
use app::ports::{RouteStore, UserStore};
use domain::{Coordinates, OrderStop, Route, RouteStop, StopKind, TimeWindow};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::agenda::{Event, moment, seconds};
use super::courier::{Doing, Target};
use super::run::{Simulation, SimulationError};
use super::wiring::{agent, agent_id, customer};
use crate::outcome::{Delivery, Visit};

impl Simulation<'_> {
    /// A customer places an order.
    pub(super) async fn place(&mut self, order: usize) -> Result<(), SimulationError> {
        let placed = &self.day.orders[order];
        let mut dropoff = stop_body(&placed.new.dropoff);
        dropoff["contact"] = json!({"email": address_at_door(order)});
        let body = json!({
            "pickup": stop_body(&placed.new.pickup),
            "dropoff": dropoff,
            "size": placed.new.size,
        });
        let create_order = self.waybill.create_order();
        let caller = customer(placed.customer);
        create_order.run(&caller, &body, None).await?;
        self.newest = Some(order);
        Ok(())
    }

    /// A customer cancels an order. After the pickup, this is too late.
    pub(super) async fn cancel(&mut self, order: usize) -> Result<(), SimulationError> {
        let caller = customer(self.day.orders[order].customer);
        self.set_status(&caller, order, json!({"status": "cancelled"}))
            .await?;
        Ok(())
    }

    /// An agent comes on duty where they are, or goes off duty.
    pub(super) async fn change_duty(
        &mut self,
        index: usize,
        on_duty: bool,
    ) -> Result<(), SimulationError> {
        let courier = &self.couriers[index];
        let body = if on_duty {
            let mut body = json!({"on_duty": true, "start_location": courier.at});
            if let Some(shift) = self.shift_of(index) {
                body["shift"] = shift;
            }
            body
        } else {
            if let Doing::Serving { ends, .. } = courier.doing {
                // First the agent finishes the stop.
                self.agenda.note(ends + 1, Event::DutyEnds(index));
                return Ok(());
            }
            json!({"on_duty": false, "release": true})
        };
        let update_agent = self.waybill.update_agent();
        let id = agent_id(index).to_string();
        update_agent.run(&agent(index), &id, &body).await?;
        self.couriers[index].on_duty = on_duty;
        Ok(())
    }

    /// The shift that begins now, if Waybill knows it.
    fn shift_of(&self, index: usize) -> Option<Value> {
        let agent = &self.day.agents[index];
        let duty = agent
            .duty_at(seconds(self.now))
            .filter(|_| agent.has_shifts)?;
        let at = |at_s: f64| self.day.begins + SignedDuration::from_millis(moment(at_s));
        let is_finite = duty.until_s.is_finite();
        is_finite.then(|| json!({"start": at(duty.from_s), "end": at(duty.until_s)}))
    }

    /// An agent ends the service at a stop and taps.
    pub(super) async fn tap(&mut self, index: usize) -> Result<(), SimulationError> {
        let Doing::Serving {
            target,
            left,
            arrived,
            ..
        } = self.couriers[index].doing
        else {
            return Ok(());
        };
        self.couriers[index].doing = Doing::Idle;
        if let Some(order) = self.orders.get(&target.order).copied() {
            let body = match target.kind {
                StopKind::Pickup if self.day.orders[order].pickup_fails => {
                    json!({"status": "failed", "reason": "nothing to pick up"})
                }
                StopKind::Pickup => json!({"status": "in_progress"}),
                StopKind::Dropoff => json!({"status": "delivered"}),
            };
            if self.set_status(&agent(index), order, body).await? {
                let at_s = seconds(self.now);
                self.report.outcome.visits[index].push(Visit {
                    order,
                    kind: target.kind,
                    left_s: seconds(left),
                    arrived_s: seconds(arrived),
                    served_s: at_s,
                });
                if target.kind == StopKind::Dropoff {
                    let delivery = Delivery { at_s, agent: index };
                    self.report.outcome.deliveries[order] = Some(delivery);
                }
            }
        }
        self.look(index).await
    }

    /// Returns whether the order's status allowed the step.
    async fn set_status(
        &self,
        caller: &app::Caller,
        order: usize,
        body: Value,
    ) -> Result<bool, SimulationError> {
        let Some(id) = self.ids[order] else {
            return Ok(false);
        };
        let update = self.waybill.update_order_status();
        match update.run(caller, &id.to_string(), &body).await {
            Ok(_) => Ok(true),
            // The order was cancelled, or it is not on the agent's route any more.
            Err(Refusal::StepNotAllowed { .. } | Refusal::NotFound) => Ok(false),
            Err(refusal) => Err(refusal.into()),
        }
    }

    /// The agents look at their routes.
    pub(super) async fn look_at(&mut self, agents: BTreeSet<usize>) -> Result<(), SimulationError> {
        for index in agents {
            self.look(index).await?;
        }
        Ok(())
    }

    /// An agent looks at the route and drives on.
    async fn look(&mut self, index: usize) -> Result<(), SimulationError> {
        if matches!(self.couriers[index].doing, Doing::Serving { .. }) {
            return Ok(());
        }
        let route = self.open_route(index).await?;
        let courier = &mut self.couriers[index];
        if matches!(courier.doing, Doing::Driving { .. }) {
            if !courier.must_turn(route.as_ref()) {
                return Ok(());
            }
            courier.stop_driving(&self.day.streets, self.now);
        }
        let next = route.as_ref().and_then(|route| route.open_stops().next());
        if let Some(stop) = next {
            let target = self.target(stop);
            let courier = &mut self.couriers[index];
            let arrives = courier.depart(target, &self.day.streets, self.now);
            let trip = courier.trip;
            let event = Event::Arrived { agent: index, trip };
            self.agenda.note(arrives, event);
        }
        Ok(())
    }

    async fn open_route(&mut self, index: usize) -> Result<Option<Route>, SimulationError> {
        let store = &self.waybill.store;
        let before = store.requests();
        let user = store.user(agent_id(index)).await.map_err(Refusal::from)?;
        let profile = user.and_then(|user| user.agent);
        let route = match profile.and_then(|profile| profile.open_route_id) {
            Some(route_id) => store.route(agent_id(index), route_id).await,
            None => Ok(None),
        };
        self.looks += store.requests() - before;
        Ok(route.map_err(Refusal::from)?)
    }

    fn target(&self, stop: &RouteStop) -> Target {
        let opens = |at| moment(self.day.seconds_of(at));
        Target {
            order: stop.order_id,
            kind: stop.kind,
            place: stop.location,
            service_s: stop.service_s,
            not_before: stop.not_before.map_or(0, opens),
        }
    }
}

/// The email address of an order's recipient. No two orders have the same.
pub(super) fn address_at_door(order: usize) -> String {
    format!("door-{order}@example.com")
}

fn stop_body(stop: &OrderStop<Coordinates>) -> Value {
    let mut body = json!({"location": stop.location, "service_s": stop.service_s});
    if let Some(TimeWindow { start, end }) = stop.window {
        body["window"] = json!({"start": start, "end": end});
    }
    body
}
