"""Workbooks against the stack."""

from datetime import datetime, timedelta

import imports
from test_import_settings import SHOP, H
from waybill_client import expect
from workbooks import workbook

NAMES = H.split(",")
PLACE = [41.98325, 2.8246, 41.98617, 2.8233]


def test_a_workbook_is_read_with_its_dates_and_phone_numbers(importer):
    gil = importer()
    start = (datetime.now() + timedelta(days=30)).replace(hour=9, minute=30, second=0, microsecond=0)
    columns = NAMES + ["dropoff_window_start", "dropoff_window_end", "dropoff_contact_phone", "size", "notes"]
    rows = [
        ["Orders of the week"],
        columns,
        ["W1", *PLACE, start, start + timedelta(hours=2), 34930000201, 2, 'Ring "Roca", then\nwait'],
        [],
        ["W2", *PLACE, None, None, "0034930000201", None, None],
        [17, 41.98325, 2.8246, None, 2.8233],
    ]
    content = workbook({"Notes": [["nothing"]], "Orders": rows})
    settings = {"sheet": "Orders", "header_row": 2, "time_zone": "Europe/Madrid"}
    account = imports.hand_over(gil, content, "Week 50.xlsx", settings=settings)
    assert [(e["row"], e["column"], e["code"]) for e in account["errors"]] == [(3, "dropoff_lat", "missing")], account
    assert (account["accepted"], account["size_bytes"]) == (2, len(content))
    orders = {order["external_id"]: order for order in gil.every("/orders", "orders")}
    assert orders["W1"]["dropoff"]["contact"]["phone"] == "34930000201"
    assert orders["W1"]["dropoff"]["window"]["start"][:10] == start.date().isoformat()
    assert orders["W1"]["dropoff"]["window"]["start"][13:] == ":30:00Z"
    assert (orders["W1"]["size"], orders["W1"]["notes"]) == (2, 'Ring "Roca", then\nwait')
    assert orders["W2"]["dropoff"]["contact"]["phone"] == "0034930000201"
    assert "17," in imports.rejected_rows(account).decode("utf-8-sig")


def test_a_sheet_that_is_not_there_is_told(importer):
    hal = importer()
    content = workbook({"Orders": [NAMES, ["W1", *PLACE]]})
    account = imports.hand_over(hal, content, "a.xlsx", settings={"sheet": "Orders of May"})
    assert account["failure"]["code"] == "missing_sheet"
    assert '"Orders"' in account["failure"]["detail"]
    # The first sheet counts if none is named, whatever the file is called.
    account = imports.hand_over(hal, content, "a.csv", settings={"defaults": SHOP})
    assert (account["status"], account["accepted"]) == ("completed", 1), account


def test_the_limit_and_the_type_of_workbooks_are_told_before_the_upload(importer):
    ines = importer()
    answer = imports.ask(ines, "a.XLSX", 20_000_001)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    ticket = expect(imports.ask(ines, "a.XLSX", 20_000_000), 201)
    assert ticket["headers"]["Content-Type"].endswith("spreadsheetml.sheet")
