"""Who may do what, and who is told that there is nothing."""

import base64
import json
import uuid

import pytest

from problems import problem
from town import order_of
from waybill_client import claims, expect

SOMEBODY = "0190a0a0-0000-7000-8000-000000000000"
CALLS = [
    ("GET", "/me"),
    ("POST", "/logout"),
    ("POST", "/orders"),
    ("GET", "/orders"),
    ("GET", f"/orders/{SOMEBODY}"),
    ("PUT", f"/orders/{SOMEBODY}/status"),
    ("GET", "/routes/me"),
    ("GET", f"/routes/{SOMEBODY}"),
    ("GET", "/agents"),
    ("PUT", "/agents/me"),
    ("PUT", f"/agents/{SOMEBODY}"),
]


@pytest.fixture(scope="module")
def ana(shared_town):
    return shared_town.customer("Ana")


@pytest.fixture(scope="module")
def bob(shared_town):
    return shared_town.customer("Bob")


@pytest.fixture(scope="module")
def agent(shared_town):
    """Active, and off duty: nobody in this file is planned for."""
    return shared_town.agent(on_duty=False)


def part(told):
    return base64.urlsafe_b64encode(json.dumps(told).encode()).decode().rstrip("=")


def unsigned(token):
    return f"{part({'alg': 'none', 'typ': 'JWT'})}.{token.split('.')[1]}."


def tampered(token):
    """The same token, with one more group in it."""
    header, _, signature = token.split(".")
    return f"{header}.{part(claims(token) | {'cognito:groups': ['dispatcher']})}.{signature}"


def other_signature(token):
    head, signature = token.rsplit(".", 1)
    middle = len(signature) // 2
    swapped = "A" if signature[middle] != "A" else "B"
    return f"{head}.{signature[:middle]}{swapped}{signature[middle + 1:]}"


@pytest.mark.parametrize("method, path", CALLS)
def test_without_a_token_nothing_is_answered(stack, method, path):
    problem(stack.call(method, path, json={} if method != "GET" else None), 401)


@pytest.mark.parametrize(
    "forge",
    [
        lambda person: "not a token",
        lambda person: unsigned(person.token),
        lambda person: unsigned(person.token) + "AAAA",
        lambda person: tampered(person.token),
        lambda person: other_signature(person.token),
        lambda person: person.id_token,
    ],
    ids=["garbage", "alg none", "alg none with a signature", "tampered", "other signature", "ID token"],
)
def test_a_forged_token_is_no_token(ana, forge):
    for method, path in (("GET", "/me"), ("GET", "/orders"), ("GET", "/agents")):
        problem(ana.stack.call(method, path, token=forge(ana)), 401)


def test_the_token_itself_is_good(ana):
    """What the tests above change is what makes the difference."""
    expect(ana.get("/me"), 200)


@pytest.mark.parametrize(
    "role, method, path, body",
    [
        ("customer", "GET", "/agents", None),
        ("customer", "GET", "/routes/me", None),
        ("customer", "PUT", "/agents/me", {"on_duty": True}),
        ("agent", "POST", "/orders", {}),
        ("agent", "GET", "/agents", None),
        ("dispatcher", "POST", "/orders", {}),
    ],
)
def test_the_wrong_role_is_refused(request, role, method, path, body):
    person = request.getfixturevalue({"customer": "ana", "agent": "agent", "dispatcher": "dispatcher"}[role])
    problem(person.stack.call(method, path, token=person.token, json=body), 403, "forbidden")


def test_somebody_elses_order_is_not_there(shared_town, ana, bob, agent):
    order = shared_town.order(ana)
    for stranger in (bob, agent):
        problem(stranger.get(f"/orders/{order['order_id']}"), 404, "not_found")
    problem(bob.mark(order["order_id"], "cancelled"), 404, "not_found")
    problem(agent.mark(order["order_id"], "in_progress"), 404, "not_found")
    assert order_of(ana, order["order_id"])["status"] == "pending"
    assert order["order_id"] not in [found["order_id"] for found in bob.every("/orders", "orders")]


def test_an_order_that_is_not_there_looks_the_same(ana, dispatcher):
    for nothing in (str(uuid.uuid4()), "not-an-id"):
        problem(ana.get(f"/orders/{nothing}"), 404)
        problem(dispatcher.mark(nothing, "cancelled"), 404)


def test_another_agents_routes_and_record_are_not_there(shared_town, agent):
    other = shared_town.agent(on_duty=False, name="Other Agent")
    problem(agent.get(f"/routes/{other.user_id}"), 404, "not_found")
    problem(agent.put(f"/agents/{other.user_id}", {"vehicle": {"capacity": 1}}), 404, "not_found")
    expect(agent.get(f"/routes/{agent.user_id}"), 200)
    expect(agent.put(f"/agents/{agent.user_id}", {"vehicle": {"capacity": 11}}), 200)


def test_a_customer_is_no_agent_to_the_dispatcher_either(ana, dispatcher):
    problem(dispatcher.put(f"/agents/{ana.user_id}", {"status": "suspended"}), 404, "not_found")
    problem(dispatcher.get(f"/routes/{ana.user_id}"), 404, "not_found")
    expect(ana.get("/me"), 200)


@pytest.mark.parametrize("state", ["pending_approval", "suspended"])
def test_an_agent_who_is_not_active_sees_no_orders_and_no_routes(shared_town, dispatcher, state):
    ben = shared_town.applicant()
    if state == "suspended":
        shared_town.approve(ben)
        expect(ben.get("/orders"), 200)
        expect(dispatcher.put(f"/agents/{ben.user_id}", {"status": "suspended"}), 200)
    order = SOMEBODY
    problem(ben.get("/orders"), 403, "agent_not_active")
    problem(ben.get(f"/orders/{order}"), 403, "agent_not_active")
    problem(ben.mark(order, "delivered"), 403, "agent_not_active")
    problem(ben.get("/routes/me"), 403, "agent_not_active")
    if state == "suspended":
        problem(ben.get("/me"), 403, "agent_not_active")
    else:
        assert expect(ben.get("/me"), 200)["status"] == state


def test_a_problem_of_the_gateway_has_the_same_form(stack):
    told = problem(stack.call("GET", "/me"), 401)
    assert told["code"], "a machine can tell what it is"
