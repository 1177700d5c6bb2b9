"""Every call by every kind of caller: the table of access_table.py, cell by cell, against the stack."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from enum import Enum, auto
from pathlib import Path

import pytest
from samcli.yamlhelper import yaml_parse

from access_table import CALLERS, ROWS, TOKENS
from access_world import World, with_another_signature
from problems import problem
from waybill_client import claims, expect

TEMPLATE = Path(__file__).resolve().parent.parent / "template.yaml"
CELLS = [(row, caller) for row in ROWS for caller in CALLERS]


def events_of_the_api():
    """Method and path of each call in the template, and whether it needs a token."""
    resources = yaml_parse(TEMPLATE.read_text())["Resources"]
    for resource in resources.values():
        for event in (resource.get("Properties", {}).get("Events") or {}).values() if "Type" in resource else ():
            if event["Type"] == "Api":
                told = event["Properties"]
                yield f"{told['Method'].upper()} {told['Path']}", told.get("Auth", {}).get("Authorizer") != "NONE"


def test_the_table_has_every_call_of_the_template():
    in_template = {call for call, _ in events_of_the_api()}
    assert in_template, "the template has an API"
    assert in_template == {row.call for row in ROWS}, "tests/access_table.py has a row for each call, and no other"


def test_no_cell_is_empty():
    for row in ROWS:
        assert tuple(sorted(row.answers)) == tuple(sorted(CALLERS)), row.name
        assert all(row.answers.values()), row.name


def test_each_call_that_changes_a_record_somebody_may_not_change_has_a_witness():
    for row in ROWS:
        if row.method in ("PUT", "PATCH"):
            assert row.witness, f"{row.name}: nobody looks whether a refusal has changed anything"


def test_what_asks_for_a_token_in_the_template_is_closed_in_the_table():
    for call, asks in events_of_the_api():
        for row in ROWS:
            if row.call == call:
                closed = {row.answers[token] for token in TOKENS} == {"401 unauthorized"}
                assert closed == asks, f"{row.name}: the template and the table do not agree on who may come in"


@pytest.fixture(scope="module")
def world(stack, shared_town, dispatcher):
    made = World(stack, shared_town, dispatcher)
    yield made
    made.close()


@pytest.fixture(scope="module")
def answers(world):
    """Makes the call of every cell, several at a time, in the order of the turns."""
    found = {}

    def ask(cell):
        row, caller = cell
        try:
            found[row.name, caller] = asked(world, row, caller)
        except Exception as broken:  # noqa: BLE001 - the other cells go on
            found[row.name, caller] = f"broke: {broken!r}"

    with ThreadPoolExecutor(8) as pool:
        for now in Turn:
            list(pool.map(ask, [cell for cell in CELLS if turn_of(*cell) == now]))
    return found


class Turn(Enum):
    FIRST = auto()
    CHANGES_WHAT_OTHERS_LOOK_AT = auto()
    ENDS_WHAT_OTHERS_NEED = auto()


def turn_of(row, caller):
    if row.last:
        return Turn.ENDS_WHAT_OTHERS_NEED
    # There are few people. While one check reads a person's record, no other call may change it.
    changes = row.witness in ("agent", "customer", "location", "profiles") and row.answers[caller].startswith("2")
    return Turn.CHANGES_WHAT_OTHERS_LOOK_AT if changes else Turn.FIRST


def asked(world, row, caller):
    """The answer in the words of the table, and the changes by a refused call, of which there must be none."""
    parts = {name: world.named(part, caller) for name, part in row.path.items()}
    path = row.call.split()[1].format(**parts)
    body = row.send(world) if callable(row.send) else row.send
    query = {name: world.named(part, caller) for name, part in row.query.items()}
    before = world.seen(row.witness, parts, caller)
    answer = world.stack.call(row.method, path, token=world.token_of(caller), json=body, params=query)
    if answer.status_code < 300:
        return f"{answer.status_code}{listed(row, parts, answer, world)}"
    told = answer.json()
    changed = "" if world.seen(row.witness, parts, caller) == before else ", and changed it"
    return f"{answer.status_code} {told.get('code', told)}{changed}"


def listed(row, parts, answer, world):
    """Whether a listing contains the record that the row is about."""
    if not any(expected.endswith((" with", " without")) for expected in row.answers.values()):
        return ""
    wanted = parts.get("order_id") or parts.get("import_id") or world.the_route
    return " with" if wanted in json.dumps(answer.json()) else " without"


@pytest.mark.parametrize("row, caller", CELLS, ids=[f"{row.name} by {caller}" for row, caller in CELLS])
def test_cell(answers, row, caller):
    assert answers[row.name, caller] == row.answers[caller]


def test_what_was_forged_was_good_before_it_was_forged(world):
    """Otherwise the cells above would prove nothing."""
    for path in ("/orders", "/agents"):
        expect(world.stack.call("GET", path, token=world.forged.good["IdToken"]), 200)
    expect(world.forged.was_good, 200)
    world.stack.aws("cognito-idp").get_user(AccessToken=world.forged.tokens["cognitos_own"])
    assert claims(world.forged.tokens["another_pool"])["exp"] > time.time()


@pytest.mark.parametrize("ending", ["", "AAAA"], ids=["empty", "not empty"])
def test_a_token_of_no_algorithm_is_refused_whatever_its_signature(world, ending):
    problem(world.stack.call("GET", "/orders", token=world.forged.tokens["alg_none"] + ending), 401, "unauthorized")


def test_a_token_with_another_signature_is_refused(world):
    token = with_another_signature(world.forged.good["IdToken"])
    problem(world.stack.call("GET", "/orders", token=token), 401, "unauthorized")
