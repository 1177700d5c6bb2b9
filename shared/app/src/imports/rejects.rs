//! The file of rejected rows.
//!
//! Which rows were rejected, and why, is stored with the chunks, in their transactions. Their cells are read from the
//! uploaded file once more: so the same file comes out however often it is made, and nothing has to agree with
//! anything.

use std::time::Duration;

use domain::Import;
use domain::import::SeenFile;
use sheet::Rows;

use super::source::{Source, Trouble};
use crate::messages::ImportKey;
use crate::ports::{ImportFiles, ImportStore};
use crate::refusal::Refusal;

/// So many faults are read at a time, or those of one chunk: what a small file has, a large one has again and again.
const FAULTS: usize = 100;
/// So much is gathered before it is written on, in bytes.
const WRITTEN_AT_ONCE: usize = 64 * 1024;

/// How long that may take, on the safe side: the whole file is read again, and so are the faults of all chunks.
pub(super) fn expected_time(import: &Import, file: &SeenFile) -> Duration {
    const BYTES_A_SECOND: u64 = 10_000_000;
    const FAULTS_A_SECOND: u64 = 10_000;
    let seconds = file.size_bytes / BYTES_A_SECOND + u64::from(import.rejected) / FAULTS_A_SECOND;
    Duration::from_secs(5 + seconds)
}

/// Writes it. How often the store and the file were asked is given back.
pub(super) async fn write(
    imports: &dyn ImportStore,
    files: &dyn ImportFiles,
    import: &Import,
    file: &SeenFile,
) -> Result<u64, Trouble> {
    let key = ImportKey {
        customer_id: import.customer_id,
        import_id: import.id,
    };
    let mut source = Source::new(files, key, file);
    let beginning = source.beginning().await?;
    let mut rows = Rows::new(&beginning.layout, beginning.rows_at, 0);
    source.seek(beginning.rows_at);
    let mut rejected = files.write_rejected(key).await.map_err(Trouble::Fetch)?;
    let mut text = Vec::new();
    sheet::rejected_header(&beginning.layout, &mut text);
    let mut after = 0;
    loop {
        let faults = imports.row_faults(import.id, after, FAULTS).await;
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
                if rows.row().number() >= fault.row {
                    break;
                }
            }
            sheet::rejected_line(&rows.row(), &beginning.layout, fault, &mut text);
            if text.len() >= WRITTEN_AT_ONCE {
                rejected.write(&text).await.map_err(Trouble::Fetch)?;
                text.clear();
            }
        }
    }
    rejected.write(&text).await.map_err(Trouble::Fetch)?;
    rejected.finish().await.map_err(Trouble::Fetch)?;
    Ok(source.fetched)
}
