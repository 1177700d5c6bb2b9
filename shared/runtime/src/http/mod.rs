//! HTTP, as API Gateway's REST APIs hand it to a function.

mod accept;
mod caller;
mod cors;
mod event;
mod problem;
mod request;
mod response;

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use futures::FutureExt as _;
use lambda_runtime::{LambdaEvent, Runtime, service_fn};
use tracing::{Instrument, Span, error, info};

use crate::invocation;
use cors::Cors;
pub use event::{ProxyEvent, ProxyResponse};
pub use problem::Problem;
pub use request::Request;
pub use response::Response;

/// What a function answers to a request.
#[async_trait]
pub trait Handler: Send + Sync {
    /// Answers.
    async fn handle(&self, request: &Request) -> Result<Response, Problem>;
}

/// Waits for requests, forever.
///
/// # Errors
/// When the Lambda runtime is away.
pub async fn serve(handler: Arc<dyn Handler>) -> Result<(), lambda_runtime::Error> {
    let cors = Arc::new(Cors::of_environment());
    let service = service_fn(move |event: LambdaEvent<ProxyEvent>| {
        let (handler, cors) = (Arc::clone(&handler), Arc::clone(&cors));
        let span = invocation::span(&event.context);
        async move {
            let request = Request::from(event.payload);
            Ok::<_, lambda_runtime::Error>(respond(handler.as_ref(), &cors, &request).await)
        }
        .instrument(span)
    });
    Runtime::new(service).run().await
}

/// Answers one request, as where no page may call. A panic of the handler is answered too.
pub async fn answer(handler: &dyn Handler, event: ProxyEvent) -> ProxyResponse {
    respond(handler, &Cors::default(), &event.into()).await
}

async fn respond(handler: &dyn Handler, cors: &Cors, request: &Request) -> ProxyResponse {
    let begun = Instant::now();
    let id = request.id().unwrap_or_default();
    Span::current().record("api_request_id", id);
    let origin = request.header("Origin");
    let outcome = if cors.refuses(origin) {
        Err(Problem::foreign_page())
    } else {
        // Whatever the handler leaves behind when it panics is not used again: it has no state of its own.
        let outcome = std::panic::AssertUnwindSafe(handler.handle(request)).catch_unwind();
        outcome
            .await
            .unwrap_or_else(|_| Err(Problem::internal("the handler panicked")))
    };

    let (method, route) = request.route();
    let duration_ms = begun.elapsed().as_millis() as u64;
    let mut response = match outcome {
        Ok(response) => {
            info!(
                method,
                route,
                status = response.status(),
                duration_ms,
                "request answered"
            );
            response.into()
        }
        Err(problem) => {
            let (status, code, cause) = (problem.status(), problem.code(), problem.cause());
            if status >= 500 {
                error!(
                    method,
                    route, status, code, cause, duration_ms, "request failed"
                );
            } else {
                info!(method, route, status, code, duration_ms, "request refused");
            }
            problem.answer(id)
        }
    };
    cors.allow(origin, &mut response);
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use app::Refusal;
    use serde_json::{Value, json};

    /// Does what the body says.
    struct Obedient;

    #[async_trait]
    impl Handler for Obedient {
        async fn handle(&self, request: &Request) -> Result<Response, Problem> {
            match request.json()?.as_str() {
                Some("panic") => panic!("as told"),
                Some("throttle") => Err(Refusal::Throttled.into()),
                Some("caller") => Response::ok(&request.caller()?.user_id),
                Some("nothing") => Ok(Response::no_content()),
                _ => Response::accepted(&json!({"done": true})),
            }
        }
    }

    async fn answered(body: &str) -> (ProxyResponse, Value) {
        let headers = json!({"Content-Type": "application/json"});
        let context = json!({"requestId": "r-1"});
        let event = json!({"body": body, "headers": headers, "requestContext": context});
        let response = answer(&Obedient, serde_json::from_value(event).unwrap()).await;
        let body = serde_json::from_str(&response.body).unwrap_or_default();
        (response, body)
    }

    #[tokio::test]
    async fn an_answer_is_json() {
        let (response, body) = answered(r#""go""#).await;
        assert_eq!((response.status_code, &body), (202, &json!({"done": true})));
        assert_eq!(response.headers["Content-Type"], "application/json");
        let (response, _) = answered(r#""nothing""#).await;
        assert_eq!((response.status_code, response.body.as_str()), (204, ""));
        assert!(!response.headers.contains_key("Content-Type"));
    }

    #[tokio::test]
    async fn for_the_page_of_a_stranger_nothing_is_done() {
        // Anything the handler did would show: it panics.
        let headers = json!({"content-type": "application/json", "origin": "https://evil.example"});
        let event = json!({"body": "\"panic\"", "headers": headers});
        let response = answer(&Obedient, serde_json::from_value(event).unwrap()).await;
        let body: Value = serde_json::from_str(&response.body).unwrap();
        assert_eq!(
            (response.status_code, &body["code"]),
            (403, &json!("forbidden"))
        );
        assert!(!response.headers.contains_key("Access-Control-Allow-Origin"));
    }

    #[tokio::test]
    async fn a_panic_is_a_problem_that_tells_nothing() {
        let (response, body) = answered(r#""panic""#).await;
        assert_eq!(response.status_code, 500);
        assert_eq!(response.headers["Content-Type"], "application/problem+json");
        assert_eq!(
            (&body["code"], &body["instance"]),
            (&json!("internal"), &json!("r-1"))
        );
        assert!(!response.body.contains("told"));
    }

    #[tokio::test]
    async fn who_is_to_wait_is_told_how_long_and_who_has_no_token_what_to_send() {
        let (response, _) = answered(r#""throttle""#).await;
        assert_eq!(
            (
                response.status_code,
                response.headers["Retry-After"].as_str()
            ),
            (429, "5")
        );
        let (response, _) = answered(r#""caller""#).await;
        assert_eq!(response.status_code, 401);
        assert_eq!(response.headers["WWW-Authenticate"], "Bearer");
    }

    #[tokio::test]
    async fn a_body_that_cannot_be_read_is_400() {
        let (response, body) = answered("{").await;
        assert_eq!(
            (response.status_code, &body["code"]),
            (400, &json!("unreadable"))
        );
    }
}
