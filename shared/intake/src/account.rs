//! Reads the bodies of requests about accounts.

use domain::password::{ALL_RULES, LONGEST_PASSWORD, RULES};
use domain::user::{LONGEST_NAME, NewAccount};
use domain::{Role, agent::DEFAULT_CAPACITY};
use email_address::{EmailAddress, Options};
use serde_json::Value;

use crate::agent::read_vehicle;
use crate::faults::Faults;
use crate::fields::{Field, FieldSource, Fields};
use crate::stop::read_coordinates;

/// SNS and SMTP allow no longer address (RFC 5321, section 4.5.3.1.3, less the angle brackets).
const LONGEST_EMAIL: usize = 254;

/// Reads the body of a request to sign up.
///
/// # Errors
/// Every fault in the body.
pub fn read_new_account(body: &Value) -> Result<NewAccount, Faults> {
    let faults = Faults::new();
    let fields = Fields::of_body(body, &faults);
    fields.only(&[
        "email",
        "password",
        "name",
        "role",
        "vehicle",
        "start_location",
    ]);
    let email = read_email(&fields);
    let password = read_new_password(&fields, "password");
    let name = fields.required_text("name", LONGEST_NAME);
    if !fields.has("role") {
        fields.fault("role", "is missing; it is customer or agent");
    }
    let role = fields.word("role", &[Role::Customer, Role::Agent]);
    let capacity = read_vehicle(&fields);
    let start_location = fields.object("start_location");
    let start_location = start_location.and_then(|location| read_coordinates(&location));
    if role == Some(Role::Customer) {
        for name in ["vehicle", "start_location"] {
            if fields.has(name) {
                fields.fault(name, "is for agents only");
            }
        }
    }
    let read = (|| {
        Some(NewAccount {
            email: email?,
            password: password?,
            name: name?.to_owned(),
            role: role?,
            capacity: capacity.unwrap_or(DEFAULT_CAPACITY),
            start_location,
        })
    })();
    faults.or(read)
}

/// Reads the required field `email` in lower case. Cognito tells addresses apart by case unless the pool says
/// otherwise, but people do not. Only a plain address is good: no name with it, and a domain with a dot.
pub fn read_email(fields: &Fields<'_>) -> Option<String> {
    let text = fields.required_text("email", LONGEST_EMAIL)?;
    plain_address(fields, "email".into(), text)
}

/// Reads an email address that may be missing, under the same rules.
pub(crate) fn read_address_of<'a>(
    fields: &Fields<'a, impl FieldSource<'a>>,
    field: Field,
) -> Option<String> {
    let text = fields.text(field, LONGEST_EMAIL)?;
    plain_address(fields, field, text)
}

fn plain_address<'a>(
    fields: &Fields<'a, impl FieldSource<'a>>,
    field: Field,
    text: &str,
) -> Option<String> {
    let plain = Options::default()
        .with_required_tld()
        .without_display_text()
        .without_domain_literal();
    // Cognito refuses a quoted name with an answer that names no field. A top-level domain of digits is an IP address.
    let is_quoted = text.starts_with('"');
    let top = text.rsplit('.').next().unwrap_or_default();
    let is_number = top.bytes().all(|byte| byte.is_ascii_digit());
    if !is_quoted && !is_number && EmailAddress::parse_with_options(text, plain).is_ok() {
        return Some(text.to_lowercase());
    }
    fields.fault(
        field,
        "must be an email address such as ana@example.com, without a name",
    );
    None
}

/// Reads a required new password. If it breaks any rule, one fault names all rules.
pub fn read_new_password(fields: &Fields<'_>, name: &'static str) -> Option<String> {
    let password = fields.required_secret(name, LONGEST_PASSWORD)?;
    if RULES.allow(&password) {
        return Some(password);
    }
    fields.fault(name, ALL_RULES);
    None
}

/// Reads the required field `password` of a log-in, in the form that [`read_new_password`] gives it.
pub fn read_password(fields: &Fields<'_>) -> Option<String> {
    fields.required_secret("password", LONGEST_PASSWORD)
}
