"""Uploads a file of orders and prints the result of the import. `make import FILE=orders.csv` calls this.

API_URL is the address of the API. EMAIL and PASSWORD belong to the customer who places the orders. Without them, a
local stack gets a new customer. SETTINGS is a JSON file with the settings of the import, PRESET names the tool that
wrote the file, and PROFILE names settings that the customer has stored (docs/IMPORT.md).
"""

import json
import os
import sys
import time
import uuid
from pathlib import Path

import requests

import imports
from waybill_client import PASSWORD, Person, Stack, StackMissing

WIDTH = 32
SHOWN_ERRORS = 20
# What such rows hold is not what was meant: the next import refuses them until somebody says that they are mended.
OF_WHOLE_ROWS = ("too_few_cells", "too_many_cells", "encoding", "text_after_quote", "unterminated_quote")


class Problem(Exception):
    """What stops us, and what to do about it, in a line."""


class Bar:
    """A line that fills up. Where nobody watches, such as in a log, only its end is printed."""

    def __init__(self, label):
        self.label, self.shown, self.live = label, 0.0, sys.stdout.isatty()

    def show(self, share, note, last=False):
        if not last and (not self.live or time.monotonic() - self.shown < 0.1):
            return
        self.shown = time.monotonic()
        share = min(max(share, 0.0), 1.0)
        filled = int(share * WIDTH)
        line = f"{self.label:<11}[{'#' * filled}{'.' * (WIDTH - filled)}] {share:4.0%}  {note}"
        print(f"\r{line}\x1b[K" if self.live else line, end="\n" if last else "", flush=True)


def size(count):
    for unit in ("bytes", "kB", "MB"):
        if count < 1000 or unit == "MB":
            return f"{count:.1f} {unit}" if unit == "MB" else f"{count:.0f} {unit}"
        count /= 1000


def file_to_hand_over(name):
    if not name:
        raise Problem("which file? make import FILE=orders.csv (docs/orders-template.csv has the columns)")
    path = Path(name)
    if not path.is_file():
        raise Problem(f"there is no file {name} here")
    if path.stat().st_size == 0:
        raise Problem(f"{name} is empty: it needs a line of column names, and a line for each order (docs/IMPORT.md)")
    return path


def settings_to_hand_over():
    """The settings of the import: those of a file, the preset, and the name of stored settings."""
    settings, name = {}, os.environ.get("SETTINGS")
    if name:
        try:
            settings = json.loads(Path(name).read_text(encoding="utf-8"))
        except (OSError, ValueError) as fault:
            raise Problem(f"SETTINGS={name} is no JSON file that can be read: {fault}") from fault
        if not isinstance(settings, dict):
            raise Problem(f'{name} must hold a JSON object, such as {{"preset": "shopify"}}')
    if os.environ.get("PRESET"):
        settings["preset"] = os.environ["PRESET"]
    if os.environ.get("PROFILE"):
        if not os.environ.get("EMAIL"):
            raise Problem("PROFILE=… needs EMAIL=… and PASSWORD=…: the settings are stored for one customer")
        settings["profile"] = os.environ["PROFILE"]
    if settings:
        print(f"{'settings':<11}{shortened(json.dumps(settings, ensure_ascii=False))}")
    return settings


def somebody(stack):
    """The customer whose orders these are to be, logged in."""
    email, password = os.environ.get("EMAIL"), os.environ.get("PASSWORD")
    if email and not password:
        raise Problem("PASSWORD=… belongs to EMAIL=…")
    if email:
        person = Person(stack, "customer", email, "", password)
        answer = person.log_in()
        if answer.status_code != 200:
            raise Problem(f"{email} cannot log in: {told_by(answer)}. Look at EMAIL and PASSWORD")
        return person
    if not os.environ.get("AWS_ENDPOINT_URL"):
        raise Problem(
            "whose orders are they? Say EMAIL=… and PASSWORD=… of a customer; only a local stack makes one up"
        )
    person = Person(stack, "customer", f"import+{uuid.uuid4().hex[:8]}@example.com", "Import").join()
    print(f"{'customer':<11}{person.email}, made for this (password {PASSWORD})")
    return person


def told_by(answer):
    """What an answer says of itself."""
    try:
        found = answer.json()
        faults = "; ".join(f"{fault['pointer']} {fault['detail']}" for fault in found.get("errors", []))
        return f"{answer.status_code} {faults or found.get('detail') or found.get('title')}"
    except ValueError:
        return f"{answer.status_code} {answer.text[:200]}"


def uploaded(person, path, settings):
    """The import's id, once the whole file is there."""
    whole = path.stat().st_size
    answer = imports.ask(person, path.name, whole, settings)
    if answer.status_code == 413:
        raise Problem(f"{path.name} is too large: {told_by(answer)}. Split it, each part with the line of column names")
    if answer.status_code != 201:
        hint = ". Only customers import orders" if answer.status_code == 403 else ""
        raise Problem(f"no upload of {path.name}: {told_by(answer)}{hint}")
    ticket, bar = answer.json(), Bar("upload")
    with path.open("rb") as file:
        counted = imports.Counted(file, whole, lambda sent: bar.show(sent / whole, f"{size(sent)} of {size(whole)}"))
        answer = imports.put(ticket, counted)
        sent = counted.sent
    bar.show(sent / whole, f"{size(sent)} of {size(whole)}", last=True)
    if answer.status_code != 200:
        raise Problem(
            f"the store refused the file: {answer.status_code} {answer.text[:200]}. "
            "Try again: each attempt gets a new upload"
        )
    return ticket["import_id"]


def worked_off(person, import_id):
    bar, places, began = Bar("processing"), Bar("addresses"), time.monotonic()
    read = None

    def show(account):
        nonlocal read
        seconds = max(time.monotonic() - began, 0.001)
        over, addresses = account["status"] in imports.OVER, account.get("addresses")
        if read is None:
            # Once all rows are read, the addresses have the line.
            last = over or (addresses is not None and account["progress"] >= 1)
            bar.show(account["progress"], f"{account['rows']:,} rows, {account['rows'] / seconds:,.0f} a second", last)
            read = account["rows"] if last else None
        if read is not None and addresses:
            waiting = addresses["waiting"]
            whole = max(sum(addresses.values()), 1)
            told = f"{addresses['located']:,} located, {addresses['failed']:,} failed, {waiting:,} waiting"
            places.show(1 - waiting / whole, told, last=over)

    try:
        return imports.follow(person, import_id, show, seconds=180)
    except imports.NotOver as stuck:
        raise Problem(
            f"{stuck}. `make logs FUNCTION=ingest-orders` says why; nothing is lost, and it may yet go on"
        ) from stuck


def table(errors):
    lines = [("row", "column", "code", "what is wrong")]
    lines += [(f"{e['row']:,}", e.get("column") or "", e["code"], shortened(e["detail"])) for e in errors]
    widths = [max(len(line[column]) for line in lines) for column in range(3)]
    lines.insert(1, tuple("-" * width for width in widths) + ("-" * 13,))
    return "\n".join(
        f"  {row:>{widths[0]}}  {column:<{widths[1]}}  {code:<{widths[2]}}  {detail}"
        for row, column, code, detail in lines
    )


def shortened(text, most=100):
    text = " ".join(text.split())
    return text if len(text) <= most else text[: most - 1] + "…"


def account_of(account, path):
    """Prints what became of the file. True if it was read to its end."""
    print()
    if account.get("encoding"):
        guessed = ", which is a guess: look at an accent" if account["encoding_guessed"] else ""
        print(f"encoding {account['encoding']}{guessed}")
    if account.get("ignored_columns"):
        print(f"columns that were not read: {shortened(', '.join(account['ignored_columns']))}")
    if account["status"] == "failed":
        failure = account["failure"]
        print(f"failed: {failure['code']}: {failure['detail']}")
        if account["accepted"]:
            print(
                f"{account['accepted']:,} rows before that are accepted: upload only the rows after them, "
                "or the accepted ones become orders twice"
            )
    print(
        f"import {account['import_id']}: {account['rows']:,} rows = "
        f"{account['accepted']:,} accepted + {account['rejected']:,} rejected"
    )
    addresses = account.get("addresses") or {"failed": 0}
    if account.get("addresses"):
        print(
            f"addresses to place: {sum(addresses.values()):,} orders = {addresses['located']:,} located + "
            f"{addresses['failed']:,} failed + {addresses['cancelled']:,} cancelled + {addresses['waiting']:,} waiting"
        )
    if account["errors"]:
        shown = account["errors"][:SHOWN_ERRORS]
        print(f"\n{table(shown)}")
        more = account["rejected"] + addresses["failed"] - len(shown)
        if more > 0:
            print(f"  and {more:,} more")
    if account.get("rejected_rows_url"):
        rejects = path.with_name(f"{path.stem}.rejected.csv")
        imports.save_rejected_rows(account, rejects)
        print(f"\nThe rejected rows with their reasons: {rejects}")
        print(f"Mend them there, and hand them over: make import FILE={rejects}")
        if any(error["code"] in OF_WHOLE_ROWS for error in account["errors"]):
            print(
                f"Correct a row with {', '.join(OF_WHOLE_ROWS)} and empty its cell rejected_code. "
                "Then the next import reads the row"
            )
    return account["status"] != "failed"


def main():
    path = file_to_hand_over(os.environ.get("FILE"))
    settings = settings_to_hand_over()
    try:
        person = somebody(Stack())
        account = worked_off(person, uploaded(person, path, settings))
        return 0 if account_of(account, path) else 1
    except StackMissing as missing:
        raise Problem(str(missing)) from missing
    except requests.RequestException as away:
        raise Problem(
            f"{os.environ.get('API_URL')} does not answer ({type(away).__name__}): is it up? make up"
        ) from away
    except AssertionError as unexpected:
        raise Problem(str(unexpected)) from unexpected


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Problem as problem:
        sys.exit(f"waybill: {problem}")
    except KeyboardInterrupt:
        sys.exit(130)
