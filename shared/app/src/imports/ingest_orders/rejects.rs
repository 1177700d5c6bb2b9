//! The file of rejected rows.
//!
//! The chunks store the numbers and the faults of the rejected rows, in the same transactions as the orders. The cells
//! are read again from the uploaded file. So each attempt writes the same file, and there is no second copy of the
//! cells that could differ. The file is kept part by part: the file store has the parts, and the import lists them. A
//! run that has no time left leaves the rest to the next run.

use std::cmp::Ordering;
use std::collections::VecDeque;

use domain::import::{KeptParts, KeptRejects, SeenFile};
use domain::{Import, ImportId, RowFault};
use intake::csv::Rows;

use super::source::{Source, Trouble};
use crate::messages::ImportKey;
use crate::ports::{Clock, ImportFiles, ImportStore, LocatingStore, StoreError, WrittenFile};
use crate::refusal::Refusal;

/// The number of faults that are read at a time; more if one chunk has more. So a large file needs no more memory than
/// a small one.
const FAULTS: usize = 100;
/// The amount of text that is collected before a write, in bytes.
const WRITTEN_AT_ONCE: usize = 64 * 1024;

/// Writes the file of an import's rejected rows.
pub(super) struct Rejects<'a> {
    pub(super) imports: &'a dyn ImportStore,
    pub(super) locating: &'a dyn LocatingStore,
    pub(super) files: &'a dyn ImportFiles,
    pub(super) clock: &'a dyn Clock,
    /// The stored import, with the parts that were kept.
    pub(super) import: Import,
    pub(super) file: &'a SeenFile,
    /// The number of parts that this run kept.
    pub(super) parts: u32,
    /// The number of requests to the store of records.
    pub(super) asked: u64,
    /// The number of windows of the uploaded file that were fetched.
    pub(super) fetched: u64,
}

impl Rejects<'_> {
    /// Writes the file from the last kept position to the end. The caller can drop the future at any await: the kept
    /// parts stay valid.
    pub(super) async fn write(&mut self) -> Result<(), Trouble> {
        let key = ImportKey {
            customer_id: self.import.customer_id,
            import_id: self.import.id,
        };
        let mut source = Source::new(self.files, key, self.file);
        let beginning = source.beginning(&self.import).await?;
        let kept = self.import.rejects.clone();
        let mut text = Vec::new();
        if kept.is_none() {
            intake::csv::rejected_header(&beginning.layout, &mut text);
        }
        let (written_to, from) = kept
            .as_ref()
            .map_or((0, beginning.rows_at), |kept| (kept.row, kept.offset));
        let mut faults = Faults {
            imports: self.imports,
            locating: self.locating,
            import: key.import_id,
            rejected: Pages::after(kept.as_ref().map(|kept| kept.rejected_after)),
            unplaced: Pages::after(kept.as_ref().map(|kept| kept.unplaced_after)),
            written_to,
            asked: 0,
        };
        if self.import.to_place == 0 {
            faults.unplaced.is_read = true;
        }
        let mut rows = Rows::new(&beginning.layout, from, written_to);
        // The pickup of the last row in a part is in the parts, too.
        let mut written = kept.as_ref().and_then(|kept| kept.pickup_at);
        source.resume(&mut rows, &beginning.layout, written).await?;
        let rejected = self
            .files
            .write_rejected(key, kept.map(|kept| kept.parts))
            .await;
        let mut rejected = rejected.map_err(Trouble::Fetch)?;
        loop {
            let fault = faults.next().await;
            self.asked += std::mem::take(&mut faults.asked);
            let Some((fault, ends_page)) = fault.map_err(|error| Trouble::Store(error.into()))?
            else {
                break;
            };
            loop {
                if !source.advance(&mut rows).await? {
                    let gone = "a rejected row is not in the file";
                    return Err(Trouble::Store(Refusal::Broken(gone.into())));
                }
                self.fetched += std::mem::take(&mut source.fetched);
                match rows.row().number().cmp(&fault.row) {
                    Ordering::Less => {}
                    Ordering::Equal => break,
                    Ordering::Greater => {
                        let passed = "a rejected row was skipped";
                        return Err(Trouble::Store(Refusal::Broken(passed.into())));
                    }
                }
            }
            let reached = source.reached(&rows);
            if reached.pickup_at != written {
                intake::csv::rejected_pickup(&rows, &mut text);
                written = reached.pickup_at;
            }
            intake::csv::rejected_line(&rows.row(), &beginning.layout, &fault, &mut text);
            if text.len() >= WRITTEN_AT_ONCE || ends_page {
                rejected.write(&text).await.map_err(Trouble::Fetch)?;
                text.clear();
            }
            // A part is kept only at the end of an answer of the store, so that the next run reads no faults twice.
            if ends_page {
                let kept = |parts| KeptRejects {
                    parts,
                    row: fault.row,
                    rejected_after: faults.rejected.resumes_after(),
                    unplaced_after: faults.unplaced.resumes_after(),
                    offset: reached.offset,
                    pickup_at: reached.pickup_at,
                };
                self.keep(rejected.as_mut(), kept).await?;
            }
        }
        rejected.write(&text).await.map_err(Trouble::Fetch)?;
        rejected.finish().await.map_err(Trouble::Fetch)
    }

    /// Records the part in the import, on the condition of the import's version. If this run loses that race or dies
    /// first, the next run sends the part again, with the same rows.
    async fn keep(
        &mut self,
        rejected: &mut dyn WrittenFile,
        kept: impl FnOnce(KeptParts) -> KeptRejects,
    ) -> Result<(), Trouble> {
        let Some(parts) = rejected.keep().await.map_err(Trouble::Fetch)? else {
            return Ok(());
        };
        let import = self.import.keeping(kept(parts), self.clock.now());
        self.asked += 1;
        match self.imports.put_import(&import).await {
            Ok(()) => {
                self.import = import;
                self.parts += 1;
                Ok(())
            }
            Err(StoreError::Conflict) => Err(Trouble::Outpaced),
            Err(error) => Err(Trouble::Store(error.into())),
        }
    }
}

/// The faults of all rows in the file, in the order of the rows: of rejected rows, and of rows whose orders failed
/// before their addresses were placed. The store has them apart, because they come about at different times.
struct Faults<'a> {
    imports: &'a dyn ImportStore,
    locating: &'a dyn LocatingStore,
    import: ImportId,
    rejected: Pages,
    unplaced: Pages,
    /// The faults of the rows up to this one are in the parts.
    written_to: u32,
    /// The number of requests to the store.
    asked: u64,
}

/// Faults of one kind, page by page.
struct Pages {
    page: VecDeque<RowFault>,
    /// The page begins after this row.
    from: u32,
    /// The next page begins after this row.
    next: u32,
    /// Whether there is no further page.
    is_read: bool,
}

impl Pages {
    fn after(row: Option<u32>) -> Self {
        let row = row.unwrap_or_default();
        Self {
            page: VecDeque::new(),
            from: row,
            next: row,
            is_read: false,
        }
    }

    fn turn_to(&mut self, faults: Vec<RowFault>, written_to: u32) {
        self.from = self.next;
        match faults.last() {
            Some(last) => self.next = last.row,
            None => self.is_read = true,
        }
        self.page
            .extend(faults.into_iter().filter(|it| it.row > written_to));
    }

    /// The row after which a later run reads the faults that this run has not taken.
    fn resumes_after(&self) -> u32 {
        if self.page.is_empty() {
            self.next
        } else {
            self.from
        }
    }

    fn next_row(&self) -> u32 {
        self.page.front().map_or(u32::MAX, |fault| fault.row)
    }
}

impl Faults<'_> {
    /// The next fault, and whether it is the last one of an answer of the store.
    async fn next(&mut self) -> Result<Option<(RowFault, bool)>, StoreError> {
        while self.rejected.page.is_empty() && !self.rejected.is_read {
            self.asked += 1;
            let (id, after) = (self.import, self.rejected.next);
            let faults = self.imports.row_faults(id, after, FAULTS).await?;
            self.rejected.turn_to(faults, self.written_to);
        }
        while self.unplaced.page.is_empty() && !self.unplaced.is_read {
            self.asked += 1;
            let (id, after) = (self.import, self.unplaced.next);
            let faults = self.locating.unplaced_rows(id, after, FAULTS).await?;
            self.unplaced.turn_to(faults, self.written_to);
        }
        let first = if self.rejected.next_row() <= self.unplaced.next_row() {
            &mut self.rejected
        } else {
            &mut self.unplaced
        };
        let fault = first.page.pop_front();
        let ends_page = first.page.is_empty();
        Ok(fault.map(|fault| (fault, ends_page)))
    }
}
