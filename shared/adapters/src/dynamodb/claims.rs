//! Claims on emails.

use app::ports::{EmailClaim, EmailClaims, StoreError};
use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use domain::Timestamp;
use settings::resources::ClaimsTable;

use super::failures::{away, written};
use super::index;
use super::items::{StoredEmailClaim, whole_seconds};
use super::keys;
use super::table::{self, number, text};

/// The key of the table `Claims`.
pub(super) const KEY: &str = "claim";

/// Claims on emails, in the table `Claims`.
#[derive(Debug, Clone)]
pub struct DynamoClaims {
    client: Client,
    table: ClaimsTable,
}

impl DynamoClaims {
    /// On this table.
    pub fn new(client: &Client, table: &ClaimsTable) -> Self {
        Self {
            client: client.clone(),
            table: table.clone(),
        }
    }
}

#[async_trait]
impl EmailClaims for DynamoClaims {
    async fn claim(
        &self,
        event: &str,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<EmailClaim, StoreError> {
        let claim = StoredEmailClaim::new(event, lease_until);
        let result = self
            .client
            .put_item()
            .table_name(self.table.as_str())
            .set_item(Some(table::to_item(&claim)?))
            .condition_expression(
                "attribute_not_exists(#claim) OR (attribute_not_exists(sent) AND lease_until <= :now)",
            )
            .expression_attribute_names("#claim", KEY)
            .expression_attribute_values(":now", text(keys::sortable(now)))
            .send()
            .await;
        if written("PutItem", result)?.is_some() {
            return Ok(EmailClaim::Ours);
        }
        let key = index::key(KEY, keys::email_claim(event));
        let found = table::get(&self.client, self.table.as_str(), key).await?;
        let found = found
            .map(table::from_item::<StoredEmailClaim>)
            .transpose()?;
        // The claim was deleted in between. The message comes again, and then the claim is made again.
        Ok(found.map_or(EmailClaim::Theirs, EmailClaim::from))
    }

    async fn mark_sent(&self, event: &str, forget_at: Timestamp) -> Result<(), StoreError> {
        // No condition: a sent email is sent, even if another call holds the claim by now.
        self.client
            .update_item()
            .table_name(self.table.as_str())
            .set_key(Some(index::key(KEY, keys::email_claim(event))))
            .update_expression("SET sent = :sent, expires_at_s = :forget_at")
            .expression_attribute_values(
                ":sent",
                aws_sdk_dynamodb::types::AttributeValue::Bool(true),
            )
            .expression_attribute_values(":forget_at", number(whole_seconds(forget_at)))
            .send()
            .await
            .map_err(|error| away("UpdateItem", error))?;
        Ok(())
    }
}
