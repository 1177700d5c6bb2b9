//! Accounts and passwords, as Cognito keeps them.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use app::ports::{
    Account, Confirmation, IdentityError, IdentityProvider, LogIn, Registration, Tokens,
};
use async_trait::async_trait;
use domain::{Role, SignUp, UserId};

use super::away;
use crate::still::uuid_of;

/// The code that confirms every address.
pub const CODE: &str = "123456";
/// Ids of accounts begin here, so that they differ from others that a test makes.
const FIRST_ID: u64 = 1_000_000;

/// The calls of the port, for a test that lets one of them fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdentityCall {
    /// `sign_up`
    SignUp,
    /// `account`
    Account,
    /// `grant`
    Grant,
    /// `confirm`
    Confirm,
    /// `log_in`
    LogIn,
}

/// A user pool.
#[derive(Debug, Default)]
pub struct MemoryIdentity {
    accounts: Mutex<BTreeMap<String, (Account, String)>>,
    made: AtomicU64,
    away: Mutex<Option<IdentityCall>>,
}

impl MemoryIdentity {
    /// Lets one kind of call fail from now on, or none.
    pub fn set_away(&self, call: Option<IdentityCall>) {
        *self.away.lock().unwrap() = call;
    }

    /// An account as it is.
    pub fn account_of(&self, email: &str) -> Option<Account> {
        let accounts = self.accounts.lock().unwrap();
        accounts.get(email).map(|(account, _)| account.clone())
    }

    fn answer(&self, call: IdentityCall) -> Result<(), IdentityError> {
        if *self.away.lock().unwrap() == Some(call) {
            return Err(IdentityError::Unavailable(away()));
        }
        Ok(())
    }
}

#[async_trait]
impl IdentityProvider for MemoryIdentity {
    async fn sign_up(&self, sign_up: &SignUp) -> Result<Registration, IdentityError> {
        self.answer(IdentityCall::SignUp)?;
        if sign_up.password.len() < 8 {
            let rule = "must have at least 8 characters".to_owned();
            return Err(IdentityError::PasswordRefused(rule));
        }
        let mut accounts = self.accounts.lock().unwrap();
        if accounts.contains_key(&sign_up.email) {
            return Ok(Registration::Known);
        }
        let count = self.made.fetch_add(1, Ordering::Relaxed);
        let account = Account {
            user_id: UserId(uuid_of(FIRST_ID + count)),
            name: sign_up.name.clone(),
            email: sign_up.email.clone(),
            confirmed: false,
            roles: Vec::new(),
        };
        let user_id = account.user_id;
        accounts.insert(sign_up.email.clone(), (account, sign_up.password.clone()));
        Ok(Registration::New(user_id))
    }

    async fn account(&self, email: &str) -> Result<Option<Account>, IdentityError> {
        self.answer(IdentityCall::Account)?;
        Ok(self.account_of(email))
    }

    async fn grant(&self, email: &str, role: Role) -> Result<(), IdentityError> {
        self.answer(IdentityCall::Grant)?;
        let mut accounts = self.accounts.lock().unwrap();
        let (account, _) = accounts
            .get_mut(email)
            .ok_or(IdentityError::Unavailable(away()))?;
        if !account.roles.contains(&role) {
            account.roles.push(role);
        }
        Ok(())
    }

    async fn confirm(&self, email: &str, code: &str) -> Result<Confirmation, IdentityError> {
        self.answer(IdentityCall::Confirm)?;
        let mut accounts = self.accounts.lock().unwrap();
        Ok(match accounts.get_mut(email) {
            Some((account, _)) if account.confirmed => Confirmation::AlreadyConfirmed,
            Some((account, _)) if code == CODE => {
                account.confirmed = true;
                Confirmation::Confirmed
            }
            _ => Confirmation::WrongCode,
        })
    }

    async fn log_in(&self, email: &str, password: &str) -> Result<LogIn, IdentityError> {
        self.answer(IdentityCall::LogIn)?;
        let accounts = self.accounts.lock().unwrap();
        let Some((account, _)) = accounts.get(email).filter(|(_, known)| known == password) else {
            return Ok(LogIn::WrongCredentials);
        };
        if !account.confirmed {
            return Ok(LogIn::NotConfirmed);
        }
        let groups: Vec<&str> = account.roles.iter().map(|role| role.group()).collect();
        Ok(LogIn::Granted(Tokens {
            access_token: format!("access of {} as {}", account.user_id, groups.join(",")),
            id_token: "id".to_owned(),
            refresh_token: "refresh".to_owned(),
            token_type: "Bearer",
            expires_in: 3600,
        }))
    }
}
