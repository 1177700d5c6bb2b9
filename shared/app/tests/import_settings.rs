//! Imports with settings, in runs of one chunk each: every run continues where the last one ended.

#![allow(clippy::unwrap_used)]

mod importing;

use domain::import::{ImportSettings, Preset};
use importing::{HEADER, ONE_CHUNK, World, a_file, key};
use testkit::NextRead;

fn settings(change: impl FnOnce(&mut ImportSettings)) -> ImportSettings {
    let mut settings = ImportSettings::default();
    change(&mut settings);
    settings
}

fn in_utf16(text: &str) -> Vec<u8> {
    let text = format!("\u{feff}{text}");
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

#[tokio::test]
async fn runs_go_on_at_the_right_byte_of_a_file_in_utf16() {
    let (text, good, bad) = a_file(500);
    let text = text.replace("SO-", "Plaça-");
    let world = World::with(in_utf16(&text)).await;
    let import = world.run_through(ONE_CHUNK).await;
    assert_eq!(import.told.encoding.as_deref(), Some("utf-16le"));
    world.assert_account(&import, &good, &bad);
    assert_eq!(import.offset as usize, in_utf16(&text).len());
    let rejected = world.files.rejected(key()).unwrap();
    assert!(rejected.contains("Plaça-10,10,pickup_lat"), "{rejected}");
}

#[tokio::test]
async fn a_guess_is_made_once_and_stated_even_if_the_first_accent_comes_late() {
    let (text, good, bad) = a_file(3_000);
    let text = text.replace("SO-2999", "Pla\u{e7}a");
    let bytes: Vec<u8> = text.chars().map(|letter| letter as u8).collect();
    assert!(bytes.len() > intake::csv::HEAD);
    let world =
        World::with_settings(bytes, settings(|it| it.encoding = Some("auto".to_owned()))).await;
    let import = world.run_through(ONE_CHUNK).await;
    assert_eq!(
        (import.told.encoding.as_deref(), import.told.is_guess),
        (Some("windows-1252"), true)
    );
    world.assert_account(&import, &good, &bad);
    let named = world.store.all_orders();
    let mut named = named
        .iter()
        .filter_map(|order| order.external_id.as_deref());
    assert!(named.any(|name| name == "Plaça"));
}

#[tokio::test]
async fn pickups_as_rows_stay_with_their_rows_over_all_runs() {
    let mut file = "Latitude,Longitude,Pickup,Order_ID\n".to_owned();
    for group in 0..4 {
        file.push_str(&format!("41.4{group},2.17,TRUE,\n"));
        for row in 0..150 {
            let lat = if row % 50 == 9 { "north" } else { "41.40" };
            file.push_str(&format!("{lat},2.17,FALSE,{group}-{row}\n"));
        }
    }
    let onfleet = settings(|it| it.preset = Some(Preset::Onfleet));
    let world = World::with_settings(file, onfleet.clone()).await;
    let import = world.run_through(ONE_CHUNK).await;
    assert_eq!((import.accepted, import.rejected), (588, 12));
    for order in world.store.all_orders() {
        let group = order
            .external_id
            .as_deref()
            .unwrap()
            .split('-')
            .next()
            .unwrap();
        assert_eq!(
            order.pickup.location.unwrap().lat.to_string(),
            format!("41.4{group}").trim_end_matches('0')
        );
    }

    // The file of rejected rows, mended and sent again, gives each row its own pickup.
    let rejected = world.files.rejected(key()).unwrap();
    assert_eq!(rejected.lines().count(), 1 + 4 + 12);
    let again = World::with_settings(rejected.replace("north", "41.40"), onfleet).await;
    assert_eq!(again.run_through(ONE_CHUNK).await.accepted, 12);
    for order in again.store.all_orders() {
        let group = order
            .external_id
            .as_deref()
            .unwrap()
            .split('-')
            .next()
            .unwrap();
        assert_eq!(
            order.pickup.location.unwrap().lat.to_string(),
            format!("41.4{group}").trim_end_matches('0')
        );
    }
}

#[tokio::test]
async fn what_the_beginning_of_a_file_tells_is_in_its_account_though_it_fails() {
    let auto = settings(|it| it.encoding = Some("auto".to_owned()));
    let world = World::with_settings(b"pickup_lat,Pla\xe7a\n1,2\n".to_vec(), auto).await;
    let import = world.run_through(ONE_CHUNK).await;
    assert_eq!(import.failure.unwrap().code, "unknown_column");
    assert_eq!(import.told.encoding.as_deref(), Some("windows-1252"));
    let mapped = settings(|it| {
        it.columns
            .insert("external_id".to_owned(), vec!["Order".to_owned()]);
    });
    let file = format!(
        "Order,Colour,{}7,red,41.3870,2.1701,41.4036,2.1744,\n",
        HEADER
    );
    let world = World::with_settings(file, mapped).await;
    let import = world.run_through(ONE_CHUNK).await;
    assert_eq!(import.told.ignored_columns, ["Colour", "external_id"]);
    assert_eq!(import.accepted, 1);
}

#[tokio::test]
async fn a_workbook_is_unpacked_once_and_then_read_like_a_file() {
    let file = include_bytes!("../../../tests/cases/orders.xlsx").to_vec();
    let (bad, good): (Vec<u32>, Vec<u32>) = (1..=300).partition(|row| row % 10 == 0);
    let world = World::with(file.clone()).await;
    let import = world.run_through(ONE_CHUNK).await;
    assert_eq!(import.accepted as usize, good.len());
    assert_eq!(import.rejected as usize, bad.len());
    assert!(
        import
            .file
            .is_some_and(|seen| seen.is_unpacked && seen.size_bytes > file.len() as u64)
    );
    let rejected = world.files.rejected(key()).unwrap();
    assert!(rejected.contains("SO-10,"), "{rejected}");

    // Whatever dies, at any write and at any request for a file, is gone on with.
    for dies_at in 0..14 {
        let world = World::with(file.clone()).await;
        let reads = (0..dies_at).map(|_| NextRead::Succeeds);
        world.files.next_reads(reads.chain([NextRead::IsRefused]));
        world.run_through(ONE_CHUNK).await;
        assert_eq!(world.store.all_orders().len(), good.len(), "{dies_at}");
    }
}

#[tokio::test]
async fn an_archive_that_is_no_workbook_fails_as_a_whole() {
    let world = World::with(b"PK\x03\x04 and more".to_vec()).await;
    let import = world.run_through(ONE_CHUNK).await;
    assert_eq!(import.failure.unwrap().code, "not_csv");
}
