//! The file of rejected rows: several runs with any failures write the same file as one run.

#![allow(clippy::unwrap_used, clippy::panic)]

mod importing;

use std::sync::Arc;

use app::imports::{GetImport, Progress};
use app::messages::ImportKey;
use app::ports::{FileError, ImportFiles, WrittenFile};
use app::{Caller, Refusal};
use async_trait::async_trait;
use domain::import::{KeptParts, SeenFile};
use domain::{ImportStatus, Role};
use importing::{AMPLE, HEADER, ONE_CHUNK, World, key};
use testkit::{MemoryFiles, NextRead, NextWrite};
use tokio::task::yield_now;

const BAD: usize = 1_450;

/// A file with one good row, and enough bad rows for three parts and a short rest of the file of rejected rows.
fn many_parts() -> String {
    let notes = "x".repeat(400);
    let bad = (0..BAD).map(|n| format!("north,2.1701,41.4036,2.1744,B-{n},{notes}\n"));
    let bad: String = bad.collect();
    let header = HEADER.trim_end();
    format!("{header},notes\n41.3870,2.1701,41.4036,2.1744,SO,\n{bad}")
}

impl World {
    /// All rows are read. No part of the file of rejected rows is kept yet.
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

    /// Asserts the result of an undisturbed run.
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
        assert!(world.files.rejected(key()).is_none());
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
    // Writes: begun, the chunks, three parts, finished.
    for fault in [
        NextWrite::IsRefused,
        NextWrite::LosesItsAnswer,
        NextWrite::Conflicts,
    ] {
        for before in 0..10 {
            let world = World::with(many_parts()).await;
            let mut writes = vec![NextWrite::Succeeds; before];
            writes.extend([fault; 14]);
            world.store.next_writes(writes);
            world.run_through(AMPLE).await;
            world.assert_whole().await;
        }
    }
    // Requests for the file: metadata, rows, rows again, and the parts.
    for before in 0..16 {
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

#[tokio::test]
async fn parts_that_are_gone_time_and_again_are_left_to_somebody_who_looks() {
    let world = World::with_many_parts().await;
    world.files.answer_parts(Some(1));
    assert_eq!(world.run(ONE_CHUNK).await.unwrap().parts, 1);
    for _ in 0..3 {
        world.files.forget_parts();
        // One of the requests is answered with "the parts are gone".
        world.files.answer_parts(Some(2));
        assert_eq!(world.run(ONE_CHUNK).await.unwrap().parts, 1);
    }
    world.files.forget_parts();
    world.files.answer_parts(None);
    world.queue.take();
    let outcome = world.run(ONE_CHUNK).await;
    assert!(matches!(outcome, Err(Refusal::Unavailable(_))));
    assert_eq!(world.queue.take(), []);
}

#[tokio::test]
async fn a_file_that_goes_away_at_any_time_has_no_rejected_rows_to_fetch() {
    // The beginning and the rows are read, and then all of them again for the rejected rows.
    for before in 1..7 {
        let world = World::with(many_parts()).await;
        let mut reads = vec![NextRead::Succeeds; before];
        reads.push(NextRead::FindsNothing);
        world.files.next_reads(reads);
        let import = world.run_through(AMPLE).await;
        assert_eq!(import.status, ImportStatus::Failed);
        assert_eq!(import.failure.unwrap().code, "file_changed");
        let show = GetImport {
            users: world.store.clone(),
            imports: world.store.clone(),
            locating: world.store.clone(),
            urls: Arc::new(world.files.clone()),
        };
        let caller = Caller {
            user_id: import.customer_id,
            roles: vec![Role::Customer],
            request_id: None,
        };
        let answer = show.run(&caller, &import.id.to_string()).await.unwrap();
        let told = serde_json::to_value(answer).unwrap();
        assert_eq!(told["rejected_rows_url"], serde_json::Value::Null);
        assert_eq!(told["rejected"], import.rejected);
    }
}

/// Files that pause before each answer, so that concurrent runs take turns.
struct Slow(MemoryFiles);

#[async_trait]
impl ImportFiles for Slow {
    async fn seen(&self, key: ImportKey) -> Result<Option<SeenFile>, FileError> {
        yield_now().await;
        self.0.seen(key).await
    }

    async fn read(
        &self,
        key: ImportKey,
        file: &SeenFile,
        from: u64,
        length: u64,
    ) -> Result<Vec<u8>, FileError> {
        yield_now().await;
        self.0.read(key, file, from, length).await
    }

    async fn write_unpacked(&self, key: ImportKey) -> Result<Box<dyn WrittenFile>, FileError> {
        self.0.write_unpacked(key).await
    }

    async fn seen_unpacked(&self, key: ImportKey) -> Result<Option<SeenFile>, FileError> {
        self.0.seen_unpacked(key).await
    }

    async fn write_rejected(
        &self,
        key: ImportKey,
        kept: Option<KeptParts>,
    ) -> Result<Box<dyn WrittenFile>, FileError> {
        yield_now().await;
        let file = self.0.write_rejected(key, kept).await?;
        Ok(Box::new(SlowFile(file)))
    }
}

struct SlowFile(Box<dyn WrittenFile>);

#[async_trait]
impl WrittenFile for SlowFile {
    async fn write(&mut self, bytes: &[u8]) -> Result<(), FileError> {
        self.0.write(bytes).await
    }

    async fn keep(&mut self) -> Result<Option<KeptParts>, FileError> {
        yield_now().await;
        let kept = self.0.keep().await;
        yield_now().await;
        kept
    }

    async fn finish(self: Box<Self>) -> Result<(), FileError> {
        yield_now().await;
        self.0.finish().await
    }
}

#[tokio::test]
async fn three_runs_at_once_write_one_file() {
    for read_before in [false, true] {
        let world = match read_before {
            false => World::with(many_parts()).await,
            true => World::with_many_parts().await,
        };
        world.files.answer_parts(None);
        let mut ingest = world.ingest();
        ingest.files = Arc::new(Slow(world.files.clone()));
        let runs = (0..3).map(|_| ingest.run(key(), AMPLE));
        let reports = futures::future::join_all(runs).await;
        let parts: u32 = reports.iter().flatten().map(|report| report.parts).sum();
        assert_eq!(parts, 3, "each part is kept once");
        world.run_through(AMPLE).await;
        world.assert_whole().await;
    }
}
