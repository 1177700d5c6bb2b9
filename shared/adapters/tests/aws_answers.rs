//! What AWS answers and the local stack does not: contention, partial batches, subscriptions that wait to be
//! confirmed, the words of Cognito's refusals.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod canned;

use adapters::cognito::CognitoAccounts;
use adapters::dynamodb::{
    DynamoImports, DynamoLedger, DynamoOrderPlacement, DynamoOrders, DynamoRoutes, DynamoUsers,
};
use adapters::keys::Key;
use adapters::s3::S3Files;
use adapters::sns::{SnsMailer, SnsTexts};
use adapters::sqs::SqsQueue;
use app::messages::{ImportKey, Notification};
use app::ports::{
    Changeset, Confirmation, DispatchLedger, FileError, IdentityError, IdentityProvider,
    ImportFiles, ImportStore, LogInOutcome, Mailer, OrderPlacement, OrderStore, Placement, Queue,
    RouteStore, StoreError, TextError, TextSender, UserStore, Wish,
};
use canned::{Answer, Canned};
use domain::{EmailNotifications, Order, PhoneNumber, RouteStatus, UserId};
use serde_json::{Value, json};
use settings::TextSenderName;
use settings::resources::{
    self, ClaimsTable, ImportsTable, OrdersTable, RoutesTable, UploadsBucket, UserPool,
    UserPoolClient, UserTopics, UsersTable,
};
use testkit::build::user_id;
use testkit::contracts::Fresh;
use testkit::{a_customer, an_import, an_order};

const UNAVAILABLE: Answer = Answer(503, "{}");

fn dynamodb(aws: &Canned) -> adapters::dynamodb::Client {
    adapters::dynamodb::Client::new(aws.config())
}

fn users(aws: &Canned) -> DynamoUsers {
    DynamoUsers::new(&dynamodb(aws), &UsersTable::named("users"))
}

fn orders(aws: &Canned) -> DynamoOrders {
    DynamoOrders::new(&dynamodb(aws), &OrdersTable::named("orders"))
}

fn placement(aws: &Canned) -> DynamoOrderPlacement {
    let (orders, claims) = (OrdersTable::named("orders"), ClaimsTable::named("claims"));
    DynamoOrderPlacement::new(&dynamodb(aws), &orders, &claims)
}

fn imports(aws: &Canned) -> DynamoImports {
    DynamoImports::new(&dynamodb(aws), &ImportsTable::named("imports"))
}

fn notifications(aws: &Canned) -> SqsQueue<Notification> {
    let queue = resources::NotificationQueue::named("http://queue/1");
    SqsQueue::new(&adapters::sqs::Client::new(aws.config()), &queue)
}

fn ledger(aws: &Canned) -> DynamoLedger {
    DynamoLedger::new(
        &dynamodb(aws),
        &UsersTable::named("users"),
        &OrdersTable::named("orders"),
        &RoutesTable::named("routes"),
    )
}

fn one_order() -> (Order, Changeset) {
    let order = an_order(1).build();
    let change = Changeset {
        orders: vec![order.clone()],
        ..Changeset::default()
    };
    (order, change)
}

fn tokens(aws: &Canned) -> Vec<String> {
    let bodies = aws.json_bodies().into_iter();
    let token = |body: serde_json::Value| body["ClientRequestToken"].as_str().map(str::to_owned);
    bodies
        .map(|body| token(body).expect("a client token"))
        .collect()
}

const CONTENDED: Answer = Answer(
    400,
    r#"{"__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "CancellationReasons": [{"Code": "TransactionConflict"}], "Message": "cancelled"}"#,
);

#[tokio::test]
async fn a_repeated_transaction_has_the_same_token() {
    let aws = Canned::answering([UNAVAILABLE, UNAVAILABLE, Answer(200, "{}")]);
    ledger(&aws).commit(&one_order().1).await.unwrap();
    let tokens = tokens(&aws);
    assert_eq!(tokens.len(), 3);
    assert!(tokens.iter().all(|token| *token == tokens[0]), "{tokens:?}");
}

#[tokio::test]
async fn another_commit_of_the_same_change_has_another_token() {
    let aws = Canned::answering([Answer(200, "{}"), Answer(200, "{}")]);
    let ledger = ledger(&aws);
    for _ in 0..2 {
        ledger.commit(&one_order().1).await.unwrap();
    }
    let tokens = tokens(&aws);
    assert_ne!(tokens[0], tokens[1]);
}

#[tokio::test]
async fn a_contended_commit_is_a_lost_race() {
    let aws = Canned::answering([CONTENDED]);
    let result = ledger(&aws).commit(&one_order().1).await;
    assert!(matches!(result, Err(StoreError::Conflict)), "{result:?}");
}

const THROTTLED: Answer = Answer(
    400,
    r#"{"__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "CancellationReasons": [{"Code": "ThrottlingError"}, {"Code": "None"}], "Message": "cancelled"}"#,
);

/// DynamoDB says it in other words than of a single write, and the SDK would give up at once.
#[tokio::test]
async fn a_throttled_transaction_is_tried_again_as_a_throttled_write_is() {
    let done = Answer(200, "{}");
    let aws = Canned::answering([THROTTLED, THROTTLED, THROTTLED, done]);
    ledger(&aws).commit(&one_order().1).await.unwrap();
    let commits = tokens(&aws);
    assert!(commits.iter().all(|token| *token == commits[0]));

    let aws = Canned::answering([THROTTLED, done]);
    let placed = placement(&aws).place(&one_order().0, None).await.unwrap();
    assert_eq!(placed, Placement::Placed);
    assert_eq!(tokens(&aws)[0], tokens(&aws)[1]);
}

#[tokio::test]
async fn a_commit_that_stays_throttled_is_no_lost_race() {
    let aws = Canned::answering([THROTTLED; 4]);
    let result = ledger(&aws).commit(&one_order().1).await;
    assert!(
        matches!(result, Err(StoreError::Unavailable(_))),
        "{result:?}"
    );
    assert_eq!(aws.bodies().len(), 4);
}

/// To ask again would change nothing, and take the caller's time.
#[tokio::test]
async fn a_refused_commit_is_asked_for_once_however_busy_the_table_is() {
    let refused = Answer(
        400,
        r#"{"__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
            "Message": "cancelled",
            "CancellationReasons": [{"Code": "ThrottlingError"}, {"Code": "ConditionalCheckFailed"}]}"#,
    );
    let aws = Canned::answering([refused, Answer(200, "{}")]);
    let result = ledger(&aws).commit(&one_order().1).await;
    assert!(matches!(result, Err(StoreError::Conflict)), "{result:?}");
}

#[tokio::test]
async fn a_contended_placement_is_tried_again() {
    let aws = Canned::answering([CONTENDED, CONTENDED, Answer(200, "{}")]);
    let placed = placement(&aws).place(&one_order().0, None).await.unwrap();
    assert_eq!(placed, Placement::Placed);
    let tokens = tokens(&aws);
    assert_ne!(tokens[0], tokens[1], "each is a transaction of its own");
}

#[tokio::test]
async fn a_write_into_a_running_transaction_is_a_lost_race() {
    let aws = Canned::answering([Answer(
        400,
        r#"{"__type": "com.amazonaws.dynamodb.v20120810#TransactionConflictException", "message": "ongoing"}"#,
    )]);
    let result = orders(&aws).put_order(&one_order().0).await;
    assert!(matches!(result, Err(StoreError::Conflict)), "{result:?}");
}

#[tokio::test]
async fn a_store_that_stays_away_is_unavailable_and_tells_nothing_of_people() {
    let aws = Canned::answering([UNAVAILABLE; 4]);
    let user = a_customer(1).build();
    let failed = users(&aws).put_user(&user).await.unwrap_err();
    assert!(matches!(failed, StoreError::Unavailable(_)));
    let told = format!("{failed:?} {failed}");
    assert!(told.contains("PutItem failed"), "{told}");
    assert!(!told.contains(&user.email), "{told}");
}

#[tokio::test]
async fn keys_that_were_not_processed_are_asked_for_again() {
    let id = |number| user_id(number).to_string();
    let first = format!(
        r#"{{"Responses": {{"users": []}}, "UnprocessedKeys":
            {{"users": {{"ConsistentRead": true, "Keys": [{{"user_id": {{"S": "{}"}}}}]}}}}}}"#,
        id(2)
    );
    let second = r#"{"Responses": {"users": []}, "UnprocessedKeys": {}}"#;
    let aws = Canned::answering_texts([(200, first), (200, second.to_owned())]);
    let users = users(&aws);
    users.users(&[user_id(1), user_id(2)]).await.unwrap();
    let asked: Vec<_> = aws.json_bodies();
    let keys = |number: usize| &asked[number]["RequestItems"]["users"]["Keys"];
    assert_eq!(keys(0).as_array().unwrap().len(), 2);
    assert_eq!(*keys(1), serde_json::json!([{"user_id": {"S": id(2)}}]));
}

/// The import's own file may be gone for good; the bucket or a half-written file is not, for all that one knows.
#[tokio::test]
async fn a_status_that_no_route_has_does_not_cost_a_read_of_the_whole_history() {
    let fresh = Fresh::new();
    let read: Vec<String> = (0..100).map(|_| fresh.user_id().to_string()).collect();
    // Each megabyte of the history, and no end.
    let megabytes = read.iter().map(|route| {
        let key = json!({"agent_id": {"S": "a"}, "item": {"S": format!("route#{route}")}});
        (
            200,
            json!({"Items": [], "LastEvaluatedKey": key}).to_string(),
        )
    });
    let aws = Canned::answering_texts(megabytes);
    let routes = DynamoRoutes::new(&dynamodb(&aws), &RoutesTable::named("routes"));
    let status = Some(RouteStatus::Cancelled);
    let page = routes
        .routes_of(user_id(1), status, None, 20)
        .await
        .unwrap();
    assert!(page.routes.is_empty());
    assert_eq!(page.next.map(|id| id.to_string()), Some(read[2].clone()));
    assert_eq!(aws.json_bodies().len(), 3);
}

#[tokio::test]
async fn a_file_that_cannot_be_written_is_not_one_that_is_gone() {
    let missing = || Answer(404, "<Error><Code>NoSuchBucket</Code></Error>");
    let aws = Canned::answering([missing(), missing()]);
    let files = S3Files::new(
        &adapters::s3::client(aws.config()),
        &UploadsBucket::named("uploads"),
    );
    let import = an_import();
    let key = ImportKey {
        customer_id: import.customer_id,
        import_id: import.id,
    };
    assert_eq!(files.seen(key).await.unwrap(), None);
    let mut rejected = files.write_rejected(key, None).await.unwrap();
    rejected.write(b"row\n").await.unwrap();
    assert!(matches!(
        rejected.finish().await,
        Err(FileError::Unavailable(_))
    ));
}

/// A page with the faults of one chunk for each pair: the first row, and how many.
fn faults(chunks: &[(u32, u32)], more: bool) -> (u16, String) {
    let import_id = an_import().id.to_string();
    let items = chunks.iter().map(|(first, many)| {
        let fault = |row: u32| {
            json!({"M": {"row": {"N": row.to_string()}, "code": {"S": "missing"}, "detail": {"S": "is missing"}}})
        };
        let faults: Vec<Value> = (*first..first + many).map(fault).collect();
        json!({
            "import_id": {"S": import_id}, "item": {"S": format!("rejected#{first:010}")}, "faults": {"L": faults},
        })
    });
    let items: Vec<Value> = items.collect();
    let mut page = json!({"Count": items.len(), "Items": items});
    if more {
        page["LastEvaluatedKey"] =
            json!({"import_id": {"S": import_id}, "item": {"S": "rejected#"}});
    }
    (200, page.to_string())
}

/// What is read of a page beyond what was asked for would be read, and paid for, each time anew.
#[tokio::test]
async fn of_chunks_with_many_faults_no_more_are_read_than_are_needed() {
    let aws = Canned::answering_texts([faults(&[(1, 500)], true)]);
    let imports = imports(&aws);
    let found = imports.row_faults(an_import().id, 0, 500).await.unwrap();
    assert_eq!((found.len(), found[499].row), (500, 500));
    assert_eq!(aws.json_bodies()[0]["Limit"], 1);
}

#[tokio::test]
async fn chunks_with_few_faults_are_read_many_at_a_time() {
    let few: Vec<(u32, u32)> = (2..22).map(|row| (row, 1)).collect();
    let aws = Canned::answering_texts([
        faults(&[(1, 1)], true),
        faults(&few, true),
        faults(&[(22, 1), (23, 1)], false),
    ]);
    let imports = imports(&aws);
    let found = imports.row_faults(an_import().id, 0, 24).await.unwrap();
    assert_eq!(found.len(), 23);
    let bodies = aws.json_bodies();
    let limits: Vec<&Value> = bodies.iter().map(|body| &body["Limit"]).collect();
    assert_eq!(limits, [1, 20, 3]);
    assert!(bodies[1]["ExclusiveStartKey"].is_object());
}

#[tokio::test]
async fn a_message_that_sqs_did_not_take_is_sent_again() {
    let partly = Answer(
        200,
        r#"{"Successful": [{"Id": "0", "MessageId": "m", "MD5OfMessageBody": ""}],
            "Failed": [{"Id": "1", "SenderFault": false, "Code": "InternalError"}]}"#,
    );
    let wholly = Answer(
        200,
        r#"{"Successful": [{"Id": "1", "MessageId": "m", "MD5OfMessageBody": ""}]}"#,
    );
    let aws = Canned::answering([partly, wholly]);
    let queue = notifications(&aws);
    let told = [1, 2].map(|number| Notification::UserConfirmed {
        user_id: user_id(number),
    });
    queue.send(&told, 0).await.unwrap();
    let sent = aws.json_bodies();
    assert_eq!(sent[0]["Entries"].as_array().unwrap().len(), 2);
    assert_eq!(sent[1]["Entries"].as_array().unwrap().len(), 1);
    assert_eq!(sent[1]["Entries"][0]["Id"], "1");
}

#[tokio::test]
async fn a_message_that_sqs_refuses_is_not_sent_again() {
    let refused = Answer(
        200,
        r#"{"Successful": [], "Failed": [{"Id": "0", "SenderFault": true, "Code": "InvalidMessageContents"}]}"#,
    );
    let aws = Canned::answering([refused]);
    let queue = notifications(&aws);
    let told = [Notification::UserConfirmed {
        user_id: user_id(1),
    }];
    let failed = queue.send(&told, 0).await.unwrap_err();
    assert!(
        format!("{failed:?}").contains("InvalidMessageContents"),
        "{failed:?}"
    );
}

const TOPIC: Answer = Answer(
    200,
    "<CreateTopicResponse><CreateTopicResult><TopicArn>arn:aws:sns:eu-west-1:123456789012:t</TopicArn>\
     </CreateTopicResult></CreateTopicResponse>",
);
const NO_SUBSCRIPTION: Answer = Answer(
    200,
    "<ListSubscriptionsByTopicResponse><ListSubscriptionsByTopicResult><Subscriptions/>\
     </ListSubscriptionsByTopicResult></ListSubscriptionsByTopicResponse>",
);
const SUBSCRIBED: Answer = Answer(
    200,
    "<SubscribeResponse><SubscribeResult><SubscriptionArn>arn:aws:sns:eu-west-1:123456789012:t:1</SubscriptionArn>\
     </SubscribeResult></SubscribeResponse>",
);

/// One subscription to a topic, with this ARN.
fn subscription(arn: &str) -> (u16, String) {
    let member = format!(
        "<member><TopicArn>t</TopicArn><Protocol>email</Protocol><Endpoint>Ana@example.com</Endpoint>\
         <Owner>1</Owner><SubscriptionArn>{arn}</SubscriptionArn></member>"
    );
    let body = format!(
        "<ListSubscriptionsByTopicResponse><ListSubscriptionsByTopicResult><Subscriptions>{member}\
         </Subscriptions></ListSubscriptionsByTopicResult></ListSubscriptionsByTopicResponse>"
    );
    (200, body)
}

fn mailer(aws: &Canned) -> (SnsMailer, UserId) {
    let client = adapters::sns::Client::new(aws.config());
    let topics = UserTopics::named("arn:aws:sns:eu-west-1:123456789012:waybill-user-");
    (SnsMailer::new(&client, &topics), Fresh::new().user_id())
}

const ROSER: &str = "+34600000000";

fn refusal(code: &str, message: &str) -> (u16, String) {
    let error = format!("<Type>Sender</Type><Code>{code}</Code><Message>{message}</Message>");
    let answer =
        format!("<ErrorResponse><Error>{error}</Error><RequestId>1</RequestId></ErrorResponse>");
    (400, answer)
}

#[tokio::test]
async fn a_text_is_transactional_and_no_failure_names_the_number() {
    let number = PhoneNumber::read(ROSER).unwrap();
    let published = "<PublishResponse><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>";
    let opted_out = "<CheckIfPhoneNumberIsOptedOutResponse><CheckIfPhoneNumberIsOptedOutResult>\
        <isOptedOut>true</isOptedOut></CheckIfPhoneNumberIsOptedOutResult></CheckIfPhoneNumberIsOptedOutResponse>";
    let forbidden = format!("not authorized to perform: SNS:Publish on resource: {ROSER}");
    let nobodys =
        format!("Invalid parameter: PhoneNumber Reason: {ROSER} is not valid to publish to");
    let nobody = format!("Invalid parameter: phoneNumber Reason: {ROSER} is no number");
    let aws = Canned::answering_texts([
        (200, published.to_owned()),
        (200, opted_out.to_owned()),
        refusal("AuthorizationError", &forbidden),
        refusal("AuthorizationError", &forbidden),
        refusal("InvalidParameter", &nobodys),
        refusal("InvalidParameter", &nobody),
        refusal("InvalidParameter", "Invalid parameter: SenderId"),
    ]);
    let sender = TextSenderName {
        id: Some("Waybill".to_owned()),
        max_price: Some("0.25".to_owned()),
    };
    let texts = SnsTexts::new(&adapters::sns::Client::new(aws.config()), &sender);
    texts.send_text(&number, "Hello").await.unwrap();
    assert!(texts.is_opted_out(&number).await.unwrap());
    for failed in [
        texts.send_text(&number, "Hello").await.unwrap_err(),
        texts.is_opted_out(&number).await.unwrap_err(),
    ] {
        let told = format!("{failed:?} {failed}");
        let told = format!("{told} {:?}", app::Refusal::from(failed));
        assert!(
            told.contains("AuthorizationError") && !told.contains("600000000"),
            "{told}"
        );
    }
    let refused = texts.send_text(&number, "Hello").await;
    assert!(matches!(refused, Err(TextError::Refused)), "{refused:?}");
    assert!(!texts.is_opted_out(&number).await.unwrap());
    let wrong_sender = texts.send_text(&number, "Hello").await;
    assert!(
        matches!(wrong_sender, Err(TextError::Unavailable(_))),
        "an operator must see it"
    );
    let sent = &aws.bodies()[0];
    for part in [
        "PhoneNumber=%2B34600000000",
        "AWS.SNS.SMS.SMSType",
        "Transactional",
        "AWS.SNS.SMS.SenderID",
        "StringValue=Waybill",
        "AWS.SNS.SMS.MaxPrice",
        "StringValue=0.25",
    ] {
        assert!(sent.contains(part), "{part} in {sent}");
    }
    assert!(!sent.contains("TopicArn"), "{sent}");
}

#[tokio::test]
async fn who_was_asked_to_confirm_is_not_asked_again() {
    let aws = Canned::answering_texts([TOPIC.into(), subscription("PendingConfirmation")]);
    let (mailer, user) = mailer(&aws);
    mailer
        .subscribe(user, "ana@example.com", Wish::OfTheBackend)
        .await
        .unwrap();
    let requests = aws.bodies();
    assert_eq!(requests.len(), 2, "no Subscribe: {requests:?}");
    assert!(
        requests[0].contains(&format!("Name=waybill-user-{user}")),
        "{requests:?}"
    );
}

#[tokio::test]
async fn who_was_not_is_asked() {
    let aws = Canned::answering([TOPIC, NO_SUBSCRIPTION, SUBSCRIBED]);
    let (mailer, user) = mailer(&aws);
    mailer
        .subscribe(user, "ana@example.com", Wish::OfTheBackend)
        .await
        .unwrap();
    let requests = aws.bodies();
    assert!(requests[2].contains("Action=Subscribe"), "{requests:?}");
    assert!(requests[2].contains("Protocol=email"), "{requests:?}");
}

#[tokio::test]
async fn a_subscription_is_pending_on_or_off() {
    for (arn, expected) in [
        ("PendingConfirmation", EmailNotifications::Pending),
        (
            "arn:aws:sns:eu-west-1:123456789012:t:1",
            EmailNotifications::On,
        ),
        ("Deleted", EmailNotifications::Off),
    ] {
        let aws = Canned::answering_texts([subscription(arn)]);
        let (mailer, user) = mailer(&aws);
        let state = mailer.subscription(user, "ana@example.com").await.unwrap();
        assert_eq!(state, expected);
    }
    let confirmed = subscription("arn:aws:sns:eu-west-1:123456789012:t:1");
    let aws = Canned::answering_texts([confirmed]);
    let (mailer, user) = mailer(&aws);
    let state = mailer.subscription(user, "ana.nova@example.com").await;
    assert_eq!(state.unwrap(), EmailNotifications::Off, "the old address'");
}

#[tokio::test]
async fn an_address_that_was_left_goes_with_its_topic() {
    let aws = Canned::answering_texts([
        TOPIC.into(),
        subscription("PendingConfirmation"),
        TOPIC.into(),
        TOPIC.into(),
        SUBSCRIBED.into(),
    ]);
    let (mailer, user) = mailer(&aws);
    let new = "ana.nova@example.com";
    mailer
        .subscribe(user, new, Wish::OfTheBackend)
        .await
        .unwrap();
    let requests = aws.bodies();
    let calls = [
        "CreateTopic",
        "ListSubscriptionsByTopic",
        "DeleteTopic",
        "CreateTopic",
        "Subscribe",
    ];
    assert_eq!(requests.len(), calls.len(), "{requests:?}");
    for (request, call) in requests.iter().zip(calls) {
        assert!(request.contains(&format!("Action={call}&")), "{request}");
    }
    assert!(
        requests[4].contains("ana.nova%40example.com"),
        "{requests:?}"
    );
}

#[tokio::test]
async fn a_topic_that_is_not_there_is_forgotten() {
    let aws = Canned::answering([Answer(
        404,
        "<ErrorResponse><Error><Type>Sender</Type><Code>NotFound</Code><Message>no</Message></Error></ErrorResponse>",
    )]);
    let (mailer, user) = mailer(&aws);
    mailer.forget(user).await.unwrap();
    let requests = aws.bodies();
    assert!(requests[0].contains("Action=DeleteTopic"), "{requests:?}");
    assert!(
        requests[0].contains(&format!("waybill-user-{user}")),
        "{requests:?}"
    );
}

fn accounts(aws: &Canned) -> CognitoAccounts {
    let client = adapters::cognito::Client::new(aws.config());
    CognitoAccounts::new(
        &client,
        &UserPool::named("eu-west-1_pool"),
        &UserPoolClient::with_secret("client", "a secret"),
    )
}

#[tokio::test]
async fn a_confirmed_address_stays_confirmed() {
    let aws = Canned::answering([Answer(
        400,
        r#"{"__type": "NotAuthorizedException",
            "message": "User cannot be confirmed. Current status is CONFIRMED"}"#,
    )]);
    let answer = accounts(&aws).confirm("ana@example.com", "123456").await;
    assert_eq!(answer.unwrap(), Confirmation::AlreadyConfirmed);
}

#[tokio::test]
async fn a_stranger_and_a_wrong_code_are_alike() {
    for kind in [
        "UserNotFoundException",
        "ExpiredCodeException",
        "CodeMismatchException",
    ] {
        let body = format!(r#"{{"__type": "{kind}", "message": "no"}}"#);
        let aws = Canned::answering_texts([(400, body)]);
        let answer = accounts(&aws).confirm("ana@example.com", "123456").await;
        assert_eq!(answer.unwrap(), Confirmation::WrongCode, "{kind}");
    }
}

#[tokio::test]
async fn a_stranger_a_locked_account_and_a_wrong_password_are_alike() {
    for kind in ["UserNotFoundException", "NotAuthorizedException"] {
        let body = format!(r#"{{"__type": "{kind}", "message": "Password attempts exceeded"}}"#);
        let aws = Canned::answering_texts([(400, body)]);
        let answer = accounts(&aws)
            .log_in("ana@example.com", "secret")
            .await
            .unwrap();
        assert!(answer == LogInOutcome::WrongCredentials, "{kind}");
    }
}

#[tokio::test]
async fn a_challenge_is_no_log_in() {
    let aws = Canned::answering([Answer(
        200,
        r#"{"ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": "s", "ChallengeParameters": {}}"#,
    )]);
    let answer = accounts(&aws).log_in("ana@example.com", "secret").await;
    assert!(matches!(answer.map(|_| ()), Err(IdentityError::Refused(_))));
}

#[tokio::test]
async fn a_key_that_could_not_be_read_is_read_the_next_time_and_then_kept() {
    let aws = Canned::answering([
        Answer(400, r#"{"__type":"ParameterNotFound"}"#),
        Answer(
            200,
            r#"{"Parameter":{"Name":"/waybill/ors-key","Value":"k-1\n"}}"#,
        ),
    ]);
    let client = adapters::keys::Client::new(aws.config());
    let key = Key::of(client, Some("/waybill/ors-key".to_owned()));
    assert!(key.read().await.is_err());
    for copy in [key.clone(), key] {
        assert_eq!(copy.read().await.unwrap().unwrap().text(), "k-1");
    }
    let asked = serde_json::json!({"Name": "/waybill/ors-key", "WithDecryption": true});
    assert_eq!(aws.json_bodies(), [asked.clone(), asked]);
}
