//! The file of an import, read window by window.

use domain::import::SeenFile;
use sheet::{Beginning, FileFault, HEAD, Rows, Step};

use crate::messages::ImportKey;
use crate::ports::{FileError, ImportFiles};
use crate::refusal::Refusal;

/// So much is fetched at a time, in bytes. A window is fetched whole before its first row is read: a connection that
/// waited for the store between two rows would be cut.
const WINDOW: u64 = 512 * 1024;

/// A file, as it was first seen.
pub(super) struct Source<'a> {
    files: &'a dyn ImportFiles,
    key: ImportKey,
    file: &'a SeenFile,
    window: Vec<u8>,
    /// How much of the window has been taken in.
    taken: usize,
    /// Where the next window begins.
    next: u64,
    /// How many windows were fetched.
    pub(super) fetched: u64,
}

/// What stands between a row and its reader.
pub(super) enum Trouble {
    /// The file cannot be read any further.
    Fault(FileFault),
    /// It cannot be fetched, or the one beside it not written.
    Fetch(FileError),
    /// The store does not play along.
    Store(Refusal),
    /// The import is another one by now: somebody else is at it.
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

    /// What the first bytes tell.
    pub(super) async fn beginning(&mut self) -> Result<Beginning, Trouble> {
        let head_bytes = (HEAD as u64).min(self.file.size_bytes);
        let head = match head_bytes {
            // A range of an empty file does not exist.
            0 => Vec::new(),
            _ => self.fetch(0, head_bytes).await.map_err(Trouble::Fetch)?,
        };
        let whole = self.file.size_bytes <= HEAD as u64;
        Beginning::read(&head, whole).map_err(Trouble::Fault)
    }

    /// Goes to a byte, from which the next row is read.
    pub(super) fn seek(&mut self, offset: u64) {
        self.window.clear();
        self.taken = 0;
        self.next = offset;
    }

    /// Goes to the next row; `false` at the end of the file.
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
                    // Two windows at a time would be twice the memory.
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
        // Fewer bytes than there are would be taken for the file's end.
        if bytes.len() as u64 == length {
            return Ok(bytes);
        }
        Err(FileError::Unavailable(
            format!("{} bytes came instead of {length}", bytes.len()).into(),
        ))
    }
}
