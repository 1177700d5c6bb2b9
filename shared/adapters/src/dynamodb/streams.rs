//! Changes of users, orders and routes, read from the streams of the tables.

use app::events::StateChange;
use aws_lambda_events::dynamodb::EventRecord;
use domain::{Order, Route, User};
use serde::de::DeserializeOwned;
use serde_dynamo::Item;
use thiserror::Error;

use crate::failure::UnreadableItem;

use super::items::{BrokenItem, StoredOrder, StoredRoute, StoredUser};
use super::{keys, orders, routes, users};

/// A record whose images do not match the tables.
#[derive(Debug, Error)]
pub enum UnreadableRecord {
    /// An attribute is missing or of another type.
    #[error("an item in the stream cannot be read")]
    Attributes(#[from] UnreadableItem),
    /// The attributes contradict each other.
    #[error(transparent)]
    Broken(#[from] BrokenItem),
}

/// The mark of an item that an operator copied back after a loss (`local/restore.py`). A function that writes the item
/// removes the mark.
const RESTORED: &str = "restored_at";

/// The change in a record. `None` for items that no one listens to, such as the geometry of a route, and for an item
/// that was copied back: its news is old. The keys of a record show its table: each deployment chooses its own table
/// names.
///
/// # Errors
/// The record belongs to one of our tables and cannot be read.
pub fn state_change(record: &EventRecord) -> Result<Option<StateChange>, UnreadableRecord> {
    let (keys, old, new) = (
        &record.change.keys,
        &record.change.old_image,
        &record.change.new_image,
    );
    let restored = new.get(RESTORED);
    if restored.is_some() && restored != old.get(RESTORED) {
        return Ok(None);
    }
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

/// An image. A record has no image for the side on which the item did not exist.
fn image<S, T>(item: &Item) -> Result<Option<Box<T>>, UnreadableRecord>
where
    S: DeserializeOwned,
    T: TryFrom<S, Error = BrokenItem>,
{
    if item.is_empty() {
        return Ok(None);
    }
    let stored = serde_dynamo::from_item(item.clone());
    let stored: S = stored.map_err(|error| UnreadableItem::of::<S>(&error))?;
    Ok(Some(Box::new(stored.try_into()?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use testkit::contracts::Fresh;
    use testkit::{an_agent, an_order, at};

    /// A record in the form that Lambda sends.
    fn record(keys: &[&str], old: Option<Item>, new: Option<Item>) -> EventRecord {
        let image = new.as_ref().or(old.as_ref()).unwrap();
        let keys = keys
            .iter()
            .map(|key| ((*key).to_owned(), image.get(*key).unwrap().clone()));
        let keys: Item = keys.collect::<std::collections::HashMap<_, _>>().into();
        let mut change = json!({
            "ApproximateCreationDateTime": 1_904_284_800.0,
            "Keys": keys, "SequenceNumber": "1", "SizeBytes": 1, "StreamViewType": "NEW_AND_OLD_IMAGES",
        });
        for (name, image) in [("OldImage", old), ("NewImage", new)] {
            if let Some(image) = image {
                change[name] = json!(image);
            }
        }
        serde_json::from_value(json!({
            "awsRegion": "eu-west-1", "eventID": "1", "eventName": "MODIFY", "eventSource": "aws:dynamodb",
            "eventSourceARN": "arn:aws:dynamodb:eu-west-1:123456789012:table/t/stream/1",
            "eventVersion": "1.1", "dynamodb": change,
        }))
        .unwrap()
    }

    fn item<S: serde::Serialize>(stored: S) -> Item {
        serde_dynamo::to_item(stored).unwrap()
    }

    #[test]
    fn a_user_before_and_after() {
        let before = an_agent(1).build();
        let after = before.changed(at("2030-05-06T08:00:00Z"));
        let image = |user: &User| Some(item(StoredUser::from(user.clone())));
        let change = state_change(&record(&["user_id"], image(&before), image(&after)));
        let expected = StateChange::User {
            before: Some(Box::new(before)),
            after: Some(Box::new(after)),
        };
        assert_eq!(change.unwrap(), Some(expected));
    }

    #[test]
    fn a_new_order_has_no_before() {
        let order = an_order(1).build();
        let image = item(StoredOrder::from(order.clone()));
        let change = state_change(&record(&["order_id"], None, Some(image)));
        let expected = StateChange::Order {
            before: None,
            after: Some(Box::new(order)),
        };
        assert_eq!(change.unwrap(), Some(expected));
    }

    #[test]
    fn a_geometry_is_no_news_and_its_route_is() {
        let fresh = Fresh::new();
        let route = fresh.route(fresh.user_id(), &[], at("2030-05-06T08:00:00Z"));
        let (stored, geometry) = StoredRoute::of(route.clone());
        let keys = ["agent_id", "item"];
        let change = state_change(&record(&keys, None, geometry.map(item)));
        assert_eq!(change.unwrap(), None);
        let change = state_change(&record(&keys, None, Some(item(stored))));
        let after = Route {
            geometry: None,
            ..route
        };
        let expected = StateChange::Route {
            before: None,
            after: Some(Box::new(after)),
        };
        assert_eq!(change.unwrap(), Some(expected));
    }

    #[test]
    fn an_item_that_was_copied_back_is_no_news_and_its_next_change_is() {
        let order = an_order(1).build();
        let mut marked = item(StoredOrder::from(order.clone()));
        let mark = serde_dynamo::AttributeValue::S("2030-05-06T08:00:00Z".to_owned());
        marked.insert("restored_at".to_owned(), mark);
        let change = state_change(&record(&["order_id"], None, Some(marked.clone())));
        assert_eq!(change.unwrap(), None);
        let next = item(StoredOrder::from(order.clone()));
        let change = state_change(&record(&["order_id"], Some(marked), Some(next)));
        assert!(change.unwrap().is_some());
    }

    #[test]
    fn an_item_of_another_shape_is_an_error() {
        let mut image = item(StoredOrder::from(an_order(1).build())).into_inner();
        image.remove("status");
        let change = state_change(&record(&["order_id"], None, Some(image.into())));
        assert!(
            matches!(change, Err(UnreadableRecord::Attributes(_))),
            "{change:?}"
        );
    }
}
