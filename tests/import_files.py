"""Files as people upload them, and the expected answer about each import."""

import codecs
import io
import zipfile
from dataclasses import dataclass, field

# On Svalbard, because no other test has agents there.
PICKUP, DROPOFF = "78.2232,15.6267", "78.2186,15.6401"
HEADER = "external_id,pickup_lat,pickup_lon,dropoff_lat,dropoff_lon"


@dataclass
class Kind:
    """One file. A word of its own replaces `{}`, so that its orders can be told apart from those of other files."""

    name: str
    content: str | bytes
    accepted: list = field(default_factory=list)  # the external ids of its orders, without the word
    errors: list = field(default_factory=list)  # row, column and code of each rejected row
    failure: str | None = None
    told: tuple = ()  # words in the detail of the failure or of the only error

    def bytes(self, word):
        if isinstance(self.content, bytes):
            return self.content.replace(b"{}", word.encode())
        return self.content.replace("{}", word).encode()

    @property
    def status(self):
        if self.failure:
            return "failed"
        return "completed_with_errors" if self.errors else "completed"


def row(name, pickup=PICKUP, dropoff=DROPOFF):
    return f"{{}}{name},{pickup},{dropoff}"


A, B = row("a"), row("b")
PLAIN = f"{HEADER}\n{A}\n{B}\n"
WIDE = (
    f"{HEADER},size,notes,dropoff_window_start,dropoff_window_end,dropoff_contact_phone,dropoff_service_s,"
    "pickup_address"
)


def archive():
    """A spreadsheet as Excel saves it: a ZIP file with XML."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr(
            "[Content_Types].xml", "<Types xmlns='http://schemas.openxmlformats.org/package/2006/content-types'/>"
        )
        parts.writestr("xl/worksheets/sheet1.xml", f"<worksheet>{PLAIN}</worksheet>")
    return file.getvalue()


WELL_FORMED = [
    Kind("plain", PLAIN, ["a", "b"]),
    Kind("a byte order mark", codecs.BOM_UTF8 + PLAIN.encode(), ["a", "b"]),
    Kind("CRLF", PLAIN.replace("\n", "\r\n"), ["a", "b"]),
    Kind("no line break at the end", PLAIN.rstrip("\n"), ["a", "b"]),
    Kind("semicolons", PLAIN.replace(",", ";"), ["a", "b"]),
    Kind("tabs", PLAIN.replace(",", "\t"), ["a", "b"]),
    Kind(
        "columns in another order",
        "dropoff_lat,dropoff_lon,external_id,pickup_lon,pickup_lat\n78.2186,15.6401,{}a,15.6267,78.2232\n",
        ["a"],
    ),
    Kind("columns in other case", f"{HEADER.upper()}\n{A}\n".replace("PICKUP_LAT", "Pickup_Lat"), ["a"]),
    Kind("spaces around", f" {HEADER.replace(',', ' , ')} \n {A.replace(',', ' ,  ')} \n", ["a"]),
    Kind(
        "everything quoted",
        "\n".join(",".join(f'"{cell}"' for cell in line.split(",")) for line in (HEADER, A, B)),
        ["a", "b"],
    ),
    Kind(
        "a quoted line break",
        f'{HEADER},notes\n{A},"Ring twice\nthen wait"\n{B},"So ""they"" said, twice"\n',
        ["a", "b"],
    ),
    Kind("a quoted CRLF", f'{HEADER},notes\r\n{A},"Ring twice\r\nthen wait"\r\n{B},\r\n', ["a", "b"]),
    Kind(
        "separators inside quotes",
        f'{HEADER.replace(",", ";")};notes\n{A.replace(",", ";")};"one; two, three"\n',
        ["a"],
    ),
    Kind(
        "cells left off, zeros after the point and lines in an address",
        f'{WIDE}\n{A}\n{B},2.0\n{row("c")},1,,,,,,"Here\nand there"\n\x1a',
        ["a", "b", "c"],
    ),
    Kind("empty lines", f"{HEADER}\n\n{A}\n\n   \n,,,,\n{B}\n\n\n", ["a", "b"]),
    Kind("empty lines before the header", f",,,\n   \n\n{HEADER}\n{A}\n", ["a"]),
    Kind("a comma more on every line", f"{HEADER},\n{A},\n{B},\n", ["a", "b"]),
    Kind("letters of many scripts", f"{HEADER},pickup_address,notes\n{A},Plaça de Sant Jaume,雪 и дождь 🙂\n", ["a"]),
    Kind("a header alone", f"{HEADER}\n"),
    Kind("a header alone, without a line break", HEADER),
]

NOT_A_LIST_OF_ORDERS = [
    Kind("a byte order mark alone", codecs.BOM_UTF8, failure="empty_file"),
    Kind("empty lines alone", "\n\r\n\n", failure="empty_file"),
    Kind("separators and spaces alone", ",,,\n  \n,\n", failure="empty_file"),
    Kind("a spreadsheet renamed", archive(), failure="not_csv", told=("CSV",)),
    Kind("an archive cut off", b"PK\x03\x04" + bytes(30), failure="not_csv", told=("CSV",)),
    Kind("a picture", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40, failure="not_csv", told=("CSV",)),
    Kind("zero bytes", bytes(5000), failure="not_csv"),
    Kind("zero bytes in the middle", f"{HEADER}\n{A}\n".encode() + bytes(500), failure="not_csv"),
    Kind(
        "UTF-16 without a mark",
        PLAIN.replace("{}", "x").encode("utf-16-le"),
        failure="encoding",
        told=("UTF-16", "UTF-8"),
    ),
    Kind("UTF-32", PLAIN.encode("utf-32"), failure="encoding", told=("UTF-32", "UTF-8")),
    Kind("UTF-32 without a mark", PLAIN.encode("utf-32-le"), failure="encoding", told=("UTF-32", "UTF-8")),
    Kind(
        "Latin-1 in the header",
        "external_id,pickup_lat,pickup_lon,dropoff_lat,dropoff_lon,café\n".encode("latin-1"),
        failure="encoding",
        told=("windows-1252", "UTF-8"),
    ),
    Kind(
        "a column missing",
        "external_id,pickup_lat,dropoff_lat,dropoff_lon\n{}a,1,2,3\n",
        failure="missing_column",
        told=("pickup_lon",),
    ),
    Kind(
        "an unknown column",
        f"{HEADER},colour\n{A},red\n",
        failure="unknown_column",
        told=("colour", "pickup_window_start"),
    ),
    Kind(
        "columns with three faults",
        "pickup_lat,pickup_lng,dropoff_lat,dropoff_lon,size,size\n1,2,3,4,1,1\n",
        failure="unknown_column",
        told=("pickup_lng", "did you mean pickup_lon", "size", "no column pickup_lon"),
    ),
    Kind("a column twice", f"{HEADER},Pickup_Lat\n{A},1\n", failure="doubled_column", told=("pickup_lat",)),
    Kind("no header", f"{A}\n{B}\n", failure="unknown_column"),
    Kind("10,000 columns", HEADER + "".join(f",c{n}" for n in range(10_000)) + f"\n{A}\n", failure="too_many_columns"),
    Kind("a header of 10 MB", HEADER + "x" * 10_000_000, failure="row_too_long"),
]

# These begin with good rows. The rows before the fault become orders, and the import counts them.
BREAK_OFF = [
    Kind(
        "a cell of 10 MB", f"{HEADER},notes\n{A},\n{B},{'x' * 10_000_000}\n{row('c')},\n", ["a"], failure="row_too_long"
    ),
    Kind(
        "a quoted cell of 10 MB",
        f'{HEADER},notes\n{A},\n{B},"{"x, " * 3_000_000}"\n{row("c")},\n',
        ["a"],
        failure="row_too_long",
    ),
]

ROWS_OF_THEIR_OWN_FAULT = [
    Kind(
        "cut off inside quotes",
        f'{HEADER},notes\n{A},ok\n{B},"Ring tw',
        ["a"],
        [(2, "notes", "unterminated_quote")],
    ),
    Kind(
        "a quote that is never closed",
        f'{HEADER},notes\n{A},ok\n{B},"Ring twice\n{row("c")},ok\n',
        ["a", "c"],
        [(2, "notes", "unterminated_quote")],
    ),
    Kind(
        "stray quotes in two rows",
        f'{HEADER},notes\n{A},"5 pipe\n{B},ok\n{row("c")},"flat" left\n{row("d")},\n',
        ["b", "d"],
        [(1, "notes", "unterminated_quote"), (3, "notes", "text_after_quote")],
    ),
    Kind("cut off inside a row", f"{HEADER}\n{A}\n{B}"[:-18], ["a"], [(2, None, "too_few_cells")]),
    Kind("a cell too few", f"{HEADER}\n{{}}a,78.2,15.6,78.2\n{B}\n", ["b"], [(1, None, "too_few_cells")]),
    Kind("a cell too many", f"{HEADER}\n{A},7\n{B}\n", ["b"], [(1, None, "too_many_cells")]),
    Kind("10,000 cells in a row", f"{HEADER}\n{A}{',x' * 10_000}\n{B}\n", ["b"], [(1, None, "too_many_cells")]),
    Kind(
        "empty cells",
        f"{HEADER}\n{row('a', ',15.6')}\n{row('b', dropoff='78.2,  ')}\n",
        [],
        [(1, "pickup_lat", "missing"), (2, "dropoff_lon", "missing")],
    ),
    Kind(
        "no numbers",
        f"{HEADER}\n{row('a', 'north,15.6')}\n{row('b', 'NaN,15.6')}\n{row('c', 'inf,15.6')}\n{row('d', '78°,15.6')}\n",
        [],
        [
            (1, "pickup_lat", "not_a_number"),
            (2, "pickup_lat", "invalid"),
            (3, "pickup_lat", "invalid"),
            (4, "pickup_lat", "not_a_number"),
        ],
    ),
    Kind(
        "decimal commas",
        f'{HEADER};size\n{{}}a;78,22;15,62;78.2;15.6;1\n{{}}b;78.22;15.62;78.2;"15,6";1\n'.replace(
            HEADER, HEADER.replace(",", ";")
        ),
        [],
        [(1, "pickup_lat", "decimal_comma"), (2, "dropoff_lon", "decimal_comma")],
    ),
    Kind(
        "off the map",
        f"{HEADER}\n{row('a', '90.1,15.6')}\n{row('b', dropoff='78.2,-180.5')}\n{row('c')}\n",
        ["c"],
        [(1, "pickup_lat", "invalid"), (2, "dropoff_lon", "invalid")],
    ),
    Kind(
        "sizes that are none",
        f"{WIDE}\n{A},0,,,,,,\n{B},1.5,,,,,,\n{row('c')},many,,,,,,\n{row('d')},10001,,,,,,\n{row('e')},2,,,,,,\n",
        ["e"],
        [
            (1, "size", "invalid"),
            (2, "size", {"invalid", "not_a_number"}),
            (3, "size", "not_a_number"),
            (4, "size", "invalid"),
        ],
    ),
    Kind(
        "times that are none",
        f"{WIDE}\n{A},,,tomorrow,2099-01-01T10:00:00Z,,,\n{B},,,2000-01-01T08:00:00Z,2000-01-01T10:00:00Z,,,\n",
        [],
        [(1, "dropoff_window_start", "invalid"), (2, "dropoff_window_end", "invalid")],
    ),
    Kind(
        "half a window",
        f"{WIDE}\n{A},,,2099-01-01T10:00:00Z,,,,\n",
        [],
        [(1, "dropoff_window_end", {"invalid", "missing"})],
    ),
    Kind(
        "texts too long",
        f"{WIDE}\n{A},,{'x' * 1001},,,,,\n{B},,,,,{'1' * 41},,\n{row('c')},,,,,,,{'é' * 300}\n",
        ["c"],
        [(1, "notes", "invalid"), (2, "dropoff_contact_phone", "invalid")],
    ),
    Kind(
        "what spreadsheets did to cells",
        f"{WIDE}\n{A},,#N/A,,,,,\n{B},,,,,3.4930E+11,,\n{row('c')},\"1,200\",,,,,,\n",
        [],
        [(1, "notes", "invalid"), (2, "dropoff_contact_phone", "invalid"), (3, "size", "invalid")],
    ),
    Kind(
        "a drop-off far away",
        f"{HEADER}\n{row('a', dropoff='15.6401,78.2186')}\n{B}\n",
        ["b"],
        [(1, "dropoff_lat", "leg_too_long")],
    ),
    Kind(
        "a place at zero and zero",
        f"{HEADER}\n{row('a', dropoff='0,0.0')}\n{B}\n",
        ["b"],
        [(1, "dropoff_lat", "invalid")],
    ),
    Kind(
        "a stop too long",
        f"{WIDE}\n{A},,,,,,14401,\n{B},,,,,,-1,\n",
        [],
        [(1, "dropoff_service_s", "invalid"), (2, "dropoff_service_s", "invalid")],
    ),
    Kind(
        "one name twice",
        f"{HEADER}\n{A}\n{B}\n{A}\n{row('c')}\n",
        ["a", "b", "c"],
        [(3, "external_id", {"external_id_doubled", "external_id_taken"})],
    ),
    Kind(
        "empty lines before a bad row",
        f"{HEADER}\n\n{A}\n,,,,\n\n{row('b', 'x,15.6')}\n",
        ["a"],
        [(2, "pickup_lat", "not_a_number")],
    ),
    Kind(
        "Latin-1 in a row",
        f"{HEADER},notes\n".encode() + f"{A},café\n{B},\n".encode("latin-1"),
        [],
        failure="encoding",
        told=("windows-1252", "UTF-8"),
    ),
]

KINDS = WELL_FORMED + NOT_A_LIST_OF_ORDERS + BREAK_OFF + ROWS_OF_THEIR_OWN_FAULT
