//! [`TextSender`]

use app::ports::{TextError, TextSender};
use async_trait::async_trait;
use domain::PhoneNumber;
use domain::ids::Uuid;

/// The phones, as their owners see them.
#[async_trait]
pub trait Phones: Sync {
    /// The owner answers a message with STOP.
    async fn opt_out(&self, number: &str);

    /// The texts that the phone has got.
    async fn got(&self, number: &str) -> Vec<String>;
}

/// Checks a sender of text messages. No network has the number `refused`.
pub async fn run(sender: &dyn TextSender, phones: &dyn Phones, refused: &str) {
    let (number, other) = (a_number(), a_number());
    let text = "Waybill: your parcel was delivered at 10:20. à ü ñ https://example.com/track#0f";
    assert!(!sender.is_opted_out(&number).await.unwrap());
    for _ in 0..2 {
        sender.send_text(&number, text).await.unwrap();
    }
    assert_eq!(phones.got(number.e164()).await, [text, text]);
    sender.send_text(&other, &"x".repeat(400)).await.unwrap();

    phones.opt_out(number.e164()).await;
    assert!(sender.is_opted_out(&number).await.unwrap());
    assert!(
        !sender.is_opted_out(&other).await.unwrap(),
        "one number only"
    );
    sender.send_text(&number, text).await.unwrap();
    assert_eq!(
        phones.got(number.e164()).await.len(),
        2,
        "accepted, and not sent"
    );

    let refused = PhoneNumber::read(refused).unwrap();
    let sent = sender.send_text(&refused, text).await;
    assert!(matches!(sent, Err(TextError::Refused)), "{sent:?}");
}

fn a_number() -> PhoneNumber {
    let digits = Uuid::now_v7().as_u128() % 100_000_000;
    PhoneNumber::read(&format!("+346{digits:08}")).unwrap()
}
