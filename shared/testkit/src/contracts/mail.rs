//! [`Mailer`] and [`AddressMailer`]

use app::ports::{AddressMailer, Email, MailError, Mailer, Wish};
use async_trait::async_trait;
use domain::EmailNotifications;
use domain::ids::Uuid;

use super::Fresh;

/// Checks a mailer with subscriptions.
pub async fn run(mailer: &dyn Mailer) {
    let user = Fresh::new().user_id();
    let email = an_email();
    let address = an_address();
    let state = mailer.subscription(user, &address).await.unwrap();
    assert_eq!(state, EmailNotifications::Off, "nobody has asked yet");
    let sent = mailer.send(user, &address, &email).await;
    assert!(matches!(sent, Err(MailError::NoTopic)), "{sent:?}");

    let ours = Wish::OfTheBackend;
    let told = mailer.subscribe(user, &address, ours).await.unwrap();
    assert_ne!(told, EmailNotifications::Off);
    let asked = mailer.subscription(user, &address).await.unwrap();
    assert_ne!(asked, EmailNotifications::Off);
    for wish in [ours, Wish::OfTheUser] {
        let told = mailer.subscribe(user, &address, wish).await.unwrap();
        assert_eq!(told, asked, "nothing changes, or another request is mailed");
        let state = mailer.subscription(user, &address).await.unwrap();
        assert_eq!(state, asked);
    }
    mailer.send(user, &address, &email).await.unwrap();

    let other = Fresh::new().user_id();
    let state = mailer.subscription(other, &address).await.unwrap();
    assert_eq!(state, EmailNotifications::Off, "a topic for each");

    let new = an_address();
    let state = mailer.subscription(user, &new).await.unwrap();
    assert_eq!(state, EmailNotifications::Off, "another address is not on");
    mailer.subscribe(user, &new, ours).await.unwrap();
    let asked = mailer.subscription(user, &new).await.unwrap();
    assert_ne!(asked, EmailNotifications::Off);
    let state = mailer.subscription(user, &address).await.unwrap();
    assert_eq!(state, EmailNotifications::Off, "one address to a topic");
    mailer.send(user, &new, &email).await.unwrap();

    for _ in 0..2 {
        mailer.forget(user).await.unwrap();
        let state = mailer.subscription(user, &new).await.unwrap();
        assert_eq!(state, EmailNotifications::Off);
    }
    let sent = mailer.send(user, &address, &email).await;
    assert!(matches!(sent, Err(MailError::NoTopic)), "{sent:?}");
    mailer.subscribe(user, &new, ours).await.unwrap();
    mailer.send(user, &new, &email).await.unwrap();
}

/// The mail service behind a mailer without subscriptions, as AWS and the readers of emails see it.
#[async_trait]
pub trait Post: Sync {
    /// An email to the address has bounced.
    async fn bounce(&self, address: &str);

    /// How many emails the address has got.
    async fn got(&self, address: &str) -> usize;
}

/// Checks a mailer without subscriptions. `later` is the same one, an hour later.
pub async fn run_without_subscriptions<M: Mailer + AddressMailer>(
    mailer: &M,
    later: &M,
    post: &dyn Post,
) {
    let (user, email, address) = (Fresh::new().user_id(), an_email(), an_address());
    let (ours, theirs) = (Wish::OfTheBackend, Wish::OfTheUser);
    let state = mailer.subscription(user, &address).await.unwrap();
    assert_eq!(state, EmailNotifications::On, "nobody has to confirm");
    let told = mailer.subscribe(user, &address, ours).await.unwrap();
    assert_eq!(told, EmailNotifications::On);
    mailer.send(user, &address, &email).await.unwrap();
    let door = an_address();
    mailer
        .send_to(&door, &email, Some("https://example.com/track#0f"))
        .await
        .unwrap();
    assert_eq!((post.got(&address).await, post.got(&door).await), (1, 1));

    post.bounce(&address).await;
    let state = mailer.subscription(user, &address).await.unwrap();
    assert_eq!(state, EmailNotifications::Off);
    mailer.send(user, &address, &email).await.unwrap();
    mailer.send_to(&address, &email, None).await.unwrap();
    assert_eq!(post.got(&address).await, 1, "accepted, and not sent");
    for (mailer, wish) in [(mailer, ours), (mailer, theirs), (later, ours)] {
        let told = mailer.subscribe(user, &address, wish).await.unwrap();
        assert_eq!(told, EmailNotifications::Off, "{wish:?}");
    }
    let told = later.subscribe(user, &address, theirs).await.unwrap();
    assert_eq!(told, EmailNotifications::On);
    later.send(user, &address, &email).await.unwrap();
    assert_eq!(post.got(&address).await, 2);
    for _ in 0..2 {
        later.forget(user).await.unwrap();
    }
    let state = later.subscription(user, &door).await.unwrap();
    assert_eq!(state, EmailNotifications::On, "the others are not affected");
}

fn an_address() -> String {
    format!("ana-{}@example.com", Uuid::now_v7())
}

fn an_email() -> Email {
    Email {
        subject: "Your order is on its way, Núria".to_owned(),
        body: "Núria,\n\nit comes at about 10:20.\n".to_owned(),
        html: "<p>Núria,</p><p>it comes at about 10:20.</p>".to_owned(),
    }
}
