"""Workbooks (XLSX) as a spreadsheet program saves them, in the least form that programs read."""

import io
import zipfile
from datetime import date, datetime, time
from xml.sax.saxutils import escape

RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
# The formats of cells: plain, a date with a time, a time of day.
STYLES = (
    '<styleSheet><numFmts><numFmt numFmtId="170" formatCode="dd/mm/yyyy hh:mm"/></numFmts>'
    '<cellXfs><xf numFmtId="0"/><xf numFmtId="170"/><xf numFmtId="20"/></cellXfs></styleSheet>'
)


def column(place):
    name = ""
    while place >= 0:
        place, name = place // 26 - 1, chr(ord("A") + place % 26) + name
    return name


def days(when):
    """A time as the days since the end of 1899."""
    return (when - datetime(1899, 12, 30)).total_seconds() / 86_400


def cell(place, value, texts):
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f'<c r="{place}" s="1"><v>{days(value)!r}</v></c>'
    if isinstance(value, time):
        return f'<c r="{place}" s="2"><v>{days(datetime.combine(date(1899, 12, 30), value))!r}</v></c>'
    if isinstance(value, str):
        return f'<c r="{place}" t="s"><v>{texts.setdefault(value, len(texts))}</v></c>'
    return f'<c r="{place}"><v>{value!r}</v></c>'


def workbook(sheets):
    """The bytes of a workbook. `sheets` has a list of rows for each name."""
    texts, file = {}, io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as parts:
        listed, related = "", ""
        for number, (name, rows) in enumerate(sheets.items(), 1):
            lines = []
            for at, row in enumerate(rows, 1):
                cells = "".join(cell(f"{column(place)}{at}", value, texts) for place, value in enumerate(row))
                lines.append(f'<row r="{at}">{cells}</row>')
            parts.writestr(
                f"xl/worksheets/sheet{number}.xml",
                f"<worksheet><sheetData>{''.join(lines)}</sheetData></worksheet>",
            )
            listed += f'<sheet name="{escape(name)}" sheetId="{number}" r:id="r{number}"/>'
            related += (
                f'<Relationship Id="r{number}" Type="{RELATIONS}/worksheet" Target="worksheets/sheet{number}.xml"/>'
            )
        strings = "".join(f'<si><t xml:space="preserve">{escape(text)}</t></si>' for text in texts)
        parts.writestr("[Content_Types].xml", "<Types/>")
        book = f'<Relationship Id="r1" Type="{RELATIONS}/officeDocument" Target="xl/workbook.xml"/>'
        parts.writestr("_rels/.rels", f'<Relationships xmlns="{PACKAGE}">{book}</Relationships>')
        parts.writestr("xl/sharedStrings.xml", f"<sst>{strings}</sst>")
        parts.writestr("xl/styles.xml", STYLES)
        parts.writestr("xl/workbook.xml", f'<workbook xmlns:r="{RELATIONS}"><sheets>{listed}</sheets></workbook>')
        parts.writestr("xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{PACKAGE}">{related}</Relationships>')
    return file.getvalue()
