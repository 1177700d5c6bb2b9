//! Makes orders from the rows of a file.

mod cancellation;
mod chunk;
mod rejects;
mod room;
mod source;

use std::sync::Arc;
use std::time::Duration;

use domain::import::{ImportFailure, SeenFile};
use domain::{Import, ImportStatus, LongestLeg, RequiredProof, ServiceArea, Timestamp, ZoneGrid};
use intake::csv::{FileFault, Rows};
use intake::{MOST_WORKBOOK_BYTES, Workbook};
use tokio::time::timeout;

use crate::messages::{ImportKey, LocateImport};
use crate::orders::{ChangeInBulk, RoomForOrders};
use crate::ports::{
    ChunkOutcome, Clock, FileError, ImportChunks, ImportFiles, ImportStore, Jitter, LocatingStore,
    Queue, StoreError,
};
use crate::refusal::Refusal;
use crate::retry::Attempts;
use chunk::Gathered;
use rejects::Rejects;
use room::TakenRoom;
use source::{Source, Trouble};

/// No chunk begins with less time left than this. The next run does the rest.
const LAST_CHUNK: Duration = Duration::from_secs(15);
/// The delay of the message that continues an import after an outage or lost races, in seconds.
const REST_S: u32 = 30;
/// The delay of the message that continues an import whose customer has too many pending orders, in seconds.
const PAUSE_S: u32 = 300;
/// After this many lost races a run leaves the import to the other consumer for a while. One lost race can be the last
/// write of an invocation that was ended. More lost races usually mean that another consumer is alive.
const LOST_RACES: u32 = 3;
/// The most times that the file of rejected rows is begun again. If its parts disappear once more, the message goes to
/// the dead-letter queue.
const BEGUN_AGAIN: u32 = 3;

/// The failure code of an import whose file was removed or replaced.
pub(super) const FILE_CHANGED: &str = "file_changed";

/// `ingest-orders`: makes orders from the rows of an uploaded file, and cancels them again if the import is cancelled.
pub struct IngestOrders {
    /// The records of imports.
    pub imports: Arc<dyn ImportStore>,
    /// How far the addresses of imports are placed.
    pub locating: Arc<dyn LocatingStore>,
    /// Has the addresses of imports placed. `None` if no geocoder is configured: then each row needs its coordinates.
    pub addresses: Option<Arc<dyn Queue<LocateImport>>>,
    /// Stores the rows of imports.
    pub chunks: Arc<dyn ImportChunks>,
    /// The limit on pending orders.
    pub room: RoomForOrders,
    /// Cancels the orders of imports.
    pub bulk: ChangeInBulk,
    /// The files of the imports.
    pub files: Arc<dyn ImportFiles>,
    /// Queues an import again when the time is up.
    pub queue: Arc<dyn Queue<ImportKey>>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness for the pauses.
    pub jitter: Arc<dyn Jitter>,
    /// The zones.
    pub grid: ZoneGrid,
    /// The area in which the company picks up and hands over.
    pub service_area: ServiceArea,
    /// The longest way from a pickup to its drop-off.
    pub longest_leg: LongestLeg,
    /// The largest size of a file, in bytes.
    pub most_bytes: u64,
    /// The proof that the company asks for.
    pub required_proof: RequiredProof,
}

/// How one run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// The import is over.
    Over(ImportStatus),
    /// The next run does the rest.
    HandedOn,
    /// All rows are read, and their addresses have to be placed first.
    Locating,
    /// Another consumer works on the import.
    LeftToOthers,
    /// The customer has too many pending orders. A later run does the rest.
    Paused,
}

/// The result of one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IngestReport {
    /// How the run ended.
    pub progress: Progress,
    /// Rows that became orders.
    pub accepted: u32,
    /// Rows that were rejected.
    pub rejected: u32,
    /// Rows whose orders were cancelled or stay as they are.
    pub cancelled_rows: u32,
    /// Chunks that were stored, each in one transaction.
    pub chunks: u32,
    /// Parts of the file of rejected rows that were kept for the next run.
    pub parts: u32,
    /// Bytes of the file that were read.
    pub bytes: u64,
    /// Requests to the store of records.
    pub store_requests: u64,
    /// Requests for parts of the file.
    pub file_requests: u64,
}

/// The reason for the end of reading.
enum StopReason {
    Over(ImportStatus),
    OutOfTime,
    /// The addresses of the rows have to be placed first.
    Locating,
    /// There is no room for the next orders.
    NoRoom,
    /// The stored import has another version than the one that this run read.
    Outpaced {
        /// Whether this run may have written that version, with a write whose answer was lost.
        perhaps_by_us: bool,
    },
}

impl IngestOrders {
    /// Continues an import from the position in its record, until the import is over or `time` is up.
    ///
    /// # Errors
    /// If a dependency stays unavailable and the run made no progress. The queue then delivers the message again.
    pub async fn run(&self, key: ImportKey, time: Duration) -> Result<IngestReport, Refusal> {
        let mut run = Run {
            on: self,
            key,
            room: TakenRoom::default(),
            deadline: self
                .clock
                .now()
                .checked_add(time.saturating_sub(LAST_CHUNK))
                .ok(),
            given_up: false,
            to_place: None,
            report: IngestReport {
                progress: Progress::HandedOn,
                accepted: 0,
                rejected: 0,
                cancelled_rows: 0,
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
                // The progress is stored. A message that makes progress must not come closer to the dead-letter queue.
                Err(Refusal::Unavailable(_) | Refusal::Contended) if run.has_got_on() => {
                    run.have_addresses_placed().await?;
                    self.queue.send(&[key], REST_S).await?;
                    return Ok(run.report);
                }
                Err(refusal) => return Err(refusal),
            };
            if !matches!(stop, StopReason::Outpaced { .. }) {
                run.have_addresses_placed().await?;
            }
            match stop {
                StopReason::Over(status) => run.report.progress = Progress::Over(status),
                StopReason::Locating => run.report.progress = Progress::Locating,
                StopReason::OutOfTime => self.queue.send(&[key], 0).await?,
                StopReason::NoRoom => {
                    self.queue.send(&[key], PAUSE_S).await?;
                    run.report.progress = Progress::Paused;
                }
                StopReason::Outpaced { perhaps_by_us } => {
                    lost_races += u32::from(!perhaps_by_us);
                    if lost_races < LOST_RACES {
                        continue;
                    }
                    // If the other consumer is dead after all, this message continues the import.
                    self.queue.send(&[key], REST_S).await?;
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
    /// The room for the orders.
    room: TakenRoom,
    /// No chunk begins after this time. `None` if it is beyond the range of times.
    deadline: Option<Timestamp>,
    /// Whether the queue must deliver the message again in spite of progress.
    given_up: bool,
    /// The version of the import, if addresses of its rows may have to be placed.
    to_place: Option<u64>,
    report: IngestReport,
}

impl Run<'_> {
    async fn read_on(&mut self) -> Result<StopReason, Refusal> {
        self.report.store_requests += 1;
        let import = self.on.imports.import(self.key.import_id).await?;
        let import = import.filter(|import| import.customer_id == self.key.customer_id);
        let import = import.ok_or(Refusal::NotFound)?;
        self.to_place = (import.to_place > 0).then_some(import.version);
        if import.is_cancelling() {
            return self.cancel(import).await;
        }
        if import.status.is_over() {
            return Ok(StopReason::Over(import.status));
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

    /// Records which file was uploaded. All later reads are of exactly this file.
    async fn begin(&mut self, import: &Import) -> Result<StopReason, Refusal> {
        self.report.file_requests += 1;
        let Some(file) = self.on.files.seen(self.key).await? else {
            return Err(Refusal::NotFound);
        };
        self.report.store_requests += 1;
        let takes_addresses = self.on.addresses.is_some();
        let begun = import.begun(file, takes_addresses, self.on.clock.now());
        match self.on.imports.put_import(&begun).await {
            // In both cases the stored record says how to continue.
            Ok(()) | Err(StoreError::Conflict) => Ok(StopReason::Outpaced {
                perhaps_by_us: true,
            }),
            Err(error) => Err(error.into()),
        }
    }

    async fn read_rows(
        &mut self,
        mut import: Import,
        file: &SeenFile,
    ) -> Result<StopReason, Refusal> {
        let on = self.on;
        let mut source = Source::new(on.files.as_ref(), self.key, file);
        let beginning = source.beginning(&import).await;
        // Stored with the next rows, or with the end of the import.
        import.told = source.told.clone();
        let beginning = match beginning {
            Ok(beginning) => beginning,
            Err(Trouble::Workbook) => return self.unpack(&import, file).await,
            Err(trouble) => return self.trouble(&import, file, trouble).await,
        };
        let from = import.offset.max(beginning.rows_at);
        let mut rows = Rows::new(&beginning.layout, from, import.rows());
        if let Err(trouble) = source
            .resume(&mut rows, &beginning.layout, import.pickup_at)
            .await
        {
            return self.trouble(&import, file, trouble).await;
        }
        loop {
            let mut gathered = Gathered::new(source.reached(&rows), on.clock.now());
            let end = loop {
                match source.advance(&mut rows).await {
                    Ok(true) => {
                        gathered.take(&rows.row(), source.reached(&rows), &import, on);
                        if gathered.is_full() {
                            break None;
                        }
                    }
                    Ok(false) => break Some(Ok(())),
                    Err(trouble) => break Some(Err(trouble)),
                }
            };
            self.report.file_requests += std::mem::take(&mut source.fetched);
            if !self.has_room(&gathered, end.is_none()).await? {
                return self.pause(&import).await;
            }
            if !gathered.is_empty() {
                import = match self.store(import, gathered).await? {
                    Ok(import) => import,
                    Err(stop) => return Ok(stop),
                };
            }
            match end {
                None if self.time_left() == Duration::ZERO => return Ok(StopReason::OutOfTime),
                None => {}
                Some(Ok(())) => return self.finish(&import, file, None).await,
                Some(Err(trouble)) => return self.trouble(&import, file, trouble).await,
            }
        }
    }

    /// Writes the rows of a workbook to a file of their own. From then on, the import reads that file. If two runs do
    /// so, or a run dies before the record names the file, the file is written again with the same bytes.
    async fn unpack(&mut self, import: &Import, file: &SeenFile) -> Result<StopReason, Refusal> {
        if file.size_bytes > MOST_WORKBOOK_BYTES {
            let detail = format!(
                "The workbook has {} bytes; at most {MOST_WORKBOOK_BYTES} are read.",
                file.size_bytes
            );
            let fault = FileFault {
                code: "too_large",
                detail,
            };
            return self.finish(import, file, Some(failed_by(fault))).await;
        }
        let rows = match self.write_rows(import, file).await {
            Ok(rows) => rows,
            Err(trouble) => return self.trouble(import, file, trouble).await,
        };
        self.report.store_requests += 1;
        let unpacked = import.unpacked(rows, self.on.clock.now());
        match self.on.imports.put_import(&unpacked).await {
            // In both cases the stored record says how to continue.
            Ok(()) | Err(StoreError::Conflict) => Ok(StopReason::Outpaced {
                perhaps_by_us: true,
            }),
            Err(error) => Err(error.into()),
        }
    }

    async fn write_rows(&mut self, import: &Import, file: &SeenFile) -> Result<SeenFile, Trouble> {
        let files = self.on.files.as_ref();
        let mut source = Source::new(files, self.key, file);
        let bytes = source.whole().await.map_err(Trouble::Fetch)?;
        self.report.file_requests += source.fetched;
        let sheet = import.settings.sheet.as_deref();
        let mut workbook = Workbook::open(bytes, sheet).map_err(Trouble::Fault)?;
        let mut rows = workbook.rows().map_err(Trouble::Fault)?;
        let mut written = files
            .write_unpacked(self.key)
            .await
            .map_err(Trouble::Fetch)?;
        let mut length = 0;
        while let Some(text) = rows.piece().map_err(Trouble::Fault)? {
            length += text.len() as u64;
            if length > self.on.most_bytes {
                let most_bytes = self.on.most_bytes;
                let detail = format!("The sheet has more than {most_bytes} bytes of text.");
                return Err(Trouble::Fault(FileFault {
                    code: "too_large",
                    detail,
                }));
            }
            written.write(&text).await.map_err(Trouble::Fetch)?;
            written.keep().await.map_err(Trouble::Fetch)?;
        }
        written.finish().await.map_err(Trouble::Fetch)?;
        let seen = files
            .seen_unpacked(self.key)
            .await
            .map_err(Trouble::Fetch)?;
        seen.ok_or(Trouble::Fetch(FileError::Gone))
    }

    /// Takes room for the orders, and perhaps for those of `more` rows.
    async fn has_room(&mut self, gathered: &Gathered, more: bool) -> Result<bool, Refusal> {
        let (room, customer) = (&self.on.room, self.key.customer_id);
        let taken = self
            .room
            .take(room, customer, gathered.orders(), more)
            .await;
        self.report.store_requests += std::mem::take(&mut self.room.requests);
        taken
    }

    /// Stores in the record that the import waits for room. No row is lost, because the next run begins with the same
    /// row.
    async fn pause(&mut self, import: &Import) -> Result<StopReason, Refusal> {
        if import.paused_at.is_some() {
            return Ok(StopReason::NoRoom);
        }
        self.report.store_requests += 1;
        let paused = import.paused(self.on.clock.now());
        match self.on.imports.put_import(&paused).await {
            Ok(()) => Ok(StopReason::NoRoom),
            Err(StoreError::Conflict) => Ok(StopReason::Outpaced {
                perhaps_by_us: false,
            }),
            Err(error) => Err(error.into()),
        }
    }

    /// Stores rows. Short outages and conflicts are retried.
    async fn store(
        &mut self,
        import: Import,
        mut gathered: Gathered,
    ) -> Result<Result<Import, StopReason>, Refusal> {
        let mut attempts = Attempts::new(self.on.jitter.as_ref());
        let mut perhaps_by_us = false;
        loop {
            let chunk = gathered.chunk(&import);
            self.report.store_requests += 1;
            match self.on.chunks.store_chunk(&chunk).await {
                Ok(ChunkOutcome::Stored) => {
                    self.report.chunks += 1;
                    self.report.bytes += chunk.import.offset - import.offset;
                    self.report.accepted += chunk.import.accepted - import.accepted;
                    self.report.rejected += chunk.import.rejected - import.rejected;
                    let import = chunk.import;
                    self.to_place = (import.to_place > 0).then_some(import.version);
                    return Ok(Ok(import));
                }
                Ok(ChunkOutcome::Superseded) => {
                    return Ok(Err(StopReason::Outpaced { perhaps_by_us }));
                }
                Ok(ChunkOutcome::Refused { there, taken }) => gathered.without(&there, &taken),
                Err(StoreError::Conflict) => attempts.pause().await?,
                Err(StoreError::Unavailable(cause)) => {
                    // The write may have succeeded all the same.
                    perhaps_by_us = true;
                    if self.time_left() == Duration::ZERO || attempts.pause().await.is_err() {
                        return Err(Refusal::Unavailable(cause));
                    }
                }
                Err(error @ StoreError::Unreadable(_)) => return Err(error.into()),
            }
        }
    }

    /// A file that cannot be read any further ends its import. A file that cannot be fetched now is fetched later.
    async fn trouble(
        &mut self,
        import: &Import,
        file: &SeenFile,
        trouble: Trouble,
    ) -> Result<StopReason, Refusal> {
        let fault = match trouble {
            Trouble::Fault(fault) => fault,
            Trouble::Fetch(FileError::Gone) => gone(),
            other => return self.hindered(import, other).await,
        };
        self.finish(import, file, Some(failed_by(fault))).await
    }

    /// Handles problems that are not the fault of the file.
    async fn hindered(&mut self, import: &Import, trouble: Trouble) -> Result<StopReason, Refusal> {
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
            // The rows of a workbook are never packed themselves.
            Trouble::Workbook => Err(Refusal::Broken("a workbook within a workbook".into())),
            Trouble::Outpaced => Ok(StopReason::Outpaced {
                perhaps_by_us: false,
            }),
        }
    }

    /// Begins the file of rejected rows again, because its parts are gone. The parts disappear if a consumer finishes
    /// the file and dies before the record says so, or if the unfinished file is too old.
    async fn begin_rejects_again(&mut self, import: &Import) -> Result<StopReason, Refusal> {
        self.report.store_requests += 1;
        let again = import.beginning_rejects_again(self.on.clock.now());
        match self.on.imports.put_import(&again).await {
            Ok(()) | Err(StoreError::Conflict) => Ok(StopReason::Outpaced {
                perhaps_by_us: true,
            }),
            Err(error) => Err(error.into()),
        }
    }

    /// Asks that the addresses of the rows so far are placed. Each run ends with this message, so no row is forgotten:
    /// a run that dies before is repeated. A message too many finds nothing to do.
    async fn have_addresses_placed(&self) -> Result<(), Refusal> {
        let (Some(queue), Some(chain)) = (&self.on.addresses, self.to_place) else {
            return Ok(());
        };
        let import = self.key;
        Ok(queue.send(&[LocateImport { import, chain }], 0).await?)
    }

    /// Writes the file of rejected rows, and then records that the import is over. If addresses have to be placed
    /// first, `locate-orders` sends the import here again after that.
    async fn finish(
        &mut self,
        import: &Import,
        file: &SeenFile,
        mut failure: Option<ImportFailure>,
    ) -> Result<StopReason, Refusal> {
        let mut import = import.clone();
        let mut unplaced = 0;
        if import.to_place > 0 {
            self.report.store_requests += 1;
            let locating = self.on.locating.locating(import.id).await?;
            unplaced = locating.failed;
            if locating.waiting(&import) > 0 {
                return self.wait_for_places(&import).await;
            }
        }
        if import.rejected + unplaced > 0 {
            let mut rejects = Rejects {
                imports: self.on.imports.as_ref(),
                locating: self.on.locating.as_ref(),
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
                // Without the uploaded file the rejected rows cannot be written. The record still has their faults.
                Ok(Err(Trouble::Fetch(FileError::Gone))) => failure = Some(failed_by(gone())),
                Ok(Err(trouble)) => return self.hindered(&import, trouble).await,
                Err(_) if self.has_got_on() => return Ok(StopReason::OutOfTime),
                Err(late) => return Err(Refusal::Unavailable(late.into())),
            }
        }
        let finished = import.finished(failure, unplaced, self.on.clock.now());
        self.report.store_requests += 1;
        match self.on.imports.put_import(&finished).await {
            Ok(()) => Ok(StopReason::Over(finished.status)),
            Err(StoreError::Conflict) => Ok(StopReason::Outpaced {
                perhaps_by_us: false,
            }),
            Err(error) => Err(error.into()),
        }
    }

    /// Records that all rows are read. If no geocoder is configured any more, the orders wait until there is one, or
    /// until somebody edits or cancels them.
    async fn wait_for_places(&mut self, import: &Import) -> Result<StopReason, Refusal> {
        if import.read_at.is_some() {
            return Ok(StopReason::Locating);
        }
        self.report.store_requests += 1;
        let read = import.read(self.on.clock.now());
        match self.on.imports.put_import(&read).await {
            Ok(()) => Ok(StopReason::Locating),
            Err(StoreError::Conflict) => Ok(StopReason::Outpaced {
                perhaps_by_us: false,
            }),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether the next run has less to do than this run had.
    fn has_got_on(&self) -> bool {
        let report = &self.report;
        !self.given_up && (report.chunks > 0 || report.parts > 0 || report.cancelled_rows > 0)
    }

    fn time_left(&self) -> Duration {
        self.deadline.map_or(Duration::MAX, |deadline| {
            let left = deadline.duration_since(self.on.clock.now());
            Duration::try_from(left).unwrap_or_default()
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
