//! Answers of a handler to events of the gateway.

use runtime::http::{Problem, Request, Response, answer};
use serde_json::Value;

/// The status and the JSON body with which a handler answers an event of the gateway; null for no body.
pub async fn answered<U>(
    use_case: &U,
    handle: impl AsyncFn(&U, &Request) -> Result<Response, Problem>,
    event: &str,
) -> (u16, Value) {
    let response = answer(use_case, handle, event).await;
    let body = match response.body().as_ref() {
        b"" => Value::Null,
        body => serde_json::from_slice(body).expect("a body of JSON"),
    };
    (response.status().as_u16(), body)
}

/// The JSON pointers of the faults in a problem document.
pub fn pointers(problem: &Value) -> Vec<&str> {
    let errors = problem["errors"].as_array().expect("a list of errors");
    let pointers = errors.iter().map(|error| error["pointer"].as_str());
    pointers
        .map(|pointer| pointer.expect("a pointer"))
        .collect()
}
