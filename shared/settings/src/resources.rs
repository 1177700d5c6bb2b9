//! The resources of the stack. Each has its own type, so that two of them cannot be swapped by mistake:
//!
//! ```compile_fail,E0308
//! use settings::resources::{OrdersTable, UsersTable};
//!
//! fn store(_users: &UsersTable, _orders: &OrdersTable) {}
//! let (users, orders) = (UsersTable::named("users"), OrdersTable::named("orders"));
//! store(&orders, &users);
//! ```

use std::fmt;

use crate::{Environment, Setting};

macro_rules! resources {
    ($($(#[$doc:meta])* $name:ident = $variable:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name(String);

        impl $name {
            /// The environment variable that names the resource.
            pub const VARIABLE: &'static str = $variable;

            /// A resource of this name. Tests need this; a function reads its resources from the environment.
            pub fn named(name: impl Into<String>) -> Self {
                Self(name.into())
            }

            /// The name, as AWS knows it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl Setting for $name {
            fn read(env: &Environment) -> Option<Self> {
                env.text(Self::VARIABLE).map(Self)
            }
        }
    )*};
}

resources! {
    /// The table of people.
    UsersTable = "USERS_TABLE";
    /// The table of orders.
    OrdersTable = "ORDERS_TABLE";
    /// The table of routes.
    RoutesTable = "ROUTES_TABLE";
    /// The table of imports and their rejected rows.
    ImportsTable = "IMPORTS_TABLE";
    /// The table of claims: idempotency keys, external ids, leases, outboxes, what people were told, known legs, known
    /// places, bounds on pending orders, zones without agents and the place of the sweep.
    ClaimsTable = "CLAIMS_TABLE";
    /// The table of the locations of agents.
    LocationsTable = "LOCATIONS_TABLE";
    /// The URL of the queue that wakes the optimizer.
    OptimizationQueue = "OPTIMIZATION_QUEUE_URL";
    /// The URL of the queue of notifications.
    NotificationQueue = "NOTIFICATION_QUEUE_URL";
    /// The URL of the queue of imports.
    ImportQueue = "IMPORT_QUEUE_URL";
    /// The URL of the queue of imports with addresses to place.
    LocatingQueue = "LOCATING_QUEUE_URL";
    /// The bucket of uploaded files and of their rejected rows.
    UploadsBucket = "UPLOADS_BUCKET";
    /// The bucket of changes that could not be published.
    FailedEventsBucket = "FAILED_EVENTS_BUCKET";
    /// The ARN prefix of the topics for emails. The id of a user follows it.
    UserTopics = "USER_TOPIC_ARN_PREFIX";
    /// The id of the Cognito user pool.
    UserPool = "USER_POOL_ID";
}

/// The app client of the user pool: its id, and the secret without which Cognito's open calls refuse a caller.
#[derive(Clone, PartialEq, Eq)]
pub struct UserPoolClient {
    id: String,
    secret: String,
}

impl UserPoolClient {
    /// The app client with this id and this secret. Tests need this; a function reads both from the environment.
    pub fn with_secret(id: impl Into<String>, secret: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            secret: secret.into(),
        }
    }

    /// The id. It is no secret.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The secret. Nothing may show it to a client or in a log.
    pub fn secret(&self) -> &str {
        &self.secret
    }
}

impl fmt::Debug for UserPoolClient {
    // Without the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("UserPoolClient").field(&self.id).finish()
    }
}

impl Setting for UserPoolClient {
    fn read(env: &Environment) -> Option<Self> {
        let (id, secret) = (
            env.text("USER_POOL_CLIENT_ID"),
            env.text("USER_POOL_CLIENT_SECRET"),
        );
        Some(Self {
            id: id?,
            secret: secret?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_log_shows_the_secret() {
        let client = UserPoolClient::with_secret("the-id", "hunter2");
        assert_eq!(format!("{client:?}"), "UserPoolClient(\"the-id\")");
    }
}
