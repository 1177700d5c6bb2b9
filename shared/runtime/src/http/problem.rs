//! Errors in the form of RFC 9457: `application/problem+json`.
//!
//! The caller gets less than the log: a problem keeps its cause for the log, and its body never shows the cause.

use app::Refusal;
use app::addresses::Unplaceable;
use app::routes::by_hand::DecisionFault;
use domain::OrderStatus;
use domain::given_proof::ProofPart;
use intake::Fault;
use lambda_http::http::StatusCode;
use serde_json::{Map, Value, json};

use crate::failure::chain;

/// Why a request was refused, for the caller.
#[derive(Debug)]
pub struct Problem(Box<Parts>);

#[derive(Debug)]
struct Parts {
    status: StatusCode,
    code: &'static str,
    detail: String,
    errors: Vec<Fault>,
    unplaceable: Vec<Unplaceable>,
    reasons: Vec<DecisionFault>,
    allowed: Option<Vec<OrderStatus>>,
    missing: Option<Vec<ProofPart>>,
    current_version: Option<u64>,
    retry_after_s: Option<u32>,
    cause: Option<String>,
}

impl Problem {
    fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self(Box::new(Parts {
            status,
            code,
            detail: detail.into(),
            errors: Vec::new(),
            unplaceable: Vec::new(),
            reasons: Vec::new(),
            allowed: None,
            missing: None,
            current_version: None,
            retry_after_s: None,
            cause: None,
        }))
    }

    /// The request or its body cannot be read.
    pub fn unreadable(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "unreadable", detail)
    }

    /// The body is larger than a function reads. The gateway has the same code for bodies over its own limit.
    pub fn too_large(most_bytes: usize) -> Self {
        let detail = format!("The body is larger than {} KB.", most_bytes / 1024);
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail)
    }

    /// The content type is not JSON. The gateway has the same code.
    pub fn not_json() -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "Send Content-Type: application/json.",
        )
    }

    /// A browser sent the request for a page that may not call the API.
    pub fn foreign_page() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "forbidden",
            "Pages of this origin may not call the API.",
        )
    }

    /// No token was checked. The gateway has the same code.
    pub fn no_token() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "unauthorized",
            "A valid access token is needed: Authorization: Bearer <access_token>.",
        )
    }

    /// A defect. The cause is only for the log.
    pub fn internal(cause: impl Into<String>) -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "Something went wrong. Try again.",
        )
        .because(cause.into())
    }

    fn naming(mut self, errors: Vec<Fault>) -> Self {
        self.0.errors = errors;
        self
    }

    fn offering(mut self, unplaceable: Vec<Unplaceable>) -> Self {
        self.0.unplaceable = unplaceable;
        self
    }

    fn allowing(mut self, allowed: Vec<OrderStatus>) -> Self {
        self.0.allowed = Some(allowed);
        self
    }

    fn missing(mut self, missing: Vec<ProofPart>) -> Self {
        self.0.missing = Some(missing);
        self
    }

    fn against(mut self, reasons: Vec<DecisionFault>) -> Self {
        self.0.reasons = reasons;
        self
    }

    fn over(mut self, current_version: u64) -> Self {
        self.0.current_version = Some(current_version);
        self
    }

    fn retry_after(mut self, seconds: u32) -> Self {
        self.0.retry_after_s = Some(seconds);
        self
    }

    pub(super) fn because(mut self, cause: String) -> Self {
        self.0.cause = Some(cause);
        self
    }

    pub(super) fn status(&self) -> StatusCode {
        self.0.status
    }

    pub(super) fn code(&self) -> &'static str {
        self.0.code
    }

    pub(super) fn retry_after_s(&self) -> Option<u32> {
        self.0.retry_after_s
    }

    /// The cause, for the log.
    pub(super) fn cause(&self) -> Option<&str> {
        self.0.cause.as_deref()
    }

    /// The members of the problem; `instance` is the request's id.
    pub(super) fn body(&self, instance: &str) -> Value {
        let mut body = Map::new();
        // With this type, RFC 9457 makes the name of the status the title. `code` identifies the problem.
        body.insert("type".to_owned(), "about:blank".into());
        body.insert("title".to_owned(), title(self.0.status).into());
        body.insert("status".to_owned(), self.0.status.as_u16().into());
        body.insert("detail".to_owned(), self.0.detail.as_str().into());
        body.insert("instance".to_owned(), instance.into());
        body.insert("code".to_owned(), self.0.code.into());
        if !self.0.errors.is_empty() {
            body.insert("errors".to_owned(), json!(self.0.errors));
        }
        if !self.0.unplaceable.is_empty() {
            body.insert("errors".to_owned(), json!(self.0.unplaceable));
        }
        if !self.0.reasons.is_empty() {
            body.insert("errors".to_owned(), json!(self.0.reasons));
        }
        if let Some(version) = self.0.current_version {
            body.insert("current_version".to_owned(), version.into());
        }
        if let Some(missing) = &self.0.missing {
            body.insert("missing".to_owned(), json!(missing));
        }
        if let Some(allowed) = &self.0.allowed {
            body.insert("allowed".to_owned(), json!(allowed));
        }
        Value::Object(body)
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let fault = |pointer: &str, detail: &str| {
            vec![Fault {
                pointer: pointer.to_owned(),
                detail: detail.to_owned(),
            }]
        };
        match refusal {
            Refusal::Invalid(errors) => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "invalid",
                "The request can be read, but is not valid. See errors.",
            )
            .naming(errors),
            Refusal::Unplaceable(addresses) => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "address_not_placed",
                "An address cannot be placed on the map. See errors.",
            )
            .offering(addresses),
            Refusal::InvalidCode => {
                // An unknown address and an address with too many tries get the same words.
                let detail = "The code is wrong or has expired. After too many tries none is taken for a while.";
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_code", detail)
                    .naming(fault("#/code", "is wrong or has expired"))
            }
            Refusal::InvalidCredentials => Self::new(
                StatusCode::UNAUTHORIZED,
                "invalid_credentials",
                "The email address or the password is wrong.",
            ),
            Refusal::WrongPassword => {
                // Not 401: the token is good, and a new one would not help.
                let detail =
                    "The password is wrong. After too many tries none is taken for a while.";
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "wrong_password", detail)
                    .naming(fault("#/password", "is wrong"))
            }
            Refusal::InvalidRefreshToken => Self::new(
                StatusCode::UNAUTHORIZED,
                "invalid_refresh_token",
                "The refresh token is wrong, has expired or was revoked: POST /login.",
            ),
            Refusal::NotConfirmed => Self::new(
                StatusCode::FORBIDDEN,
                "not_confirmed",
                "The email address is not confirmed yet: POST /signup/confirm.",
            ),
            Refusal::Forbidden => Self::new(
                StatusCode::FORBIDDEN,
                "forbidden",
                "Your role does not allow this.",
            ),
            Refusal::AgentNotActive => Self::new(
                StatusCode::FORBIDDEN,
                "agent_not_active",
                "The agent is not active: not approved by a dispatcher yet, or suspended.",
            ),
            Refusal::AccountSuspended => Self::new(
                StatusCode::FORBIDDEN,
                "account_suspended",
                "The account is suspended. Ask the company.",
            ),
            Refusal::NotFound => Self::new(
                StatusCode::NOT_FOUND,
                "not_found",
                "There is no such thing for you.",
            ),
            Refusal::StepNotAllowed { from, to, allowed } => Self::new(
                StatusCode::CONFLICT,
                "transition_not_allowed",
                format!(
                    "An order that is {} cannot become {}.",
                    from.name(),
                    to.name()
                ),
            )
            .allowing(allowed),
            Refusal::DecisionNotPossible(reasons) => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "decision_not_possible",
                "The request is valid, but the routes do not allow it. See errors.",
            )
            .against(reasons),
            Refusal::VersionConflict { current } => Self::new(
                StatusCode::CONFLICT,
                "version_conflict",
                format!("Somebody has changed it meanwhile: the current version is {current}."),
            )
            .over(current),
            Refusal::PreconditionFailed { current } => Self::new(
                StatusCode::PRECONDITION_FAILED,
                "precondition_failed",
                format!("If-Match does not name the current version, which is {current}."),
            )
            .over(current),
            Refusal::OrderEnded { status } => Self::new(
                StatusCode::CONFLICT,
                "order_ended",
                format!("An order that is {} cannot change any more.", status.name()),
            ),
            Refusal::RouteOpen => Self::new(
                StatusCode::CONFLICT,
                "route_open",
                "The agent has an open route. Finish it first, or send release: true to give back what is not aboard.",
            ),
            Refusal::NotDelivered => Self::new(
                StatusCode::CONFLICT,
                "not_delivered",
                "The order is not delivered. Its delivery can be rated afterwards.",
            ),
            Refusal::NoNextAttempt => Self::new(
                StatusCode::CONFLICT,
                "no_next_attempt",
                "The order does not wait for another attempt. A window can be chosen after a failed one.",
            ),
            Refusal::WindowNotOffered => Self::new(
                StatusCode::CONFLICT,
                "window_not_offered",
                "This window is not on offer, or not any more. GET /tracking lists the windows that are.",
            ),
            Refusal::TooManyChoices { most } => Self::new(
                StatusCode::CONFLICT,
                "too_many_choices",
                format!(
                    "A window can be chosen {most} times after each attempt. The company can still change it."
                ),
            ),
            Refusal::NotOnRoute => Self::new(
                StatusCode::CONFLICT,
                "not_on_route",
                "Locations are taken only on duty and with an open route. Stop until the next route.",
            ),
            Refusal::AgentUnconfirmed => Self::new(
                StatusCode::CONFLICT,
                "agent_unconfirmed",
                "The agent has not confirmed the email address yet.",
            ),
            Refusal::IdempotencyKeyReused => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "idempotency_key_reused",
                "This Idempotency-Key came with another body before.",
            )
            .naming(fault("Idempotency-Key", "was used with another body")),
            Refusal::TooManyOpenOrders { limit } => Self::new(
                StatusCode::CONFLICT,
                "too_many_open_orders",
                format!(
                    "You may have {limit} pending orders. There is room again a minute after some of them get a route \
                     or are cancelled."
                ),
            ),
            Refusal::FileTooLarge { most_bytes } => Self::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "too_large",
                format!(
                    "A file may have at most {most_bytes} bytes ({} MB).",
                    most_bytes / 1_000_000
                ),
            )
            .naming(fault("#/size_bytes", "is more than the limit")),
            Refusal::TooManyProofs { most } => Self::new(
                StatusCode::CONFLICT,
                "too_many_proofs",
                format!("A stop has at most {most} of these pictures."),
            ),
            Refusal::ProofMissing(lacking) => {
                let missing = lacking.iter().map(|it| it.part).collect();
                let faults = lacking.into_iter().map(|it| Fault {
                    pointer: it.pointer().to_owned(),
                    detail: it.detail,
                });
                Self::new(
                    StatusCode::UNPROCESSABLE_ENTITY,
                    "proof_missing",
                    "Proof is missing. See errors. A dispatcher can set the status without it, with a reason.",
                )
                .naming(faults.collect())
                .missing(missing)
            }
            Refusal::ProofNotAwaited => Self::new(
                StatusCode::CONFLICT,
                "proof_not_awaited",
                "This picture has come already. Nothing is left to do.",
            ),
            Refusal::Throttled => Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                "too_many_requests",
                "Too many requests. Wait a moment and try again.",
            )
            .retry_after(5),
            Refusal::Contended => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "contended",
                "Others are changing the same thing. Nothing was changed; try again.",
            )
            .retry_after(1),
            Refusal::Unavailable(_) => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                "It could not be done now. Try again.",
            )
            .retry_after(5)
            .because(chain(&refusal)),
            Refusal::Broken(_) => Self::internal(chain(&refusal)),
        }
    }
}

/// The name of a status in RFC 9110, section 15. `http` has older names for two of them.
fn title(status: StatusCode) -> &'static str {
    match status {
        StatusCode::PAYLOAD_TOO_LARGE => "Content Too Large",
        StatusCode::UNPROCESSABLE_ENTITY => "Unprocessable Content",
        other => other.canonical_reason().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_has_a_status_and_a_code_of_its_own() {
        let secret = || -> app::refusal::Cause { "table orders-17 is gone".into() };
        let refusals = [
            (Refusal::Invalid(Vec::new()), 422, "invalid"),
            (Refusal::Unplaceable(Vec::new()), 422, "address_not_placed"),
            (Refusal::InvalidCode, 422, "invalid_code"),
            (Refusal::InvalidCredentials, 401, "invalid_credentials"),
            (Refusal::InvalidRefreshToken, 401, "invalid_refresh_token"),
            (Refusal::NotConfirmed, 403, "not_confirmed"),
            (Refusal::Forbidden, 403, "forbidden"),
            (Refusal::AgentNotActive, 403, "agent_not_active"),
            (Refusal::NotFound, 404, "not_found"),
            (
                Refusal::DecisionNotPossible(Vec::new()),
                422,
                "decision_not_possible",
            ),
            (
                Refusal::VersionConflict { current: 8 },
                409,
                "version_conflict",
            ),
            (
                Refusal::PreconditionFailed { current: 8 },
                412,
                "precondition_failed",
            ),
            (
                Refusal::OrderEnded {
                    status: OrderStatus::Delivered,
                },
                409,
                "order_ended",
            ),
            (Refusal::RouteOpen, 409, "route_open"),
            (Refusal::AgentUnconfirmed, 409, "agent_unconfirmed"),
            (Refusal::IdempotencyKeyReused, 422, "idempotency_key_reused"),
            (
                Refusal::TooManyOpenOrders { limit: 7 },
                409,
                "too_many_open_orders",
            ),
            (Refusal::FileTooLarge { most_bytes: 1 }, 413, "too_large"),
            (Refusal::NotOnRoute, 409, "not_on_route"),
            (Refusal::NotDelivered, 409, "not_delivered"),
            (Refusal::NoNextAttempt, 409, "no_next_attempt"),
            (Refusal::WindowNotOffered, 409, "window_not_offered"),
            (Refusal::TooManyChoices { most: 3 }, 409, "too_many_choices"),
            (Refusal::Throttled, 429, "too_many_requests"),
            (Refusal::Contended, 503, "contended"),
            (Refusal::Unavailable(secret()), 503, "unavailable"),
            (Refusal::Broken(secret()), 500, "internal"),
        ];
        for (refusal, status, code) in refusals {
            let problem = Problem::from(refusal);
            let body = problem.body("request-1");
            assert_eq!((problem.status().as_u16(), problem.code()), (status, code));
            assert_eq!(body["status"], status);
            assert_eq!(body["instance"], "request-1");
            assert_eq!(body["title"], title(problem.status()));
            assert!(!body.to_string().contains("orders-17"), "{body}");
            let waits = matches!(status, 429 | 503);
            assert_eq!(problem.retry_after_s().is_some(), waits, "{code}");
        }
    }

    #[test]
    fn a_title_is_the_name_that_rfc_9110_gives_the_status() {
        assert_eq!(title(StatusCode::NOT_FOUND), "Not Found");
        assert_eq!(title(StatusCode::PAYLOAD_TOO_LARGE), "Content Too Large");
        assert_eq!(
            title(StatusCode::UNPROCESSABLE_ENTITY),
            "Unprocessable Content"
        );
    }

    #[test]
    fn the_cause_is_kept_for_the_log() {
        let problem = Problem::from(Refusal::Unavailable("no route to host".into()));
        assert_eq!(
            problem.cause(),
            Some("a dependency is unavailable: no route to host")
        );
    }

    #[test]
    fn a_step_that_is_not_allowed_names_those_that_are() {
        let problem = Problem::from(Refusal::StepNotAllowed {
            from: OrderStatus::Delivered,
            to: OrderStatus::Failed,
            allowed: Vec::new(),
        });
        assert_eq!(problem.body("r")["allowed"], json!([]));
        let problem = Problem::from(Refusal::StepNotAllowed {
            from: OrderStatus::Assigned,
            to: OrderStatus::Pending,
            allowed: vec![OrderStatus::InProgress],
        });
        assert_eq!(problem.body("r")["allowed"], json!(["in_progress"]));
    }
}
