//! The file of rejected rows.
//!
//! Which rows were rejected, and why, is stored with the chunks, in their transactions. Their cells are read from the
//! uploaded file once more: so the same file comes out however often it is made, and nothing has to agree with
//! anything. What is written is kept part by part, in the files' store and with the import: a run that has no more time leaves
//! the rest to the next one.

use std::cmp::Ordering;

use domain::Import;
use domain::import::{KeptRejects, SeenFile};
use sheet::Rows;

use super::source::{Source, Trouble};
use crate::messages::ImportKey;
use crate::ports::{Clock, ImportFiles, ImportStore, RejectedFile, StoreError};
use crate::refusal::Refusal;

/// So many faults are read at a time, or those of one chunk: what a small file has, a large one has again and again.
const FAULTS: usize = 100;
/// So much is gathered before it is written on, in bytes.
const WRITTEN_AT_ONCE: usize = 64 * 1024;

/// Writing the file of an import's rejected rows.
pub(super) struct Rejects<'a> {
    pub(super) imports: &'a dyn ImportStore,
    pub(super) files: &'a dyn ImportFiles,
    pub(super) clock: &'a dyn Clock,
    /// As it is stored, with the parts that were kept.
    pub(super) import: Import,
    pub(super) file: &'a SeenFile,
    /// How many parts were kept by this run.
    pub(super) parts: u32,
    /// How often the store of records was asked for something.
    pub(super) asked: u64,
    /// How many windows of the file were fetched.
    pub(super) fetched: u64,
}

impl Rejects<'_> {
    /// Writes it, from where it was kept to its end. Between any two awaits it can be left: what is kept stands.
    pub(super) async fn write(&mut self) -> Result<(), Trouble> {
        let key = ImportKey {
            customer_id: self.import.customer_id,
            import_id: self.import.id,
        };
        let mut source = Source::new(self.files, key, self.file);
        let beginning = source.beginning().await?;
        let kept = self.import.rejects.clone();
        let mut text = Vec::new();
        if kept.is_none() {
            sheet::rejected_header(&beginning.layout, &mut text);
        }
        let (mut after, from) = kept
            .as_ref()
            .map_or((0, beginning.rows_at), |kept| (kept.row, kept.offset));
        let mut rows = Rows::new(&beginning.layout, from, after);
        source.seek(from);
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
                            let passed = "a rejected row was passed by";
                            return Err(Trouble::Store(Refusal::Broken(passed.into())));
                        }
                    }
                }
                sheet::rejected_line(&rows.row(), &beginning.layout, fault, &mut text);
                if text.len() >= WRITTEN_AT_ONCE {
                    rejected.write(&text).await.map_err(Trouble::Fetch)?;
                    text.clear();
                }
            }
            rejected.write(&text).await.map_err(Trouble::Fetch)?;
            text.clear();
            // Between two answers of the store: in the middle of one it cannot be gone on with.
            self.keep(rejected.as_mut(), after, rows.offset()).await?;
        }
        rejected.finish().await.map_err(Trouble::Fetch)
    }

    /// Notes the part with the import, on the condition of its version. Whoever loses that race, or dies before it, has sent a part
    /// that the next run sends again, with the same rows in it.
    async fn keep(
        &mut self,
        rejected: &mut dyn RejectedFile,
        row: u32,
        offset: u64,
    ) -> Result<(), Trouble> {
        let Some(parts) = rejected.keep().await.map_err(Trouble::Fetch)? else {
            return Ok(());
        };
        let kept = KeptRejects { parts, row, offset };
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
