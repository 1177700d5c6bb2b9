//! Making orders of a file's rows.

mod chunk;
mod rejects;
mod source;

use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::import::{ImportFailure, SeenFile};
use domain::{Import, ImportStatus, ZoneGrid};
use sheet::{FileFault, Rows};
use tokio::time::timeout;

use crate::messages::ImportKey;
use crate::ports::{
    ChunkOutcome, Clock, FileError, ImportFiles, ImportQueue, ImportStore, Jitter, StoreError,
};
use crate::refusal::Refusal;
use crate::retry::Attempts;
use chunk::Gathered;
use rejects::Rejects;
use source::{Source, Trouble};

/// With less time left than this no chunk is begun: the rest is handed on.
const LAST_CHUNK: Duration = Duration::from_secs(15);
/// After a store that stayed away, the import is seen again this much later, in seconds.
const REST_S: u32 = 30;
/// Who has lost so many races to somebody else leaves the import to them for a while. Once can be the last breath of an
/// invocation that was ended; more often it is somebody alive.
const LOST_RACES: u32 = 3;
/// So often the file of rejected rows is begun again. Whose parts are gone once more waits with the dead letters.
const BEGUN_AGAIN: u32 = 3;

/// Why an import failed whose file is not there any more as it was.
pub(super) const FILE_CHANGED: &str = "file_changed";

/// `ingest-orders`: makes orders of the rows of an uploaded file.
pub struct IngestOrders {
    /// The imports, and what is stored with them.
    pub imports: Arc<dyn ImportStore>,
    /// Their files.
    pub files: Arc<dyn ImportFiles>,
    /// Hands an import on when the time is up.
    pub queue: Arc<dyn ImportQueue>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Chance, for pauses.
    pub jitter: Arc<dyn Jitter>,
    /// The zones.
    pub grid: ZoneGrid,
    /// How large a file may be, in bytes.
    pub most_bytes: u64,
}

/// How far one run came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// The import is over.
    Over(ImportStatus),
    /// Its rest was handed on.
    HandedOn,
    /// Somebody else is at it.
    LeftToOthers,
}

/// What one run has done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IngestReport {
    /// How far it came.
    pub progress: Progress,
    /// Rows that became orders.
    pub accepted: u32,
    /// Rows that did not.
    pub rejected: u32,
    /// Chunks that were stored, each in one transaction.
    pub chunks: u32,
    /// Parts of the file of rejected rows that were kept for the next run.
    pub parts: u32,
    /// How much of the file was read, in bytes.
    pub bytes: u64,
    /// Requests to the store of records.
    pub store_requests: u64,
    /// Requests for parts of the file.
    pub file_requests: u64,
}

/// Why reading stopped.
enum Stop {
    Over(ImportStatus),
    OutOfTime,
    /// Another version of the import is stored than the one that was read.
    Outpaced {
        /// Whether that can be our own doing: a write whose answer was lost.
        perhaps_by_us: bool,
    },
}

impl IngestOrders {
    /// Goes on with an import where its record says, until it is over or `time` is.
    ///
    /// # Errors
    /// When a dependency stays away and nothing could be done: the message is to come again.
    pub async fn run(&self, key: ImportKey, time: Duration) -> Result<IngestReport, Refusal> {
        let mut run = Run {
            on: self,
            key,
            deadline: Instant::now().checked_add(time.saturating_sub(LAST_CHUNK)),
            given_up: false,
            report: IngestReport {
                progress: Progress::HandedOn,
                accepted: 0,
                rejected: 0,
                chunks: 0,
                parts: 0,
                bytes: 0,
                store_requests: 0,
                file_requests: 0,
            },
        };
        let mut lost_races = 0;
        loop {
            let stop = match run.read_on().await {
                Ok(stop) => stop,
                // What was done is done. A message that brought something forward is not on its way to the dead letters.
                Err(Refusal::Unavailable(_) | Refusal::Contended) if run.has_got_on() => {
                    self.queue.go_on(key, REST_S).await?;
                    return Ok(run.report);
                }
                Err(refusal) => return Err(refusal),
            };
            match stop {
                Stop::Over(status) => run.report.progress = Progress::Over(status),
                Stop::OutOfTime => self.queue.go_on(key, 0).await?,
                Stop::Outpaced { perhaps_by_us } => {
                    lost_races += u32::from(!perhaps_by_us);
                    if lost_races < LOST_RACES {
                        continue;
                    }
                    // Should it have been nobody alive after all, somebody looks after it.
                    self.queue.go_on(key, REST_S).await?;
                    run.report.progress = Progress::LeftToOthers;
                }
            }
            return Ok(run.report);
        }
    }
}

/// One run.
struct Run<'a> {
    on: &'a IngestOrders,
    key: ImportKey,
    deadline: Option<Instant>,
    /// Whether the message is to come again as it is, whatever was done.
    given_up: bool,
    report: IngestReport,
}

impl Run<'_> {
    async fn read_on(&mut self) -> Result<Stop, Refusal> {
        self.report.store_requests += 1;
        let import = self.on.imports.import(self.key.import_id).await?;
        let import = import.filter(|import| import.customer_id == self.key.customer_id);
        let import = import.ok_or(Refusal::NotFound)?;
        if import.status.is_over() {
            return Ok(Stop::Over(import.status));
        }
        let Some(file) = import.file.clone() else {
            return self.begin(&import).await;
        };
        if file.size_bytes > self.on.most_bytes {
            let detail = format!(
                "The file has {} bytes; at most {} are read.",
                file.size_bytes, self.on.most_bytes
            );
            let fault = ImportFailure {
                code: "too_large".to_owned(),
                detail,
            };
            return self.finish(&import, &file, Some(fault)).await;
        }
        self.read_rows(import, &file).await
    }

    /// Notes which file has come. Everything is read of that one alone.
    async fn begin(&mut self, import: &Import) -> Result<Stop, Refusal> {
        self.report.file_requests += 1;
        let Some(file) = self.on.files.seen(self.key).await? else {
            return Err(Refusal::NotFound);
        };
        self.report.store_requests += 1;
        let begun = import.begun(file, self.on.clock.now());
        match self.on.imports.put_import(&begun).await {
            // Either way the record tells how to go on.
            Ok(()) | Err(StoreError::Conflict) => Ok(Stop::Outpaced {
                perhaps_by_us: true,
            }),
            Err(error) => Err(error.into()),
        }
    }

    async fn read_rows(&mut self, mut import: Import, file: &SeenFile) -> Result<Stop, Refusal> {
        let on = self.on;
        let mut source = Source::new(on.files.as_ref(), self.key, file);
        let beginning = match source.beginning().await {
            Ok(beginning) => beginning,
            Err(trouble) => return self.trouble(&import, file, trouble).await,
        };
        let from = import.offset.max(beginning.rows_at);
        let mut rows = Rows::new(&beginning.layout, from, import.rows());
        source.seek(from);
        loop {
            let mut gathered = Gathered::new(rows.offset(), on.clock.now());
            let end = loop {
                match source.advance(&mut rows).await {
                    Ok(true) => {
                        gathered.take(&rows.row(), rows.offset(), &import, on.grid);
                        if gathered.is_full() {
                            break None;
                        }
                    }
                    Ok(false) => break Some(Ok(())),
                    Err(trouble) => break Some(Err(trouble)),
                }
            };
            self.report.file_requests += std::mem::take(&mut source.fetched);
            if !gathered.is_empty() {
                import = match self.store(import, gathered).await? {
                    Ok(import) => import,
                    Err(stop) => return Ok(stop),
                };
            }
            match end {
                None if self.time_left() == Duration::ZERO => return Ok(Stop::OutOfTime),
                None => {}
                Some(Ok(())) => return self.finish(&import, file, None).await,
                Some(Err(trouble)) => return self.trouble(&import, file, trouble).await,
            }
        }
    }

    /// Stores rows, whatever stands in the way for a moment.
    async fn store(
        &mut self,
        import: Import,
        mut gathered: Gathered,
    ) -> Result<Result<Import, Stop>, Refusal> {
        let mut attempts = Attempts::new(self.on.jitter.as_ref());
        let mut perhaps_by_us = false;
        loop {
            let chunk = gathered.chunk(&import);
            self.report.store_requests += 1;
            match self.on.imports.store_chunk(&chunk).await {
                Ok(ChunkOutcome::Stored) => {
                    self.report.chunks += 1;
                    self.report.bytes += chunk.import.offset - import.offset;
                    self.report.accepted += chunk.import.accepted - import.accepted;
                    self.report.rejected += chunk.import.rejected - import.rejected;
                    return Ok(Ok(chunk.import));
                }
                Ok(ChunkOutcome::Superseded) => return Ok(Err(Stop::Outpaced { perhaps_by_us })),
                Ok(ChunkOutcome::Refused { there, taken }) => gathered.without(&there, &taken),
                Err(StoreError::Conflict) => attempts.pause().await?,
                Err(StoreError::Unavailable(cause)) => {
                    // It may have been made all the same.
                    perhaps_by_us = true;
                    if self.time_left() == Duration::ZERO || attempts.pause().await.is_err() {
                        return Err(Refusal::Unavailable(cause));
                    }
                }
                Err(error @ StoreError::Unreadable(_)) => return Err(error.into()),
            }
        }
    }

    /// A file that cannot be read any further ends its import; one that cannot be fetched now is fetched later.
    async fn trouble(
        &mut self,
        import: &Import,
        file: &SeenFile,
        trouble: Trouble,
    ) -> Result<Stop, Refusal> {
        let fault = match trouble {
            Trouble::Fault(fault) => fault,
            Trouble::Fetch(FileError::Gone) => gone(),
            other => return self.hindered(import, other).await,
        };
        self.finish(import, file, Some(failed_by(fault))).await
    }

    /// What is no fault of the file.
    async fn hindered(&mut self, import: &Import, trouble: Trouble) -> Result<Stop, Refusal> {
        match trouble {
            Trouble::Fetch(FileError::PartsGone) if import.rejects_begun_again < BEGUN_AGAIN => {
                self.begin_rejects_again(import).await
            }
            Trouble::Fetch(error @ FileError::PartsGone) => {
                self.given_up = true;
                Err(error.into())
            }
            Trouble::Fetch(error) => Err(error.into()),
            Trouble::Store(refusal) => Err(refusal),
            Trouble::Fault(fault) => Err(Refusal::Broken(fault.detail.into())),
            Trouble::Outpaced => Ok(Stop::Outpaced {
                perhaps_by_us: false,
            }),
        }
    }

    /// Of a file that was finished by somebody who died before saying so, or has lain about for too long, no part is left.
    async fn begin_rejects_again(&mut self, import: &Import) -> Result<Stop, Refusal> {
        self.report.store_requests += 1;
        let again = import.beginning_rejects_again(self.on.clock.now());
        match self.on.imports.put_import(&again).await {
            Ok(()) | Err(StoreError::Conflict) => Ok(Stop::Outpaced {
                perhaps_by_us: true,
            }),
            Err(error) => Err(error.into()),
        }
    }

    /// Writes the file of rejected rows, and then that the import is over.
    async fn finish(
        &mut self,
        import: &Import,
        file: &SeenFile,
        mut failure: Option<ImportFailure>,
    ) -> Result<Stop, Refusal> {
        let mut import = import.clone();
        if import.rejected > 0 {
            let mut rejects = Rejects {
                imports: self.on.imports.as_ref(),
                files: self.on.files.as_ref(),
                clock: self.on.clock.as_ref(),
                import,
                file,
                parts: 0,
                asked: 0,
                fetched: 0,
            };
            let written = timeout(self.time_left(), rejects.write()).await;
            self.report.parts += rejects.parts;
            self.report.store_requests += rejects.asked;
            self.report.file_requests += rejects.fetched;
            import = rejects.import;
            match written {
                Ok(Ok(())) => {}
                // Without the file there is nothing to tell of its rows beyond what the record has.
                Ok(Err(Trouble::Fetch(FileError::Gone))) => failure = Some(failed_by(gone())),
                Ok(Err(trouble)) => return self.hindered(&import, trouble).await,
                Err(_) if self.has_got_on() => return Ok(Stop::OutOfTime),
                Err(late) => return Err(Refusal::Unavailable(late.into())),
            }
        }
        let finished = import.finished(failure, self.on.clock.now());
        self.report.store_requests += 1;
        match self.on.imports.put_import(&finished).await {
            Ok(()) => Ok(Stop::Over(finished.status)),
            Err(StoreError::Conflict) => Ok(Stop::Outpaced {
                perhaps_by_us: false,
            }),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether the next run has less to do than this one had.
    fn has_got_on(&self) -> bool {
        !self.given_up && (self.report.chunks > 0 || self.report.parts > 0)
    }

    fn time_left(&self) -> Duration {
        self.deadline.map_or(Duration::MAX, |deadline| {
            deadline.saturating_duration_since(Instant::now())
        })
    }
}

fn failed_by(fault: FileFault) -> ImportFailure {
    ImportFailure {
        code: fault.code.to_owned(),
        detail: fault.detail,
    }
}

fn gone() -> FileFault {
    FileFault {
        code: FILE_CHANGED,
        detail: "The file was removed or replaced while it was read.".to_owned(),
    }
}
