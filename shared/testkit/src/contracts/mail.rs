//! [`Mailer`]

use app::ports::{Email, MailError, Mailer};
use domain::EmailNotifications;
use domain::ids::Uuid;

use super::Fresh;

/// Checks a mailer.
pub async fn run(mailer: &dyn Mailer) {
    let user = Fresh::new().user_id();
    let email = Email {
        subject: "Your order is on its way".to_owned(),
        body: "Núria,\n\nit comes at about 10:20.\n".to_owned(),
        html: "<p>Núria,</p><p>it comes at about 10:20.</p>".to_owned(),
    };
    let address = format!("ana-{}@example.com", Uuid::now_v7());
    let state = mailer.subscription(user, &address).await.unwrap();
    assert_eq!(state, EmailNotifications::Off, "nobody has asked yet");
    let sent = mailer.send(user, &email).await;
    assert!(matches!(sent, Err(MailError::NoTopic)), "{sent:?}");

    mailer.subscribe(user, &address).await.unwrap();
    let asked = mailer.subscription(user, &address).await.unwrap();
    assert_ne!(asked, EmailNotifications::Off);
    mailer.subscribe(user, &address).await.unwrap();
    assert_eq!(
        mailer.subscription(user, &address).await.unwrap(),
        asked,
        "nothing changes"
    );
    mailer.send(user, &email).await.unwrap();

    let other = Fresh::new().user_id();
    let state = mailer.subscription(other, &address).await.unwrap();
    assert_eq!(state, EmailNotifications::Off, "a topic for each");

    let new = format!("ana-{}@example.com", Uuid::now_v7());
    let state = mailer.subscription(user, &new).await.unwrap();
    assert_eq!(state, EmailNotifications::Off, "another address is not on");
    mailer.subscribe(user, &new).await.unwrap();
    let asked = mailer.subscription(user, &new).await.unwrap();
    assert_ne!(asked, EmailNotifications::Off);
    let state = mailer.subscription(user, &address).await.unwrap();
    assert_eq!(state, EmailNotifications::Off, "one address to a topic");
    mailer.send(user, &email).await.unwrap();

    for _ in 0..2 {
        mailer.forget(user).await.unwrap();
        let state = mailer.subscription(user, &new).await.unwrap();
        assert_eq!(state, EmailNotifications::Off);
    }
    let sent = mailer.send(user, &email).await;
    assert!(matches!(sent, Err(MailError::NoTopic)), "{sent:?}");
    mailer.subscribe(user, &new).await.unwrap();
    mailer.send(user, &email).await.unwrap();
}
