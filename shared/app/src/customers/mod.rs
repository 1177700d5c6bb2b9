//! Customers: the list for dispatchers, and changes to one of them.

mod follow_customer;
mod list_customers;
mod update_customer;

pub use follow_customer::{FollowCustomer, FollowReport};
pub use list_customers::ListCustomers;
pub use update_customer::UpdateCustomer;
