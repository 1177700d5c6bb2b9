//! The file of an import, read window by window.

use domain::import::SeenFile;
use intake::csv::{Beginning, FileFault, HEAD, Rows, Step};

use crate::messages::ImportKey;
use crate::ports::{FileError, ImportFiles};
use crate::refusal::Refusal;

/// The size of a window, in bytes. A window is fetched completely before its first row is read, because a connection
/// that waits for the store between two rows would be cut.
const WINDOW: u64 = 512 * 1024;

/// The uploaded file, in the version that was first seen.
pub(super) struct Source<'a> {
    files: &'a dyn ImportFiles,
    key: ImportKey,
    file: &'a SeenFile,
    window: Vec<u8>,
    /// How many bytes of the window were parsed.
    taken: usize,
    /// Where the next window begins, in bytes from the start of the file.
    next: u64,
    /// The number of windows that were fetched.
    pub(super) fetched: u64,
}

/// Why a row cannot be read, or the file of rejected rows cannot be written.
pub(super) enum Trouble {
    /// The file cannot be read any further.
    Fault(FileFault),
    /// The file cannot be fetched, or the file of rejected rows cannot be written.
    Fetch(FileError),
    /// The store refused a call.
    Store(Refusal),
    /// The stored import has another version: another consumer works on it.
    Outpaced,
}

impl<'a> Source<'a> {
    pub(super) fn new(files: &'a dyn ImportFiles, key: ImportKey, file: &'a SeenFile) -> Self {
        Self {
            files,
            key,
            file,
            window: Vec::new(),
            taken: 0,
            next: 0,
            fetched: 0,
        }
    }

    /// Reads the layout of the file from its first bytes.
    pub(super) async fn beginning(&mut self) -> Result<Beginning, Trouble> {
        let head_bytes = (HEAD as u64).min(self.file.size_bytes);
        let head = match head_bytes {
            // An empty file has no byte range to request.
            0 => Vec::new(),
            _ => self.fetch(0, head_bytes).await.map_err(Trouble::Fetch)?,
        };
        let whole = self.file.size_bytes <= HEAD as u64;
        Beginning::read(&head, whole).map_err(Trouble::Fault)
    }

    /// Moves to a byte offset. The next row is read from there.
    pub(super) fn seek(&mut self, offset: u64) {
        self.window.clear();
        self.taken = 0;
        self.next = offset;
    }

    /// Moves to the next row; `false` at the end of the file.
    pub(super) async fn advance(&mut self, rows: &mut Rows<'_>) -> Result<bool, Trouble> {
        loop {
            let mut input = self.window.get(self.taken..).unwrap_or_default();
            let last = self.next >= self.file.size_bytes;
            let step = rows.advance(&mut input, last).map_err(Trouble::Fault)?;
            self.taken = self.window.len() - input.len();
            match step {
                Step::Row => return Ok(true),
                Step::End => return Ok(false),
                Step::NeedsInput => {
                    let length = WINDOW.min(self.file.size_bytes - self.next);
                    // The old window is freed first: two windows would need twice the memory.
                    self.window = Vec::new();
                    let fetched = self.fetch(self.next, length).await;
                    self.window = fetched.map_err(Trouble::Fetch)?;
                    self.next += length;
                    self.taken = 0;
                }
            }
        }
    }

    async fn fetch(&mut self, from: u64, length: u64) -> Result<Vec<u8>, FileError> {
        self.fetched += 1;
        let bytes = self.files.read(self.key, self.file, from, length).await?;
        // Too few bytes would look like the end of the file.
        if bytes.len() as u64 == length {
            return Ok(bytes);
        }
        Err(FileError::Unavailable(
            format!("received {} bytes instead of {length}", bytes.len()).into(),
        ))
    }
}
