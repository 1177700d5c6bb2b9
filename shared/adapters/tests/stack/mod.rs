//! What the contract tests need of a running stack.

use adapters::cognito::{CognitoAccounts, CognitoSessions};
use adapters::s3::proofs;
use adapters::{aws, cognito, dynamodb, s3, ses, sns, sqs};
use app::messages::ImportKey;
use app::ports::ProofKey;
use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_dynamodb::types::{
    BillingMode, GlobalSecondaryIndex, GlobalSecondaryIndexDescription, TableDescription,
    TableStatus,
};
use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration};
use aws_sdk_sesv2::types::{SuppressionListReason, SuppressionOptions};
use domain::ProofKind;
use serde_json::Value;
use settings::resources::{
    ClaimsTable, ImportsTable, LocationsTable, OrdersTable, RoutesTable, UsersTable,
};
use settings::{SesSender, Setting};
use testkit::contracts::mail::Post;
use testkit::contracts::queues::Outlet;
use testkit::contracts::texts::Phones;
use uuid::Uuid;

/// The stack that the environment names.
pub struct Stack {
    aws: SdkConfig,
}

impl Stack {
    pub async fn new() -> Self {
        Self { aws: aws::config() }
    }

    pub fn dynamodb(&self) -> dynamodb::Client {
        dynamodb::Client::new(&self.aws)
    }

    pub fn sqs(&self) -> sqs::Client {
        sqs::Client::new(&self.aws)
    }

    pub fn s3(&self) -> s3::Client {
        s3::client(&self.aws)
    }

    /// A bucket of the test's own.
    pub async fn bucket(&self) -> OwnBucket {
        let client = self.s3();
        let name = format!("contract-{}", Uuid::now_v7());
        let region = self.aws.region().map_or("", |region| region.as_ref());
        let location = CreateBucketConfiguration::builder()
            .location_constraint(BucketLocationConstraint::from(region))
            .build();
        let create = client.create_bucket().bucket(&name);
        let create = create.create_bucket_configuration(location);
        create.send().await.unwrap();
        OwnBucket { client, name }
    }

    pub fn sns(&self) -> sns::Client {
        sns::Client::new(&self.aws)
    }

    pub fn ses(&self) -> ses::Client {
        ses::Client::new(&self.aws)
    }

    /// A verified identity and a configuration set of the test's own.
    pub async fn mail_office(&self) -> MailOffice {
        let client = self.ses();
        let (name, domain) = (
            format!("contract-{}", Uuid::now_v7()),
            format!("{}.example.com", Uuid::now_v7()),
        );
        let identity = client.create_email_identity();
        identity.email_identity(&domain).send().await.unwrap();
        let stops = SuppressionOptions::builder()
            .suppressed_reasons(SuppressionListReason::Bounce)
            .build();
        let set = client.create_configuration_set();
        let set = set.configuration_set_name(&name);
        set.suppression_options(stops).send().await.unwrap();
        MailOffice {
            client,
            name,
            domain,
            endpoint: std::env::var("AWS_ENDPOINT_URL").unwrap(),
        }
    }

    /// The phones that SNS sends to.
    pub fn phones(&self) -> StackPhones {
        StackPhones {
            endpoint: std::env::var("AWS_ENDPOINT_URL").unwrap(),
        }
    }

    pub fn accounts(&self) -> CognitoAccounts {
        let client = cognito::Client::new(&self.aws);
        let (pool, pool_client) = from_environment();
        CognitoAccounts::new(&client, &pool, &pool_client)
    }

    pub fn sessions(&self) -> CognitoSessions {
        CognitoSessions::new(&cognito::Client::new(&self.aws), &from_environment())
    }

    /// A table for users of the test's own.
    pub async fn users(&self) -> TableCopy<UsersTable> {
        let table: UsersTable = from_environment();
        self.copy_of(table.as_str(), UsersTable::named).await
    }

    /// A table for orders of the test's own.
    pub async fn orders(&self) -> TableCopy<OrdersTable> {
        let table: OrdersTable = from_environment();
        self.copy_of(table.as_str(), OrdersTable::named).await
    }

    /// A table for routes of the test's own.
    pub async fn routes(&self) -> TableCopy<RoutesTable> {
        let table: RoutesTable = from_environment();
        self.copy_of(table.as_str(), RoutesTable::named).await
    }

    /// A table for imports of the test's own.
    pub async fn imports(&self) -> TableCopy<ImportsTable> {
        let table: ImportsTable = from_environment();
        self.copy_of(table.as_str(), ImportsTable::named).await
    }

    /// A table for claims of the test's own.
    pub async fn claims(&self) -> TableCopy<ClaimsTable> {
        let table: ClaimsTable = from_environment();
        self.copy_of(table.as_str(), ClaimsTable::named).await
    }

    /// A table for locations of the test's own.
    pub async fn locations(&self) -> TableCopy<LocationsTable> {
        let table: LocationsTable = from_environment();
        self.copy_of(table.as_str(), LocationsTable::named).await
    }

    /// An empty table with the keys and indexes of one of the stack's.
    async fn copy_of<T>(&self, original: &str, named: fn(String) -> T) -> TableCopy<T> {
        let client = self.dynamodb();
        let described = client.describe_table().table_name(original).send().await;
        let described = described.unwrap_or_else(|error| panic!("{original}: {error:?}"));
        let definition = described.table.unwrap();
        let name = format!("contract-{}", Uuid::now_v7());
        create(&client, &name, definition).await;
        let table = named(name.clone());
        TableCopy {
            client,
            name,
            table,
        }
    }

    /// A queue of the test's own.
    pub async fn queue(&self) -> OwnQueue {
        let client = self.sqs();
        let name = format!("contract-{}", Uuid::now_v7());
        let made = client.create_queue().queue_name(name).send().await.unwrap();
        OwnQueue {
            client,
            url: made.queue_url.unwrap(),
        }
    }

    /// A prefix for topics of the test's own, on this stack's account.
    pub async fn topic_arn_prefix(&self) -> String {
        let name = format!("contract-{}-", Uuid::now_v7());
        let made = self.sns().create_topic().name(name).send().await.unwrap();
        made.topic_arn.unwrap()
    }

    pub async fn delete_topics(&self, prefix: &str) {
        let mut topics = self.sns().list_topics().into_paginator().items().send();
        while let Some(topic) = topics.next().await {
            let arn = topic.unwrap().topic_arn.unwrap();
            if arn.starts_with(prefix) {
                self.sns()
                    .delete_topic()
                    .topic_arn(arn)
                    .send()
                    .await
                    .unwrap();
            }
        }
    }
}

/// What `eval "$(make -s env)"` sets.
fn from_environment<T: Setting>() -> T {
    settings::from_environment().unwrap_or_else(|error| {
        panic!(r#"{error}: start the stack with `make up`, then `eval "$(make -s env)"`"#)
    })
}

async fn create(client: &dynamodb::Client, name: &str, original: TableDescription) {
    let indexes = original.global_secondary_indexes.unwrap_or_default();
    let indexes: Vec<GlobalSecondaryIndex> = indexes.into_iter().map(index).collect();
    client
        .create_table()
        .table_name(name)
        .billing_mode(BillingMode::PayPerRequest)
        .set_key_schema(original.key_schema)
        .set_attribute_definitions(original.attribute_definitions)
        .set_global_secondary_indexes((!indexes.is_empty()).then_some(indexes))
        .send()
        .await
        .unwrap();
    testkit::contracts::eventually("the table is active", || async {
        let described = client
            .describe_table()
            .table_name(name)
            .send()
            .await
            .unwrap();
        described.table.unwrap().table_status == Some(TableStatus::Active)
    })
    .await;
}

fn index(described: GlobalSecondaryIndexDescription) -> GlobalSecondaryIndex {
    GlobalSecondaryIndex::builder()
        .set_index_name(described.index_name)
        .set_key_schema(described.key_schema)
        .set_projection(described.projection)
        .build()
        .unwrap()
}

/// A table that the test deletes when all went well; else it stays to be looked at.
pub struct TableCopy<T> {
    client: dynamodb::Client,
    name: String,
    table: T,
}

impl<T: Clone> TableCopy<T> {
    pub fn table(&self) -> T {
        self.table.clone()
    }

    pub async fn delete(self) {
        self.client
            .delete_table()
            .table_name(self.name)
            .send()
            .await
            .unwrap();
    }
}

/// A queue that the test reads itself.
pub struct OwnQueue {
    client: sqs::Client,
    url: String,
}

impl OwnQueue {
    pub fn url(&self) -> &str {
        &self.url
    }

    pub async fn delete(self) {
        self.client
            .delete_queue()
            .queue_url(self.url)
            .send()
            .await
            .unwrap();
    }
}

#[async_trait]
impl Outlet for OwnQueue {
    async fn take(&self) -> Vec<String> {
        let receive = self.client.receive_message().queue_url(&self.url);
        let answer = receive.max_number_of_messages(10).send().await.unwrap();
        let mut bodies = Vec::new();
        for message in answer.messages.unwrap_or_default() {
            let handle = message.receipt_handle.unwrap();
            let delete = self.client.delete_message().queue_url(&self.url);
            delete.receipt_handle(handle).send().await.unwrap();
            bodies.extend(message.body);
        }
        bodies
    }
}

/// A bucket that the test puts files into and takes them out of by itself.
pub struct OwnBucket {
    client: s3::Client,
    name: String,
}

impl OwnBucket {
    pub fn name(&self) -> &str {
        &self.name
    }

    pub async fn delete(self) {
        let listed = self.client.list_objects_v2().bucket(&self.name);
        for object in listed.send().await.unwrap().contents.unwrap_or_default() {
            let delete = self.client.delete_object().bucket(&self.name);
            delete.set_key(object.key).send().await.unwrap();
        }
        let delete = self.client.delete_bucket().bucket(&self.name);
        delete.send().await.unwrap();
    }
}

#[async_trait]
impl testkit::contracts::files::Client for OwnBucket {
    async fn put(&self, key: ImportKey, bytes: &[u8]) {
        let put = self.client.put_object().bucket(&self.name);
        let put = put.key(s3::uploaded(key)).body(bytes.to_vec().into());
        put.send().await.unwrap();
    }

    async fn rejected(&self, key: ImportKey) -> Option<Vec<u8>> {
        let get = self.client.get_object().bucket(&self.name);
        let answer = get.key(s3::rejected_rows(key)).send().await.ok()?;
        Some(answer.body.collect().await.unwrap().to_vec())
    }
}

#[async_trait]
impl testkit::contracts::proofs::Client for OwnBucket {
    async fn put(&self, key: ProofKey, bytes: &[u8]) {
        let put = self.client.put_object().bucket(&self.name);
        let put = put.key(proofs::uploaded(key)).body(bytes.to_vec().into());
        put.send().await.unwrap();
    }

    async fn copy(&self, key: ProofKey, kind: ProofKind) -> Option<Vec<u8>> {
        let get = self.client.get_object().bucket(&self.name);
        let answer = get.key(proofs::kept(key, kind)).send().await.ok()?;
        Some(answer.body.collect().await.unwrap().to_vec())
    }
}

/// An identity and a configuration set of the test's own.
pub struct MailOffice {
    client: ses::Client,
    name: String,
    domain: String,
    endpoint: String,
}

impl MailOffice {
    pub fn sender(&self) -> SesSender {
        SesSender {
            from: format!("Waybill <no-reply@{}>", self.domain),
            configuration_set: self.name.clone(),
        }
    }

    pub async fn close(&self) {
        let set = self.client.delete_configuration_set();
        set.configuration_set_name(&self.name).send().await.unwrap();
        let identity = self.client.delete_email_identity();
        identity.email_identity(&self.domain).send().await.unwrap();
    }
}

/// The phones of the local stack's SNS.
pub struct StackPhones {
    endpoint: String,
}

#[async_trait]
impl Phones for StackPhones {
    /// The local stack has no phones that answer. Its SNS has an action of its own for that.
    async fn opt_out(&self, number: &str) {
        let form = [("Action", "ReceiveStop"), ("PhoneNumber", number)];
        let signed = "AWS4-HMAC-SHA256 Credential=test/20300506/eu-central-2/sns/aws4_request";
        let stop = reqwest::Client::new().post(&self.endpoint);
        let stop = stop.header("Authorization", signed).form(&form);
        let answer = stop.send().await.unwrap();
        assert!(answer.status().is_success(), "{answer:?}");
    }

    async fn got(&self, number: &str) -> Vec<String> {
        let url = format!("{}/_ministack/sns/sms-messages", self.endpoint);
        let told: Value = reqwest::get(url).await.unwrap().json().await.unwrap();
        let found = told["sms_messages"][number].as_array();
        let texts = found.into_iter().flatten();
        texts
            .map(|text| {
                let kind = &text["MessageAttributes"]["AWS.SNS.SMS.SMSType"]["StringValue"];
                assert_eq!(kind, "Transactional", "{text}");
                text["Message"].as_str().unwrap().to_owned()
            })
            .collect()
    }
}

#[async_trait]
impl Post for MailOffice {
    /// The local stack has no bounces. The bounce of an email would put the address on the same list.
    async fn bounce(&self, address: &str) {
        let stop = self.client.put_suppressed_destination();
        let stop = stop.email_address(address);
        let stop = stop.reason(SuppressionListReason::Bounce);
        stop.send().await.unwrap();
    }

    async fn got(&self, address: &str) -> usize {
        let url = format!("{}/_ministack/ses/messages", self.endpoint);
        let told: Value = reqwest::get(url).await.unwrap().json().await.unwrap();
        let accounts = told["messages"].as_object().unwrap().values();
        let emails = accounts.flat_map(|emails| emails.as_array().unwrap());
        let to_it = |email: &&Value| email["To"] == serde_json::json!([address]);
        let found: Vec<&Value> = emails.filter(to_it).collect();
        for email in &found {
            assert!(
                email["BodyHtml"]
                    .as_str()
                    .unwrap()
                    .contains("<p>Núria,</p>")
            );
            assert!(email["BodyText"].as_str().unwrap().starts_with("Núria,"));
        }
        found.len()
    }
}
