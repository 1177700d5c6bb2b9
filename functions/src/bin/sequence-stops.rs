//! `PUT /routes/{agent_id}/stops`: sets the sequence of the open stops of a route.

use adapters::desk::{DeskSettings, dispatch_desk};
use app::routes::SequenceStops;
use runtime::http::{Problem, Request, Response};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let settings: DeskSettings = settings::from_environment()?;
    let aws = adapters::aws::config();
    let dynamodb = adapters::dynamodb::Client::new(&aws);
    let sequence_stops = SequenceStops(dispatch_desk(&dynamodb, settings));
    runtime::http::serve(sequence_stops, handle).await
}

async fn handle(sequence_stops: &SequenceStops, request: &Request) -> Result<Response, Problem> {
    let caller = request.caller()?;
    let body = request.json()?;
    let if_match = request.if_match()?;
    let answer = sequence_stops
        .run(&caller, request.path("agent_id"), &body, if_match.as_ref())
        .await?;
    let version = answer.route.version();
    Ok(Response::ok(&answer)?.with_version(version))
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::sync::Arc;

    use serde_json::json;
    use testkit::build::desk;
    use testkit::http::answered;
    use testkit::{MemoryStore, StillClock, an_agent, an_order};

    const EVENT: &str = include_str!("../../../events/sequence-stops.json");

    fn store() -> Arc<MemoryStore> {
        let mut agent = an_agent(1).on_duty().build();
        agent.id = "63b4c8f2-4071-70e0-5d0f-8a1b2c3d4e5f".parse().unwrap();
        let mut order = an_order(1).build();
        order.id = "0197c56d-d900-7b6e-9d2f-4a1e5b7c8d90".parse().unwrap();
        Arc::new(MemoryStore::with([agent], [order]))
    }

    fn sequence_stops(store: &Arc<MemoryStore>) -> SequenceStops {
        let clock = Arc::new(StillClock::at("2030-05-06T08:00:00Z"));
        SequenceStops(desk(store, clock))
    }

    #[tokio::test]
    async fn a_dispatcher_pins_the_beginning_of_a_route() {
        let store = store();
        let sequence_stops = sequence_stops(&store);
        let (status, body) = answered(&sequence_stops, handle, EVENT).await;
        assert_eq!((status, &body["code"]), (404, &json!("not_found")));
        let assign = app::orders::AssignOrder(desk(
            &store,
            Arc::new(StillClock::at("2030-05-06T08:00:00Z")),
        ));
        let dispatcher = app::Caller {
            user_id: testkit::build::user_id(9),
            roles: vec![domain::Role::Dispatcher],
            request_id: None,
        };
        let (order, agent) = (store.all_orders()[0].id, store.all_users()[0].id);
        let id = order.to_string();
        let body = json!({"agent_id": agent});
        let assigned = assign.run(&dispatcher, &id, &body, None);
        assigned.await.unwrap();
        let (status, body) = answered(&sequence_stops, handle, EVENT).await;
        assert_eq!((status, &body["route"]["pinned_through"]), (200, &json!(1)));
        let (status, body) = answered(&sequence_stops, handle, EVENT).await;
        assert_eq!((status, &body["current_version"]), (409, &json!(2)));
    }
}
