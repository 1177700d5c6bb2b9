"""The shop that uploads its orders as a file. Two of the rows are wrong."""

import csv
from pathlib import Path

import imports

FILE = Path(__file__).resolve().parent / "shop-orders.csv"
SHOP = "Llibreria Garbí"
# The faults in the file: the number of the row, its column, and the code.
WRONG_ROWS = [(3, "dropoff_lat", "decimal_comma"), (6, "dropoff_lat", "missing")]


def external_ids():
    """The orders that come with the file."""
    with FILE.open(encoding="utf-8", newline="") as file:
        return [
            row["external_id"]
            for number, row in enumerate(csv.DictReader(file), 1)
            if number not in {n for n, *_ in WRONG_ROWS}
        ]


def hand_over(customer):
    """Imports the file. Returns a line about the import, and the expected faults that the import did not name."""
    account = imports.hand_over(customer, FILE.read_bytes(), FILE.name)
    named = [(error["row"], error["column"], error["code"]) for error in account["errors"]]
    rejects = imports.rejected_rows(account).decode() if account["rejected"] else ""
    told = f"{FILE.name}: {account['rows']} rows, {account['accepted']} accepted, {account['rejected']} rejected"
    told += "".join(f"; row {row}: {code} in {column}" for row, column, code in named)
    wrong = [] if named == WRONG_ROWS else [f"the import names {named}, and not {WRONG_ROWS}"]
    wrong += [] if account["accepted"] == len(external_ids()) else [f"{account['accepted']} rows of the import are in"]
    wrong += [] if "BCN-101" in rejects and "BCN-102" in rejects else ["the rejected rows do not come back"]
    return told, wrong
