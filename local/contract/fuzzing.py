"""What schemathesis must know of Waybill: who makes which call, and what a contract cannot say."""

import os
import re
import sys
import uuid
from pathlib import Path

import jsonschema_rs
import schemathesis
import yaml
from schemathesis.core.failures import AcceptedNegativeData
from schemathesis.openapi.checks import RejectedPositiveData

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from waybill_client import Person, Stack, expect

# The longest time in seconds for which a token is used. It is valid for an hour.
TOKEN_S = 45 * 60

STACK = Stack()


def person(role):
    return Person(STACK, role, f"fuzz-{role}-{uuid.uuid4().hex[:12]}@example.com", f"Fuzzed {role}")


def approved(agent):
    expect(DISPATCHER.put(f"/agents/{agent.user_id}", {"status": "active"}), 200)
    return agent


DISPATCHER = Person(STACK, "dispatcher", os.environ["DISPATCHER"], "Dispatch", os.environ["DISPATCHER_PASSWORD"])
expect(DISPATCHER.log_in(), 200)
CUSTOMER = person("customer").join()
AGENT, CHANGED_AGENT = approved(person("agent").join()), approved(person("agent").join())

CALLERS = {
    "GET /agents": DISPATCHER,
    "GET /orders": DISPATCHER,
    "GET /orders/{order_id}": DISPATCHER,
    "PUT /orders/{order_id}/status": DISPATCHER,
    "GET /routes/{agent_id}": DISPATCHER,
    "PUT /agents/{agent_id}": DISPATCHER,
    "POST /logout": AGENT,
    "GET /me": AGENT,
}


@schemathesis.auth(refresh_interval=TOKEN_S, cache_by_key=lambda case, context: case.operation.label)
class Tokens:
    def get(self, case, context):
        caller = CALLERS.get(case.operation.label, CUSTOMER)
        expect(caller.log_in(), 200)
        return caller.token

    def set(self, case, token, context):
        # The agents `me` and others: a dispatcher is no agent.
        if (case.path_parameters or {}).get("agent_id") == "me":
            token = AGENT.token
        case.headers["Authorization"] = f"Bearer {token}"


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    """Every second agent is one that exists: nobody guesses an id."""
    agent_id = (path_parameters or {}).get("agent_id")
    if agent_id and agent_id != "me" and re.fullmatch("[0-9a-fA-F-]{36}", str(agent_id)) and int(agent_id[0], 16) % 2:
        path_parameters["agent_id"] = CHANGED_AGENT.user_id
    return path_parameters


# What a JSON Schema cannot express. An answer to a request that the contract allows may name these faults: the place,
# the words of the fault, and the reason.
BEYOND_A_SCHEMA = [
    (r"\?cursor", "is not a cursor", "The server makes cursors, and clients cannot."),
    (r"#/.+/(start|end)", "in the past|366 days|must be after", "Times are compared with each other and with now."),
    (r"#/.*/?location/lat|#/location/lat", "both 0", "Two members are compared."),
    (r"#/dropoff/location", "from the pickup", "A distance is computed."),
    (r"#/(pickup|dropoff)/location", "geocoder", "A setting of the stack says whether an address is enough."),
    (r"#/code", "is wrong or has expired", "The server knows the code."),
    (r"#/size_bytes", "more than the limit", "The limit is a setting of the stack."),
    (r"#/status", "is for dispatchers", "The role of the caller decides."),
    (r"#/on_duty|#/start_location", "start_location", "The record says whether the agent has a place to start from."),
    (r"#/.*", "must have characters that can be seen", "Unicode has a table of characters without an image."),
    (r"#/.*", "must have at most \\d+ characters$", "NFKC makes several characters of some."),
]


def beyond_a_schema(response):
    """Whether every fault that an answer names is beyond a JSON Schema."""
    answer = response.json()
    # Whether a character stands for bytes that somebody could not read is asked of the whole body.
    if answer["code"] == "unreadable" and "U+FFFD" in answer["detail"]:
        return True
    faults = answer.get("errors", [])
    return bool(faults) and all(
        any(
            re.fullmatch(pointer, fault["pointer"]) and re.search(words, fault["detail"])
            for pointer, words, _ in BEYOND_A_SCHEMA
        )
        for fault in faults
    )


@schemathesis.hook
def before_load_schema(context, raw_schema):
    """Without patterns: the generator needs minutes for a text with both a pattern and a length."""
    without_patterns(raw_schema["components"]["schemas"])


def without_patterns(schema):
    if isinstance(schema, dict):
        if isinstance(schema.get("pattern"), str):
            schema["pattern"] = "^[^\\x00-\\x1F\\x7F-\\x9F\\u2028\\u2029]+$"
        for part in schema.values():
            without_patterns(part)
    elif isinstance(schema, list):
        for part in schema:
            without_patterns(part)


CONTRACT = yaml.safe_load((Path(__file__).resolve().parent.parent.parent / "docs/openapi.yaml").read_text())


def is_allowed(case, change=lambda body: body):
    """Whether the contract, with its patterns, allows the body of a case."""
    call = CONTRACT["paths"][case.operation.path][case.operation.method.lower()]
    if "requestBody" not in call:
        return True
    schema = call["requestBody"]["content"]["application/json"]["schema"] | {"components": CONTRACT["components"]}
    return jsonschema_rs.validator_for(schema, validate_formats=True).is_valid(change(case.body))


def trimmed(value):
    if isinstance(value, dict):
        return {name: trimmed(member) for name, member in value.items()}
    return value.strip() if isinstance(value, str) else value


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Passes over what no contract can say."""
    if isinstance(failure, RejectedPositiveData):
        return is_allowed(case) and not beyond_a_schema(response)
    if isinstance(failure, AcceptedNegativeData):
        # The spaces around a text are cut off before it is read.
        return is_allowed(case) or not is_allowed(case, trimmed)
    return True
