//! Reads workbooks (XLSX): the rows of one sheet, as the text of a CSV file.

use std::io::{Cursor, Read};

use calamine::{Cell, DataRef, ExcelDateTime, ExcelDateTimeType, Reader, Xlsx, XlsxCellReader};
use zip::ZipArchive;

use crate::csv::{FileFault, MOST_COLUMNS};

/// The largest workbook, in bytes.
pub const MOST_WORKBOOK_BYTES: u64 = 20_000_000;
/// The content type of a workbook.
pub const WORKBOOK_TYPE: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
/// The first bytes of a workbook, and of every other ZIP archive.
pub const ZIP_MAGIC: &[u8] = b"PK\x03\x04";

/// The most bytes of a workbook's sheets, unpacked. They are read piece by piece.
const MOST_UNPACKED: u64 = 400_000_000;
/// The most bytes of its other parts, unpacked. The texts of the cells are in memory while the rows are read.
const MOST_OF_OTHER_PARTS: u64 = 40_000_000;
/// Rows are passed on when they have this many bytes.
const PIECE: usize = 64 * 1024;
/// Cells further to the right end the reading. A file has fewer columns with names.
const LAST_COLUMN: u32 = 2 * MOST_COLUMNS as u32;

/// A workbook in memory.
pub struct Workbook {
    file: Xlsx<Cursor<Vec<u8>>>,
    sheet: String,
}

impl Workbook {
    /// Opens a workbook, and finds a sheet: the one of this name, or the first one.
    ///
    /// # Errors
    /// If the bytes are no workbook, or one that is too large when it is unpacked, or if it has no such sheet.
    pub fn open(bytes: Vec<u8>, sheet: Option<&str>) -> Result<Self, FileFault> {
        refuse_bombs(&bytes)?;
        let file = Xlsx::new(Cursor::new(bytes)).map_err(|_| no_workbook())?;
        let names = file.sheet_names();
        let found = match sheet {
            None => names.first(),
            Some(name) => names
                .iter()
                .find(|other| other.trim().to_lowercase() == name.trim().to_lowercase()),
        };
        let Some(sheet) = found.cloned() else {
            let names: Vec<String> = names
                .iter()
                .take(20)
                .map(|name| format!("{name:?}"))
                .collect();
            let detail = format!(
                "The workbook has no sheet {:?}; it has {}.",
                sheet.unwrap_or_default(),
                names.join(", ")
            );
            return Err(FileFault {
                code: "missing_sheet",
                detail,
            });
        };
        Ok(Self { file, sheet })
    }

    /// The rows of the sheet.
    ///
    /// # Errors
    /// If the sheet cannot be read.
    pub fn rows(&mut self) -> Result<SheetRows<'_>, FileFault> {
        let is_1904 = self.file.has_1904_epoch();
        let cells = self.file.worksheet_cells_reader(&self.sheet);
        Ok(SheetRows {
            cells: cells.map_err(|_| no_workbook())?,
            is_1904,
            row: 0,
            column: 0,
            is_over: false,
        })
    }
}

/// The rows of a sheet, as the text of a CSV file.
pub struct SheetRows<'w> {
    cells: XlsxCellReader<'w, Cursor<Vec<u8>>>,
    is_1904: bool,
    /// The row and the column of the last cell. Both count from 0.
    row: u32,
    column: u32,
    is_over: bool,
}

impl SheetRows<'_> {
    /// The text of the next rows. `None` at the end of the sheet.
    ///
    /// # Errors
    /// If the sheet cannot be read any further.
    pub fn piece(&mut self) -> Result<Option<Vec<u8>>, FileFault> {
        if self.is_over {
            return Ok(None);
        }
        let mut text = Vec::with_capacity(PIECE + PIECE / 4);
        while text.len() < PIECE {
            let Some(cell) = self.cells.next_cell().map_err(|_| no_workbook())? else {
                self.is_over = true;
                text.push(b'\n');
                break;
            };
            self.write(&cell, &mut text)?;
        }
        Ok(Some(text))
    }

    fn write(&mut self, cell: &Cell<DataRef<'_>>, text: &mut Vec<u8>) -> Result<(), FileFault> {
        let (row, column) = cell.get_position();
        let content = self.content(cell.get_value());
        if content.trim().is_empty() {
            return Ok(());
        }
        if column > LAST_COLUMN {
            let detail = format!(
                "The sheet has a cell in column {}; at most {MOST_COLUMNS} are read.",
                column + 1
            );
            return Err(FileFault {
                code: "too_many_columns",
                detail,
            });
        }
        while self.row < row {
            text.push(b'\n');
            (self.row, self.column) = (self.row + 1, 0);
        }
        while self.column < column {
            text.push(b',');
            self.column += 1;
        }
        if content.contains([',', ';', '\t', '|', '"', '\r', '\n']) {
            text.push(b'"');
            text.extend_from_slice(content.replace('"', "\"\"").as_bytes());
            text.push(b'"');
        } else {
            text.extend_from_slice(content.as_bytes());
        }
        Ok(())
    }

    /// The content of a cell. Numbers have all their digits, so that a phone number stays one.
    fn content(&self, value: &DataRef<'_>) -> String {
        match value {
            DataRef::Int(number) => number.to_string(),
            DataRef::Float(number) => number.to_string(),
            DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => {
                text.clone()
            }
            DataRef::SharedString(text) => (*text).to_owned(),
            DataRef::Bool(flag) => flag.to_string(),
            DataRef::DateTime(time) => self.time(time),
            DataRef::Error(error) => error.to_string(),
            DataRef::Empty => String::new(),
        }
    }

    /// A time without an offset, to the second. A number below 1 is a time of day.
    fn time(&self, time: &ExcelDateTime) -> String {
        const HALF_A_SECOND: f64 = 0.5 / 86_400.0;
        let rounded = time.as_f64() + HALF_A_SECOND;
        let rounded = ExcelDateTime::new(rounded, ExcelDateTimeType::DateTime, self.is_1904);
        let (year, month, day, hour, minute, second, _) = rounded.to_ymd_hms_milli();
        let clock = format!("{hour:02}:{minute:02}:{second:02}");
        if time.as_f64() < 1.0 {
            return clock;
        }
        format!("{year:04}-{month:02}-{day:02}T{clock}")
    }
}

/// Unpacks each part of an archive, and keeps nothing. A part can be much larger than the archive says.
fn refuse_bombs(bytes: &[u8]) -> Result<(), FileFault> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| no_workbook())?;
    let (mut sheets, mut others) = (0, 0);
    for part in 0..archive.len() {
        let mut part = archive.by_index(part).map_err(|_| no_workbook())?;
        let name = part.name().map_err(|_| no_workbook())?;
        let is_sheet = name.starts_with("xl/worksheets/");
        drop(name);
        let (sum, most) = if is_sheet {
            (&mut sheets, MOST_UNPACKED)
        } else {
            (&mut others, MOST_OF_OTHER_PARTS)
        };
        let mut limited = part.by_ref().take(most - *sum + 1);
        *sum += std::io::copy(&mut limited, &mut std::io::sink()).map_err(|_| no_workbook())?;
        if *sum > most {
            let detail = format!("The workbook has more than {most} bytes when it is unpacked.");
            return Err(FileFault {
                code: "too_large",
                detail,
            });
        }
    }
    Ok(())
}

fn no_workbook() -> FileFault {
    FileFault {
        code: "not_csv",
        detail: "The file is not a CSV but a ZIP archive, or a workbook that cannot be read. Save the sheet as XLSX, \
                 or as CSV (UTF-8)."
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use zip::write::{SimpleFileOptions, ZipWriter};

    const TYPES: &str =
        r#"<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>"#;
    const RELATIONS: &str = concat!(
        r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">"#,
        r#"<Relationship Id="r1" Type="t/worksheet" Target="worksheets/sheet1.xml"/>"#,
        r#"<Relationship Id="r2" Type="t/worksheet" Target="worksheets/sheet2.xml"/></Relationships>"#
    );
    const PACKAGE: &str = concat!(
        r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">"#,
        r#"<Relationship Id="r1" Type="t/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#
    );
    const BOOK: &str = concat!(
        r#"<workbook xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>"#,
        r#"<sheet name="Orders" sheetId="1" r:id="r1"/><sheet name="May" sheetId="2" r:id="r2"/></sheets></workbook>"#
    );
    const STYLES: &str = concat!(
        r#"<styleSheet><numFmts><numFmt numFmtId="170" formatCode="dd/mm/yyyy hh:mm"/></numFmts>"#,
        r#"<cellXfs><xf numFmtId="0"/><xf numFmtId="170"/><xf numFmtId="20"/></cellXfs></styleSheet>"#
    );
    const SHEET: &str = concat!(
        r#"<worksheet><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>notes</t></is></c>"#,
        r#"<c r="C1" t="inlineStr"><is><t>a "b", c</t></is></c></row>"#,
        r#"<row r="3"><c r="A3"><v>34930000201</v></c><c r="B3"><v>41.986170000000001</v></c>"#,
        r#"<c r="C3" s="1"><v>46363.395833333336</v></c><c r="D3" s="2"><v>0.39583333333333331</v></c>"#,
        r#"<c r="E3" t="b"><v>1</v></c><c r="F3" t="e"><v>#N/A</v></c><c r="G3"><v>2</v></c></row>"#,
        "</sheetData></worksheet>"
    );

    fn zipped(parts: &[(&str, &[u8])]) -> Vec<u8> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in parts {
            zip.start_file(*name, SimpleFileOptions::default()).unwrap();
            zip.write_all(content).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    fn book(second: &str) -> Vec<u8> {
        zipped(&[
            ("[Content_Types].xml", TYPES.as_bytes()),
            ("_rels/.rels", PACKAGE.as_bytes()),
            ("xl/_rels/workbook.xml.rels", RELATIONS.as_bytes()),
            ("xl/workbook.xml", BOOK.as_bytes()),
            ("xl/styles.xml", STYLES.as_bytes()),
            ("xl/worksheets/sheet1.xml", SHEET.as_bytes()),
            ("xl/worksheets/sheet2.xml", second.as_bytes()),
        ])
    }

    fn text(bytes: Vec<u8>, sheet: Option<&str>) -> Result<String, FileFault> {
        let mut workbook = Workbook::open(bytes, sheet)?;
        let mut rows = workbook.rows()?;
        let mut text = Vec::new();
        while let Some(piece) = rows.piece()? {
            text.extend(piece);
        }
        Ok(String::from_utf8(text).unwrap())
    }

    #[test]
    fn the_cells_of_a_sheet_are_written_as_they_mean() {
        let expected = "notes,,\"a \"\"b\"\", c\"\n\n\
                        34930000201,41.98617,2026-12-07T09:30:00,09:30:00,true,#N/A,2\n";
        assert_eq!(text(book(SHEET), None).unwrap(), expected);
        let second = r#"<worksheet><sheetData><row r="1"><c r="A1"><v>7</v></c></row></sheetData></worksheet>"#;
        assert_eq!(text(book(second), Some(" may")).unwrap(), "7\n");
        let fault = text(book(second), Some("June")).unwrap_err();
        assert_eq!(fault.code, "missing_sheet");
        assert!(
            fault.detail.contains("\"Orders\", \"May\""),
            "{}",
            fault.detail
        );
    }

    #[test]
    fn what_is_no_workbook_is_told() {
        for bytes in [
            b"PK\x03\x04".to_vec(),
            zipped(&[("a.txt", b"a")]),
            book("<worksheet")[..900].to_vec(),
        ] {
            assert_eq!(text(bytes, None).unwrap_err().code, "not_csv");
        }
        let far = r#"<worksheet><sheetData><row r="1"><c r="XFD1"><v>7</v></c></row></sheetData></worksheet>"#;
        assert_eq!(
            text(book(far), Some("May")).unwrap_err().code,
            "too_many_columns"
        );
    }

    #[test]
    fn a_workbook_that_swells_is_refused_before_it_is_read() {
        let spaces = vec![b' '; MOST_OF_OTHER_PARTS as usize];
        let bomb = zipped(&[
            ("xl/sharedStrings.xml", &spaces),
            ("xl/workbook.xml", b"<workbook/>"),
        ]);
        assert!(bomb.len() < 100_000);
        let fault = text(bomb, None).unwrap_err();
        assert_eq!(fault.code, "too_large");
    }
}
