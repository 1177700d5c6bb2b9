//! Ports that work until the process dies, and that let other calls run before each call.

// Each test file uses a part of this module.
#![allow(dead_code)]

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use app::ports::{
    Account, AddressChange, Confirmation, ConfirmationCodes, Email, IdentityError,
    IdentityProvider, LogInOutcome, MailError, Mailer, Opened, Registration, StoreError, UserStore,
    Whose, Wish,
};
use async_trait::async_trait;
use domain::{EmailNotifications, NewAccount, Role, User, UserId, UserStatus, Zone};

const NEVER: usize = usize::MAX;

/// The number of half calls that are left. Each call has one half before it and one half after it.
pub struct Lifeline {
    left: AtomicUsize,
}

impl Default for Lifeline {
    fn default() -> Self {
        Self {
            left: AtomicUsize::new(NEVER),
        }
    }
}

impl Lifeline {
    /// An even number dies before a call, which is then not made. An odd number dies after a call was made.
    pub fn dies_at(&self, half_call: usize) {
        self.left.store(half_call, Ordering::SeqCst);
    }

    pub fn lives(&self) {
        self.dies_at(NEVER);
    }

    /// Whether the process finished before it had to die.
    pub fn outlived(&self) -> bool {
        self.left.load(Ordering::SeqCst) > 0
    }

    /// Whether the process is still alive. A dead process makes no more calls.
    fn goes_on(&self) -> bool {
        let left = self.left.load(Ordering::SeqCst);
        if left == NEVER {
            return true;
        }
        self.left.store(left.saturating_sub(1), Ordering::SeqCst);
        left > 0
    }

    async fn call<T, E>(
        &self,
        dead: fn() -> E,
        call: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        others_have_their_turn().await;
        if !self.goes_on() {
            return Err(dead());
        }
        let answer = call.await;
        if self.goes_on() { answer } else { Err(dead()) }
    }
}

/// Yields once, so that the poller decides which call runs next.
async fn others_have_their_turn() {
    let mut had = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut had, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// A port of a process that can die.
pub struct Mortal<P> {
    port: Arc<P>,
    lifeline: Arc<Lifeline>,
}

impl<P> Mortal<P> {
    pub fn new(port: Arc<P>, lifeline: Arc<Lifeline>) -> Self {
        Self { port, lifeline }
    }
}

fn no_account() -> IdentityError {
    IdentityError::Unavailable("the process died".into())
}

fn no_record() -> StoreError {
    StoreError::Unavailable("the process died".into())
}

#[async_trait]
impl<P: IdentityProvider> IdentityProvider for Mortal<P> {
    async fn sign_up(&self, sign_up: &NewAccount) -> Result<Registration, IdentityError> {
        let call = self.port.sign_up(sign_up);
        self.lifeline.call(no_account, call).await
    }

    async fn account(&self, whose: Whose<'_>) -> Result<Option<Account>, IdentityError> {
        let call = self.port.account(whose);
        self.lifeline.call(no_account, call).await
    }

    async fn grant(&self, email: &str, role: Role) -> Result<(), IdentityError> {
        let call = self.port.grant(email, role);
        self.lifeline.call(no_account, call).await
    }

    async fn confirm(&self, email: &str, code: &str) -> Result<Confirmation, IdentityError> {
        let call = self.port.confirm(email, code);
        self.lifeline.call(no_account, call).await
    }

    async fn log_in(&self, email: &str, password: &str) -> Result<LogInOutcome, IdentityError> {
        let call = self.port.log_in(email, password);
        self.lifeline.call(no_account, call).await
    }
}

#[async_trait]
impl<P: ConfirmationCodes> ConfirmationCodes for Mortal<P> {
    async fn resend(&self, email: &str) -> Result<(), IdentityError> {
        let call = self.port.resend(email);
        self.lifeline.call(no_account, call).await
    }
}

#[async_trait]
impl<P: AddressChange> AddressChange for Mortal<P> {
    async fn open(&self, user_id: UserId, password: &str) -> Result<Option<Opened>, IdentityError> {
        let call = self.port.open(user_id, password);
        self.lifeline.call(no_account, call).await
    }

    async fn mail_code_to(&self, account: &Opened, email: &str) -> Result<(), IdentityError> {
        let call = self.port.mail_code_to(account, email);
        self.lifeline.call(no_account, call).await
    }

    async fn set_address(&self, account: &Opened, code: &str) -> Result<bool, IdentityError> {
        let call = self.port.set_address(account, code);
        self.lifeline.call(no_account, call).await
    }
}

fn no_mail() -> MailError {
    MailError::Unavailable("the process died".into())
}

#[async_trait]
impl<P: Mailer> Mailer for Mortal<P> {
    async fn subscribe(
        &self,
        user_id: UserId,
        address: &str,
        wish: Wish,
    ) -> Result<EmailNotifications, MailError> {
        let call = self.port.subscribe(user_id, address, wish);
        self.lifeline.call(no_mail, call).await
    }

    async fn subscription(
        &self,
        user_id: UserId,
        address: &str,
    ) -> Result<EmailNotifications, MailError> {
        let call = self.port.subscription(user_id, address);
        self.lifeline.call(no_mail, call).await
    }

    async fn forget(&self, user_id: UserId) -> Result<(), MailError> {
        self.lifeline.call(no_mail, self.port.forget(user_id)).await
    }

    async fn send(&self, user_id: UserId, address: &str, email: &Email) -> Result<(), MailError> {
        let call = self.port.send(user_id, address, email);
        self.lifeline.call(no_mail, call).await
    }
}

#[async_trait]
impl<P: UserStore> UserStore for Mortal<P> {
    async fn user(&self, id: UserId) -> Result<Option<User>, StoreError> {
        self.lifeline.call(no_record, self.port.user(id)).await
    }

    async fn users(&self, ids: &[UserId]) -> Result<Vec<User>, StoreError> {
        self.lifeline.call(no_record, self.port.users(ids)).await
    }

    async fn put_user(&self, user: &User) -> Result<(), StoreError> {
        self.lifeline
            .call(no_record, self.port.put_user(user))
            .await
    }

    async fn with_status(
        &self,
        role: Role,
        status: UserStatus,
        after: Option<UserId>,
        limit: usize,
    ) -> Result<Vec<UserId>, StoreError> {
        self.port.with_status(role, status, after, limit).await
    }

    async fn agents_on_duty(&self, zone: Zone) -> Result<Vec<UserId>, StoreError> {
        self.port.agents_on_duty(zone).await
    }
}
