//! Imports: no failure stores a row twice or loses a row, and the counts add up.

#![allow(clippy::unwrap_used, clippy::panic)]

mod importing;

use app::Refusal;
use app::imports::Progress;
use app::messages::ImportKey;
use app::ports::{Chunk, ImportStore, OrderPlacement, OrderStore, PendingBounds, UserStore};
use domain::{Actor, ImportStatus, OrderStatus, UserStatus};
use importing::{AMPLE, HEADER, ONE_CHUNK, World, a_file, key};
use jiff::SignedDuration;
use proptest::prelude::*;
use testkit::{NextRead, NextWrite, a_customer, an_order};

#[tokio::test]
async fn a_file_becomes_orders_and_an_account() {
    let (file, good, bad) = a_file(1_000);
    let world = World::with(file).await;
    let report = world.run(AMPLE).await.unwrap();
    assert_eq!(
        report.progress,
        Progress::Over(ImportStatus::CompletedWithErrors)
    );
    assert_eq!((report.accepted, report.rejected), (900, 100));
    world.assert_account(&world.import(), &good, &bad);
    let order = &world.store.all_orders()[0];
    assert_eq!(
        (order.status, order.external_id.as_deref()),
        (OrderStatus::Pending, Some("SO-1"))
    );
    let faults = world
        .store
        .row_faults(key().import_id, 0, 100)
        .await
        .unwrap();
    let first = (
        faults[0].row,
        faults[0].column.as_deref(),
        faults[0].code.as_str(),
    );
    assert_eq!(first, (10, Some("pickup_lat"), "missing"));
}

#[tokio::test]
async fn an_import_waits_while_its_customer_has_too_many_pending_orders() {
    let (file, good, bad) = a_file(500);
    let world = World {
        most_open_orders: 100,
        ..World::with(file).await
    };
    let paused_run = world.run(AMPLE).await.unwrap();
    assert_eq!(paused_run.progress, Progress::Paused);
    assert_eq!(world.queue.take(), [(key(), 300)]);
    let paused = world.import();
    assert_eq!(paused.paused_at, Some(paused.updated_at));
    assert_eq!(paused.status, ImportStatus::Processing);
    let pending = world.store.all_orders().len();
    assert!((100..198).contains(&pending), "{pending} orders");

    world.clock.advance(SignedDuration::from_mins(5));
    world.run(AMPLE).await.unwrap();
    assert_eq!(world.import(), paused, "nothing has changed");
    let mut runs = 0;
    while !world.import().status.is_over() {
        for order in world.store.all_orders() {
            if order.status == OrderStatus::Pending {
                let now = order.updated_at;
                let ended = order.step(OrderStatus::Cancelled, Actor::Customer, None, now);
                world.store.put_order(&ended.unwrap()).await.unwrap();
            }
        }
        world.clock.advance(SignedDuration::from_mins(5));
        world.run(AMPLE).await.unwrap();
        runs += 1;
        assert!(runs < 10, "never over");
    }
    assert_eq!(world.import().paused_at, None);
    world.assert_account(&world.import(), &good, &bad);
}

#[tokio::test]
async fn a_large_file_takes_room_for_many_chunks_at_a_time() {
    let (file, _, _) = a_file(5_000);
    let world = World {
        most_open_orders: 100_000,
        ..World::with(file).await
    };
    let report = world.run(AMPLE).await.unwrap();
    assert_eq!(report.accepted, 4_500);
    let others = report.store_requests - u64::from(report.chunks);
    assert!(others < 30, "{others} beside {} chunks", report.chunks);
    let customer = key().customer_id;
    let bounds = &world.store;
    assert!(bounds.take_room(customer, 0, 5_501).await.unwrap(), "left");
    assert!(!bounds.take_room(customer, 0, 4_500).await.unwrap());
}

#[tokio::test]
async fn a_file_that_reaches_the_limit_passes_it_by_one_chunk_at_most() {
    for limit in [900, 1_000, 1_500, 2_000] {
        let world = World {
            most_open_orders: limit,
            ..World::with(a_file(3_000).0).await
        };
        let report = world.run(AMPLE).await.unwrap();
        assert_eq!(report.progress, Progress::Paused);
        let least = limit as usize;
        let pending = world.store.all_orders().len();
        assert!((least..least + 98).contains(&pending), "{pending} orders");
    }
}

#[tokio::test]
async fn an_import_waits_while_its_customer_is_suspended() {
    let (file, good, bad) = a_file(50);
    let world = World::with(file).await;
    let mut ana = a_customer(1).build();
    ana.id = key().customer_id;
    world.store.put_user(&ana).await.unwrap();
    let suspended = ana
        .customer_set_to(UserStatus::Suspended, ana.updated_at)
        .unwrap();
    world.store.put_user(&suspended).await.unwrap();
    assert_eq!(world.run(AMPLE).await.unwrap().progress, Progress::Paused);
    assert_eq!(world.store.all_orders(), []);
    let active = suspended
        .customer_set_to(UserStatus::Active, ana.updated_at)
        .unwrap();
    world.store.put_user(&active).await.unwrap();
    world.clock.advance(SignedDuration::from_mins(5));
    world.run(AMPLE).await.unwrap();
    world.assert_account(&world.import(), &good, &bad);
}

#[tokio::test]
async fn what_is_left_when_the_time_is_up_is_handed_on() {
    let (file, good, bad) = a_file(500);
    let world = World::with(file).await;
    let (mut runs, mut rows_before) = (0, 0);
    while world.run(ONE_CHUNK).await.unwrap().progress == Progress::HandedOn {
        runs += 1;
        assert_eq!(world.queue.take(), [(key(), 0)]);
        // Every tenth row so far is bad. The others are orders.
        let import = world.import();
        let bad_so_far = import.rows() / 10;
        assert_eq!(import.rejected, bad_so_far);
        assert_eq!(world.store.all_orders().len() as u32, import.accepted);
        assert!(import.rows() > rows_before, "each run gets on");
        rows_before = import.rows();
        assert!(import.progress() < 1.0 || import.rows() == 500);
    }
    assert_eq!(world.import().rows(), 500);
    assert!(runs >= 9, "{runs} runs of about 54 rows");
    world.assert_account(&world.import(), &good, &bad);
    assert_eq!(world.queue.take(), []);
}

#[tokio::test]
async fn a_process_that_dies_at_any_write_is_gone_on_with() {
    let (file, good, bad) = a_file(130);
    // Writes: begun, three chunks, finished. Each write is lost, or succeeds while its process dies before the answer.
    for fault in [
        NextWrite::IsRefused,
        NextWrite::LosesItsAnswer,
        NextWrite::Conflicts,
    ] {
        for before in 0..6 {
            let world = World::with(file.clone()).await;
            let mut writes = vec![NextWrite::Succeeds; before];
            // More faults than a run has retries, so that the run gives up there.
            writes.extend([fault; 14]);
            world.store.next_writes(writes);
            world.run_through(AMPLE).await;
            world.assert_account(&world.import(), &good, &bad);
        }
    }
}

#[tokio::test]
async fn a_process_that_dies_at_any_request_for_the_file_is_gone_on_with() {
    let (file, good, bad) = a_file(130);
    for before in 0..8 {
        let world = World::with(file.clone()).await;
        let mut reads = vec![NextRead::Succeeds; before];
        reads.push(NextRead::IsRefused);
        world.files.next_reads(reads);
        world.run_through(AMPLE).await;
        world.assert_account(&world.import(), &good, &bad);
    }
}

#[tokio::test]
async fn three_deliveries_at_once_are_one_import() {
    let (file, good, bad) = a_file(600);
    let world = World::with(file).await;
    let ingest = world.ingest();
    let runs = (0..3).map(|_| ingest.run(key(), AMPLE));
    for result in futures::future::join_all(runs).await {
        assert_ne!(result.unwrap().progress, Progress::HandedOn);
    }
    world.assert_account(&world.import(), &good, &bad);
    assert!(world.import().status.is_over());
}

#[tokio::test]
async fn what_was_delivered_since_is_not_set_back() {
    let (file, good, bad) = a_file(300);
    let world = World::with(file).await;
    world.run(ONE_CHUNK).await.unwrap();
    let early = world.import();
    world.run(ONE_CHUNK).await.unwrap();
    let mut order = world.store.all_orders()[60].clone();
    order.status = OrderStatus::Delivered;
    order.waiting = None;
    order.version += 1;
    world.store.put_order(&order).await.unwrap();
    // The table of imports is restored from a backup that is older than the orders.
    world.store.set_back(&early);
    world.run_through(AMPLE).await;
    world.assert_account(&world.import(), &good, &bad);
    assert_eq!(world.store.order(order.id).await.unwrap(), Some(order));
}

#[tokio::test]
async fn an_external_id_is_used_once() {
    let row = |name: &str| format!("41.3870,2.1701,41.4036,2.1744,{name}\n");
    // The id repeats within one chunk, in another chunk, and from before the import.
    let mut file = format!("{HEADER}{}{}{}", row("A"), row("A"), row("OLD"));
    (0..100).for_each(|n| file.push_str(&row(&format!("N{n}"))));
    file.push_str(&row("A"));
    file.push_str(&row(""));
    let world = World::with(file).await;
    let old = an_order(1).of(key().customer_id).named("OLD").build();
    world.store.place(&old, None).await.unwrap();
    let stranger = an_order(2).named("N1").build();
    world.store.place(&stranger, None).await.unwrap();
    let import = world.run_through(AMPLE).await;
    let faults = world.store.row_faults(import.id, 0, 100).await.unwrap();
    let told: Vec<(u32, &str)> = faults.iter().map(|f| (f.row, f.code.as_str())).collect();
    assert_eq!(
        told,
        [
            (2, "external_id_doubled"),
            (3, "external_id_taken"),
            (104, "external_id_taken")
        ]
    );
    assert_eq!((import.accepted, import.rejected), (102, 3));
}

#[tokio::test]
async fn rows_that_the_store_rejects_have_room_among_those_that_were_rejected_before() {
    let most = Chunk::MOST_FAULTS;
    let bad = ",2.1701,41.4036,2.1744,\n".repeat(most - 1);
    let named: Vec<String> = (0..40)
        .map(|n| format!("41.3870,2.1701,41.4036,2.1744,OLD{n}\n"))
        .collect();
    let world = World::with(format!("{HEADER}{bad}{}", named.concat())).await;
    for n in 0..40 {
        let old = an_order(n).of(key().customer_id).named(&format!("OLD{n}"));
        world.store.place(&old.build(), None).await.unwrap();
    }
    let import = world.run_through(AMPLE).await;
    assert_eq!(
        (import.accepted, import.rejected as usize),
        (0, most - 1 + 40)
    );
}

#[tokio::test]
async fn a_file_that_cannot_be_read_to_its_end_keeps_what_came_before() {
    let (file, good, bad) = a_file(130);
    let world = World::with(format!("{file}{}", "x".repeat(70_000))).await;
    let import = world.run_through(AMPLE).await;
    assert_eq!(import.status, ImportStatus::Failed);
    assert_eq!(import.failure.as_ref().unwrap().code, "row_too_long");
    world.assert_account(&import, &good, &bad);
}

#[tokio::test]
async fn an_external_id_is_the_same_with_its_accents_in_another_form() {
    let row = |id| format!("41.3870,2.1701,41.4036,2.1744,{id}\n");
    let file = format!("{HEADER}{}{}", row("CAFE\u{300}-4"), row("CAFÈ-4 "));
    let world = World::with(file).await;
    let import = world.run_through(AMPLE).await;
    let faults = world.store.row_faults(import.id, 0, 10).await.unwrap();
    let told: Vec<_> = faults
        .iter()
        .map(|fault| (fault.row, fault.code.as_str()))
        .collect();
    assert_eq!(told, [(2, "external_id_doubled")]);
}

#[tokio::test]
async fn a_drop_off_far_from_its_pickup_is_rejected_and_names_the_limit() {
    let file =
        format!("{HEADER}41.3870,2.1701,39.4699,-0.3763,A\n41.3870,2.1701,39.9864,-0.0513,B\n");
    let world = World::with(file).await;
    let import = world.run_through(AMPLE).await;
    let faults = world.store.row_faults(import.id, 0, 10).await.unwrap();
    let told: Vec<_> = faults
        .iter()
        .map(|fault| (fault.row, fault.code.as_str()))
        .collect();
    assert_eq!(told, [(1, "leg_too_long")]);
    assert_eq!(faults[0].column.as_deref(), Some("dropoff_lat"));
    assert!(faults[0].detail.contains("300 km"), "{}", faults[0].detail);
}

#[tokio::test]
async fn files_that_are_none_fail_as_a_whole() {
    for (file, code) in [
        ("", "empty_file"),
        ("PK\u{3}\u{4}", "not_csv"),
        ("a,b\n", "unknown_column"),
    ] {
        let world = World::with(file).await;
        let import = world.run_through(AMPLE).await;
        assert_eq!(import.status, ImportStatus::Failed);
        assert_eq!(import.failure.unwrap().code, code);
        assert_eq!(import.accepted + import.rejected, 0);
    }
    let world = World::with(HEADER).await;
    assert_eq!(
        world.run_through(AMPLE).await.status,
        ImportStatus::Completed
    );
    let world = World::with(vec![b' '; 10_000_001]).await;
    assert_eq!(
        world.run_through(AMPLE).await.failure.unwrap().code,
        "too_large"
    );
}

#[tokio::test]
async fn a_file_that_is_replaced_meanwhile_is_not_mixed_with_the_other() {
    let (file, ..) = a_file(300);
    let world = World::with(file.clone()).await;
    world.run(ONE_CHUNK).await.unwrap();
    let accepted = world.import().accepted;
    world.files.upload(key(), file.replace("SO-", "OTHER-"));
    let import = world.run_through(AMPLE).await;
    assert_eq!(import.failure.unwrap().code, "file_changed");
    assert_eq!(import.accepted, accepted);
}

#[tokio::test]
async fn a_key_of_somebody_else_leads_nowhere() {
    let world = World::with(HEADER).await;
    let strange = ImportKey {
        customer_id: testkit::build::user_id(7),
        ..key()
    };
    let outcome = world.ingest().run(strange, AMPLE).await;
    assert!(matches!(outcome, Err(Refusal::NotFound)));
}

/// Lost races can look like another consumer where there is none. Then the queued message continues the import.
#[tokio::test]
async fn an_import_that_is_left_to_others_is_looked_after() {
    let (file, good, bad) = a_file(20);
    let world = World::with(file).await;
    let mut writes = vec![NextWrite::Succeeds; 2]; // begun, and the only chunk
    writes.extend([NextWrite::Conflicts; 3]);
    world.store.next_writes(writes);
    let report = world.run(AMPLE).await.unwrap();
    assert_eq!(report.progress, Progress::LeftToOthers);
    assert_eq!(world.queue.take(), [(key(), 30)]);
    world.run_through(AMPLE).await;
    world.assert_account(&world.import(), &good, &bad);
}

#[tokio::test]
async fn a_store_that_stays_away_is_left_alone_for_a_while() {
    let (file, ..) = a_file(200);
    let world = World::with(file).await;
    let mut writes = vec![NextWrite::Succeeds; 2];
    writes.extend([NextWrite::IsRefused; 20]);
    world.store.next_writes(writes);
    let report = world.run(AMPLE).await.unwrap();
    assert_eq!((report.progress, report.chunks), (Progress::HandedOn, 1));
    assert_eq!(world.queue.take(), [(key(), 30)]);
    // The run made no progress. So the same message comes again, and ends in the dead-letter queue if this continues.
    world.store.next_writes([NextWrite::IsRefused; 20]);
    assert!(matches!(
        world.run(AMPLE).await,
        Err(Refusal::Unavailable(_))
    ));
    assert_eq!(world.queue.take(), []);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_breaks_the_orders_are_the_good_rows(
        rows in 1_u32..400,
        writes in proptest::collection::vec(
            prop_oneof![
                4 => Just(NextWrite::Succeeds), 1 => Just(NextWrite::Conflicts),
                1 => Just(NextWrite::IsRefused), 1 => Just(NextWrite::LosesItsAnswer),
            ],
            0..40,
        ),
        reads in proptest::collection::vec(
            prop_oneof![3 => Just(NextRead::Succeeds), 1 => Just(NextRead::IsRefused)], 0..12,
        ),
        time in prop_oneof![Just(ONE_CHUNK), Just(AMPLE)],
        at_once in 1_usize..4,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let (file, good, bad) = a_file(rows);
            let world = World::with(file).await;
            world.store.next_writes(writes);
            world.files.next_reads(reads);
            let ingest = world.ingest();
            for _ in 0..200 {
                let runs = (0..at_once).map(|_| ingest.run(key(), time));
                futures::future::join_all(runs).await;
                if world.import().status.is_over() {
                    break;
                }
            }
            prop_assert!(world.import().status.is_over());
            world.assert_account(&world.import(), &good, &bad);
            Ok(())
        })?;
    }
}
