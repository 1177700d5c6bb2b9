"""Dispatchers list customers, suspend them, and limit their pending orders."""

import pytest

from problems import pointers, problem
from town import open_route, order_of
from waybill_client import eventually, expect

SOMEBODY = "0190a0a0-0000-7000-8000-000000000000"


def customers(dispatcher, **query):
    return dispatcher.every("/customers", "customers", limit=100, **query)


def test_the_orders_of_a_suspended_customer_wait_and_are_freed_again(town):
    """An order that is aboard is delivered. An order that the dispatcher holds stays held."""
    dispatcher, ana, ben = town.dispatcher, town.customer("Ana"), town.agent()
    aboard, assigned, held = (town.order(ana)["order_id"] for _ in range(3))
    town.assigned(ana, *({"order_id": order} for order in (aboard, assigned, held)))
    expect(ben.mark(aboard, "in_progress"), 200)
    expect(dispatcher.delete(f"/orders/{held}/assignment", {"hold": True}), 200)
    session = expect(ana.log_in(), 200)["refresh_token"]

    suspended = expect(dispatcher.put(f"/customers/{ana.user_id}", {"status": "suspended"}), 200)
    assert (suspended["status"], suspended["name"]) == ("suspended", "Ana")
    problem(ana.post("/orders", town.body()), 403, "account_suspended")
    problem(ana.stack.call("POST", "/token/refresh", json={"refresh_token": session}), 401, "invalid_refresh_token")

    def waits(*orders):
        found = [order_of(dispatcher, order) for order in orders]
        return all(order["status"] == "pending" and order.get("suspended") for order in found)

    eventually("the orders wait", lambda: waits(assigned, held))
    assert order_of(dispatcher, aboard)["status"] == "in_progress"
    assert {stop["order_id"] for stop in open_route(ben)["stops"]} == {aboard}
    line = order_of(dispatcher, assigned)["history"][-1]
    assert line["decision"] == {"kind": "customer_suspended", "user_id": dispatcher.user_id}
    assert suspended in customers(dispatcher, status="suspended")

    active = expect(dispatcher.put(f"/customers/{ana.user_id}", {"status": "active"}), 200)
    assert "suspended_at" not in active
    expect(ana.log_in(), 200)
    town.assigned(ana, {"order_id": assigned}, to=ben)
    left = order_of(dispatcher, held)
    assert (left["status"], left["held"], "suspended" in left) == ("pending", True, False)
    expect(ben.mark(aboard, "delivered"), 200)


def test_a_customer_has_a_limit_of_its_own(town):
    dispatcher, gus = town.dispatcher, town.customer("Gus")
    limited = expect(dispatcher.put(f"/customers/{gus.user_id}", {"max_open_orders": 1}), 200)
    assert (limited["status"], limited["max_open_orders"]) == ("active", 1)
    town.order(gus)
    problem(gus.post("/orders", town.body()), 409, "too_many_open_orders")
    unlimited = expect(dispatcher.put(f"/customers/{gus.user_id}", {"max_open_orders": None}), 200)
    assert unlimited["max_open_orders"] is None
    town.order(gus)


def test_the_dispatcher_lists_customers(shared_town, dispatcher):
    people = [shared_town.customer(name) for name in ("Ana", "Gus", "Zoe")]
    agent = shared_town.agent(on_duty=False)
    shared_town.newcomer("customer", "Noor").sign_up()
    pages = [one["customer_id"] for one in dispatcher.every("/customers", "customers", limit=2)]
    assert len(pages) == len(set(pages)), "no customer is listed twice"
    assert {person.user_id for person in people} <= set(pages)
    assert agent.user_id not in pages
    found = customers(dispatcher, status="active")
    assert {one["status"] for one in found} == {"active"}
    assert {"Ana", "Gus", "Zoe"} <= {one["name"] for one in found}
    assert set(pointers(dispatcher.get("/customers", status="lost", limit=0, cursor="!"))) == {
        "?status",
        "?limit",
        "?cursor",
    }


@pytest.mark.parametrize(
    "body, named",
    [
        ({}, ["#"]),
        ({"status": "pending_approval"}, ["#/status"]),
        ({"max_open_orders": 1_000_001}, ["#/max_open_orders"]),
        ({"max_open_orders": "many", "status": 7, "name": "Ana"}, ["#/max_open_orders", "#/name", "#/status"]),
    ],
    ids=["nothing", "status", "limit", "several"],
)
def test_a_wrong_change_of_a_customer_is_named(dispatcher, body, named):
    assert sorted(pointers(dispatcher.put(f"/customers/{SOMEBODY}", body))) == named
