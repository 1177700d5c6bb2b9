"""docs/WALKTHROUGH.md is run as printed, twice on one stack."""

import json
import os
import re
import subprocess
import time
from pathlib import Path
from urllib.parse import urlsplit

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


def printed(stack, run):
    """The output of each line of the block: JSON is parsed, everything else stays text."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    environment["PORT"] = str(urlsplit(stack.environment["AWS_ENDPOINT_URL"]).port)
    for name in ("ana", "berta"):
        assert f"{name}.'$RUN'@example.com" in block()
        TOLD.add("email", f"{name}.{run}@example.com")
    shell = ["bash", "-c", f"date() {{ echo {run}; }}" + WAITS_FOR_THE_ROUTE + block()]
    ran = subprocess.run(shell, check=False, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)
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


def test_the_walkthrough_does_what_it_says_each_time(stack):
    # The clock says when the first run began, as on the page.
    run = int(time.time())
    told = [check(iter(printed(stack, run + later))) for later in (0, 1)]
    assert told[0] != told[1], "each run has an agent and an order of its own"


def check(expected):
    """Checks what a run printed. Returns the ids of its agent and of its order."""

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
    told(agent_id=agent["agent_id"], on_duty=False)
    (order,) = told()["orders"]
    assert (order["order_id"], order["status"]) == (order_id, "delivered")
    told(status="code_requested")
    told(status=401)
    assert next(expected, None) is None, "a reset and a log-out print nothing"
    return agent["agent_id"], order_id
