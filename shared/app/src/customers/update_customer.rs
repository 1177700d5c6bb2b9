//! `PUT /customers/{customer_id}`: suspends a customer, or ends that; sets the limit on pending orders.

use std::sync::Arc;

use domain::{Role, UserId, UserStatus};
use serde_json::Value;

use crate::answers::CustomerAnswer;
use crate::caller::Caller;
use crate::messages::{CustomerChanged, OrdersWalk};
use crate::ports::{Clock, Jitter, Queue, SignOut, StoreError, UserStore, Whose};
use crate::refusal::Refusal;
use crate::retry::Attempts;

/// The queue gets a second message about a customer after this many seconds, in case that the process dies before the
/// first one.
const SPARE_S: u32 = 60;

/// `PUT /customers/{customer_id}`
pub struct UpdateCustomer {
    /// The records of people.
    pub users: Arc<dyn UserStore>,
    /// Asks that the customer's orders follow.
    pub queue: Arc<dyn Queue<CustomerChanged>>,
    /// Ends sessions.
    pub sessions: Arc<dyn SignOut>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness for the pauses.
    pub jitter: Arc<dyn Jitter>,
}

impl UpdateCustomer {
    /// Changes a customer.
    ///
    /// A suspension is one write of the record. From then on each call of the customer is refused, and no plan takes
    /// an order of the customer. The orders follow in the background: [`FollowCustomer`](super::FollowCustomer). One
    /// message is sent before the write, with a delay, and one after it. So a crash between the two leaves a message
    /// that finds the record. The same call again sends them again, and ends the sessions again.
    ///
    /// A race: the condition is the version of the record. A call that loses reads again and decides again.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for other roles; [`Refusal::Invalid`] for bad input; [`Refusal::NotFound`] if there is
    /// no such customer with a confirmed address.
    pub async fn run(
        &self,
        caller: &Caller,
        customer_id: &str,
        body: &Value,
    ) -> Result<CustomerAnswer, Refusal> {
        caller.acting_as(&[Role::Dispatcher])?;
        let update = intake::read_customer_update(body)?;
        let id: UserId = customer_id.parse().map_err(|_| Refusal::NotFound)?;
        let message = CustomerChanged {
            customer_id: id,
            changed_by: caller.user_id,
            request_id: caller.request_id.clone(),
            walk: OrdersWalk::OnRoutes,
            before: None,
            last: false,
        };
        let mut is_announced = update.status.is_none();
        let mut attempts = Attempts::new(self.jitter.as_ref());
        let changed = loop {
            let user = self.users.user(id).await?.ok_or(Refusal::NotFound)?;
            let changed = update.apply(&user, self.clock.now());
            let changed = changed.ok_or(Refusal::NotFound)?;
            if !is_announced {
                self.queue
                    .send(std::slice::from_ref(&message), SPARE_S)
                    .await?;
                is_announced = true;
            }
            if changed.says_the_same_as(&user) {
                break user;
            }
            match self.users.put_user(&changed).await {
                Ok(()) => break changed,
                Err(StoreError::Conflict) => attempts.pause().await?,
                Err(error) => return Err(error.into()),
            }
        };
        if update.status.is_some() {
            self.queue.send(&[message], 0).await?;
        }
        if update.status == Some(UserStatus::Suspended) {
            self.sessions.sign_out(Whose::User(id)).await?;
        }
        Ok(CustomerAnswer::from(changed))
    }
}
