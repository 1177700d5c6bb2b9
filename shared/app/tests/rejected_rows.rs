//! The file of rejected rows: written over several runs, whatever breaks, as if by one.

#![allow(clippy::unwrap_used, clippy::panic)]

mod importing;

use app::Refusal;
use app::imports::Progress;
use domain::ImportStatus;
use importing::{AMPLE, HEADER, ONE_CHUNK, World, key};
use testkit::{NextRead, NextWrite};

const BAD: usize = 1_400;

/// A file with one good row and so many rejected ones that their file has three parts.
fn many_parts() -> String {
    let notes = "x".repeat(400);
    let bad = (0..BAD).map(|n| format!("north,2.1701,41.4036,2.1744,B-{n},{notes}\n"));
    let bad: String = bad.collect();
    let header = HEADER.trim_end();
    format!("{header},notes\n41.3870,2.1701,41.4036,2.1744,SO,\n{bad}")
}

impl World {
    /// All rows are read, and of their file of rejected rows nothing is kept yet.
    async fn with_many_parts() -> Self {
        let world = Self::with(many_parts()).await;
        world.files.answer_parts(Some(0));
        while world.import().rows() as usize <= BAD {
            world.run(ONE_CHUNK).await.unwrap();
        }
        assert_eq!(world.import().status, ImportStatus::Processing);
        world.queue.take();
        world
    }

    /// That all came as if nothing had happened.
    async fn assert_whole(&self) {
        let undisturbed = Self::with(many_parts()).await;
        undisturbed.run(AMPLE).await.unwrap();
        let whole = undisturbed.files.rejected(key()).unwrap();
        assert_eq!(whole.lines().count(), 1 + BAD);
        assert!(self.files.rejected(key()).unwrap() == whole);
        let import = self.import();
        assert_eq!(import.status, ImportStatus::CompletedWithErrors);
        assert_eq!((import.accepted, import.rejected as usize), (1, BAD));
        assert_eq!(import.rejects, None);
    }
}

#[tokio::test]
async fn rejected_rows_that_take_longer_than_a_run_are_written_by_several() {
    let world = World::with_many_parts().await;
    for _ in 0..2 {
        world.files.answer_parts(Some(1));
        let report = world.run(ONE_CHUNK).await.unwrap();
        assert_eq!((report.progress, report.parts), (Progress::HandedOn, 1));
        assert_eq!(world.queue.take(), [(key(), 0)]);
        assert_eq!(world.files.rejected(key()), None);
    }
    world.files.answer_parts(None);
    let report = world.run(ONE_CHUNK).await.unwrap();
    assert!(matches!(report.progress, Progress::Over(_)));
    world.assert_whole().await;
}

#[tokio::test]
async fn a_run_that_could_keep_nothing_is_tried_again_and_ends_with_the_dead_letters() {
    let world = World::with_many_parts().await;
    let outcome = world.run(ONE_CHUNK).await;
    assert!(matches!(outcome, Err(Refusal::Unavailable(_))));
    assert_eq!(world.queue.take(), []);
    world.files.answer_parts(None);
    world.run(ONE_CHUNK).await.unwrap();
    world.assert_whole().await;
}

#[tokio::test]
async fn a_process_that_dies_while_it_writes_rejected_rows_is_gone_on_with() {
    // Writes: begun, three chunks, three parts, finished.
    for fault in [
        NextWrite::IsRefused,
        NextWrite::LosesItsAnswer,
        NextWrite::Conflicts,
    ] {
        for before in 0..9 {
            let world = World::with(many_parts()).await;
            let mut writes = vec![NextWrite::Succeeds; before];
            writes.extend([fault; 14]);
            world.store.next_writes(writes);
            world.run_through(AMPLE).await;
            world.assert_whole().await;
        }
    }
    // Requests for the file: it is seen, read, read again, and written.
    for before in 0..14 {
        let world = World::with(many_parts()).await;
        let mut reads = vec![NextRead::Succeeds; before];
        reads.push(NextRead::IsRefused);
        world.files.next_reads(reads);
        world.run_through(AMPLE).await;
        world.assert_whole().await;
    }
}

#[tokio::test]
async fn parts_that_are_gone_are_written_again() {
    let world = World::with_many_parts().await;
    world.files.answer_parts(Some(2));
    assert_eq!(world.run(ONE_CHUNK).await.unwrap().parts, 2);
    world.files.forget_parts();
    world.files.answer_parts(None);
    let report = world.run(ONE_CHUNK).await.unwrap();
    assert!(matches!(report.progress, Progress::Over(_)));
    world.assert_whole().await;
}
