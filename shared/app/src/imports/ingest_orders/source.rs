//! The file of an import, read window by window.

use domain::Import;
use domain::import::{Reached, SeenFile, ToldByFile};
use intake::ZIP_MAGIC;
use intake::csv::{
    Beginning, Decoder, EncodingGuess, FileEncoding, FileFault, Format, HEAD, Layout, Rows, Step,
    refuse_other_kinds,
};

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
    /// What the beginning of the file told.
    pub(super) told: ToldByFile,
    encoding: FileEncoding,
    /// Makes UTF-8 of the file. `None` if the file is UTF-8, and is read as it is.
    decoder: Option<Decoder>,
    /// The row with the pickup of the present rows begins at this byte.
    pickup_at: Option<u64>,
    /// Text in UTF-8.
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
    /// The file is a workbook, or another archive. Its rows must be unpacked first.
    Workbook,
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
            told: ToldByFile::default(),
            encoding: FileEncoding::UTF8,
            decoder: None,
            pickup_at: None,
            window: Vec::new(),
            taken: 0,
            next: 0,
            fetched: 0,
        }
    }

    /// Reads the layout of the file from its first bytes.
    pub(super) async fn beginning(&mut self, import: &Import) -> Result<Beginning, Trouble> {
        let head_bytes = (HEAD as u64).min(self.file.size_bytes);
        let head = match head_bytes {
            // An empty file has no byte range to request.
            0 => Vec::new(),
            _ => self.fetch(0, head_bytes).await.map_err(Trouble::Fetch)?,
        };
        if head.starts_with(ZIP_MAGIC) {
            return Err(Trouble::Workbook);
        }
        let whole = self.file.size_bytes <= HEAD as u64;
        let format = Format::of(&import.settings).taking_addresses(import.takes_addresses);
        self.encoding = self.find_encoding(&head, import).await?;
        let beginning = if self.encoding.is_utf8() {
            Beginning::read_as(&format, &head, whole)
        } else {
            self.decoded_beginning(&format, &head, whole)
        };
        let beginning = beginning.map_err(Trouble::Fault)?;
        self.told.ignored_columns = beginning.layout.ignored().to_vec();
        Ok(beginning)
    }

    /// The beginning of a file that is not UTF-8. Its places are those in the file.
    fn decoded_beginning(
        &self,
        format: &Format,
        head: &[u8],
        whole: bool,
    ) -> Result<Beginning, FileFault> {
        refuse_other_kinds(head)?;
        let (_, text) = head.split_at(Decoder::mark(self.encoding, head));
        let from = (head.len() - text.len()) as u64;
        let mut decoder = Decoder::new(self.encoding, from);
        let text = decoder.decode(text, whole);
        let mut beginning = Beginning::read_decoded(format, &text, whole)?;
        beginning.rows_at = decoder.place(from + beginning.rows_at);
        Ok(beginning)
    }

    /// The encoding of the file: the one of its byte order mark, the one in the settings, or the most likely one.
    async fn find_encoding(
        &mut self,
        head: &[u8],
        import: &Import,
    ) -> Result<FileEncoding, Trouble> {
        let told = import
            .told
            .encoding
            .as_deref()
            .and_then(FileEncoding::named);
        let asked = import.settings.encoding.as_deref();
        let (encoding, is_guess) = match (FileEncoding::marked(head), told, asked) {
            (Some(marked), ..) => (marked, false),
            (None, Some(told), _) => (told, import.told.is_guess),
            (None, None, Some(FileEncoding::AUTO)) => (self.guess(head).await?, true),
            (None, None, Some(name)) => (
                FileEncoding::named(name).unwrap_or(FileEncoding::UTF8),
                false,
            ),
            (None, None, None) => (FileEncoding::UTF8, false),
        };
        self.told.is_guess = is_guess;
        self.told.encoding = (is_guess || !encoding.is_utf8()).then(|| encoding.name());
        Ok(encoding)
    }

    /// Guesses the encoding. Only characters that are not ASCII tell something, and the first ones may come late.
    async fn guess(&mut self, head: &[u8]) -> Result<FileEncoding, Trouble> {
        let size = self.file.size_bytes;
        let mut guess = EncodingGuess::default();
        let mut at = head.len() as u64;
        let mut is_told = guess.look_at(head, at >= size);
        while !is_told && at < size {
            let length = WINDOW.min(size - at);
            let window = self.fetch(at, length).await.map_err(Trouble::Fetch)?;
            at += length;
            is_told = guess.look_at(&window, at >= size);
        }
        Ok(if is_told {
            guess.guess()
        } else {
            FileEncoding::UTF8
        })
    }

    /// Moves to the place of `rows`, and gives them the pickup that an earlier row has at `pickup_at`.
    pub(super) async fn resume<'l>(
        &mut self,
        rows: &mut Rows<'l>,
        layout: &'l Layout,
        pickup_at: Option<u64>,
    ) -> Result<(), Trouble> {
        if let Some(at) = pickup_at {
            self.seek(at);
            let mut before = Rows::new(layout, at, 0);
            if self.step(&mut before).await? != Step::Pickup {
                let gone = "a pickup is not in the file";
                return Err(Trouble::Store(Refusal::Broken(gone.into())));
            }
            rows.take_pickup(before);
        }
        self.pickup_at = pickup_at;
        self.seek(rows.offset());
        Ok(())
    }

    /// Moves to a byte offset. The next row is read from there.
    fn seek(&mut self, offset: u64) {
        self.window.clear();
        self.taken = 0;
        self.next = offset;
        self.decoder = (!self.encoding.is_utf8()).then(|| Decoder::new(self.encoding, offset));
    }

    /// The place in the file up to which the rows are read.
    pub(super) fn reached(&mut self, rows: &Rows<'_>) -> Reached {
        let offset = rows.offset();
        Reached {
            offset: match &mut self.decoder {
                Some(decoder) => decoder.place(offset),
                None => offset,
            },
            pickup_at: self.pickup_at,
        }
    }

    /// Moves to the next row; `false` at the end of the file.
    pub(super) async fn advance(&mut self, rows: &mut Rows<'_>) -> Result<bool, Trouble> {
        loop {
            let before = self.reached(rows).offset;
            let step = self.step(rows).await?;
            if !rows.has_pickup() {
                self.pickup_at = None;
            }
            match step {
                Step::Row => return Ok(true),
                Step::Pickup => self.pickup_at = rows.has_pickup().then_some(before),
                Step::End | Step::NeedsInput => return Ok(false),
            }
        }
    }

    /// Moves to the next row of any kind. Fetches what is needed.
    async fn step(&mut self, rows: &mut Rows<'_>) -> Result<Step, Trouble> {
        loop {
            let mut input = self.window.get(self.taken..).unwrap_or_default();
            let last = self.next >= self.file.size_bytes;
            let step = rows.advance(&mut input, last).map_err(Trouble::Fault)?;
            self.taken = self.window.len() - input.len();
            if step != Step::NeedsInput {
                return Ok(step);
            }
            let length = WINDOW.min(self.file.size_bytes - self.next);
            // The old window is freed first: two windows would need twice the memory.
            self.window = Vec::new();
            let fetched = self.fetch(self.next, length).await;
            let fetched = fetched.map_err(Trouble::Fetch)?;
            self.next += length;
            self.taken = 0;
            self.window = match &mut self.decoder {
                Some(decoder) => decoder.decode(&fetched, self.next >= self.file.size_bytes),
                None => fetched,
            };
        }
    }

    /// All bytes of the file.
    pub(super) async fn whole(&mut self) -> Result<Vec<u8>, FileError> {
        self.fetch(0, self.file.size_bytes).await
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
