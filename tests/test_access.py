"""Refusals reveal nothing. The table of access_table.py cannot express this."""

import uuid

import pytest

from problems import problem
from town import order_of
from waybill_client import expect


@pytest.fixture(scope="module")
def ana(shared_town):
    return shared_town.customer("Ana")


@pytest.fixture(scope="module")
def bob(shared_town):
    return shared_town.customer("Bob")


def without_instance(told):
    told.pop("instance", None)
    return told


def test_somebody_elses_order_looks_like_one_that_is_not_there(shared_town, ana, bob):
    order = shared_town.order(ana)
    theirs = without_instance(problem(bob.get(f"/orders/{order['order_id']}"), 404, "not_found"))
    for nothing in (str(uuid.uuid4()), "not-an-id"):
        assert without_instance(problem(bob.get(f"/orders/{nothing}"), 404)) == theirs
    theirs = without_instance(problem(bob.mark(order["order_id"], "cancelled"), 404, "not_found"))
    assert without_instance(problem(bob.mark(str(uuid.uuid4()), "cancelled"), 404)) == theirs
    assert order_of(ana, order["order_id"])["status"] == "pending"


def test_a_dispatcher_is_told_of_an_order_that_is_not_there(dispatcher):
    for nothing in (str(uuid.uuid4()), "not-an-id"):
        problem(dispatcher.mark(nothing, "cancelled"), 404)


def test_a_customer_is_no_agent_to_the_dispatcher_either(ana, dispatcher):
    problem(dispatcher.put(f"/agents/{ana.user_id}", {"status": "suspended"}), 404, "not_found")
    problem(dispatcher.get(f"/routes/{ana.user_id}"), 404, "not_found")
    expect(ana.get("/me"), 200)


def test_an_agent_who_waits_is_told_so(shared_town):
    ben = shared_town.applicant()
    assert expect(ben.get("/me"), 200)["status"] == "pending_approval"


def test_a_problem_of_the_gateway_has_the_same_form(stack):
    told = problem(stack.call("GET", "/me"), 401)
    assert told["code"], "a machine can tell what it is"
