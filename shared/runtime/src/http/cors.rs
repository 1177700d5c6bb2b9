//! Pages of other origins that may call the API. The gateway answers the preflight; here its answer's half.

use super::event::ProxyResponse;

/// The origins of `ALLOWED_ORIGINS`: separated by commas, `*` for all, none by default.
#[derive(Debug, Clone, Default)]
pub(super) struct Cors {
    allowed: Vec<String>,
}

impl Cors {
    pub(super) fn of_environment() -> Self {
        Self::new(&std::env::var("ALLOWED_ORIGINS").unwrap_or_default())
    }

    fn new(origins: &str) -> Self {
        let origins = origins.split(',').map(str::trim);
        Self {
            allowed: origins
                .filter(|origin| !origin.is_empty())
                .map(str::to_owned)
                .collect(),
        }
    }

    /// Lets the page of an allowed origin read the answer.
    pub(super) fn allow(&self, origin: Option<&str>, response: &mut ProxyResponse) {
        if self.allowed.is_empty() {
            return;
        }
        // The answer depends on who asks, so a cache must keep them apart.
        let vary = response.headers.entry("Vary").or_default();
        if !vary.is_empty() {
            vary.push_str(", ");
        }
        vary.push_str("Origin");
        let allowed = |origin: &&str| self.allowed.iter().any(|a| a == "*" || a == origin);
        if let Some(origin) = origin.filter(allowed) {
            let headers = &mut response.headers;
            headers.insert("Access-Control-Allow-Origin", origin.to_owned());
            headers.insert("Access-Control-Expose-Headers", "Retry-After".to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Response;

    fn allowed(origins: &str, origin: Option<&str>) -> Option<String> {
        let mut response = ProxyResponse::from(Response::no_content().varying_by("Accept"));
        Cors::new(origins).allow(origin, &mut response);
        let vary = if origins.is_empty() {
            "Accept"
        } else {
            "Accept, Origin"
        };
        assert_eq!(response.headers["Vary"], vary);
        response.headers.remove("Access-Control-Allow-Origin")
    }

    #[test]
    fn only_the_origins_that_are_named_may_read_answers() {
        let ours = Some("https://app.example.com");
        let list = "https://app.example.com, https://ops.example.com";
        assert_eq!(allowed(list, ours).as_deref(), ours);
        assert_eq!(allowed("*", ours).as_deref(), ours);
        assert_eq!(allowed(list, Some("https://evil.example")), None);
        assert_eq!(allowed(list, None), None);
        assert_eq!(allowed("", ours), None);
    }
}
