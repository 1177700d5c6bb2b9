//! One invocation of the function: the fields that its log lines share, and its time.

use std::time::Duration;

use lambda_runtime::Context;
use tracing::Span;

use crate::clock::system_time;

/// The span that each log line of an invocation belongs to.
pub(crate) fn span(context: &Context) -> Span {
    tracing::info_span!(
        "invocation",
        function = context.env_config.function_name,
        request_id = context.request_id,
        xray_trace_id = trace_id(context),
        // The gateway's id of a request. The caller gets it as `instance`.
        api_request_id = tracing::field::Empty,
    )
}

/// The time that the invocation has left when it begins. On Lambda no deadline is in the past then, but emulators such
/// as `cargo lambda watch` have no real deadline: there the time is unlimited.
pub(crate) fn time_left(context: &Context) -> Duration {
    context
        .deadline()
        .duration_since(system_time())
        .unwrap_or(Duration::MAX)
}

/// The trace's id from a header such as `Root=1-5f…;Parent=53…;Sampled=1`.
fn trace_id(context: &Context) -> Option<&str> {
    let header = context.xray_trace_id.as_deref()?;
    header
        .split(';')
        .find_map(|part| part.strip_prefix("Root="))
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    #[test]
    fn a_deadline_in_the_past_is_none() {
        let mut context = Context::default();
        context.deadline = 600_000;
        assert_eq!(time_left(&context), Duration::MAX);
        let in_a_minute = system_time() + Duration::from_secs(60);
        let since = in_a_minute.duration_since(SystemTime::UNIX_EPOCH).unwrap();
        context.deadline = since.as_millis() as u64;
        let left = time_left(&context).as_secs();
        assert!((55..=60).contains(&left), "{left}");
    }

    #[test]
    fn the_trace_id_is_the_root() {
        let mut context = Context::default();
        assert_eq!(trace_id(&context), None);
        context.xray_trace_id = Some("Root=1-65a-b;Parent=c;Sampled=1".to_owned());
        assert_eq!(trace_id(&context), Some("1-65a-b"));
    }
}
