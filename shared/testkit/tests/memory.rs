//! The in-memory ports keep the same contract as the real ports.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::{Arc, Mutex};

use app::messages::ImportKey;
use app::ports::SweepPlace;
use async_trait::async_trait;
use serde::Serialize;
use testkit::contracts::identity::{Identity, MailedCodes};
use testkit::contracts::queues::Outlet;
use testkit::contracts::{self, Stores};
use testkit::memory::{CODE, EMAIL_CODE, MemoryQueue, RESET_CODE};
use testkit::{
    MemoryFiles, MemoryIdentity, MemoryLegs, MemoryMailer, MemoryNotifications, MemoryPhones,
    MemoryPlaceCache, MemorySes, MemoryStore, MemoryWakes, StillClock,
};

fn stores(store: &MemoryStore) -> Stores<'_> {
    Stores {
        users: store,
        orders: store,
        routes: store,
        ledger: store,
    }
}

#[tokio::test]
async fn users() {
    contracts::users::run(&MemoryStore::default()).await;
}

#[tokio::test]
async fn orders() {
    contracts::orders::run(&MemoryStore::default()).await;
}

#[tokio::test]
async fn placing() {
    let store = MemoryStore::default();
    contracts::placing::run(&store, &store).await;
}

#[tokio::test]
async fn listings() {
    contracts::listings::run(&MemoryStore::default()).await;
}

#[tokio::test]
async fn pending() {
    contracts::pending::run(&MemoryStore::default()).await;
}

#[tokio::test]
async fn pending_bounds() {
    let store = MemoryStore::default();
    contracts::pending_bounds::run(&store, &store).await;
}

#[tokio::test]
async fn sweep() {
    let store = MemoryStore::default();
    assert_eq!(store.reached().await.unwrap(), None, "no sweep yet");
    contracts::sweep::run(&store).await;
}

#[tokio::test]
async fn locations() {
    contracts::locations::run(&MemoryStore::default()).await;
}

#[tokio::test]
async fn tracking() {
    contracts::tracking::run(&MemoryStore::default()).await;
}

#[tokio::test]
async fn recipients() {
    contracts::recipients::run(&MemoryStore::default()).await;
}

#[tokio::test]
async fn promises() {
    contracts::promises::run(&MemoryStore::default()).await;
}

#[tokio::test]
async fn zones_without_agents() {
    contracts::without_agents::run(&MemoryStore::default()).await;
}

#[tokio::test]
async fn routes() {
    contracts::routes::run(stores(&MemoryStore::default())).await;
}

#[tokio::test]
async fn ledger() {
    contracts::ledger::run(stores(&MemoryStore::default())).await;
}

#[tokio::test]
async fn outboxes() {
    contracts::outboxes::run(&MemoryStore::default()).await;
}

#[tokio::test]
async fn legs() {
    contracts::legs::run(&MemoryLegs::default()).await;
}

#[tokio::test]
async fn leases() {
    contracts::leases::run(&MemoryStore::default()).await;
}

#[tokio::test]
async fn places() {
    contracts::places::run(&MemoryPlaceCache::default()).await;
}

#[tokio::test]
async fn mail() {
    contracts::mail::run(&MemoryMailer::default()).await;
}

#[tokio::test]
async fn mail_without_subscriptions() {
    struct Readers(MemorySes, Mutex<Vec<String>>);

    #[async_trait]
    impl contracts::mail::Post for Readers {
        async fn bounce(&self, address: &str) {
            self.0.stop(address);
        }

        async fn got(&self, address: &str) -> usize {
            let mut got = self.1.lock().unwrap();
            got.extend(self.0.take_sent().into_iter().map(|(to, _)| to));
            got.iter().filter(|to| *to == address).count()
        }
    }

    let clock = |time| Arc::new(StillClock::at(time));
    let mailer = MemorySes::new(clock("2030-05-06T08:00:00Z"));
    let later = mailer.at(clock("2030-05-06T09:00:00Z"));
    let readers = Readers(mailer.at(clock("2030-05-06T08:00:00Z")), Mutex::default());
    contracts::mail::run_without_subscriptions(&mailer, &later, &readers).await;
}

#[tokio::test]
async fn texts() {
    #[derive(Default)]
    struct Owners(MemoryPhones, Mutex<Vec<(String, String)>>);

    #[async_trait]
    impl contracts::texts::Phones for Owners {
        async fn opt_out(&self, number: &str) {
            self.0.opt_out(number);
        }

        async fn got(&self, number: &str) -> Vec<String> {
            let mut got = self.1.lock().unwrap();
            got.extend(self.0.take_sent());
            let to_it = got.iter().filter(|(to, _)| to == number);
            to_it.map(|(_, text)| text.clone()).collect()
        }
    }

    let owners = Owners::default();
    owners.0.refuse("+999000000000");
    contracts::texts::run(&owners.0, &owners, "+999000000000").await;
}

#[tokio::test]
async fn identity() {
    let memory = MemoryIdentity::default();
    let identity = Identity {
        accounts: &memory,
        codes: &memory,
        passwords: &memory,
        refresh: &memory,
        sessions: &memory,
        addresses: &memory,
    };
    let codes = MailedCodes {
        confirmation: CODE,
        reset: RESET_CODE,
        new_address: EMAIL_CODE,
    };
    contracts::identity::run(identity, codes).await;
}

#[tokio::test]
async fn imports() {
    let store = MemoryStore::default();
    let stores = contracts::imports::Stores {
        imports: &store,
        chunks: &store,
        orders: &store,
        placement: &store,
    };
    contracts::imports::run(stores).await;
}

#[tokio::test]
async fn locating() {
    let store = MemoryStore::default();
    contracts::locating::run(&store).await;
    contracts::locating::run_turns(&store, testkit::at("2030-05-06T08:00:00Z")).await;
}

#[tokio::test]
async fn profiles() {
    contracts::profiles::run(&MemoryStore::default()).await;
}

struct Browser<'a>(&'a MemoryFiles);

#[async_trait]
impl contracts::files::Client for Browser<'_> {
    async fn put(&self, key: ImportKey, bytes: &[u8]) {
        self.0.upload(key, bytes);
    }

    async fn rejected(&self, key: ImportKey) -> Option<Vec<u8>> {
        self.0.rejected(key).map(String::into_bytes)
    }
}

#[tokio::test]
async fn files() {
    let files = MemoryFiles::default();
    contracts::files::run(&files, &files, &Browser(&files)).await;
}

struct End<'a, M>(&'a MemoryQueue<M>);

#[async_trait]
impl<M: Serialize + Send> Outlet for End<'_, M> {
    async fn take(&self) -> Vec<String> {
        let sent = self.0.take_messages().into_iter();
        sent.map(|message| serde_json::to_string(&message).unwrap())
            .collect()
    }
}

#[tokio::test]
async fn queues() {
    let (wakes, notifications) = (MemoryWakes::default(), MemoryNotifications::default());
    contracts::queues::run_wakes(&wakes, &End(&wakes)).await;
    contracts::queues::run_notifications(&notifications, &End(&notifications)).await;
}

#[tokio::test]
async fn proofs_and_pins() {
    contracts::proofs::run(&MemoryStore::default()).await;
    contracts::proofs::run_pins(&MemoryStore::default()).await;
    let files = testkit::MemoryProofFiles::default();
    contracts::proofs::run_files(&files, &files, &ProofUploads(files.clone())).await;
}

struct ProofUploads(testkit::MemoryProofFiles);

#[async_trait]
impl contracts::proofs::Client for ProofUploads {
    async fn put(&self, key: app::ports::ProofKey, bytes: &[u8]) {
        self.0.upload(key, bytes);
    }

    async fn copy(&self, key: app::ports::ProofKey, kind: domain::ProofKind) -> Option<Vec<u8>> {
        self.0.copy_of(key, kind)
    }
}
