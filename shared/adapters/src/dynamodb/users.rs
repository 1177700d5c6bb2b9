//! Users.

use app::ports::{StoreError, UserStore};
use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use domain::{Role, User, UserId, UserStatus, Zone};
use settings::resources::UsersTable;

use super::index::{self, IndexQuery};
use super::items::StoredUser;
use super::table;

/// The key of the table.
pub(super) const KEY: &str = "user_id";

/// People, in the table `Users`.
#[derive(Debug, Clone)]
pub struct DynamoUsers {
    client: Client,
    table: UsersTable,
}

impl DynamoUsers {
    /// On this table.
    pub fn new(client: &Client, table: &UsersTable) -> Self {
        Self {
            client: client.clone(),
            table: table.clone(),
        }
    }
}

#[async_trait]
impl UserStore for DynamoUsers {
    async fn user(&self, id: UserId) -> Result<Option<User>, StoreError> {
        let item = table::get(&self.client, self.table.as_str(), index::key(KEY, id)).await?;
        item.map(table::read::<StoredUser, User>).transpose()
    }

    async fn users(&self, ids: &[UserId]) -> Result<Vec<User>, StoreError> {
        let keys = table::distinct(ids).into_iter();
        let keys = keys.map(|id| index::key(KEY, id)).collect();
        let items = table::get_all(&self.client, self.table.as_str(), keys).await?;
        items
            .into_iter()
            .map(table::read::<StoredUser, User>)
            .collect()
    }

    async fn put_user(&self, user: &User) -> Result<(), StoreError> {
        let stored = StoredUser::from(user.clone());
        table::put_version(
            &self.client,
            self.table.as_str(),
            &stored,
            user.version,
            KEY,
        )
        .await
    }

    async fn with_status(
        &self,
        role: Role,
        status: UserStatus,
        after: Option<UserId>,
        limit: usize,
    ) -> Result<Vec<UserId>, StoreError> {
        let (index, key) = match role {
            Role::Agent => ("agents-by-status", "agent_status"),
            Role::Customer => ("customers-by-status", "customer_status"),
            Role::Dispatcher => return Ok(Vec::new()),
        };
        if limit == 0 {
            return Ok(Vec::new());
        }
        let mut values = vec![(":status", table::text(status.name()))];
        let condition = match after {
            Some(after) => {
                values.push((":after", table::text(after)));
                "#status = :status AND user_id > :after"
            }
            None => "#status = :status",
        };
        let query = IndexQuery {
            client: &self.client,
            table: self.table.as_str(),
            index,
            condition,
            filter: None,
            names: vec![("#status", key)],
            values,
            ascending: true,
            page: Some(limit),
        };
        index::ids(&query.take(limit).await?, KEY)
    }

    async fn agents_on_duty(&self, zone: Zone) -> Result<Vec<UserId>, StoreError> {
        let query = IndexQuery {
            client: &self.client,
            table: self.table.as_str(),
            index: "agents-on-duty",
            condition: "duty_zone = :zone",
            filter: None,
            names: Vec::new(),
            values: vec![(":zone", table::text(zone))],
            ascending: true,
            page: None,
        };
        index::ids(&query.take(usize::MAX).await?, KEY)
    }
}
