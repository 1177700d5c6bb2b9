"""Imports that are interrupted, repeated, disturbed or handed on.

In all cases the orders are exactly the file's good rows, and the counts of the import are right.
"""

import json
import os
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

import imports
from import_files import HEADER, PICKUP
from runtime_api import END_BEFORE, LOSE_ANSWER, run
from waybill_client import expect

pytestmark = pytest.mark.skipif(not os.environ.get("AWS_ENDPOINT_URL"), reason="the proxy stands before a local stack")

ROWS = 130
# In the first chunk, in a middle chunk, and in the very last row.
BAD_ROWS = (1, 7, 70, 71, ROWS)
GOOD_NAMES = sorted(f"r{n}" for n in range(1, ROWS + 1) if n not in BAD_ROWS)


def content(rows=ROWS, bad=BAD_ROWS):
    lines = [f"r{n},{'north,1' if n in bad else PICKUP},{PICKUP}" for n in range(1, rows + 1)]
    return ("\n".join([HEADER, *lines]) + "\n").encode()


@pytest.fixture(scope="module")
def by_hand(functions):
    """Only the test takes messages from the import queue meanwhile."""
    with functions.paused("ingest-orders"):
        yield ByHand(functions)


class ByHand:
    def __init__(self, functions):
        self.functions = functions
        self.queue = functions.settings_of("ingest-orders")["IMPORT_QUEUE_URL"]

    def uploaded(self, customer, content):
        """Uploads a file. Returns the id of its import and the function's event about it."""
        ticket = expect(imports.ask(customer, "orders.csv", len(content)), 201)
        assert imports.put(ticket, content).status_code == 200
        event = self.next_event(ticket["import_id"])
        assert event, "the upload is told to the queue"
        return ticket["import_id"], event

    def next_event(self, import_id, seconds=5):
        """The event of the next message about an import. None if no message comes in this time."""
        message = self.functions.take_one(self.queue, import_id, seconds)
        return self.functions.sqs_event(self.queue, [message]) if message else None

    def finish(self, customer, import_id, event):
        """Delivers the message again, as SQS does if it was not deleted, and then the messages that the function
        sends to itself.
        """
        while event:
            told = self.functions.invoke("ingest-orders", event)
            assert not (told or {}).get("batchItemFailures"), told
            over = imports.look(customer, import_id)["status"] in imports.OVER
            event = None if over else self.next_event(import_id)
        return imports.look(customer, import_id)


def check(customer, account, names=GOOD_NAMES, bad=BAD_ROWS):
    assert account["status"] == ("completed_with_errors" if bad else "completed"), account
    assert (account["rows"], account["accepted"], account["rejected"]) == (
        len(names) + len(bad),
        len(names),
        len(bad),
    ), account
    assert [error["row"] for error in account["errors"]] == list(bad)[:100]
    found = sorted(order["external_id"] for order in customer.every("/orders", "orders", limit=100))
    assert found == names, "the orders are exactly the good rows, each once"
    if bad:
        rejects = imports.rejected_rows(account).decode().splitlines()
        assert [line.split(",")[0] for line in rejects[1:]] == [f"r{n}" for n in bad]


# The template's value. Near its deadline the function would postpone the rejected rows.
TIMEOUT_S = 120
# With less time than this, the function begins no chunk and hands on the import.
RESERVE_S = 15


def slow_store(action, _body):
    """So slow that no import gets far in a second, also on a fast machine."""
    if action == "TransactWriteItems":
        time.sleep(0.25)


class EndAt:
    """Kills the function at its nth request, before the request arrives."""

    def __init__(self, number):
        self.left = number

    def __call__(self, _action, _body):
        self.left -= 1
        return END_BEFORE if self.left == 0 else None


@dataclass
class Killing:
    """One file is imported again and again. Each time the function is killed before another request."""

    importer: Callable
    by_hand: ByHand
    folder: Path
    content: bytes
    names: list
    bad: tuple

    def whole(self):
        """The requests of a run that is not killed."""
        customer = self.importer()
        import_id, event = self.by_hand.uploaded(customer, self.content)
        outcome = run(self.by_hand.functions, "ingest-orders", event, self.folder, deadline_s=TIMEOUT_S)
        check(customer, imports.look(customer, import_id), self.names, self.bad)
        return [action for action, _ in outcome.calls]

    def at(self, number, actions):
        """Kills the function before its nth request, and delivers the message again."""
        customer, folder, functions = self.importer(), self.folder / str(number), self.by_hand.functions
        folder.mkdir()
        import_id, event = self.by_hand.uploaded(customer, self.content)
        outcome = run(functions, "ingest-orders", event, folder, meddle=EndAt(number), deadline_s=TIMEOUT_S)
        assert outcome.killed and outcome.answer is None, f"it was to be killed before call {number} of {actions}"
        half = imports.look(customer, import_id)
        there = len(functions.orders_in_table(customer))
        assert half["accepted"] == there and half["rows"] == half["accepted"] + half["rejected"], (
            f"before call {number} of {actions}: {there} in {half}"
        )
        try:
            check(customer, self.by_hand.finish(customer, import_id, event), self.names, self.bad)
        except AssertionError as wrong:
            raise AssertionError(
                f"killed before call {number}, {actions[number - 1]}, of {actions}: {wrong}"
            ) from wrong


def test_an_import_goes_on_wherever_its_function_was_killed(importer, by_hand, tmp_path):
    """Kills the function before each request in turn: after the download, between two chunks, before the last record,
    and so on.
    """
    killing = Killing(importer, by_hand, tmp_path, content(), GOOD_NAMES, BAD_ROWS)
    actions = killing.whole()
    assert actions.count("TransactWriteItems") >= 3 and "S3 GET" in actions, (
        f"the file is to take several chunks: {actions}"
    )
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda number: killing.at(number, actions), range(1, len(actions) + 1)))


def test_rejected_rows_that_are_written_in_parts_are_written_whole_after_all(importer, by_hand, tmp_path):
    """Kills the function before each part of the file of rejected rows, and before the upload is completed."""
    # Twice a hundred rejected rows, each time more than the 5 MiB of a part, and a few at the end.
    bad = (*range(2, 103), *range(153, 254), *range(304, 314))
    good = [n for n in range(1, 315) if n not in bad]
    lines = [f"r{n},{PICKUP},{PICKUP},{'x' * 53_000 if n in bad else ''}" for n in range(1, 315)]
    file = "\n".join([f"{HEADER},notes", *lines]).encode()
    killing = Killing(importer, by_hand, tmp_path, file, sorted(f"r{n}" for n in good), bad)
    actions = killing.whole()
    writing = actions[actions.index("S3 POST") :]
    # The begin, two parts with their records, the remaining rows, the end, and its record.
    asked = [action for action in writing if action not in ("S3 GET", "Query")]
    assert asked == ["S3 POST", "S3 PUT", "PutItem", "S3 PUT", "PutItem", "S3 PUT", "S3 POST", "PutItem"], asked
    for number in [n for n, action in enumerate(actions, 1) if n > len(actions) - len(writing) and action in asked]:
        killing.at(number, actions)


def test_an_import_whose_answer_was_lost_is_not_done_twice(importer, by_hand, functions, tmp_path):
    """Kills the function after its work, with the message still in the queue. By then an order is cancelled."""
    ana = importer()
    import_id, event = by_hand.uploaded(ana, content())
    run(functions, "ingest-orders", event, tmp_path, deadline_s=TIMEOUT_S)
    order = ana.every("/orders", "orders")[0]
    expect(ana.mark(order["order_id"], "cancelled"), 200)
    before = imports.look(ana, import_id)
    account = by_hand.finish(ana, import_id, event)
    check(ana, account)
    assert {n: v for n, v in account.items() if n != "rejected_rows_url"} == {
        n: v for n, v in before.items() if n != "rejected_rows_url"
    }
    assert expect(ana.get(f"/orders/{order['order_id']}"), 200)["status"] == "cancelled", "nothing is set back"


def test_the_same_event_three_times_at_once_is_one_import(importer, by_hand, functions):
    ana = importer()
    import_id, event = by_hand.uploaded(ana, content())
    functions.invoke_at_once("ingest-orders", [event] * 3)
    # Runs that gave way leave their messages in the queue.
    check(ana, by_hand.finish(ana, import_id, event))
    check(ana, by_hand.finish(ana, import_id, event))


def test_before_its_deadline_an_import_is_handed_on(importer, by_hand, functions, tmp_path):
    ana, names = importer(), sorted(f"r{n}" for n in range(1, 351))
    import_id, event = by_hand.uploaded(ana, content(350, ()))
    runs, seen = 0, []
    while imports.look(ana, import_id)["status"] not in imports.OVER:
        assert event, f"after {runs} runs the import is not over, and no message goes on with it: {seen}"
        outcome = run(functions, "ingest-orders", event, tmp_path, meddle=slow_store, deadline_s=RESERVE_S + 1.5)
        assert not outcome.answer.get("batchItemFailures"), "what was done is not to be tried again"
        runs += 1
        account = imports.look(ana, import_id)
        assert account["rows"] == account["accepted"] == len(functions.orders_in_table(ana))
        seen.append(account["rows"])
        assert runs < 60 and (runs < 2 or seen[-1] > seen[-2]), f"each run gets on: {seen}"
        event = by_hand.next_event(import_id) if account["status"] not in imports.OVER else None
    assert runs > 1, "it was to take more than one"
    check(ana, imports.look(ana, import_id), names, ())


def test_a_message_that_was_handed_on_and_the_first_one_again_do_nothing_twice(importer, by_hand, functions, tmp_path):
    """Kills the function right after it handed on the import. Then both messages are delivered at the same time."""
    ana, names = importer(), sorted(f"r{n}" for n in range(1, 401))
    import_id, event = by_hand.uploaded(ana, content(400, ()))
    soon = RESERVE_S + 1.5
    run(functions, "ingest-orders", event, tmp_path, stop_at="SendMessage", meddle=slow_store, deadline_s=soon)
    going_on = by_hand.next_event(import_id)
    assert going_on, "it was to hand on"
    functions.invoke_at_once("ingest-orders", [event, going_on, going_on])
    check(ana, by_hand.finish(ana, import_id, event), names, ())


THROTTLED = "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"
CANCELLED = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException"


class Weather:
    """Disturbs requests at random: throttling, conflicts, lost answers, a busy S3."""

    def __init__(self, seed):
        self.dice, self.hindered = random.Random(seed), 0

    def __call__(self, action, body):
        chance = self.dice.random()
        if chance > 0.35:
            return None
        self.hindered += 1
        if action.startswith("S3"):
            return (
                503,
                [("Content-Type", "application/xml")],
                b"<Error><Code>SlowDown</Code><Message>Reduce your rate</Message></Error>",
            )
        if chance < 0.08:
            return LOSE_ANSWER
        if action == "TransactWriteItems":
            code = "ThrottlingError" if chance < 0.18 else "TransactionConflict"
            reasons = [{"Code": "None"} for _ in json.loads(body)["TransactItems"]]
            reasons[-1] = {"Code": code, "Message": code}
            told = ", ".join(reason["Code"] for reason in reasons)
            return refusal(
                CANCELLED,
                f"Transaction cancelled, please refer cancellation reasons for specific reasons [{told}]",
                CancellationReasons=reasons,
            )
        return refusal(THROTTLED, "The level of configured provisioned throughput for the table was exceeded")


def refusal(kind, message, **more):
    body = {"__type": kind, "message": message, "Message": message} | more
    return 400, [("Content-Type", "application/x-amz-json-1.0")], json.dumps(body).encode()


@pytest.mark.parametrize("seed", [1, 2])
def test_a_store_that_is_busy_loses_nothing(importer, by_hand, functions, tmp_path, seed):
    ana, bad, weather = importer(), (5, 200, 201), Weather(seed)
    names = sorted(f"r{n}" for n in range(1, 401) if n not in bad)
    import_id, event = by_hand.uploaded(ana, content(400, bad))
    for _ in range(8):
        outcome = run(functions, "ingest-orders", event, tmp_path, meddle=weather, timeout_s=60, deadline_s=TIMEOUT_S)
        if not (outcome.answer or {}).get("batchItemFailures"):
            break
    assert weather.hindered > 3, f"it was to be hindered: {outcome.calls}"
    check(ana, by_hand.finish(ana, import_id, event), names, bad)
