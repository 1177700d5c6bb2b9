//! [`ProfileStore`]

use app::ports::ProfileStore;
use domain::UserId;
use domain::ids::Uuid;
use domain::import::{DecimalMark, ImportProfiles, ImportSettings, Preset};
use futures::future::join_all;

use super::{assert_conflict, the_winner};
use crate::build::at;

/// Checks the profiles of customers.
pub async fn run(profiles: &dyn ProfileStore) {
    profiles_come_back_as_they_were_stored(profiles).await;
    of_many_writes_at_once_one_is_made(profiles).await;
}

fn settings(encoding: &str) -> ImportSettings {
    let columns = [(
        "dropoff_address".to_owned(),
        vec!["Straße".to_owned(), "Ort".to_owned()],
    )];
    ImportSettings {
        preset: Some(Preset::Shopify),
        columns: columns.into(),
        defaults: [("size".to_owned(), "2".to_owned())].into(),
        date: Some(jiff::civil::date(2030, 5, 6)),
        decimal: Some(DecimalMark::Comma),
        header_row: Some(3),
        encoding: Some(encoding.to_owned()),
        ..ImportSettings::default()
    }
}

async fn profiles_come_back_as_they_were_stored(profiles: &dyn ProfileStore) {
    let now = at("2030-05-06T08:00:00Z");
    let (ana, ben) = (UserId(Uuid::now_v7()), UserId(Uuid::now_v7()));
    let none = profiles.profiles_of(ana).await.unwrap();
    assert_eq!(none, ImportProfiles::none(ana));
    let one = none.with("shop", settings("utf-8"), now).unwrap().unwrap();
    profiles.put_profiles(&one).await.unwrap();
    assert_eq!(profiles.profiles_of(ana).await.unwrap(), one);
    let others = profiles.profiles_of(ben).await.unwrap();
    assert_eq!(others, ImportProfiles::none(ben), "they are another's");
    assert_conflict(
        profiles.put_profiles(&one).await,
        "a version is written once",
    );
    let two = one.with("erp", ImportSettings::default(), now);
    let two = two.unwrap().unwrap();
    profiles.put_profiles(&two).await.unwrap();
    assert_eq!(profiles.profiles_of(ana).await.unwrap(), two);
    let left = two.without("shop").unwrap().without("erp").unwrap();
    let late = profiles.put_profiles(&left).await;
    assert_conflict(late, "a version follows its predecessor");
    let left = two.without("shop").unwrap();
    profiles.put_profiles(&left).await.unwrap();
    assert_eq!(profiles.profiles_of(ana).await.unwrap(), left);
}

async fn of_many_writes_at_once_one_is_made(profiles: &dyn ProfileStore) {
    let now = at("2030-05-06T08:00:00Z");
    let none = ImportProfiles::none(UserId(Uuid::now_v7()));
    let ways: Vec<ImportProfiles> = (0..5)
        .map(|n| none.with(&format!("p{n}"), settings("auto"), now))
        .map(|way| way.unwrap().unwrap())
        .collect();
    let results = join_all(ways.iter().map(|way| profiles.put_profiles(way))).await;
    let winner = the_winner(&results);
    let stored = profiles.profiles_of(none.customer_id).await.unwrap();
    assert_eq!(stored, ways[winner]);
}
