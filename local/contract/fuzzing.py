"""What schemathesis must know of Waybill: who makes which call, and what a contract cannot say."""

import os
import random
import re
import sys
import uuid
import zlib
from pathlib import Path

import jsonschema_rs
import schemathesis
import yaml
from schemathesis.core.failures import AcceptedNegativeData
from schemathesis.openapi.checks import RejectedPositiveData

LOCAL = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(LOCAL), str(LOCAL.parent / "tests")]

from access_table import ROWS
from town import Town
from waybill_client import Person, Stack, eventually, expect

# The longest time in seconds for which a token is used. It is valid for an hour.
TOKEN_S = 45 * 60
ORDERS_ON_A_ROUTE, ORDERS_IN_TWO_DAYS, ORDERS_AT_THE_DOOR = 12, 60, 4
IN_TWO_DAYS = (2 * 24 * 60, 2 * 24 * 60 + 120)
LONGEST_NAME = 50
TOKEN = re.compile("[A-Za-z0-9_-]+")
UUID = re.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

STACK = Stack()


def person(role):
    return Person(STACK, role, f"fuzz-{role}-{uuid.uuid4().hex[:12]}@example.com", f"Fuzzed {role}")


class World:
    """The people who call, and records that exist: nobody guesses an id.

    The calls change these records, so there are several of each kind. The callers are nobody whom a call may suspend.
    """

    def __init__(self):
        email, password = os.environ["DISPATCHER"], os.environ["DISPATCHER_PASSWORD"]
        self.dispatcher = Person(STACK, "dispatcher", email, "Dispatch", password)
        expect(self.dispatcher.log_in(), 200)
        # Off the coast of Ghana, and a little different each time.
        town = Town(STACK, self.dispatcher, (random.uniform(1, 3), random.uniform(-3, -1)))
        self.customer = person("customer").join()
        self.agent, self.other_agent = town.agent(on_duty=False), town.agent(on_duty=False)
        near = [town.order(self.customer, on_failure="retry")["order_id"] for _ in range(ORDERS_ON_A_ROUTE)]
        town.come_on_duty(self.agent)
        eventually("a route", lambda: self.agent.get("/routes/me").json()["routes"])
        for order in near[:ORDERS_AT_THE_DOOR]:
            expect(eventually("a pickup", lambda order=order: self.picked_up(order)), 200)
            expect(self.agent.put(f"/orders/{order}/status", {"status": "failed", "reason_code": "nobody_home"}), 200)
        town.come_on_duty(self.other_agent)
        later = [town.order(self.customer, pickup_window=IN_TWO_DAYS)["order_id"] for _ in range(ORDERS_IN_TWO_DAYS)]
        upload = {"filename": "orders.csv", "size_bytes": 1000}
        imports = [expect(self.customer.post("/upload-url", upload), 201)["import_id"] for _ in range(3)]
        self.profiles = ["shop", "erp", "Market-2.a"]
        for name in self.profiles:
            expect(self.customer.put(f"/import-profiles/{name}", {"encoding": "auto"}), 201)
        # A link may be used 30 times a minute, so there are many.
        links = [expect(self.customer.post(f"/orders/{order}/tracking-link"), 201) for order in near + later]
        self.tracking_tokens = [link["url"].partition("#")[2] for link in links]
        # Their recipients choose a window for the next attempt.
        self.tokens_at_the_door = self.tracking_tokens[:ORDERS_AT_THE_DOOR]
        seen = STACK.call("GET", "/tracking", headers={"Tracking-Token": self.tracking_tokens[0]})
        self.windows = expect(seen, 200)["window"]["offered"]
        changed_agents = [town.agent(on_duty=False).user_id for _ in range(2)]
        customers = [person("customer").join().user_id for _ in range(2)]
        self.callers = {"dispatcher": self.dispatcher, "customer": self.customer, "agent": self.agent}
        self.ids = {
            "order_id": near + later,
            "order_ids": near + later,
            "agent_id": [self.agent.user_id, self.other_agent.user_id],
            "to": [self.agent.user_id, self.other_agent.user_id],
            "not": [self.agent.user_id, self.other_agent.user_id],
            "import_id": imports,
            "customer_id": [self.customer.user_id, *customers],
        }
        # The dispatcher suspends these.
        self.ids_of_calls = {
            "PUT /agents/{agent_id}": {"agent_id": changed_agents},
            "PUT /customers/{customer_id}": {"customer_id": customers},
        }

    def picked_up(self, order):
        answer = self.agent.put(f"/orders/{order}/status", {"status": "in_progress"})
        return answer if answer.ok else None


def may_call(row, role):
    """Whether the call of a row of tests/access_table.py is for this role. Its record may be missing, or in a state."""
    return not row.answers[role].startswith(("401", "403"))


WORLD = World()
# The roles that may make each call.
RIGHT_ROLES = {
    call: sorted({role for row in ROWS if row.call == call for role in WORLD.callers if may_call(row, role)})
    for call in {row.call for row in ROWS}
}


def chosen(among, *by):
    """One of several, always the same for the same case."""
    return among[zlib.crc32(repr(by).encode(errors="replace")) % len(among)]


def role_of(case):
    """Who makes the call of a case: nine of ten have a right role, one has any role."""
    label, parts = case.operation.label, case.path_parameters or {}
    right = RIGHT_ROLES.get(label) or ["customer"]
    if parts.get("agent_id") == "me":
        right = ["agent"]
    return chosen(right * 9 * len(WORLD.callers) + [*WORLD.callers] * len(right), label, parts, case.query, case.body)


@schemathesis.auth(refresh_interval=TOKEN_S, cache_by_key=lambda case, context: role_of(case))
class Tokens:
    def get(self, case, context):
        caller = WORLD.callers[role_of(case)]
        expect(caller.log_in(), 200)
        return caller.token

    def set(self, case, token, context):
        case.headers["Authorization"] = f"Bearer {token}"


def existing(context, name, value):
    """An id that exists in place of two thirds of the generated ids. Anything that is no id stays."""
    if isinstance(value, list):
        return [existing(context, name, one) for one in value]
    operation = getattr(context, "operation", None)
    ids = WORLD.ids_of_calls.get(operation.label, {}) if operation else {}
    known = ids.get(name) or WORLD.ids.get(name)
    if known and isinstance(value, str) and UUID.fullmatch(value) and chosen([True, True, False], value):
        return chosen(known, value)
    return with_existing(context, value)


def with_existing(context, value):
    if isinstance(value, dict):
        return {name: existing(context, name, member) for name, member in value.items()}
    if isinstance(value, list):
        return [with_existing(context, one) for one in value]
    return value


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    name = (path_parameters or {}).get("name")
    if isinstance(name, str) and 0 < len(name) <= LONGEST_NAME and chosen([True, True, False], name):
        return path_parameters | {"name": chosen(WORLD.profiles, name)}
    return with_existing(context, path_parameters)


@schemathesis.hook
def map_headers(context, headers):
    token = (headers or {}).get("Tracking-Token")
    if isinstance(token, str) and TOKEN.fullmatch(token) and chosen([True, True, False], token):
        known = WORLD.tokens_at_the_door if chooses_window(context) else WORLD.tracking_tokens
        return headers | {"Tracking-Token": chosen(known, token)}
    return headers


@schemathesis.hook
def map_query(context, query):
    return with_existing(context, query)


def chooses_window(context):
    operation = getattr(context, "operation", None)
    return operation is not None and operation.label == "POST /tracking/window"


@schemathesis.hook
def map_body(context, body):
    # Nothing that the contract forbids becomes allowed.
    if chooses_window(context) and allows("POST", "/tracking/window", body) and chosen([True, False], body):
        return chosen(WORLD.windows, body)
    return with_existing(context, body)


# What a JSON Schema cannot express. An answer to a request that the contract allows may name these faults: the place,
# the words of the fault, and the reason.
BEYOND_A_SCHEMA = [
    (r"\?cursor", "is not a cursor", "The server makes cursors, and clients cannot."),
    (r"#/.+/(start|end)", "in the past|366 days|must be after", "Times are compared with each other and with now."),
    (r"#/shift/breaks/\d+/window", "before|after", "The times of breaks and of the shift are compared."),
    (r"#/release", "on_duty", "Two members are compared."),
    (r"#/.*/?location/lat|#/location/lat", "both 0", "Two members are compared."),
    (r"#/dropoff/location", "from the pickup", "A distance is computed."),
    (r"#/(pickup|dropoff)/location", "geocoder", "A setting of the stack says whether an address is enough."),
    (r"#/code", "is wrong or has expired", "The server knows the code."),
    (r"#/size_bytes", "more than the limit", "The limit is a setting of the stack."),
    (r"#/on_duty|#/start_location", "start_location", "The record says whether the agent has a place to start from."),
    (r"#/.*", "must have characters that can be seen", "Unicode has a table of characters without an image."),
    (r"#/(new_)?password", "at most \\d+ characters$|end with a space", "NFKC makes other characters of some."),
    (r"#/password", "is wrong", "The server knows the password."),
    (r"#/.*|\?agent_id", "for dispatchers|cannot be combined with", "Roles and parameters are compared."),
    (r"#/.*", "since (the order is aboard|a drop-off has failed|the parcel goes)", "The record has the status."),
    (r"#/points/\d+/at", "minutes ahead|old", "Times are compared with now."),
    (r"#/encoding", "must be auto, or the name", "The Encoding Standard has a table of names."),
    (r"#/time_zone", "IANA", "The time zone database has a table of names."),
    (
        r"#/(columns|defaults)/.*",
        "",
        "Our columns may be on either side, and defaults are checked like cells of a row.",
    ),
    (r"#/profile", "your profiles|no profile", "The customer's record has the names."),
    (r"#", "settings of \\d+ bytes", "All settings together have a limit."),
    (r"\?zone", "H3|zone of this stack", "Few numbers are cells, and a stack has one resolution."),
    (r"\?zone", "or else \\?agent_id", "One of two parameters is needed."),
    (r"#/proof_ids/\d+", "picture", "The server knows the pictures of an order."),
    (r"#/(proof_ids|signer_name|pin|barcode)", "", "The order says which proof it needs."),
    (r"#/tap_id", "was sent before", "The history of the order has its taps."),
    (r"#/(pickup|dropoff)(/location|/address)?", "area that the company", "The area is a setting of the stack."),
    (r"#/filter/customer_id", "say whose|is not needed|is missing", "The caller's role and another member decide."),
    (r"#/occurred_at", "minutes ahead|hours ago", "Times are compared with now."),
    (r"#/(pickup|dropoff)/(window|location)/\w+", "is missing", "A patch adds to what the order has."),
    (r"Idempotency-Key", "with another body", "The server knows the other body."),
    (r"#", "either order_ids or a filter", "Two members exclude each other. With `oneOf`, clients lose their names."),
    (r"#/\w+", "belongs? to (th(is|e) status|a cancellation)", "With a schema for each status, clients lose names."),
    (r"#/pinned_through", "from 0 to", "It counts the stops of the same request."),
    (r"#/to", "must be another agent", "The path names an agent too."),
    (r"#/email", "of this account already", "The record has the address."),
    (r"\?agent_id", "place is not known", "The record may have no place."),
    (r"#/stops(/\d+.*)?", "lacks the|open stop|aboard", "The route has the stops."),
    (r"#/position/before", "open stop on this route", "The route has the stops."),
    (r"#/(agent_id|to|not/\d+)", "names no agent|no agent", "The records say who is an agent."),
]


def beyond_a_schema(response):
    """Whether every fault that an answer names is beyond a JSON Schema."""
    answer = response.json()
    # Whether a character stands for bytes that somebody could not read is asked of the whole body.
    if answer["code"] == "unreadable" and "U+FFFD" in answer["detail"]:
        return True
    # The records decide, not the request.
    if answer["code"] == "decision_not_possible":
        return True
    faults = answer.get("errors", [])
    return bool(faults) and all(
        any(
            re.fullmatch(pointer, fault["pointer"], re.DOTALL) and re.search(words, fault["detail"])
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
    return allows(case.operation.method, case.operation.path, change(case.body))


def allows(method, path, body):
    """Whether the contract, with its patterns, allows the body of a call."""
    call = CONTRACT["paths"][path][method.lower()]
    if "requestBody" not in call:
        return True
    schema = call["requestBody"]["content"]["application/json"]["schema"] | {"components": CONTRACT["components"]}
    try:
        return jsonschema_rs.validator_for(schema, validate_formats=True).is_valid(body)
    except ValueError:
        # Bytes, which are no JSON.
        return False


def looked_up(part):
    """A part of the contract, or what it refers to."""
    if "$ref" not in part:
        return part
    found = CONTRACT
    for name in part["$ref"].split("/")[1:]:
        found = found[name]
    return found


def are_parameters_allowed(case):
    """Whether the parameters have the patterns of the contract. The generator does not look at these."""
    sent = {"header": case.headers or {}, "path": case.path_parameters or {}, "query": case.query or {}}
    call = CONTRACT["paths"][case.operation.path][case.operation.method.lower()]
    for parameter in call.get("parameters", []):
        parameter = looked_up(parameter)
        value = sent.get(parameter["in"], {}).get(parameter["name"])
        pattern = looked_up(parameter.get("schema", {})).get("pattern")
        if value is not None and pattern and not re.search(pattern, str(value)):
            return False
    return True


def trimmed(value):
    if isinstance(value, dict):
        return {name: trimmed(member) for name, member in value.items()}
    return value.strip() if isinstance(value, str) else value


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Passes over what no contract can say."""
    if isinstance(failure, RejectedPositiveData):
        return is_allowed(case) and are_parameters_allowed(case) and not beyond_a_schema(response)
    if isinstance(failure, AcceptedNegativeData):
        # The spaces around a text are cut off before it is read.
        return is_allowed(case) or not is_allowed(case, trimmed)
    return True
