//! Reads requests to cancel many orders.

use std::collections::BTreeSet;

use domain::{ImportId, OrderId, OrderStatus, Role, UserId};
use serde_json::Value;

use crate::faults::Faults;
use crate::fields::Fields;
use crate::order::LONGEST_REASON;

/// A request names at most this many orders.
const MOST_ORDERS: usize = 100;

/// A request to cancel orders: those with these ids, or those of the filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancelRequest {
    /// The ids, each once, in the sequence in which they were sent. Empty with a filter.
    pub order_ids: Vec<OrderId>,
    /// The filter.
    pub filter: Option<CancelFilter>,
    /// The reason.
    pub reason: Option<String>,
}

/// Which orders are cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CancelFilter {
    /// The orders of an import.
    Import {
        /// The import.
        import_id: ImportId,
        /// Whether orders on routes stay as they are.
        only_pending: bool,
    },
    /// The pending orders of a customer.
    Pending {
        /// The customer. `None` for the caller's own orders.
        customer_id: Option<UserId>,
    },
}

/// Reads the body of a request that cancels orders. `caller` is the role of the person who asks.
///
/// # Errors
/// Every fault in the body.
pub fn read_cancel_request(body: &Value, caller: Role) -> Result<CancelRequest, Faults> {
    let faults = Faults::new();
    let fields = Fields::of_body(body, &faults);
    fields.only(&["order_ids", "filter", "reason"]);
    let order_ids = read_ids(body, &faults);
    let filter_fields = fields.object("filter");
    let filter = filter_fields.and_then(|filter| read_filter(&filter, caller));
    let reason = fields.text("reason", LONGEST_REASON).map(str::to_owned);
    if faults.is_empty() && order_ids.is_some() == filter.is_some() {
        faults.note("#", "must have either order_ids or a filter");
    }
    faults.or(Some(CancelRequest {
        order_ids: order_ids.unwrap_or_default(),
        filter,
        reason,
    }))
}

fn read_ids(body: &Value, faults: &Faults) -> Option<Vec<OrderId>> {
    let sent = body.get("order_ids").filter(|sent| !sent.is_null())?;
    let Some(sent) = sent
        .as_array()
        .filter(|sent| (1..=MOST_ORDERS).contains(&sent.len()))
    else {
        let detail = format!("must be a list of 1 to {MOST_ORDERS} ids of orders");
        faults.note("#/order_ids", detail);
        return None;
    };
    let mut seen = BTreeSet::new();
    let mut ids = Vec::new();
    for (place, id) in sent.iter().enumerate() {
        match id.as_str().and_then(|id| id.parse::<OrderId>().ok()) {
            Some(id) if seen.insert(id) => ids.push(id),
            Some(_) => {}
            None => faults.note(format!("#/order_ids/{place}"), "is not the id of an order"),
        }
    }
    Some(ids)
}

fn read_filter(filter: &Fields<'_>, caller: Role) -> Option<CancelFilter> {
    filter.only(&["import_id", "status", "customer_id"]);
    let status = filter.word("status", &[OrderStatus::Pending]);
    let import_id = read_id(filter, "import_id", "an import");
    let customer_id = read_id(filter, "customer_id", "a customer");
    if filter.has("import_id") {
        if filter.has("customer_id") {
            filter.fault("customer_id", "is not needed: the import has one customer");
        }
        return Some(CancelFilter::Import {
            import_id: import_id?,
            only_pending: status.is_some(),
        });
    }
    if !filter.has("status") {
        filter.fault("status", "is missing, and so is an import_id");
    }
    match (caller == Role::Dispatcher, filter.has("customer_id")) {
        (true, false) => filter.fault("customer_id", "is missing; say whose pending orders"),
        (false, true) => filter.fault(
            "customer_id",
            "is for dispatchers; your own orders are meant",
        ),
        (true, true) | (false, false) => {}
    }
    Some(CancelFilter::Pending { customer_id })
}

fn read_id<Id: std::str::FromStr>(
    fields: &Fields<'_>,
    field: &'static str,
    of: &str,
) -> Option<Id> {
    // The longest form of a UUID has 45 characters.
    let id = fields.text(field, 45)?.parse().ok();
    if id.is_none() {
        fields.fault(field, format!("is not the id of {of}"));
    }
    id
}
