//! From records of the tables' streams to changes of users, orders and routes.

use app::events::StateChange;
use aws_lambda_events::dynamodb::EventRecord;
use domain::{Order, Route, User};
use serde::de::DeserializeOwned;
use serde_dynamo::Item;
use thiserror::Error;

use super::items::{BrokenItem, StoredOrder, StoredRoute, StoredUser};
use super::{keys, orders, routes, users};

/// A record whose images are not what the tables hold.
#[derive(Debug, Error)]
pub enum UnreadableRecord {
    /// An attribute is missing or of another type.
    #[error("an item in the stream cannot be read")]
    Attributes(#[from] serde_dynamo::Error),
    /// The attributes contradict each other.
    #[error(transparent)]
    Broken(#[from] BrokenItem),
}

/// What a record tells; `None` for items that nobody has to hear of, such as a route's geometry. Which table it comes from is
/// told by its keys: the tables' names are the deployment's to choose.
///
/// # Errors
/// When the record is of a table of ours and cannot be read.
pub fn state_change(record: &EventRecord) -> Result<Option<StateChange>, UnreadableRecord> {
    let (keys, old, new) = (
        &record.change.keys,
        &record.change.old_image,
        &record.change.new_image,
    );
    let change = if keys.contains_key(users::KEY) {
        StateChange::User {
            before: image::<StoredUser, User>(old)?,
            after: image::<StoredUser, User>(new)?,
        }
    } else if keys.contains_key(orders::KEY) {
        StateChange::Order {
            before: image::<StoredOrder, Order>(old)?,
            after: image::<StoredOrder, Order>(new)?,
        }
    } else if is_route(keys) {
        StateChange::Route {
            before: image::<StoredRoute, Route>(old)?,
            after: image::<StoredRoute, Route>(new)?,
        }
    } else {
        return Ok(None);
    };
    Ok(Some(change))
}

fn is_route(keys: &Item) -> bool {
    let sort_key = keys.get(routes::SORT_KEY);
    matches!(sort_key, Some(serde_dynamo::AttributeValue::S(item)) if keys::is_route_item(item))
}

/// An image; a record has none on the side where the item was not there.
fn image<S, T>(item: &Item) -> Result<Option<Box<T>>, UnreadableRecord>
where
    S: DeserializeOwned,
    T: TryFrom<S, Error = BrokenItem>,
{
    if item.is_empty() {
        return Ok(None);
    }
    let stored: S = serde_dynamo::from_item(item.clone())?;
    Ok(Some(Box::new(stored.try_into()?)))
}
