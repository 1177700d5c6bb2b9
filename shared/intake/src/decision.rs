//! Reads the decisions of dispatchers about orders and routes.

use std::collections::BTreeSet;
use std::str::FromStr;

use domain::decision::MOST_REFUSED_AGENTS;
use domain::route::MOST_OPEN_ORDERS;
use domain::{OrderId, StopKind, UserId, VariantArray};
use serde_json::Value;

use crate::faults::Faults;
use crate::fields::Fields;

/// The place of an order in a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    /// Where it is late least, and costs least.
    Best,
    /// The pickup is the next stop that the agent is not driving to yet.
    Next,
    /// Behind all stops.
    Last,
    /// The pickup is directly before the first open stop of this order.
    Before(OrderId),
}

/// A request to put an order on an agent's route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewAssignment {
    /// The agent.
    pub agent_id: UserId,
    /// The place in the route.
    pub position: Position,
    /// Whether the order stays with the agent, whatever the optimizer finds.
    pub pinned: bool,
    /// Whether broken time windows are accepted.
    pub force: bool,
}

/// A request to take an order off its route, or to let it wait.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Release {
    /// Whether plans leave the order out from now on. `None` leaves that as it is.
    pub hold: Option<bool>,
    /// The agents to whom the order must not return.
    pub not: Vec<UserId>,
}

/// A request to set the sequence of a route's open stops.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSequence {
    /// The version of the route for which the sequence was made.
    pub version: u64,
    /// The stops.
    pub stops: Vec<(OrderId, StopKind)>,
    /// The number of stops at the beginning that the optimizer leaves as they are.
    pub pinned_through: usize,
    /// Whether broken time windows are accepted.
    pub force: bool,
}

/// A request to move the orders of a route that are not aboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transfer {
    /// The agent who gets them. `None`: the optimizer distributes them.
    pub to: Option<UserId>,
    /// Whether they stay with that agent.
    pub pinned: bool,
    /// Whether broken time windows are accepted.
    pub force: bool,
}

/// Reads the body of `PUT /orders/{order_id}/assignment`.
///
/// # Errors
/// Every fault in the body.
pub fn read_assignment(body: &Value) -> Result<NewAssignment, Faults> {
    let faults = Faults::new();
    let fields = Fields::of_body(body, &faults);
    fields.only(&["agent_id", "position", "pinned", "force"]);
    let agent_id = required_id(&fields, "agent_id");
    let position = match body.get("position") {
        None | Some(Value::Null) => Some(Position::Best),
        Some(Value::Object(_)) => fields.object("position").and_then(|position| {
            position.only(&["before"]);
            required_id(&position, "before").map(Position::Before)
        }),
        Some(Value::String(word)) if word == "best" => Some(Position::Best),
        Some(Value::String(word)) if word == "next" => Some(Position::Next),
        Some(Value::String(word)) if word == "last" => Some(Position::Last),
        Some(_) => {
            let detail = "must be best, next, last, or {\"before\": order_id}";
            fields.fault("position", detail);
            None
        }
    };
    let pinned = fields.flag("pinned").unwrap_or(true);
    let force = fields.flag("force").unwrap_or_default();
    let read = agent_id.zip(position);
    faults.or(read.map(|(agent_id, position)| NewAssignment {
        agent_id,
        position,
        pinned,
        force,
    }))
}

/// Reads the body of `DELETE /orders/{order_id}/assignment`.
///
/// # Errors
/// Every fault in the body.
pub fn read_release(body: &Value) -> Result<Release, Faults> {
    let faults = Faults::new();
    let fields = Fields::of_body(body, &faults);
    fields.only(&["hold", "not"]);
    let hold = fields.flag("hold");
    let not = elements(body, &fields, "not", MOST_REFUSED_AGENTS, &faults);
    let not = not.into_iter().enumerate().filter_map(|(index, element)| {
        let id = element.as_str().and_then(|text| text.parse().ok());
        if id.is_none() {
            faults.note(format!("#/not/{index}"), NO_ID);
        }
        id
    });
    let not = not.collect();
    faults.or(Some(Release { hold, not }))
}

/// Reads the body of `PUT /routes/{agent_id}/stops`.
///
/// # Errors
/// Every fault in the body.
pub fn read_sequence(body: &Value) -> Result<NewSequence, Faults> {
    let faults = Faults::new();
    let fields = Fields::of_body(body, &faults);
    fields.only(&["version", "stops", "pinned_through", "force"]);
    for name in ["version", "stops"] {
        if body.is_object() && !fields.has(name) {
            fields.fault(name, "is missing");
        }
    }
    let version = fields.whole_number("version", 1..=u64::from(u32::MAX));
    let elements = elements(body, &fields, "stops", 2 * MOST_OPEN_ORDERS, &faults);
    let mut seen = BTreeSet::new();
    let stops = elements.iter().enumerate().filter_map(|(index, element)| {
        let stop = Fields::of_element(element, format!("#/stops/{index}"), &faults);
        stop.only(&["order_id", "kind"]);
        let order_id: Option<OrderId> = required_id(&stop, "order_id");
        if element.is_object() && !stop.has("kind") {
            stop.fault("kind", "is missing");
        }
        let visit = order_id.zip(stop.word("kind", StopKind::VARIANTS))?;
        if !seen.insert(visit) {
            faults.note(format!("#/stops/{index}"), "is there twice");
        }
        Some(visit)
    });
    let stops: Vec<_> = stops.collect();
    let pinned = fields.whole_number("pinned_through", 0..=elements.len() as u64);
    let pinned_through = pinned.map_or(elements.len(), |it| it as usize);
    let force = fields.flag("force").unwrap_or_default();
    faults.or(version.map(|version| NewSequence {
        version,
        stops,
        pinned_through,
        force,
    }))
}

/// Reads the body of `POST /routes/{agent_id}/transfer`.
///
/// # Errors
/// Every fault in the body.
pub fn read_transfer(body: &Value) -> Result<Transfer, Faults> {
    let faults = Faults::new();
    let fields = Fields::of_body(body, &faults);
    fields.only(&["to", "pinned", "force"]);
    if body.is_object() && body.get("to").is_none() {
        // Without this, a misspelt body would give a whole run back to the optimizer.
        let detail = "is missing; null lets the optimizer distribute the orders";
        fields.fault("to", detail);
    }
    let to = id(&fields, "to");
    let pinned = fields.flag("pinned").unwrap_or(true);
    let force = fields.flag("force").unwrap_or_default();
    faults.or(Some(Transfer { to, pinned, force }))
}

const NO_ID: &str = "must be an id";

/// An id that is there and not `null`.
fn id<T: FromStr>(fields: &Fields<'_>, name: &'static str) -> Option<T> {
    let text = fields.text(name, 100)?;
    let id = text.parse().ok();
    if id.is_none() {
        fields.fault(name, NO_ID);
    }
    id
}

fn required_id<T: FromStr>(fields: &Fields<'_>, name: &'static str) -> Option<T> {
    fields.required_text(name, 100)?;
    id(fields, name)
}

/// The elements of a list. None if it is absent, `null`, no list or too long.
fn elements<'a>(
    body: &'a Value,
    fields: &Fields<'_>,
    name: &'static str,
    most: usize,
    faults: &Faults,
) -> Vec<&'a Value> {
    match body.get(name) {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(list)) if list.len() > most => {
            fields.fault(name, format!("must have at most {most} elements"));
            Vec::new()
        }
        Some(Value::Array(list)) => list.iter().collect(),
        Some(_) => {
            faults.note(format!("#/{name}"), "must be a list");
            Vec::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ID: &str = "0197c56d-d900-7b6e-9d2f-4a1e5b7c8d90";

    fn named<T: std::fmt::Debug>(read: Result<T, Faults>) -> Vec<String> {
        let faults = read.unwrap_err().into_vec();
        faults.into_iter().map(|fault| fault.pointer).collect()
    }

    #[test]
    fn what_a_dispatcher_leaves_out_is_the_careful_choice() {
        let read = read_assignment(&json!({"agent_id": ID})).unwrap();
        assert_eq!(
            (read.position, read.pinned, read.force),
            (Position::Best, true, false)
        );
        assert_eq!(read_release(&json!({})).unwrap(), Release::default());
        let stops =
            json!([{"order_id": ID, "kind": "pickup"}, {"order_id": ID, "kind": "dropoff"}]);
        let read = read_sequence(&json!({"version": 3, "stops": stops})).unwrap();
        assert_eq!((read.pinned_through, read.force), (2, false));
        let read = read_transfer(&json!({"to": null})).unwrap();
        assert_eq!((read.to, read.pinned), (None, true));
    }

    #[test]
    fn each_place_in_a_route_is_read() {
        for (sent, read) in [
            (json!("next"), Position::Next),
            (json!("last"), Position::Last),
            (json!({"before": ID}), Position::Before(ID.parse().unwrap())),
        ] {
            let body = json!({"agent_id": ID, "position": sent});
            assert_eq!(read_assignment(&body).unwrap().position, read);
        }
    }

    #[test]
    fn every_fault_of_a_decision_is_named() {
        let body = json!({"agent_id": 7, "position": "first", "pinned": 1, "forse": true});
        assert_eq!(
            named(read_assignment(&body)),
            ["#/forse", "#/agent_id", "#/position", "#/pinned"]
        );
        assert_eq!(named(read_assignment(&json!({}))), ["#/agent_id"]);
        let body = json!({"agent_id": ID, "position": {"after": ID}});
        assert_eq!(
            named(read_assignment(&body)),
            ["#/position/after", "#/position/before"]
        );
        assert_eq!(
            named(read_release(
                &json!({"hold": "yes", "not": [ID, "nobody", 5]})
            )),
            ["#/hold", "#/not/1", "#/not/2"]
        );
        assert_eq!(named(read_release(&json!({"not": ID}))), ["#/not"]);
        assert_eq!(
            named(read_release(&json!({"not": vec![ID; 51]}))),
            ["#/not"]
        );
        assert_eq!(named(read_sequence(&json!({}))), ["#/version", "#/stops"]);
        let stops = json!([{"order_id": ID, "kind": "pickup"}, {"order_id": ID, "kind": "pickup"}, {"kind": "x"}, 7]);
        let body = json!({"version": 0, "stops": stops, "pinned_through": 5});
        assert_eq!(
            named(read_sequence(&body)),
            [
                "#/version",
                "#/stops/1",
                "#/stops/2/order_id",
                "#/stops/2/kind",
                "#/stops/3",
                "#/pinned_through"
            ]
        );
        assert_eq!(named(read_transfer(&json!({}))), ["#/to"]);
        assert_eq!(named(read_transfer(&json!({"to": "me"}))), ["#/to"]);
        for read in [
            named(read_transfer(&json!([]))),
            named(read_sequence(&json!(7))),
        ] {
            assert_eq!(read, ["#"]);
        }
    }
}
