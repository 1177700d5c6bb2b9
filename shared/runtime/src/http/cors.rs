//! Which origins' pages may call the API. The gateway answers the preflight, and can allow only all origins or none
//! there.

use lambda_http::Body;
use lambda_http::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, VARY};
use lambda_http::http::{HeaderValue, Response};

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

    /// Whether a browser sent the request for a page that may not call. A page of the API's own host may: that is the
    /// tracking page. To hide the answer from the page is not enough:
    /// a page could make its visitors' browsers try passwords, and never look at the answers.
    pub(super) fn refuses(&self, origin: Option<&HeaderValue>, host: Option<&HeaderValue>) -> bool {
        origin.is_some_and(|origin| !self.lists(origin) && !is_of_host(origin, host))
    }

    fn lists(&self, origin: &HeaderValue) -> bool {
        self.allowed.iter().any(|one| one == "*" || origin == one)
    }

    /// Lets the page of an allowed origin read the answer.
    pub(super) fn allow(&self, origin: Option<&HeaderValue>, response: &mut Response<Body>) {
        if self.allowed.is_empty() {
            return;
        }
        let headers = response.headers_mut();
        // The answer depends on the origin, so a cache must keep the answers apart. One value: the gateway is given
        // one value of each header.
        let vary = match headers.get(VARY) {
            Some(vary) => [vary.as_bytes(), b", Origin"].concat(),
            None => b"Origin".to_vec(),
        };
        if let Ok(vary) = HeaderValue::try_from(vary) {
            headers.insert(VARY, vary);
        }
        if let Some(origin) = origin.filter(|origin| self.lists(origin)) {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            let exposed = HeaderValue::from_static("ETag, Retry-After");
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
        }
    }
}

/// Whether an origin is a page of this host. The gateway takes no request for another host than its own.
fn is_of_host(origin: &HeaderValue, host: Option<&HeaderValue>) -> bool {
    let origin = origin.as_bytes();
    let of_page = [b"https://".as_slice(), b"http://"]
        .iter()
        .find_map(|scheme| origin.strip_prefix(*scheme));
    host.is_some_and(|host| of_page == Some(host.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http;

    fn header(origin: &'static str) -> HeaderValue {
        HeaderValue::from_static(origin)
    }

    fn allowed(origins: &str, origin: Option<&'static str>) -> Option<String> {
        let mut response = Response::from(http::Response::no_content().varying_by("Accept"));
        let origin = origin.map(header);
        Cors::new(origins).allow(origin.as_ref(), &mut response);
        let vary = if origins.is_empty() {
            "Accept"
        } else {
            "Accept, Origin"
        };
        assert_eq!(response.headers()["Vary"], vary);
        let allowed = response.headers().get("Access-Control-Allow-Origin")?;
        Some(allowed.to_str().unwrap().to_owned())
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
        let list = Cors::new("https://app.example.com, https://ops.example.com");
        let foreign = [
            "https://evil.example",
            "https://app.example.com.evil.example",
            "http://app.example.com",
            "null",
            "",
        ];
        for origin in foreign {
            let sent = header(origin);
            assert!(list.refuses(Some(&sent), None), "{origin}");
            assert!(Cors::new("").refuses(Some(&sent), None), "{origin}");
            assert!(!Cors::new("*").refuses(Some(&sent), None), "{origin}");
        }
        assert!(!list.refuses(Some(&header("https://app.example.com")), None));
        for cors in [list, Cors::new(""), Cors::new("*")] {
            assert!(!cors.refuses(None, None));
        }
    }

    #[test]
    fn the_page_of_the_api_itself_may_call() {
        let host = header("api.example.com");
        let refuses = |origin| Cors::new("").refuses(Some(&header(origin)), Some(&host));
        assert!(!refuses("https://api.example.com"));
        for foreign in [
            "https://evil.example",
            "https://api.example.com.evil.example",
            "https://evil.api.example.com",
            "api.example.com",
            "null",
        ] {
            assert!(refuses(foreign), "{foreign}");
        }
    }
}
