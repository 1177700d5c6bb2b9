//! `GET /customers`: the customers.

use std::sync::Arc;

use domain::{Role, UserStatus};

use crate::answers::{CustomerAnswer, CustomersAnswer};
use crate::caller::Caller;
use crate::paging::{PageQuery, page_of_people};
use crate::ports::UserStore;
use crate::refusal::Refusal;

/// The statuses that `GET /customers` lists. A user with an unconfirmed address is not a customer yet.
const LISTED: [UserStatus; 2] = [UserStatus::Active, UserStatus::Suspended];

/// `GET /customers`
pub struct ListCustomers {
    /// The user records.
    pub users: Arc<dyn UserStore>,
}

impl ListCustomers {
    /// The customers, sorted by id, for dispatchers.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] if the query is not valid.
    pub async fn run(
        &self,
        caller: &Caller,
        query: &PageQuery,
    ) -> Result<CustomersAnswer, Refusal> {
        caller.acting_as(&[Role::Dispatcher])?;
        let users = self.users.as_ref();
        let (customers, next_cursor) =
            page_of_people(users, Role::Customer, &LISTED, query).await?;
        Ok(CustomersAnswer {
            customers: customers.into_iter().map(CustomerAnswer::from).collect(),
            next_cursor,
        })
    }
}
