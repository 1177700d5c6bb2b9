"""A function that is killed between its write and its answer loses nothing, because the write is the event.

SIGKILL leaves no time for cleaning up, as when the machine fails.
"""

import json
import os
import uuid

import pytest

from functions_inside import Functions
from runtime_api import rest_event, run
from town import open_route, order_of, statuses, stops_of
from waybill_client import eventually, expect

pytestmark = pytest.mark.skipif(not os.environ.get("AWS_ENDPOINT_URL"), reason="the proxy stands before a local stack")


def order_event(person, body, key):
    headers = {"Idempotency-Key": key}
    return rest_event(person, "POST", "/orders", {}, json.dumps(body), headers)


def status_event(person, order, status):
    parameters = {"order_id": order["order_id"]}
    return rest_event(person, "PUT", "/orders/{order_id}/status", parameters, json.dumps({"status": status}), {})


def test_the_binary_answers_as_the_stack_does(town, functions: Functions, tmp_path):
    """Without a kill, the detour around the stack gives the same result. So only the kill makes a difference below."""
    ana = town.customer()
    body, key = town.body(), str(uuid.uuid4())
    outcome = run(functions, "create-order", order_event(ana, body, key), tmp_path)
    assert not outcome.killed and outcome.answer["statusCode"] == 201, outcome.answer
    stored = ana.every("/orders", "orders")
    assert [order["order_id"] for order in stored] == [json.loads(outcome.answer["body"])["order_id"]]


def test_an_order_is_placed_though_its_function_is_killed_before_the_answer(
    town, mailbox, functions: Functions, tmp_path
):
    ana, ben = town.customer(), town.agent()
    mailbox.follow(ana)
    body, key = town.body(external_id="survivor"), str(uuid.uuid4())
    # As text, so that the retry has the same bytes.
    outcome = run(functions, "create-order", order_event(ana, body, key), tmp_path, stop_at="TransactWriteItems")
    assert outcome.killed and outcome.answer is None, "the client never heard of it"
    assert outcome.process.returncode == -9

    stored = ana.every("/orders", "orders")
    assert [order["external_id"] for order in stored] == ["survivor"]
    planned = town.assigned(ana, stored[0], to=ben)[0]
    assert stops_of(open_route(ben), planned).keys() == {"pickup", "dropoff"}
    eventually("the mail about it", lambda: len(mailbox.of(ana)) == 1)

    text = json.dumps(body).encode()
    retried = ana.post("/orders", data=text, headers={"Idempotency-Key": key, "Content-Type": "application/json"})
    assert retried.status_code in (200, 201), retried.text
    assert retried.json()["order_id"] == stored[0]["order_id"], "the retry is the same order"
    assert len(ana.every("/orders", "orders")) == 1


def test_a_delivery_counts_though_its_function_is_killed_before_the_answer(
    town, mailbox, functions: Functions, tmp_path
):
    ana, ben = town.customer(), town.agent()
    mailbox.follow(ana)
    order = town.assigned(ana, town.order(ana), to=ben)[0]
    expect(ben.mark(order["order_id"], "in_progress"), 200)
    event = status_event(ben, order, "delivered")
    outcome = run(functions, "update-order-status", event, tmp_path, stop_at="TransactWriteItems")
    assert outcome.killed and outcome.answer is None and outcome.process.returncode == -9

    assert statuses(order_of(ana, order["order_id"])) == ["pending", "assigned", "in_progress", "delivered"]
    routes = ben.every("/routes/me", "routes")
    assert [route["status"] for route in routes] == ["completed"]
    again = expect(ben.mark(order["order_id"], "delivered"), 200)
    assert statuses(again).count("delivered") == 1, "the agent's second tap is no second delivery"
    eventually("the mail about it", lambda: "delivered" in [word for _, word in mailbox.told(ana)])
    functions.settle()
    mailbox.collect(3)
    words = [word for _, word in mailbox.told(ana)]
    assert words in (["delivered"], ["assigned", "delivered"]), "each is told once, and nothing after the delivery"
