"""The files of import_files.py against the stack, with every count of the answers."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import imports
from import_files import HEADER, KINDS, PICKUP
from town import in_minutes, when
from waybill_client import expect

TEMPLATE = Path(__file__).resolve().parent.parent / "docs" / "orders-template.csv"


@pytest.fixture(scope="module")
def ana(importer):
    return importer()


@pytest.fixture(scope="module")
def accounts(ana):
    """All files, uploaded at once."""

    def hand_over(numbered):
        number, kind = numbered
        return imports.hand_over(ana, kind.bytes(f"{number:02}-"), f"{kind.name}.csv")

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(hand_over, enumerate(KINDS)))


@pytest.fixture(scope="module")
def orders(ana, accounts):
    """All orders of the files, by external id."""
    found = ana.every("/orders", "orders", limit=100)
    named = {order["external_id"]: order for order in found}
    assert len(named) == len(found), "an order is there twice"
    return named


@pytest.mark.parametrize("number", range(len(KINDS)), ids=[kind.name for kind in KINDS])
def test_a_file_gets_its_answer(accounts, orders, number):
    kind, account, word = KINDS[number], accounts[number], f"{number:02}-"
    told = account.get("failure")
    assert account["status"] == kind.status, told or account["errors"]
    assert (told or {}).get("code") == kind.failure, told
    assert (account["accepted"], account["rejected"]) == (len(kind.accepted), len(kind.errors)), account
    assert account["rows"] == account["accepted"] + account["rejected"]
    assert account["progress"] == 1.0
    assert when(account["finished_at"]) >= when(account["started_at"]) >= when(account["created_at"])
    found = [(error["row"], error["column"], error["code"]) for error in account["errors"]]
    assert len(found) == len(kind.errors), account["errors"]
    for (row, column, code), (wanted_row, wanted_column, wanted) in zip(found, kind.errors):
        assert (row, column) == (wanted_row, wanted_column), account["errors"]
        assert code in (wanted if isinstance(wanted, set) else {wanted}), account["errors"]
    details = [told["detail"]] if told else [error["detail"] for error in account["errors"]]
    assert all(details), "each fault is told in words"
    for words in kind.told:
        assert words in details[0], details
    assert bool(account.get("rejected_rows_url")) == bool(kind.errors)
    ids = sorted(external_id for external_id in orders if external_id.startswith(word))
    assert ids == [word + name for name in sorted(kind.accepted)], "the orders are not the good rows"


def test_what_is_in_the_cells_is_in_the_orders(ana, importer):
    """A row with all columns gives the same order as a call of `POST /orders`."""
    start, end = in_minutes(10_000), in_minutes(10_090)
    columns = {
        "pickup": {
            "lat": "78.2232",
            "lon": "15.6267",
            "address": "Vei 1",
            "contact_name": "Desk, goods",
            "contact_phone": "+47 79 00 00 00",
            "window_start": start,
            "window_end": end,
            "service_s": "300",
        },
        "dropoff": {
            "lat": "78.2186",
            "lon": "15.6401",
            "address": 'Vei 500 "B"',
            "contact_name": "Åse",
            "service_s": "",
        },
    }
    cells = {f"{end}_{name}": value for end, told in columns.items() for name, value in told.items()}
    cells |= {"size": "3", "priority": "high", "requires": "cold cargo-bike"}
    cells |= {"notes": "Ring twice\nand wait", "external_id": "whole", "on_failure": "retry"}
    cells |= {"requires_proof_dropoff": "photo, pin", "requires_proof_dropoff_barcodes": "PK-1 PK-2"}
    quoted = ",".join('"' + value.replace('"', '""') + '"' for value in cells.values())
    bea = importer()
    account = imports.hand_over(bea, f"{','.join(cells)}\n{quoted}\n".encode())
    assert account["status"] == "completed", account
    imported = bea.every("/orders", "orders")[0]

    body = {
        end: {
            "address": told["address"],
            "location": {"lat": float(told["lat"]), "lon": float(told["lon"])},
            "contact": {"name": told["contact_name"]}
            | ({"phone": told["contact_phone"]} if "contact_phone" in told else {}),
        }
        for end, told in columns.items()
    }
    body["pickup"] |= {"service_s": 300, "window": {"start": start, "end": end}}
    body |= {"size": 3, "priority": "high", "requires": ["cargo-bike", "cold"], "notes": cells["notes"]}
    proof = {"photo": True, "pin": True, "barcodes": ["PK-1", "PK-2"]}
    body |= {"on_failure": "retry", "requires_proof": {"dropoff": proof}}
    placed = expect(ana.order(body | {"external_id": "by itself"}), 201)
    own = (
        "order_id",
        "import_id",
        "customer_id",
        "external_id",
        "history",
        "created_at",
        "updated_at",
        # A plan may have tried one of the two already.
        "version",
        "unplaced_reason",
    )
    assert {n: v for n, v in imported.items() if n not in own} == {n: v for n, v in placed.items() if n not in own}
    assert imported["import_id"] == account["import_id"]
    assert [line["status"] for line in imported["history"]] == ["pending"]


def test_the_template_is_a_good_file(importer):
    account = imports.hand_over(importer(), TEMPLATE.read_bytes(), TEMPLATE.name)
    assert (account["status"], account["accepted"]) == ("completed", 3), account


def test_an_external_id_that_was_used_before_rejects_its_row(importer):
    cleo = importer()
    row = f"{PICKUP},{PICKUP}"
    first = imports.hand_over(cleo, f"{HEADER}\none,{row}\ntwo,{row}\n".encode())
    assert first["accepted"] == 2
    again = imports.hand_over(cleo, f"{HEADER}\ntwo,{row}\nthree,{row}\n,{row}\n,{row}\n".encode())
    assert [(e["row"], e["column"], e["code"]) for e in again["errors"]] == [(1, "external_id", "external_id_taken")]
    assert again["accepted"] == 3, "rows without one are not the same"
    names = sorted(order.get("external_id") or "" for order in cleo.every("/orders", "orders"))
    assert names == ["", "", "one", "three", "two"]
    other = imports.hand_over(importer(), f"{HEADER}\ntwo,{row}\n".encode())
    assert other["accepted"] == 1, "somebody else may use the same"


def test_an_external_id_of_an_order_placed_by_itself_counts_too(importer):
    dan = importer()
    place = {"location": {"lat": 78.2232, "lon": 15.6267}}
    expect(dan.order({"pickup": place, "dropoff": place, "external_id": "by itself"}), 201)
    account = imports.hand_over(dan, f"{HEADER}\nby itself,{PICKUP},{PICKUP}\n".encode())
    assert [error["code"] for error in account["errors"]] == ["external_id_taken"], account
