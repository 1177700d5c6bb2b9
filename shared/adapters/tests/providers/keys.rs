//! A key that is changed in the Parameter Store while the functions run.

use std::sync::{Arc, Mutex};

use adapters::geocoder::ors::OrsGeocoder;
use adapters::keys::{Client, Key};
use adapters::ors::OrsAccess;
use adapters::route_provider::google::{GooglePlanner, GoogleSettings};
use adapters::route_provider::ors::OrsPlanner;
use adapters::route_provider::remote::RemotePlanner as _;
use adapters::web::Web;
use app::addresses::Region;
use app::ports::{FallbackReason, Geocoder as _};
use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_ssm::config::{Credentials, SharedCredentialsProvider};
use domain::LegEstimate;
use jiff::SignedDuration;
use serde_json::json;
use testkit::StillClock;

use crate::server::{Asked, Reply, Server};
use crate::{PUBLIC, account, problems, soon};

/// The Parameter Store with one parameter, and a clock for who reads it.
struct Store {
    server: Server,
    says: Arc<Mutex<Reply>>,
    clock: Arc<StillClock>,
}

fn holds(key: &str) -> Reply {
    Reply::Json(200, json!({"Parameter": {"Name": "/k", "Value": key}}))
}

impl Store {
    fn with(key: &str) -> Self {
        let says = Arc::new(Mutex::new(holds(key)));
        let script = says.clone();
        Self {
            server: Server::that(move |_, _| script.lock().unwrap().clone()),
            says,
            clock: Arc::new(StillClock::at("2030-05-06T08:00:00Z")),
        }
    }

    fn says(&self, reply: Reply) {
        *self.says.lock().unwrap() = reply;
    }

    fn key(&self) -> Key {
        let credentials = Credentials::new("test", "test", None, None, "test");
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(adapters::aws::http_client())
            .region(aws_config::Region::new("eu-west-1"))
            .endpoint_url(self.server.url())
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .retry_config(RetryConfig::disabled())
            .build();
        Key::of(Client::new(&config), Some("/k".to_owned())).by(self.clock.clone())
    }

    fn reads(&self) -> usize {
        self.server.asked().len()
    }
}

async fn text(key: &Key) -> String {
    key.read().await.unwrap().unwrap().text().to_owned()
}

#[tokio::test]
async fn a_key_is_read_again_after_five_minutes_and_the_old_one_stays_good() {
    let store = Store::with("old");
    let key = store.key();
    let minutes = |count| store.clock.advance(SignedDuration::from_mins(count));
    assert_eq!(text(&key).await, "old");
    store.says(holds("new"));
    minutes(4);
    assert_eq!(text(&key).await, "old");
    assert_eq!(store.reads(), 1);
    minutes(1);
    assert_eq!(text(&key.clone()).await, "new");
    assert_eq!(text(&key).await, "new", "copies share what was read");
    assert_eq!(store.reads(), 2);

    for trouble in [
        Reply::Json(400, json!({"__type": "ParameterNotFound"})),
        Reply::Hang,
    ] {
        store.says(trouble);
        minutes(5);
        let before = store.reads();
        assert_eq!(text(&key).await, "new");
        assert_eq!(text(&key).await, "new");
        assert_eq!(store.reads(), before + 1, "nobody waits for it each time");
    }
    store.says(holds("newest"));
    minutes(1);
    assert_eq!(text(&key).await, "newest");
}

#[tokio::test]
async fn a_key_that_is_plainly_wrong_is_not_read_with_each_call() {
    let store = Store::with("wrong");
    let key = store.key();
    let wrong = key.read().await.unwrap().unwrap();
    for _ in 0..3 {
        assert_eq!(key.after_refusal_of(&wrong).await, None);
    }
    assert_eq!(store.reads(), 1, "read a moment ago");
    store.clock.advance(SignedDuration::from_secs(10));
    store.says(holds("right"));
    for _ in 0..3 {
        let newer = key.after_refusal_of(&wrong).await.unwrap();
        assert_eq!(newer.text(), "right");
    }
    assert_eq!(store.reads(), 2);
}

/// Takes the new key alone, in place of the old one.
fn takes_new(asked: &Asked) -> Option<Reply> {
    let refused = Reply::Json(401, json!({"error": "Unauthorized"}));
    (asked.authorization.as_deref() != Some("new")).then_some(refused)
}

#[tokio::test]
async fn ors_is_asked_again_at_once_with_the_key_that_is_there_by_now() {
    let store = Store::with("old");
    let server = Server::that(|asked, _| {
        takes_new(asked).unwrap_or(Reply::Json(200, json!({"code": 0, "features": []})))
    });
    let access = OrsAccess::new(Web::default(), &server.url(), store.key());
    let geocoder = OrsGeocoder::new(access.clone(), Region::default()).unwrap();
    assert!(geocoder.candidates("a").await.is_err());
    assert_eq!(server.asked().len(), 1, "there is no other key to try");

    store.says(holds("new"));
    store.clock.advance(SignedDuration::from_secs(10));
    let planner = OrsPlanner::new(access.clone(), PUBLIC, LegEstimate::default());
    let answer = planner.plan(&problems::one_order(None), soon()).await;
    // It is let in, and has nothing to say of the order.
    assert_eq!(answer.unwrap_err().reason, FallbackReason::MissingOrder);
    assert_eq!(geocoder.candidates("a").await.unwrap(), []);
    assert_eq!(server.asked().len(), 1 + 2 + 1);
}

#[tokio::test]
async fn google_is_asked_again_at_once_with_the_account_that_is_there_by_now() {
    for refuses in ["/token", "/v1/projects/waybill-test:optimizeTours"] {
        // Which account asks for a token is in its claims, and the token is called after it.
        let server = Server::that(move |asked, _| {
            let account = if asked.path == "/token" {
                account::claims(&asked.body)["iss"]
                    .as_str()
                    .unwrap()
                    .to_owned()
            } else {
                asked.authorization.clone().unwrap()
            };
            if asked.path == refuses && account.contains("old@") {
                Reply::Json(401, json!({"error": "invalid_grant"}))
            } else if asked.path == "/token" {
                let token = json!({"access_token": account, "expires_in": 3_599});
                Reply::Json(200, token)
            } else {
                Reply::Json(200, json!({}))
            }
        });
        let named = |name: &str| {
            account::of_a_service(&server.url()).replace("planner@", &format!("{name}@"))
        };
        let store = Store::with(&named("old"));
        let settings = GoogleSettings {
            base_url: server.url(),
            project: "waybill-test".to_owned(),
            traffic: false,
        };
        let estimate = LegEstimate::default();
        let planner = GooglePlanner::new(Web::default(), store.key(), settings, estimate);
        let reason = async || {
            let answer = planner.plan(&problems::one_order(None), soon()).await;
            answer.unwrap_err().reason
        };
        assert_eq!(reason().await, FallbackReason::Unauthorized);
        store.says(holds(&named("new")));
        store.clock.advance(SignedDuration::from_secs(10));
        assert_eq!(reason().await, FallbackReason::MissingOrder, "{refuses}");
        let before = server.asked().len();
        assert_eq!(reason().await, FallbackReason::MissingOrder);
        assert_eq!(server.asked().len(), before + 1, "the new token is kept");
    }
}
