//! Signing up, confirming the address, logging in.
//!
//! Cognito stores the password and the roles. Our own record stores everything else. One transaction cannot write both,
//! so each step can be repeated. If a crash leaves an account incomplete, the next sign-up, confirmation or log-in of
//! the same person repairs the account.

mod change_email;
mod confirm_sign_up;
mod follow;
mod forgot_password;
mod get_me;
mod log_in;
mod log_out;
mod records;
mod refresh_token;
mod resend_code;
mod reset_password;
mod sign_up;
mod subscribe_emails;
mod subscription;

use intake::read_email;
use intake::{Faults, Fields};
use serde_json::Value;

pub use change_email::{ChangeEmail, EmailChange};
pub use confirm_sign_up::ConfirmSignUp;
pub use forgot_password::ForgotPassword;
pub use get_me::GetMe;
pub use log_in::LogIn;
pub use log_out::LogOut;
pub use refresh_token::RefreshToken;
pub use resend_code::ResendCode;
pub use reset_password::ResetPassword;
pub use sign_up::SignUp;
pub use subscribe_emails::SubscribeEmails;
pub(crate) use subscription::{check_subscription, record_subscription};

const LONGEST_CODE: usize = 20;

/// Reads a mailed code. People paste codes with spaces around them.
fn read_code(fields: &Fields<'_>) -> Option<String> {
    let code = fields.required_text("code", LONGEST_CODE)?;
    Some(code.trim().to_owned())
}

fn read_address(body: &Value) -> Result<String, Faults> {
    let faults = Faults::new();
    let fields = Fields::of_body(body, &faults);
    fields.only(&["email"]);
    let email = read_email(&fields);
    faults.or(email)
}
