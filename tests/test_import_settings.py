"""Files as people have them (tests/cases), with the settings of their imports; and small files of the same kinds."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest

import imports
from waybill_client import expect

CASES = Path(__file__).resolve().parent / "cases"
PLACE = "41.98325,2.82460,41.98617,2.82330"
H = "external_id,pickup_lat,pickup_lon,dropoff_lat,dropoff_lon"
# ="0034930000201", as a quoted cell.
FORMULA = '"=""0034930000201"""'
SHOP = {"pickup_lat": 41.98325, "pickup_lon": 2.8246, "pickup_address": "Forn del Pla"}


def case(number):
    """A file as people have it."""
    return next(CASES.glob(f"{number}-*")).read_bytes()


def r(name, more=""):
    return f"{name},{PLACE}{more}"


def lines(*rows):
    return "\n".join(rows).encode()


@pytest.fixture(scope="module")
def ana(importer):
    return importer()


# What a file is, its settings, and its answer: the accepted external ids, and row, column and code of each rejected
# row; or the code of the failure, with words of its detail.
SMALL = {
    "cells left off at the end": (
        lines(f"{H},size,notes", r("E1", ",1,first"), r("E2"), r("E3", ",2")),
        {},
        ["E1", "E2", "E3"],
        [],
    ),
    "whole numbers with zeros": (
        lines(f"{H},size", r("F1", ",1.0"), r("F2", ",2.000"), r("F3", ",2.5")),
        {},
        ["F1", "F2"],
        [(3, "size", "invalid")],
    ),
    "a space before a quote": (
        lines(f"{H}, dropoff_address", r("S1", ', "Placa Major 2, Girona"'), r("S2", ', "Placa Major 3"')),
        {},
        ["S1", "S2"],
        [],
    ),
    "the header names all faults": (
        lines("pickup_lat,pickup_lng,dropoff_lat,dropoff_lng,Recipient,Zip,size,size", "1,2,3,4,5,6,7,8"),
        {},
        "unknown_column",
        [
            "pickup_lng",
            "did you mean pickup_lon?",
            "dropoff_lng",
            "recipient",
            "zip",
            "size",
            "no column pickup_lon, dropoff_lon",
        ],
    ),
    "a column that begins with PK": (
        lines(f"PK_ORDER;{H.replace(',', ';')}", r("K").replace(",", ";")),
        {},
        "unknown_column",
        ["pk_order"],
    ),
    "Ctrl-Z at the end": (lines(f"{H}\r", f"{r('Z1')}\r", "\x1a"), {}, ["Z1"], []),
    "phones of a spreadsheet": (
        lines(f"{H},dropoff_contact_phone", r("P1", ",3.4930E+11"), r("P2", f",{FORMULA}"), r("P3", ",'0034930000201")),
        {},
        ["P2", "P3"],
        [(1, "dropoff_contact_phone", "invalid")],
    ),
    "backslashes": (
        lines(f"{H},notes", r("B1", ',"Ring \\"Roca\\" now"'), r("B2")),
        {},
        ["B2"],
        [(1, "notes", "text_after_quote")],
    ),
    "one id in two forms": (
        lines(H, r("CAFE\u0300-4"), r("CAF\u00c8-4")),
        {},
        ["CAF\u00c8-4"],
        [(2, "external_id", "external_id_doubled")],
    ),
    "stray quotes in two of 200 rows": (
        lines(
            f"{H},notes",
            *(r(f"Q{n}", {4: ',"5 pipe', 14: ',"flat'}.get(n, ",Ring")) for n in range(1, 201)),
        ),
        {},
        [f"Q{n}" for n in range(1, 201) if n not in (4, 14)],
        [(4, "notes", "unterminated_quote"), (14, "notes", "unterminated_quote")],
    ),
    "degrees as people write them": (
        lines(
            H,
            "G1,41.98325,2.82460,\u200b41.98617,2.82330",
            "G2,41.98325,2.82460,\u221241.98617,2.82330",
            "G3,41.98325,2.82460,41.98617\u00b0,2.82330",
            'G4,41.98325,2.82460,"41\u00b059\'10.2""N",2.82330',
        ),
        {},
        [],
        [(n, "dropoff_lat", "not_a_number") for n in range(1, 5)],
    ),
    "separators of thousands": (lines(f"{H},size", r("T1", ',"1,200"')), {}, [], [(1, "size", "invalid")]),
    "UTF-16 with a mark": (lines(H, r("U1"), r("U2")).decode().encode("utf-16"), {}, ["U1", "U2"], []),
    "a zone and a sequence for local times": (
        lines(f"{H},dropoff_window_start,dropoff_window_end", r("L1", ",{day} 9:30,{day} 11:00")),
        {"time_zone": "Europe/Madrid", "date_order": "dmy"},
        ["L1"],
        [],
    ),
    "a header further down": (lines("Orders of the week;;", H, r("D1")), {"header_row": 2}, ["D1"], []),
    "a fallback for the pickup": (
        lines("dropoff_lat,dropoff_lon,external_id", "41.98617,2.82330,V1"),
        {"defaults": SHOP},
        ["V1"],
        [],
    ),
}


@pytest.fixture(scope="module")
def small(ana):
    """All small files, handed over at once."""
    day = (datetime.now() + timedelta(days=30)).strftime("%d/%m/%Y")

    def hand_over(name):
        content, settings, *_ = SMALL[name]
        return imports.hand_over(ana, content.replace(b"{day}", day.encode()), f"{name}.csv", settings=settings)

    with ThreadPoolExecutor(8) as pool:
        accounts = dict(zip(SMALL, pool.map(hand_over, SMALL)))
    found = ana.every("/orders", "orders", limit=100)
    return accounts, {order["external_id"]: order for order in found}


@pytest.mark.parametrize("name", SMALL)
def test_a_small_file_has_its_right_result(small, name):
    accounts, orders = small
    account, (_, _, accepted, errors) = accounts[name], SMALL[name]
    if isinstance(accepted, str):
        assert account["failure"]["code"] == accepted
        for words in errors:
            assert words in account["failure"]["detail"], account["failure"]
        return
    assert [(e["row"], e["column"], e["code"]) for e in account["errors"]] == errors, account
    assert (account["accepted"], account["rejected"]) == (len(accepted), len(errors)), account
    assert set(accepted) <= orders.keys()
    assert all(orders[name]["import_id"] == account["import_id"] for name in accepted)


def test_what_the_small_files_say_is_in_their_orders(small):
    _, orders = small
    assert orders["S1"]["dropoff"]["address"] == "Placa Major 2, Girona"
    assert orders["P2"]["dropoff"]["contact"]["phone"] == orders["P3"]["dropoff"]["contact"]["phone"] == "0034930000201"
    assert orders["F2"]["size"] == 2
    day = (datetime.now() + timedelta(days=30)).date().isoformat()
    assert orders["L1"]["dropoff"]["window"]["start"].startswith(day)
    assert orders["L1"]["dropoff"]["window"]["start"].endswith(":30:00Z")
    assert orders["V1"]["pickup"]["address"] == "Forn del Pla"
    accounts, _ = small
    words = ("U+200B", "U+2212", "without °", "without °")
    for error, word in zip(accounts["degrees as people write them"]["errors"], words):
        assert word in error["detail"], error
    assert accounts["UTF-16 with a mark"]["encoding"] == "utf-16le"
    assert accounts["UTF-16 with a mark"]["encoding_guessed"] is False


def test_a_file_of_excel_is_read_in_the_encoding_that_is_named_or_guessed(importer):
    bea = importer()
    content = case(5)
    plain = imports.hand_over(bea, content)
    assert (plain["status"], plain["failure"]["code"]) == ("failed", "encoding")
    assert "windows-1252" in plain["failure"]["detail"]
    guessed = imports.hand_over(bea, content, settings={"encoding": "auto", "decimal": ","})
    assert (guessed["encoding"], guessed["encoding_guessed"]) == ("windows-1252", True)
    assert [(e["row"], e["code"]) for e in guessed["errors"]] == [(3, "invalid")]
    assert guessed["accepted"] == 32
    dora = importer()
    named = imports.hand_over(dora, content, settings={"encoding": "windows-1252"})
    assert [(e["row"], e["code"]) for e in named["errors"]] == [(2, "decimal_comma"), (3, "invalid")]
    assert (named["accepted"], named["settings"]) == (31, {"encoding": "windows-1252"})
    orders = {order["external_id"]: order for order in dora.every("/orders", "orders", limit=100)}
    assert orders["H-XL01"]["dropoff"]["address"] == "Plaça de la Independència 4, 2º"
    assert orders["H-XL05"]["notes"] == "Avisar “Roca”, 3 €"
    assert orders["H-XL33"]["notes"] == "Última planta"
    # The file of rejected rows is UTF-8, and is good with the same settings once it is mended.
    mended = (
        imports.rejected_rows(named).decode("utf-8-sig").replace("41,98617", "41.98617").replace("2,82330", "2.82330")
    )
    mended = mended.replace("1.000", "1")
    again = imports.hand_over(dora, mended.encode("utf-8-sig"), settings={"encoding": "windows-1252"})
    assert (again["status"], again["accepted"]) == ("completed", 2), again


def test_an_export_of_shopify_names_all_its_columns_or_is_read_with_the_preset(importer):
    cleo = importer()
    plain = imports.hand_over(cleo, case(1))
    assert plain["failure"]["code"] == "unknown_column"
    for words in ("lineitem name", "payment references", "pickup_lat, pickup_lon, dropoff_lat, dropoff_lon"):
        assert words in plain["failure"]["detail"]
    text = case(1).decode().replace("Tags,", "dropoff_lat,", 1).replace("Risk Level", "dropoff_lon", 1)
    text = text.replace('"local, fragile",Low', "41.98617,2.8233").replace("1002,,Low", "1002,41.98617,2.8233")
    account = imports.hand_over(cleo, text.encode(), settings={"preset": "shopify", "defaults": SHOP})
    assert (account["status"], account["rows"], account["accepted"]) == ("completed", 2, 2), account
    assert "Financial Status" in account["ignored_columns"]
    orders = {order["external_id"]: order for order in cleo.every("/orders", "orders")}
    assert orders["#1001"]["dropoff"]["contact"] == {"name": "Aina Roca", "phone": "+34930000200"}


def test_the_pickups_of_onfleet_are_rows_of_their_own(importer):
    eva = importer()
    account = imports.hand_over(eva, case(3), settings={"preset": "onfleet", "time_zone": "Europe/Madrid"})
    codes = [(error["row"], error["column"]) for error in account["errors"]]
    # Its window may be over by now. Its row is told then.
    assert (account["accepted"], codes) in ((1, []), (0, [(1, "pickup_window_end")])), account
    assert account["ignored_columns"] == ["State/Province", "Driver", "Team"]


def test_every_bad_setting_is_named(ana):
    bad = {
        "preset": "ebay",
        "time_zone": "Mars/Base",
        "columns": {"a": "b"},
        "defaults": {"size": "many"},
        "header_row": 0,
        "encoding": "klingon",
        "filename": "",
    }
    answer = ana.post("/upload-url", bad)
    assert answer.status_code == 422
    pointers = {error["pointer"] for error in answer.json()["errors"]}
    assert pointers == {
        "#/preset",
        "#/time_zone",
        "#/columns/a",
        "#/header_row",
        "#/encoding",
        "#/filename",
        "#/size_bytes",
    }


def test_an_external_id_is_free_again_once_its_order_is_cancelled(importer):
    fay = importer()
    first = imports.hand_over(fay, lines(H, r("X1"), r("X2"), r("X3")))
    assert first["accepted"] == 3
    orders = {order["external_id"]: order["order_id"] for order in fay.every("/orders", "orders")}
    expect(fay.put(f"/orders/{orders['X2']}/status", {"status": "cancelled"}), 200)
    again = imports.hand_over(fay, lines(H, r("X1"), r("X2"), r("X3")))
    assert [(e["row"], e["code"]) for e in again["errors"]] == [(1, "external_id_taken"), (3, "external_id_taken")]
    assert again["accepted"] == 1
    last = imports.hand_over(fay, lines(H, r("X2")))
    assert [e["code"] for e in last["errors"]] == ["external_id_taken"], "the second order has the id now"


def test_a_file_of_fixed_width_and_a_download_of_google_sheets(importer):
    gus, years = importer(), datetime.now().year + 1
    # A day that is neither over nor too far: the files were written in November 2026.
    day = (datetime.now() + timedelta(days=30)).date().isoformat()
    erp = imports.hand_over(gus, case(8).replace(b"2026-12-07", day.encode()))
    assert (erp["status"], erp["rows"], erp["accepted"]) == ("completed", 4, 4), erp
    orders = {order["external_id"]: order for order in gus.every("/orders", "orders")}
    assert orders["H-0000004712"]["dropoff"]["window"]["end"] > str(years + 1000), "open"
    assert (orders["H-0000004713"]["size"], orders["H-0000004714"]["notes"]) == (2, "LAST ROW")
    sheets = imports.hand_over(gus, case(6).replace(b"2026-12-07", day.encode()))
    assert [(e["row"], e["column"], e["code"]) for e in sheets["errors"]] == [
        (2, "dropoff_contact_phone", "invalid"),
        (3, "dropoff_lat", "not_a_number"),
        (4, "dropoff_lat", "decimal_comma"),
        (5, "dropoff_window_start", "invalid"),
        (7, "dropoff_lat", "not_a_number"),
    ]
    orders = {order["external_id"]: order for order in gus.every("/orders", "orders")}
    assert {"H-GS1", "H-GS6", "H-GS8"} <= orders.keys()
    assert orders["H-GS1"]["dropoff"]["address"] == "Plaça de la Independència 4, 17001 Girona"


def test_offsets_of_windows_are_taken_or_told(importer):
    ida = importer()
    day = (datetime.now() + timedelta(days=30)).date().isoformat()
    windows = (
        (f"{day} 09:30:00 +0100", f"{day} 11:30:00 +0100"),
        (f"{day}T09:00:00+25:00", f"{day}T11:00:00+25:00"),
        (f"{day}T09:30:00+09:00[Europe/Madrid]", f"{day}T11:30:00+09:00[Europe/Madrid]"),
    )
    rows = [r(f"O{number}", f",{start},{end}") for number, (start, end) in enumerate(windows, 1)]
    account = imports.hand_over(ida, lines(f"{H},dropoff_window_start,dropoff_window_end", *rows))
    assert [(e["row"], e["column"]) for e in account["errors"]] == [
        (2, "dropoff_window_start"),
        (3, "dropoff_window_start"),
    ]
    assert "24 hours" in account["errors"][0]["detail"]
    assert "contradicts" in account["errors"][1]["detail"]
