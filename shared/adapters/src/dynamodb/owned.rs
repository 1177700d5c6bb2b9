//! Claims that an owner takes for a time, in the table `Claims`: leases on zones, and claims on addresses.

use app::ports::StoreError;
use aws_sdk_dynamodb::Client;
use domain::Timestamp;
use settings::resources::ClaimsTable;

use super::claims::KEY;
use super::failures::written;
use super::index;
use super::items::{SECONDS_KEPT, whole_seconds};
use super::keys;
use super::table::{number, text};

/// Takes a claim until a time, if nobody else has one that lasts at `now`. Returns whether it is taken.
///
/// An update and not a put: what others have written beside the claim of an owner that died stays. An owner may take
/// its own claim again, so that a repeated request with a lost answer does not lock the owner out.
pub(super) async fn take(
    client: &Client,
    table: &ClaimsTable,
    claim: String,
    owner: &str,
    now: Timestamp,
    until: Timestamp,
) -> Result<bool, StoreError> {
    let result = client
        .update_item()
        .table_name(table.as_str())
        .set_key(Some(index::key(KEY, claim)))
        .update_expression("SET #owner = :owner, lease_until = :until, expires_at_s = :expires")
        .condition_expression(
            "attribute_not_exists(#claim) OR lease_until <= :now OR #owner = :owner",
        )
        .expression_attribute_names("#claim", KEY)
        .expression_attribute_names("#owner", "owner")
        .expression_attribute_values(":owner", text(owner))
        .expression_attribute_values(":now", text(keys::sortable(now)))
        .expression_attribute_values(":until", text(keys::sortable(until)))
        .expression_attribute_values(":expires", number(whole_seconds(until) + SECONDS_KEPT))
        .send()
        .await;
    Ok(written("UpdateItem", result)?.is_some())
}

/// Deletes the owner's claim if a further condition holds. Returns whether it did. Nothing happens if somebody else has
/// the claim, or if it is deleted already.
pub(super) async fn delete_if(
    client: &Client,
    table: &ClaimsTable,
    claim: String,
    owner: &str,
    further: Option<&str>,
) -> Result<bool, StoreError> {
    let theirs = "#owner = :owner";
    let condition = further.map_or_else(
        || theirs.to_owned(),
        |further| format!("{theirs} AND {further}"),
    );
    let result = client
        .delete_item()
        .table_name(table.as_str())
        .set_key(Some(index::key(KEY, claim)))
        .condition_expression(condition)
        .expression_attribute_names("#owner", "owner")
        .expression_attribute_values(":owner", text(owner))
        .send()
        .await;
    Ok(written("DeleteItem", result)?.is_some())
}
