//! Accounts and passwords, as Cognito keeps them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use app::ports::{
    Account, AddressChange, Confirmation, ConfirmationCodes, IdentityError, IdentityProvider,
    LogInOutcome, Opened, PasswordRecovery, Refreshed, Registration, Reset, SignOut, TokenRefresh,
    Tokens, Whose,
};
use async_trait::async_trait;
use domain::password::RULES;
use domain::{NewAccount, Role, UserId};

use super::away;
use crate::still::uuid_of;

/// The code that confirms every address.
pub const CODE: &str = "123456";
/// The code that resets a password, once the user has asked for a code.
pub const RESET_CODE: &str = "654321";
/// The code that a new address gets.
pub const EMAIL_CODE: &str = "246810";
/// The first id of an account, so that these ids differ from the other ids of a test.
const FIRST_ID: u64 = 1_000_000;

/// The calls of the ports, for a test in which one call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdentityCall {
    /// `sign_up`
    NewAccount,
    /// `account`
    Account,
    /// `grant`
    Grant,
    /// `confirm`
    Confirm,
    /// `log_in`
    LogInOutcome,
    /// `resend`
    Resend,
    /// `send_code`
    SendCode,
    /// `reset`
    Reset,
    /// `refresh`
    Refresh,
    /// `sign_out`
    SignOut,
    /// `open`
    Open,
    /// `mail_code_to`
    MailCodeTo,
    /// `set_address`
    SetAddress,
}

/// A user pool.
#[derive(Debug, Default)]
pub struct MemoryIdentity {
    accounts: Mutex<BTreeMap<String, (Account, String)>>,
    /// Addresses with a mailed code that resets the password.
    resets: Mutex<BTreeSet<String>>,
    /// New addresses that wait for their code.
    new_emails: Mutex<BTreeMap<UserId, String>>,
    /// Valid refresh tokens, with the address of their account.
    sessions: Mutex<BTreeMap<String, String>>,
    mailed: Mutex<Vec<(&'static str, String)>>,
    made: AtomicU64,
    away: Mutex<Option<IdentityCall>>,
}

impl MemoryIdentity {
    /// Makes one kind of call fail from now on, or no call.
    pub fn set_away(&self, call: Option<IdentityCall>) {
        *self.away.lock().unwrap() = call;
    }

    /// The account with an address.
    pub fn account_of(&self, email: &str) -> Option<Account> {
        let accounts = self.accounts.lock().unwrap();
        accounts.get(email).map(|(account, _)| account.clone())
    }

    fn account_with(&self, id: UserId) -> Option<(Account, String)> {
        let accounts = self.accounts.lock().unwrap();
        let mut found = accounts.values();
        found.find(|(account, _)| account.user_id == id).cloned()
    }

    /// Makes an account directly in the provider, as an operator can.
    pub fn sign_up_past_us(&self, sign_up: &NewAccount, asked_for: Option<Role>) -> Registration {
        let mut accounts = self.accounts.lock().unwrap();
        if accounts.contains_key(&sign_up.email) {
            return Registration::Known;
        }
        let count = self.made.fetch_add(1, Ordering::Relaxed);
        let user_id = UserId(uuid_of(FIRST_ID + count));
        let account = Account {
            user_id,
            name: sign_up.name.clone(),
            email: sign_up.email.clone(),
            confirmed: false,
            roles: Vec::new(),
            asked_for,
        };
        accounts.insert(sign_up.email.clone(), (account, sign_up.password.clone()));
        Registration::New(user_id)
    }

    /// Changes the address and the name directly in the provider, as an operator can.
    pub fn change_account(&self, email: &str, new_email: &str, name: &str) {
        let mut accounts = self.accounts.lock().unwrap();
        let (mut account, password) = accounts.remove(email).expect("an account");
        new_email.clone_into(&mut account.email);
        name.clone_into(&mut account.name);
        accounts.insert(new_email.to_owned(), (account, password));
        let mut sessions = self.sessions.lock().unwrap();
        for owner in sessions.values_mut().filter(|owner| *owner == email) {
            new_email.clone_into(owner);
        }
    }

    /// Removes an account from a group, as the operator does by hand.
    pub fn take_out(&self, email: &str, role: Role) {
        let mut accounts = self.accounts.lock().unwrap();
        let (account, _) = accounts.get_mut(email).expect("an account");
        account.roles.retain(|granted| *granted != role);
    }

    /// The codes that were mailed since the last call, each with its address.
    pub fn take_mailed(&self) -> Vec<(&'static str, String)> {
        std::mem::take(&mut self.mailed.lock().unwrap())
    }

    /// The number of valid refresh tokens of an address.
    pub fn sessions_of(&self, email: &str) -> usize {
        let sessions = self.sessions.lock().unwrap();
        sessions.values().filter(|owner| *owner == email).count()
    }

    fn mail(&self, code: &'static str, email: &str) {
        self.mailed.lock().unwrap().push((code, email.to_owned()));
    }

    fn tokens(&self, account: &Account, refresh_token: String) -> Tokens {
        let groups: Vec<&str> = account.roles.iter().map(|role| role.group()).collect();
        Tokens {
            access_token: format!("access of {} as {}", account.user_id, groups.join(",")),
            refresh_token,
            token_type: "Bearer",
            expires_in: 3600,
        }
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
    async fn sign_up(&self, sign_up: &NewAccount) -> Result<Registration, IdentityError> {
        self.answer(IdentityCall::NewAccount)?;
        accepted(&sign_up.password)?;
        Ok(self.sign_up_past_us(sign_up, Some(sign_up.role)))
    }

    async fn account(&self, whose: Whose<'_>) -> Result<Option<Account>, IdentityError> {
        self.answer(IdentityCall::Account)?;
        Ok(match whose {
            Whose::Address(email) => self.account_of(email),
            Whose::User(id) => self.account_with(id).map(|(account, _)| account),
        })
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

    async fn log_in(&self, email: &str, password: &str) -> Result<LogInOutcome, IdentityError> {
        self.answer(IdentityCall::LogInOutcome)?;
        let accounts = self.accounts.lock().unwrap();
        let Some((account, _)) = accounts.get(email).filter(|(_, known)| known == password) else {
            return Ok(LogInOutcome::WrongCredentials);
        };
        if !account.confirmed {
            return Ok(LogInOutcome::NotConfirmed);
        }
        let mut sessions = self.sessions.lock().unwrap();
        let count = self.made.fetch_add(1, Ordering::Relaxed);
        let refresh_token = format!("refresh {count}");
        sessions.insert(refresh_token.clone(), email.to_owned());
        Ok(LogInOutcome::Granted(self.tokens(account, refresh_token)))
    }
}

#[async_trait]
impl AddressChange for MemoryIdentity {
    async fn open(&self, user_id: UserId, password: &str) -> Result<Option<Opened>, IdentityError> {
        self.answer(IdentityCall::Open)?;
        let account = self.account_with(user_id);
        let right = account.is_some_and(|(account, known)| account.confirmed && known == password);
        Ok(right.then(|| Opened::with(user_id.to_string())))
    }

    async fn mail_code_to(&self, account: &Opened, email: &str) -> Result<(), IdentityError> {
        self.answer(IdentityCall::MailCodeTo)?;
        if self.account_of(email).is_none() {
            let user_id = account.token().parse().expect("an id");
            self.new_emails
                .lock()
                .unwrap()
                .insert(user_id, email.to_owned());
            self.mail(EMAIL_CODE, email);
        }
        Ok(())
    }

    async fn set_address(&self, account: &Opened, code: &str) -> Result<bool, IdentityError> {
        self.answer(IdentityCall::SetAddress)?;
        let user_id = account.token().parse().expect("an id");
        let mut waiting = self.new_emails.lock().unwrap();
        let Some(email) = waiting
            .get(&user_id)
            .filter(|_| code == EMAIL_CODE)
            .cloned()
        else {
            return Ok(false);
        };
        if self.account_of(&email).is_some() {
            return Ok(false);
        }
        waiting.remove(&user_id);
        let (account, _) = self.account_with(user_id).expect("an account");
        self.change_account(&account.email, &email, &account.name);
        Ok(true)
    }
}

fn accepted(password: &str) -> Result<(), IdentityError> {
    let broken = || IdentityError::PasswordRefused("is against the rules".to_owned());
    RULES.allow(password).then_some(()).ok_or_else(broken)
}

#[async_trait]
impl ConfirmationCodes for MemoryIdentity {
    async fn resend(&self, email: &str) -> Result<(), IdentityError> {
        self.answer(IdentityCall::Resend)?;
        if self
            .account_of(email)
            .is_some_and(|account| !account.confirmed)
        {
            self.mail(CODE, email);
        }
        Ok(())
    }
}

#[async_trait]
impl PasswordRecovery for MemoryIdentity {
    async fn send_code(&self, email: &str) -> Result<(), IdentityError> {
        self.answer(IdentityCall::SendCode)?;
        if self
            .account_of(email)
            .is_some_and(|account| account.confirmed)
        {
            self.resets.lock().unwrap().insert(email.to_owned());
            self.mail(RESET_CODE, email);
        }
        Ok(())
    }

    async fn reset(
        &self,
        email: &str,
        code: &str,
        new_password: &str,
    ) -> Result<Reset, IdentityError> {
        self.answer(IdentityCall::Reset)?;
        let mut resets = self.resets.lock().unwrap();
        if !resets.contains(email) || code != RESET_CODE {
            return Ok(Reset::WrongCode);
        }
        accepted(new_password)?;
        resets.remove(email);
        let mut accounts = self.accounts.lock().unwrap();
        if let Some((_, password)) = accounts.get_mut(email) {
            new_password.clone_into(password);
        }
        Ok(Reset::Done)
    }
}

#[async_trait]
impl TokenRefresh for MemoryIdentity {
    async fn refresh(&self, refresh_token: &str) -> Result<Option<Refreshed>, IdentityError> {
        self.answer(IdentityCall::Refresh)?;
        let sessions = self.sessions.lock().unwrap();
        let owner = sessions.get(refresh_token);
        let account = owner.and_then(|email| self.account_of(email));
        Ok(account.map(|account| Refreshed {
            user_id: account.user_id,
            tokens: self.tokens(&account, refresh_token.to_owned()),
        }))
    }
}

#[async_trait]
impl SignOut for MemoryIdentity {
    async fn sign_out(&self, whose: Whose<'_>) -> Result<(), IdentityError> {
        self.answer(IdentityCall::SignOut)?;
        let accounts = self.accounts.lock().unwrap();
        let mut sessions = self.sessions.lock().unwrap();
        sessions.retain(|_, email| match whose {
            Whose::User(id) => accounts
                .get(email)
                .is_none_or(|(known, _)| known.user_id != id),
            Whose::Address(address) => email != address,
        });
        Ok(())
    }
}
