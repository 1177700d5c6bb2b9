//! The file of rejected rows.
//!
//! The chunks store the numbers and the faults of the rejected rows, in the same transactions as the orders. The cells
//! are read again from the uploaded file. So each attempt writes the same file, and there is no second copy of the
//! cells that could differ. The file is kept part by part: the file store has the parts, and the import lists them. A
//! run that has no time left leaves the rest to the next run.

use std::cmp::Ordering;

use domain::Import;
use domain::import::{KeptRejects, Reached, SeenFile};
use intake::csv::Rows;

use super::source::{Source, Trouble};
use crate::messages::ImportKey;
use crate::ports::{Clock, ImportFiles, ImportStore, StoreError, WrittenFile};
use crate::refusal::Refusal;

/// The number of faults that are read at a time; more if one chunk has more. So a large file needs no more memory than
/// a small one.
const FAULTS: usize = 100;
/// The amount of text that is collected before a write, in bytes.
const WRITTEN_AT_ONCE: usize = 64 * 1024;

/// Writes the file of an import's rejected rows.
pub(super) struct Rejects<'a> {
    pub(super) imports: &'a dyn ImportStore,
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
        let (mut after, from) = kept
            .as_ref()
            .map_or((0, beginning.rows_at), |kept| (kept.row, kept.offset));
        let mut rows = Rows::new(&beginning.layout, from, after);
        // The pickup of the last row in a part is in the parts, too.
        let mut written = kept.as_ref().and_then(|kept| kept.pickup_at);
        source.resume(&mut rows, &beginning.layout, written).await?;
        let rejected = self
            .files
            .write_rejected(key, kept.map(|kept| kept.parts))
            .await;
        let mut rejected = rejected.map_err(Trouble::Fetch)?;
        loop {
            self.asked += 1;
            let faults = self.imports.row_faults(key.import_id, after, FAULTS).await;
            let faults = faults.map_err(|error| Trouble::Store(error.into()))?;
            let Some(last) = faults.last() else {
                break;
            };
            after = last.row;
            for fault in &faults {
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
                intake::csv::rejected_line(&rows.row(), &beginning.layout, fault, &mut text);
                if text.len() >= WRITTEN_AT_ONCE {
                    rejected.write(&text).await.map_err(Trouble::Fetch)?;
                    text.clear();
                }
            }
            rejected.write(&text).await.map_err(Trouble::Fetch)?;
            text.clear();
            // A part is kept only between two answers of the store, because a run cannot continue in the middle of an
            // answer.
            self.keep(rejected.as_mut(), after, source.reached(&rows))
                .await?;
        }
        rejected.finish().await.map_err(Trouble::Fetch)
    }

    /// Records the part in the import, on the condition of the import's version. If this run loses that race or dies
    /// first, the next run sends the part again, with the same rows.
    async fn keep(
        &mut self,
        rejected: &mut dyn WrittenFile,
        row: u32,
        reached: Reached,
    ) -> Result<(), Trouble> {
        let Some(parts) = rejected.keep().await.map_err(Trouble::Fetch)? else {
            return Ok(());
        };
        let kept = KeptRejects {
            parts,
            row,
            offset: reached.offset,
            pickup_at: reached.pickup_at,
        };
        let import = self.import.keeping(kept, self.clock.now());
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
