"""The limit on a customer's pending orders."""

import json
import uuid

import pytest

import imports
from import_files import HEADER, PICKUP
from problems import problem
from waybill_client import eventually, expect

FILE = "\n".join([HEADER, *(f",{PICKUP},{PICKUP}" for _ in range(3))]).encode()


@pytest.fixture
def limited(town, functions):
    """A customer, and a function that sets the customer's own limit."""
    ana, users = town.customer(), functions.settings_of("create-order")["USERS_TABLE"]
    dynamodb = functions.stack.aws("dynamodb")

    def set_to(most):
        dynamodb.update_item(
            TableName=users,
            Key={"user_id": {"S": ana.user_id}},
            UpdateExpression="SET max_open_orders = :most ADD version :one",
            ConditionExpression="attribute_exists(user_id)",
            ExpressionAttributeValues={":most": {"N": str(most)}, ":one": {"N": "1"}},
        )

    return ana, set_to


def a_minute_passes(functions, customer):
    """The pending orders may be counted again."""
    functions.stack.aws("dynamodb").update_item(
        TableName=functions.settings_of("create-order")["CLAIMS_TABLE"],
        Key={"claim": {"S": f"pending-bound#{customer.user_id}"}},
        UpdateExpression="REMOVE counted_at",
        ConditionExpression="attribute_exists(bound)",
    )


def test_an_order_above_the_limit_is_refused_until_another_one_leaves(town, functions, limited):
    ana, set_to = limited
    set_to(2)
    first, _ = town.order(ana), town.order(ana)
    for _ in range(2):
        refused = problem(ana.order(town.body()), 409, "too_many_open_orders")
        assert "2 pending orders" in refused["detail"]
    expect(ana.mark(first["order_id"], "cancelled"), 200)
    a_minute_passes(functions, ana)
    expect(ana.order(town.body()), 201)
    a_minute_passes(functions, ana)
    problem(ana.order(town.body()), 409, "too_many_open_orders")
    set_to(3)
    expect(ana.order(town.body()), 201)


def test_an_import_above_the_limit_waits_and_continues(town, functions, limited):
    ana, set_to = limited
    set_to(1)
    order = town.order(ana)
    ticket = expect(imports.ask(ana, "orders.csv", len(FILE)), 201)
    assert imports.put(ticket, FILE).status_code == 200
    account = eventually("a pause", lambda: paused(ana, ticket), seconds=60)
    assert (account["status"], account["rows"]) == ("processing", 0)
    # The message that looks again comes in five minutes. This one comes now.
    go_on(functions, ana, ticket)
    assert paused(ana, ticket)["paused_at"] == account["paused_at"]
    set_to(2)
    go_on(functions, ana, ticket)
    account = imports.look(ana, ticket["import_id"])
    assert (account["status"], account["accepted"], account["rejected"]) == ("completed", 3, 0)
    assert "paused_at" not in account
    expect(ana.mark(order["order_id"], "cancelled"), 200)


def paused(customer, ticket):
    account = imports.look(customer, ticket["import_id"])
    return account if "paused_at" in account else None


def go_on(functions, customer, ticket):
    queue = functions.settings_of("ingest-orders")["IMPORT_QUEUE_URL"]
    body = json.dumps({"customer_id": customer.user_id, "import_id": ticket["import_id"]})
    message = {"MessageId": str(uuid.uuid4()), "ReceiptHandle": "r", "Body": body, "MD5OfBody": ""}
    answer = functions.invoke("ingest-orders", functions.sqs_event(queue, [message]))
    assert answer == {"batchItemFailures": []}
