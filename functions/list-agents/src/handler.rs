//! Lists agents to dispatchers.

use app::agents::ListAgents;
use async_trait::async_trait;
use runtime::http::{Handler, Problem, Request, Response};

/// Lists agents to dispatchers.
pub struct ListAgentsForDispatcher(pub ListAgents);

#[async_trait]
impl Handler for ListAgentsForDispatcher {
    async fn handle(&self, request: &Request) -> Result<Response, Problem> {
        let caller = request.caller()?;
        Response::ok(&self.0.run(&caller, &request.page_query()?).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    use domain::UserStatus;
    use serde_json::json;
    use testkit::http::answered;
    use testkit::{MemoryStore, an_agent};

    fn list_agents() -> ListAgentsForDispatcher {
        let waiting = an_agent(1).with_status(UserStatus::PendingApproval).build();
        let store = MemoryStore::with([waiting, an_agent(2).build()], []);
        ListAgentsForDispatcher(ListAgents {
            users: Arc::new(store),
        })
    }

    const EVENT: &str = include_str!("../../../events/list-agents.json");

    #[tokio::test]
    async fn a_dispatcher_sees_who_waits_for_approval() {
        let (status, body) = answered(&list_agents(), EVENT).await;
        assert_eq!((status, body["agents"].as_array().unwrap().len()), (200, 1));
        assert_eq!(body["agents"][0]["status"], "pending_approval");
    }

    #[tokio::test]
    async fn nobody_else_does() {
        let by_agent = EVENT.replace(
            r#""cognito:groups": "dispatcher""#,
            r#""cognito:groups": "agent""#,
        );
        let (status, body) = answered(&list_agents(), &by_agent).await;
        assert_eq!((status, &body["code"]), (403, &json!("forbidden")));
    }
}
