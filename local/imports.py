"""A file of orders, handed over to a Waybill stack: asked for, uploaded, and followed until it is worked off."""

import time
from pathlib import Path

import requests

from waybill_client import expect

BUSY = (429, 503)
# So long the addresses of an import may wait without a change: a provider's quota may be used up for a while.
ADDRESSES_WAIT_S = 3600
OVER = ("completed", "completed_with_errors", "failed")


class NotOver(Exception):
    """An import that has not come to its end in the time that it was given."""


class Counted:
    """A file that shows the progress of reading. Its size is the size at opening, because the upload URL signs it."""

    def __init__(self, file, size, told):
        self.file, self.size, self.told, self.sent = file, size, told, 0

    def __len__(self):
        return self.size

    def read(self, most=-1):
        left = self.size - self.sent
        chunk = self.file.read(left if most is None or most < 0 else min(most, left))
        self.sent += len(chunk)
        self.told(self.sent)
        return chunk


def ask(person, filename, size_bytes, settings=None):
    """The answer to the request for an upload: where the file goes, and with which headers."""
    return person.post("/upload-url", {"filename": filename, "size_bytes": size_bytes} | (settings or {}))


def put(ticket, content):
    """Uploads bytes, or a file that is read as it goes, with the headers that were signed."""
    return requests.request(ticket["method"], ticket["url"], data=content, headers=ticket["headers"], timeout=600)


def look(person, import_id):
    return expect(person.get(f"/imports/{import_id}"), 200)


def follow(person, import_id, told=lambda account: None, seconds=120, pause=0.25):
    """The account of an import once it is over; `told` gets each that is seen on the way.

    `seconds` is how long it may go without a change, and not how long it may take: a large file takes its time.
    """
    seen, since = ("not seen", 0, 0, None), time.monotonic()
    while True:
        answer = person.get(f"/imports/{import_id}")
        # A store that is busy with the import itself may be slow to tell of it.
        if answer.status_code not in BUSY:
            account = expect(answer, 200)
            told(account)
            if account["status"] in OVER:
                return account
            now = (account["status"], account["rows"], account["progress"], account.get("addresses"))
            if now != seen:
                seen, since = now, time.monotonic()
            if (account.get("addresses") or {}).get("waiting"):
                seconds = max(seconds, ADDRESSES_WAIT_S)
        if time.monotonic() - since > seconds:
            raise NotOver(f"import {import_id} is {seen[0]} at row {seen[1]} and has not moved for {seconds} s")
        time.sleep(pause)


def hand_over(person, content, filename="orders.csv", seconds=120, settings=None):
    """Import a file that lies in memory; the account of it."""
    ticket = expect(ask(person, filename, len(content), settings), 201)
    answer = put(ticket, content)
    if answer.status_code != 200:
        raise AssertionError(f"the upload was refused: {answer.status_code} {answer.text[:400]}")
    return follow(person, ticket["import_id"], seconds=seconds, pause=0.1)


def rejected_rows(account):
    """The rejects file of an account, as it is, in bytes."""
    answer = requests.get(account["rejected_rows_url"], timeout=600)
    if answer.status_code != 200:
        raise AssertionError(f"the rejected rows cannot be fetched: {answer.status_code} {answer.text[:400]}")
    return answer.content


def save_rejected_rows(account, path):
    """Saves the rejects file; nothing is there afterwards if that breaks off."""
    part = Path(f"{path}.part")
    with requests.get(account["rejected_rows_url"], timeout=600, stream=True) as answer:
        if answer.status_code != 200:
            raise AssertionError(f"the rejected rows cannot be fetched: {answer.status_code} {answer.text[:400]}")
        with part.open("wb") as file:
            for chunk in answer.iter_content(1 << 16):
                file.write(chunk)
    part.rename(path)
