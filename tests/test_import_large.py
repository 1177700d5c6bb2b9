"""Imports of many rows: their wake-ups, and that no row is lost. `make test-import-large` imports 100,000 rows."""

import json
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

import imports
from import_files import HEADER, PICKUP
from waybill_client import expect

ROWS = int(os.environ.get("IMPORT_ROWS") or 5_000)
GENERATOR = Path(__file__).resolve().parent.parent / "local" / "bench-import" / "generate.py"
# A zone is about 20 km wide. These places are in two zones.
FAR_AWAY = "79.9,-20.0"


def test_an_import_wakes_a_zone_and_not_each_order(importer, functions):
    ana, rows = importer(), 400
    places = [FAR_AWAY if n % 10 == 0 else PICKUP for n in range(rows)]
    lines = [f",{place},{place}" for place in places]
    with functions.paused("optimize-routes"):
        account = imports.hand_over(ana, ("\n".join([HEADER, *lines])).encode())
        assert account["accepted"] == rows, account
        zones = functions.zones_of(functions.orders_in_table(ana))
        assert len(zones) == 2, zones
        wakes = functions.take(functions.optimization_queue, list(zones), seconds=60)
    woken = [zone for zone in zones for wake in wakes if zone in wake["Body"]]
    assert set(woken) == zones, "each zone is woken"
    assert len(woken) <= rows / 10, f"{len(woken)} messages for {rows} orders in two zones"


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("large") / "orders.csv"
    made = subprocess.run(
        [sys.executable, GENERATOR, "--rows", str(ROWS), "--bad-share", "0.001", path],
        check=True,
        capture_output=True,
        text=True,
    )
    return path, made.stdout


def test_every_row_of_a_large_file_is_an_order_or_is_rejected(importer, functions, file):
    """Counts the orders in the table, also while the import runs. The optimizer gets no wake-ups for these orders."""
    path, made = file
    told = json.loads(made)
    ana = importer()
    with functions.paused("publish-events"):
        with path.open("rb") as opened:
            size = path.stat().st_size
            ticket = expect(imports.ask(ana, path.name, size), 201)
            assert imports.put(ticket, imports.Counted(opened, size, lambda sent: None)).status_code == 200
        looks = []
        account = imports.follow(ana, ticket["import_id"], looks.append, seconds=240)
        in_table = len(functions.orders_in_table(ana))
        functions.forget_orders(functions.orders_in_table(ana))
    bad = sum(told["bad"].values())
    assert account["status"] == "completed_with_errors", account
    assert account["rows"] == told["rows"] == account["accepted"] + account["rejected"]
    assert account["accepted"] == in_table == told["good"] and account["rejected"] == bad
    for before, after in pairwise(looks):
        assert after["rows"] == after["accepted"] + after["rejected"] and after["rows"] >= before["rows"]
        assert 0 <= before["progress"] <= after["progress"] <= 1
    assert any(0 < look["progress"] < 1 for look in looks), "the share done is seen to grow"
    rejected = imports.rejected_rows(account).decode().splitlines()
    assert len(rejected) == bad + 1
