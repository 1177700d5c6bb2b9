//! HTTP requests from API Gateway's REST APIs. `lambda_http` reads the events (decision 0017).

mod accept;
mod caller;
mod cors;
mod etag;
mod ids;
mod problem;
mod request;
mod response;

use futures::FutureExt as _;
use futures::future::LocalBoxFuture;
use lambda_http::Body;
use lambda_runtime::{LambdaEvent, Runtime, service_fn};
use serde_json::value::RawValue;
use tracing::field::display;
use tracing::{Instrument, Span, error, info};

use crate::clock::instant;
use crate::invocation;
use cors::Cors;
use ids::Ids;
pub use problem::Problem;
pub use request::Request;
pub use response::Response;

/// Answers requests with `handle` and its use case, forever.
///
/// # Errors
/// When the Lambda runtime cannot be reached.
pub async fn serve<U>(
    use_case: U,
    handle: impl AsyncFn(&U, &Request) -> Result<Response, Problem>,
) -> Result<(), lambda_runtime::Error> {
    run(&Bound {
        use_case: &use_case,
        handle,
    })
    .await
}

/// Answers one event of the gateway. No page of another origin may call. A panic of the handler is answered too.
pub async fn answer<U>(
    use_case: &U,
    handle: impl AsyncFn(&U, &Request) -> Result<Response, Problem>,
    event: &str,
) -> lambda_http::Response<Body> {
    respond(&Bound { use_case, handle }, &Cors::default(), event).await
}

/// A handler together with its use case.
struct Bound<'u, U, H> {
    use_case: &'u U,
    handle: H,
}

/// Hides the types of the handler and of the use case, so that the loop is compiled once and not for each function.
trait Answer {
    fn answer<'a>(&'a self, request: &'a Request) -> LocalBoxFuture<'a, Result<Response, Problem>>;
}

impl<U, H> Answer for Bound<'_, U, H>
where
    H: AsyncFn(&U, &Request) -> Result<Response, Problem>,
{
    fn answer<'a>(&'a self, request: &'a Request) -> LocalBoxFuture<'a, Result<Response, Problem>> {
        (self.handle)(self.use_case, request).boxed_local()
    }
}

/// The compiler compiles a future where it is polled. Without the box, each function would compile this loop.
fn run(handler: &dyn Answer) -> LocalBoxFuture<'_, Result<(), lambda_runtime::Error>> {
    Box::pin(async move {
        let cors = &Cors::of_environment();
        let service = service_fn(|event: LambdaEvent<Box<RawValue>>| {
            let span = invocation::span(&event.context);
            async move {
                let answer = respond(handler, cors, event.payload.get()).await;
                Ok::<_, lambda_runtime::Error>(response::for_gateway(answer))
            }
            .instrument(span)
        });
        Runtime::new(service).run().await
    })
}

async fn respond(handler: &dyn Answer, cors: &Cors, event: &str) -> lambda_http::Response<Body> {
    match Request::of_event(event) {
        Ok(request) => respond_to(handler, cors, &request).await,
        Err(problem) => {
            let (status, code) = (problem.status().as_u16(), problem.code());
            let cause = problem.cause();
            error!(status, code, cause, "event cannot be read");
            let mut response = problem.answer("");
            cors.allow(None, &mut response);
            response
        }
    }
}

async fn respond_to(
    handler: &dyn Answer,
    cors: &Cors,
    request: &Request,
) -> lambda_http::Response<Body> {
    let begun = instant();
    let id = request.id().unwrap_or_default();
    Span::current().record("api_request_id", id);
    let origin = request.origin();
    let outcome = if cors.refuses(origin, request.host()) {
        Err(Problem::foreign_page())
    } else {
        // A handler has no state of its own, so a panic leaves nothing half-changed behind.
        let outcome = std::panic::AssertUnwindSafe(handler.answer(request)).catch_unwind();
        outcome
            .await
            .unwrap_or_else(|_| Err(Problem::internal("the handler panicked")))
    };

    let (method, route) = request.route();
    let ids = Ids::of(request, outcome.as_ref().ok());
    let order_id = ids.order_id.map(display);
    let route_id = ids.route_id.map(display);
    let agent_id = ids.agent_id.map(display);
    let duration_ms = begun.elapsed().as_millis() as u64;
    let mut response = match outcome {
        Ok(response) => {
            info!(
                method,
                route,
                status = response.status().as_u16(),
                order_id,
                route_id,
                agent_id,
                duration_ms,
                "request answered"
            );
            response.into()
        }
        Err(problem) => {
            let (status, code, cause) =
                (problem.status().as_u16(), problem.code(), problem.cause());
            if status >= 500 {
                error!(
                    method,
                    route, status, code, cause, order_id, agent_id, duration_ms, "request failed"
                );
            } else {
                info!(
                    method,
                    route, status, code, order_id, agent_id, duration_ms, "request refused"
                );
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
    async fn obey((): &(), request: &Request) -> Result<Response, Problem> {
        match request.json()?.as_str() {
            Some("panic") => panic!("as told"),
            Some("throttle") => Err(Refusal::Throttled.into()),
            Some("caller") => Response::ok(&request.caller()?.user_id),
            Some("nothing") => Ok(Response::no_content()),
            _ => Response::accepted(&json!({"done": true})),
        }
    }

    async fn answered(body: &str) -> (lambda_http::Response<Body>, Value) {
        let headers = json!({"Content-Type": "application/json"});
        answered_with(json!({"body": body, "headers": headers})).await
    }

    /// The answer to an event with these members, and with those that each event has.
    async fn answered_with(members: Value) -> (lambda_http::Response<Body>, Value) {
        let context = json!({"requestId": "r-1", "httpMethod": "POST"});
        let mut event = json!({"httpMethod": "POST", "requestContext": context});
        let Value::Object(members) = members else {
            panic!("members")
        };
        event.as_object_mut().unwrap().extend(members);
        let response = answer(&(), obey, &event.to_string()).await;
        let body = serde_json::from_slice(response.body()).unwrap_or_default();
        (response, body)
    }

    #[tokio::test]
    async fn an_answer_is_json() {
        let (response, body) = answered(r#""go""#).await;
        assert_eq!(
            (response.status().as_u16(), &body),
            (202, &json!({"done": true}))
        );
        assert_eq!(response.headers()["Content-Type"], "application/json");
        let (response, _) = answered(r#""nothing""#).await;
        assert_eq!(
            (response.status().as_u16(), response.body().len()),
            (204, 0)
        );
        assert!(!response.headers().contains_key("Content-Type"));
    }

    #[tokio::test]
    async fn for_the_page_of_a_stranger_nothing_is_done() {
        // If the handler ran, it would panic and the status would be 500.
        let headers = json!({"content-type": "application/json", "origin": "https://evil.example"});
        let event = json!({"body": "\"panic\"", "headers": headers});
        let (response, body) = answered_with(event).await;
        assert_eq!(
            (response.status().as_u16(), &body["code"]),
            (403, &json!("forbidden"))
        );
        assert!(
            !response
                .headers()
                .contains_key("Access-Control-Allow-Origin")
        );
    }

    #[tokio::test]
    async fn a_panic_is_a_problem_that_tells_nothing() {
        let (response, body) = answered(r#""panic""#).await;
        assert_eq!(response.status(), 500);
        assert_eq!(
            response.headers()["Content-Type"],
            "application/problem+json"
        );
        assert_eq!(
            (&body["code"], &body["instance"]),
            (&json!("internal"), &json!("r-1"))
        );
        assert!(!body.to_string().contains("told"));
    }

    #[tokio::test]
    async fn who_is_to_wait_is_told_how_long() {
        let (response, _) = answered(r#""throttle""#).await;
        assert_eq!(
            (
                response.status().as_u16(),
                response.headers()["Retry-After"].as_bytes()
            ),
            (429, b"5".as_slice())
        );
    }

    #[tokio::test]
    async fn the_gateway_alone_tells_how_to_log_in() {
        // It renames this header of a function to x-amzn-remapped-www-authenticate.
        let (response, _) = answered(r#""caller""#).await;
        assert_eq!(response.status(), 401);
        assert!(!response.headers().contains_key("WWW-Authenticate"));
    }

    #[tokio::test]
    async fn an_event_that_cannot_be_read_is_answered_as_the_gateway_expects() {
        let damaged = json!({"body": "e30", "isBase64Encoded": true});
        for event in [damaged, json!({"requestContext": null})] {
            let (response, body) = answered_with(event).await;
            assert_eq!(body["code"], json!("unreadable"));
            let sent = serde_json::to_value(response::for_gateway(response)).unwrap();
            assert_eq!(sent["statusCode"], json!(400));
            let headers =
                json!({"cache-control": "no-store", "content-type": "application/problem+json"});
            assert_eq!(sent["headers"], headers);
            assert_eq!(sent["body"], json!(body.to_string()));
            assert_eq!(sent["isBase64Encoded"], json!(false));
        }
    }

    #[test]
    fn a_log_line_names_the_ids_of_the_path_and_of_the_answer_and_no_other_text() {
        const ORDER: &str = "0197c56d-d900-7b6e-9d2f-4a1e5b7c8d90";
        const AGENT: &str = "63b4c8f2-4071-70e0-5d0f-8a1b2c3d4e5f";
        let of = |order_in_path: &str, answer: Value| {
            let event = json!({
                "httpMethod": "PUT", "pathParameters": {"order_id": order_in_path},
                "requestContext": {"requestId": "r-1", "httpMethod": "PUT"},
            });
            let request = Request::of_event(&event.to_string()).unwrap();
            let ids = Ids::of(&request, Some(&Response::ok(&answer).unwrap()));
            (
                ids.order_id.map(|id| id.to_string()),
                ids.agent_id.map(|id| id.to_string()),
            )
        };
        let order = Some(ORDER.to_owned());
        assert_eq!(of(ORDER, json!({})), (order.clone(), None));
        let answer = json!({"order_id": ORDER, "agent_id": AGENT, "notes": "x"});
        assert_eq!(of("", answer), (order, Some(AGENT.to_owned())));
        assert_eq!(
            of("red door", json!({"order_id": "red door"})),
            (None, None)
        );
    }

    #[tokio::test]
    async fn a_body_that_cannot_be_read_is_400() {
        let (response, body) = answered("{").await;
        assert_eq!(
            (response.status().as_u16(), &body["code"]),
            (400, &json!("unreadable"))
        );
    }
}
