"""The logs contain no personal data and no secrets.

conftest.py runs this file last, so that it covers the values that all other tests sent (waybill_client.py records
them with local/secrets_told.py). It also sends each kind of value itself, so that it works alone.
"""

import hashlib
import json
import re
import uuid
from pathlib import Path

import pytest

import imports
from functions_inside import log_lines
from secrets_told import BY_NAME, TOLD
from waybill_client import PASSWORD, Person, eventually, expect

ROOT = Path(__file__).resolve().parent.parent
JSON = {"Content-Type": "application/json"}
NUMBERS = re.compile(r'[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|"duration_ms":\d+')
# Every text that looks like a token counts as a token.
SHAPES = {
    "a token": re.compile(r"eyJ[\w-]{8,}\.[\w-]{8,}"),
    "an email address": re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+"),
    "an Authorization header": re.compile(r"[Bb]earer [\w.-]{8,}"),
}


class Logs:
    def __init__(self, stack, since):
        logs = stack.aws("logs")
        self.lines = []
        for page in logs.get_paginator("describe_log_groups").paginate():
            for group in page["logGroups"]:
                name = group["logGroupName"]
                self.lines += [(name, line) for line in log_lines(logs, name, int(since * 1000))]
        self.text = "\n".join(line for _, line in self.lines)

    def with_word(self, word):
        """The first line with this word or these words, with no letter or digit directly beside them."""
        if word not in self.text:
            return None
        whole = re.compile(rf"(?<!\w){re.escape(word)}(?!\w)")
        for group, line in self.lines:
            # The four digits of a PIN are also a part of some id, and some duration.
            if word in line and whole.search(NUMBERS.sub("", line) if word.isdigit() else line):
                return f"{group}: {line}"
        return None


@pytest.fixture(scope="module")
def life(stack, shared_town, dispatcher, functions, importer):
    """Sends every kind of secret, in correct and in wrong places. Returns the ids of the answers, which the logs must
    contain.
    """
    town = shared_town
    ana = town.customer("Anastasia Unmistakable")
    refusals = [
        Person(stack, "customer", ana.email, ana.name, "Another-Password-77").log_in(),
        town.newcomer("customer", "Nobody").confirm("918273"),
        ana.sign_up(email="Not an Address at all", role="king"),
        ana.post("/orders", {"pickup": {"address": "13 Wrongfield Crescent", "contact": {"phone": "+34 931 000 111"}}}),
        stack.call("POST", "/orders", token=ana.token[:-3] + "abc", json={}),
        stack.call("POST", "/login", data=f'{{"email": "{ana.email}", "password": "{PASSWORD}"', headers=JSON),
        ana.order(town.body() | {"size": "2", "notes": "the red door behind the cherry tree"}),
    ]
    for secret in ("13 Wrongfield Crescent", "+34 931 000 111", "Not an Address at all"):
        TOLD.add("text", secret)
    contact = {"name": "Bartholomew Receiver", "phone": "+34 932 000 222"}
    body = town.body(notes="ring twice and beware of the heron")
    body["dropoff"] |= {"address": "7 Hidden Heron Lane", "contact": contact}
    order = expect(ana.order(body), 201)
    expect(ana.mark(order["order_id"], "cancelled"), 200)
    expect(ana.post("/upload-url", {"filename": "orders.csv", "size_bytes": 1000}), 201)
    hand_over_a_file(importer())
    refusals.insert(0, with_a_claim_that_cannot_be_read(functions, town, ana))
    publish_a_record_that_cannot_be_read(stack, functions)
    return [answer.json() for answer in refusals]


def hand_over_a_file(customer):
    """An import with a good and a rejected row. waybill_client.py does not record uploads, so the test does."""
    rows = [
        "41.40,2.17,41.41,2.15,8 Hidden Heron Lane,Clementine Receiver,+34 932 000 333,beware of the fifth heron",
        "41.40,2.17,141.41,2.15,9 Hidden Heron Lane,Dorothea Receiver,+34 932 000 444,beware of the sixth heron",
    ]
    for row in rows:
        for secret in row.split(",")[4:]:
            TOLD.add("text", secret)
    header = (
        "pickup_lat,pickup_lon,dropoff_lat,dropoff_lon,dropoff_address,dropoff_contact_name,dropoff_contact_phone,notes"
    )
    account = imports.hand_over(customer, "\n".join([header, *rows, ""]).encode())
    assert (account["accepted"], account["rejected"]) == (1, 1), account


def publish_a_record_that_cannot_be_read(stack, functions):
    """A stored status is a secret text. The log must say that it is not a status, without the text."""
    secret = "the name of the second heron"
    TOLD.add("text", secret)
    event = json.loads((ROOT / "events" / "publish-events.json").read_text())
    del event["Records"][1:]
    event["Records"][0]["dynamodb"]["NewImage"]["status"] = {"S": secret}
    name = functions.name_of("publish-events")
    answer = stack.aws("lambda").invoke(FunctionName=name, Payload=json.dumps(event).encode())
    assert "FunctionError" not in answer, "a record that cannot be read is put aside"


def with_a_claim_that_cannot_be_read(functions, town, ana):
    """A stored value has the wrong type and contains a secret. The answer is 500, and the cause is logged."""
    secret, key, body = "the name of the third heron", uuid.uuid4().hex, town.body()
    TOLD.add("text", secret)
    order = expect(ana.order(body, key=key), 201)
    table = functions.settings_of("create-order")["CLAIMS_TABLE"]
    claim = {"claim": {"S": f"order-key#{ana.user_id}#{hashlib.sha256(key.encode()).hexdigest()}"}}
    dynamodb = functions.stack.aws("dynamodb")
    dynamodb.update_item(
        TableName=table,
        Key=claim,
        UpdateExpression="SET expires_at_s = :secret",
        ConditionExpression="attribute_exists(claim)",
        ExpressionAttributeValues={":secret": {"S": secret}},
    )
    try:
        answer = ana.order(body, key=key)
        expect(answer, 500)
        return answer
    finally:
        dynamodb.delete_item(TableName=table, Key=claim)
        expect(ana.mark(order["order_id"], "cancelled"), 200)


@pytest.fixture(scope="module")
def logs(stack, life, session_began):
    """Waits for the last line of the calls above."""
    last = life[-1]["instance"]

    def read():
        found = Logs(stack, session_began)
        # A stream record was the last invocation of a function.
        return found if last in found.text and "and was put aside" in found.text else None

    return eventually("the function's log of the last refusal", read)


def test_the_logs_are_those_of_the_calls(logs, life):
    """Otherwise an empty log would pass."""
    for told in life:
        if told["code"] == "unauthorized":
            continue  # by the gateway, without a function
        assert told["instance"] in logs.text, f"no log line for {told}"
    assert "and was put aside" in logs.text and '"error":"an item in the stream cannot be read' in logs.text
    assert '"message":"request failed"' in logs.text and '"cause":"something is broken inside' in logs.text
    assert '"message":"request refused"' in logs.text and '"message":"request answered"' in logs.text


def test_every_kind_of_secret_was_told(life):
    assert set(BY_NAME.values()) <= set(TOLD.values.values()), "the life above tells each kind"


def test_nothing_that_was_told_is_in_a_log(logs):
    found = {f"{kind} {value!r}": line for value, kind in TOLD.values.items() if (line := logs.with_word(value))}
    shown = "\n".join(f"{secret} in {line[:400]}" for secret, line in list(found.items())[:10])
    assert not found, f"{len(found)} of {len(TOLD.values)} values are in the logs:\n{shown}"


@pytest.mark.parametrize("what", SHAPES)
def test_nothing_in_a_log_looks_like(logs, what):
    lines = [f"{group}: {line[:400]}" for group, line in logs.lines if SHAPES[what].search(line)]
    assert not lines, f"{what} in {len(lines)} lines:\n" + "\n".join(lines[:5])
