"""docs/WALKTHROUGH.md is run as printed. The accounts that it names are deleted before and after."""

import json
import os
import re
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from secrets_told import TOLD

ROOT = Path(__file__).resolve().parent.parent
# The page sleeps until the order is planned. The test waits for the route instead, since a machine may be slow.
WAITS_FOR_THE_ROUTE = """
sleep() {
  for _ in {1..240}; do
    curl -sS "$API_URL/routes/me" -H "Authorization: Bearer $BERTA" | grep -q "$ORDER_ID" && return
    command sleep 0.5
  done
}
"""


def block():
    page = (ROOT / "docs/WALKTHROUGH.md").read_text()
    (found,) = re.findall(r"^```sh\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    return found


def addresses():
    return sorted(set(re.findall(r"[\w.]+@example\.com", block())))


def forget(stack, dispatcher):
    """Deletes the accounts of an earlier run: an agent who is still on duty would take this run's order."""
    cognito, pool = stack.aws("cognito-idp"), {"UserPoolId": stack.user_pool_id}
    for email in addresses():
        try:
            account = cognito.admin_get_user(Username=email, **pool)
        except ClientError as refusal:
            assert refusal.response["Error"]["Code"] == "UserNotFoundException", refusal
            continue
        sub = next(one["Value"] for one in account["UserAttributes"] if one["Name"] == "sub")
        cognito.admin_delete_user(Username=email, **pool)
        suspended = dispatcher.put(f"/agents/{sub}", {"status": "suspended"})
        assert suspended.status_code in (200, 404), suspended.text


@pytest.fixture
def printed(stack, dispatcher):
    """The output of each line of the block: JSON is parsed, everything else stays text."""
    forget(stack, dispatcher)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    environment["PORT"] = str(urlsplit(stack.environment["AWS_ENDPOINT_URL"]).port)
    for email in addresses():
        TOLD.add("email", email)
    try:
        shell = ["bash", "-c", WAITS_FOR_THE_ROUTE + block()]
        ran = subprocess.run(shell, check=False, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)
    finally:
        forget(stack, dispatcher)
    assert (ran.returncode, ran.stderr) == (0, ""), f"{ran.stderr}\n{ran.stdout}"
    values = list(read(ran.stdout))
    for value in values:
        TOLD.hear(value)
    return values


def read(text):
    decoder = json.JSONDecoder()
    text = text.strip()
    while text:
        if text[0] == "{":
            value, end = decoder.raw_decode(text)
        else:
            value, end = text.splitlines()[0], len(text.splitlines()[0])
        yield value
        text = text[end:].strip()


def test_the_walkthrough_does_what_it_says(printed):
    expected = iter(printed)

    def told(**members):
        value = next(expected)
        assert isinstance(value, dict) and members.items() <= value.items(), f"{members} expected, not {value}"
        return value

    told(status="confirmation_required")
    told(status=422, code="invalid_code")
    told(status="confirmation_required")
    told(role="customer", status="active")
    told(status="confirmation_required")
    assert next(expected) == "dispatch@example.com is a dispatcher and can log in."
    agent = told(name="Berta", status="active")
    told(agent_id=agent["agent_id"], on_duty=True)
    (route,) = told()["routes"]
    stops = [stop["order_id"] for stop in route["stops"]]
    order_id = told(status="in_progress")["order_id"]
    assert stops.count(order_id) == 2, "a pickup and a drop-off"
    told(order_id=order_id, status="delivered")
    (order,) = told()["orders"]
    assert (order["order_id"], order["status"]) == (order_id, "delivered")
    told(status="code_requested")
    told(status=401)
    assert next(expected, None) is None, "a reset and a log-out print nothing"
