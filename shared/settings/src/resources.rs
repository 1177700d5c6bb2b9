//! The resources of the stack. Each has its own type, so that two of them cannot be swapped by mistake:
//!
//! ```compile_fail,E0308
//! use settings::resources::{OrdersTable, UsersTable};
//!
//! fn store(_users: &UsersTable, _orders: &OrdersTable) {}
//! let (users, orders) = (UsersTable::named("users"), OrdersTable::named("orders"));
//! store(&orders, &users);
//! ```

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
    /// The table of claims: idempotency keys, external ids, leases, sent emails, known legs, known places, bounds on
    /// pending orders, zones without agents and the place of the sweep.
    ClaimsTable = "CLAIMS_TABLE";
    /// The URL of the queue that wakes the optimizer.
    OptimizationQueue = "OPTIMIZATION_QUEUE_URL";
    /// The URL of the queue of notifications.
    NotificationQueue = "NOTIFICATION_QUEUE_URL";
    /// The URL of the queue of imports.
    ImportQueue = "IMPORT_QUEUE_URL";
    /// The bucket of uploaded files and of their rejected rows.
    UploadsBucket = "UPLOADS_BUCKET";
    /// The ARN prefix of the topics for emails. The id of a user follows it.
    UserTopics = "USER_TOPIC_ARN_PREFIX";
    /// The id of the Cognito user pool.
    UserPool = "USER_POOL_ID";
    /// The id of the app client of the user pool.
    UserPoolClient = "USER_POOL_CLIENT_ID";
}
