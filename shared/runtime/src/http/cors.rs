//! Pages of other origins that may call the API. The gateway answers the preflight, and can say only "all" or "none" there.
//! Which ones they are is said here.

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

    /// Whether the request is one that a browser sends for a page that may not call. To hide the answer from it is not
    /// enough: a page could have its visitors try passwords, and never look.
    pub(super) fn refuses(&self, origin: Option<&str>) -> bool {
        origin.is_some_and(|origin| !self.lists(origin))
    }

    fn lists(&self, origin: &str) -> bool {
        self.allowed.iter().any(|one| one == "*" || one == origin)
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
        if let Some(origin) = origin.filter(|origin| self.lists(origin)) {
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

    #[test]
    fn a_page_that_is_not_named_is_refused_and_who_is_no_page_is_not() {
        let ours = Some("https://app.example.com");
        let list = Cors::new("https://app.example.com, https://ops.example.com");
        let foreign = [
            "https://evil.example",
            "https://app.example.com.evil.example",
            "http://app.example.com",
            "null",
            "",
        ];
        for origin in foreign {
            assert!(list.refuses(Some(origin)), "{origin}");
            assert!(Cors::new("").refuses(Some(origin)), "{origin}");
            assert!(!Cors::new("*").refuses(Some(origin)), "{origin}");
        }
        assert!(!list.refuses(ours));
        for cors in [list, Cors::new(""), Cors::new("*")] {
            assert!(!cors.refuses(None));
        }
    }
}
