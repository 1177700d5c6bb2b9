//! Reads the changes of a customer.

use domain::{CustomerUpdate, Moment, UserStatus, VariantArray};
use serde_json::Value;

use crate::faults::Faults;
use crate::fields::Fields;

/// The largest limit on pending orders of one customer: the largest value of the parameter `MaxOpenOrders`.
const LARGEST_LIMIT: u32 = 1_000_000;

/// Reads the body with which a dispatcher changes a customer. In `max_open_orders`, `null` removes the customer's own
/// limit.
///
/// # Errors
/// Every fault in the body.
pub fn read_customer_update(body: &Value) -> Result<CustomerUpdate, Faults> {
    let faults = Faults::new();
    let fields = Fields::of_body(body, &faults);
    fields.only(&["status", "max_open_orders", "messages_off"]);
    let removed = body.get("max_open_orders").is_some_and(Value::is_null);
    let limit = fields.whole_number("max_open_orders", 0..=LARGEST_LIMIT);
    let moments = fields.words("messages_off", Moment::VARIANTS);
    let update = CustomerUpdate {
        status: fields.word("status", &[UserStatus::Active, UserStatus::Suspended]),
        max_open_orders: if removed { Some(None) } else { limit.map(Some) },
        messages_off: moments.map(|moments| moments.into_iter().collect()),
    };
    if faults.is_empty() && update == CustomerUpdate::default() {
        faults.note("#", "names nothing to change");
    }
    faults.or(Some(update))
}
