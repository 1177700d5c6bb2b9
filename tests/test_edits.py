"""Orders that change after they were placed, one by one and many at once."""

from datetime import timedelta

import pytest

import imports
from import_files import HEADER
from problems import pointers, problem
from town import check_books, open_route, order_of, statuses, stops_of, when
from waybill_client import eventually, expect

UNKNOWN = "0190a0a0-0000-7000-8000-000000000000"


@pytest.fixture
def on_route(town):
    """A customer, an agent, and two orders on the agent's route."""
    ana, ben = town.customer(), town.agent(capacity=10)
    orders = town.assigned(ana, town.order(ana), town.order(ana, (0.6, 0.1), (1.1, 0.9)), to=ben)
    return ana, ben, *orders


def test_a_change_that_plans_depend_on_plans_the_order_again(town, on_route):
    ana, ben, order, other = on_route
    path = f"/orders/{order['order_id']}"
    answer = ana.get(path)
    assert answer.headers["ETag"] == f'"{answer.json()["version"]}"'
    new = {"dropoff": {"location": town.point(1.5, 1.5)}, "size": 2}
    stale = problem(ana.patch(path, new, version=answer.json()["version"] - 1), 412, "precondition_failed")
    assert stale["current_version"] == answer.json()["version"]
    edited = expect(ana.patch(path, new, version=answer.json()["version"]), 200)
    assert (edited["status"], edited["size"]) == ("pending", 2)
    assert edited["history"][-1]["edited"] == ["dropoff/location", "size"]
    # The answer was lost, and the app sends the same again.
    expect(ana.patch(path, new, version=answer.json()["version"]), 200)
    (again,) = town.assigned(ana, order)
    assert statuses(again) == ["pending", "assigned", "pending", "assigned"]
    assert stops_of(open_route(ben), order)["dropoff"]["location"] == town.point(1.5, 1.5)
    # Without its last order a route ends, and its agent is free.
    for one in (order, other):
        expect(ana.patch(f"/orders/{one['order_id']}", {"requires": ["nobody-has-this"]}), 200)
        expect(ana.post("/orders/cancel", {"order_ids": [one["order_id"]]}), 200)
    check_books(ana, [ben])


def test_aboard_only_some_fields_change(town, on_route):
    ana, ben, order, _ = on_route
    path = f"/orders/{order['order_id']}"
    expect(ben.mark(order["order_id"], "in_progress"), 200)
    place = {"dropoff": {"location": town.point(1.2, 1.2)}}
    assert pointers(ana.patch(path, {**place, "size": 3})) == ["#/dropoff/location", "#/size"]
    assert pointers(ana.patch(path, {"priority": "urgent"})) == ["#/priority"]
    edited = expect(ana.patch(path, {"notes": "Ring twice.", "dropoff": {"contact": {"phone": "+34 600"}}}), 200)
    assert edited["notes"] == "Ring twice." and edited["status"] == "in_progress"
    expect(town.dispatcher.patch(path, place), 200)
    assert stops_of(open_route(ben), order)["dropoff"]["location"] == town.point(1.2, 1.2)
    expect(ben.mark(order["order_id"], "delivered"), 200)
    problem(ana.patch(path, {"notes": "too late"}), 409, "order_ended")


def test_what_follows_a_failure_and_the_proof_change_in_a_merge_patch(town, on_route):
    ana, ben, order, _ = on_route
    path = f"/orders/{order['order_id']}"
    asked = {"on_failure": "retry", "requires_proof": {"pickup": {"photo": True}, "dropoff": {"signature": True}}}
    edited = expect(ana.patch(path, asked), 200)
    assert edited["status"] == "assigned", "no plan depends on these"
    assert edited["history"][-1]["edited"] == ["on_failure", "requires_proof/pickup", "requires_proof/dropoff"]
    assert (edited["on_failure"], edited["requires_proof"]) == ("retry", asked["requires_proof"])
    # A merge patch changes the members that it names.
    edited = expect(ana.patch(path, {"requires_proof": {"pickup": {"photo": None}, "dropoff": {"pin": True}}}), 200)
    assert edited["requires_proof"] == {"dropoff": {"signature": True, "pin": True}}
    bad = {"on_failure": "later", "requires_proof": {"pickup": {"pin": True}, "door": {}}}
    assert pointers(ana.patch(path, bad)) == ["#/on_failure", "#/requires_proof/door", "#/requires_proof/pickup/pin"]

    expect(ben.mark(order["order_id"], "in_progress"), 200)
    more = {"requires_proof": {"dropoff": {"barcodes": ["PK-1"]}}}
    edited = expect(ana.patch(path, more), 200)
    assert edited["requires_proof"]["dropoff"] == {"signature": True, "pin": True, "barcodes": ["PK-1"]}
    for less in ({"pin": False}, {"barcodes": []}, None):
        assert pointers(ana.patch(path, {"requires_proof": {"dropoff": less}})) == ["#/requires_proof/dropoff"]
    assert pointers(town.dispatcher.patch(path, {"requires_proof": {"pickup": {"photo": True}}})) == [
        "#/requires_proof/pickup"
    ]
    edited = expect(town.dispatcher.patch(path, {"requires_proof": {"dropoff": None}}), 200)
    assert "requires_proof" not in edited, "the company requires nothing"

    failed = {"status": "failed", "reason_code": "nobody_home"}
    assert expect(ben.put(f"{path}/status", failed), 200)["status"] == "undelivered"
    for person in (ana, town.dispatcher):
        assert pointers(person.patch(path, {"on_failure": "return"})) == ["#/on_failure"]


def test_every_bad_field_of_an_edit_is_named(town):
    ana, bob = town.customer(), town.customer("Bob")
    order = town.order(ana)
    path = f"/orders/{order['order_id']}"
    body = {"size": 0, "colour": None, "external_id": "x", "pickup": {"location": {"lat": 91}}, "dropoff": None}
    named = {"#/size", "#/colour", "#/external_id", "#/pickup/location/lat", "#/dropoff"}
    assert set(pointers(ana.patch(path, body))) == named
    problem(bob.patch(path, {"notes": "x"}), 404, "not_found")
    problem(ana.patch(f"/orders/{UNKNOWN}", {"notes": "x"}), 404, "not_found")
    patch = {"Content-Type": "application/merge-patch+json"}
    answer = ana.stack.call("PATCH", path, ana.token, data="{", headers=patch)
    problem(answer, 400, "unreadable")
    answer = ana.stack.call("PATCH", path, ana.token, data="{}", headers={"Content-Type": "text/plain"})
    problem(answer, 415, "unsupported_media_type")
    assert order_of(ana, order["order_id"])["version"] >= order["version"]
    assert "notes" not in order_of(ana, order["order_id"])


def test_many_orders_are_cancelled_with_an_answer_for_each(town, on_route):
    ana, ben, first, second = on_route
    bob = town.customer("Bob")
    expect(ben.mark(first["order_id"], "in_progress"), 200)
    ids = [second["order_id"], first["order_id"], UNKNOWN]
    told = expect(bob.post("/orders/cancel", {"order_ids": ids}), 200)
    assert {one["result"] for one in told["orders"]} == {"not_found"}
    told = expect(ana.post("/orders/cancel", {"order_ids": ids, "reason": "closed"}), 200)
    assert [one["result"] for one in told["orders"]] == ["cancelled", "not_possible", "not_found"]
    assert told["more"] is False
    assert order_of(ana, second["order_id"])["history"][-1]["reason"] == "closed"
    check_books(ana, [ben])
    expect(ben.mark(first["order_id"], "delivered"), 200)
    # Without its last order a route ends, and its agent is free.
    (last,) = town.assigned(ana, town.order(ana), to=ben)
    expect(ana.post("/orders/cancel", {"order_ids": [last["order_id"]]}), 200)
    check_books(ana, [ben])


def test_the_pending_orders_of_a_customer_are_cancelled(town):
    ana = town.customer()
    orders = [town.order(ana) for _ in range(3)]
    told = eventually(
        "the index to show them",
        lambda: (one := expect(ana.post("/orders/cancel", {"filter": {"status": "pending"}}), 200))["orders"] and one,
    )
    assert {one["result"] for one in told["orders"]} == {"cancelled"}
    eventually(
        "all of them to be cancelled",
        lambda: (
            expect(town.dispatcher.post("/orders/cancel", filter_of(ana)), 200)
            and all(order_of(ana, order["order_id"])["status"] == "cancelled" for order in orders)
        ),
    )


def filter_of(customer):
    return {"filter": {"status": "pending", "customer_id": customer.user_id}}


def test_an_import_is_cancelled_with_its_orders_on_routes(town):
    ana, ben = town.customer(), town.agent(capacity=3)
    place = "{lat},{lon}".format(**town.point(0.5, 0.5))
    rows = "\n".join(f"r{n},{place},{place}" for n in range(250))
    account = imports.hand_over(ana, f"{HEADER}\n{rows}\n".encode())
    eventually("a route with some of them", lambda: ben.get("/routes/me").json()["routes"])
    path = f"/imports/{account['import_id']}"
    told = expect(ana.post("/orders/cancel", {"filter": {"import_id": account["import_id"]}}), 202)
    assert told["cancellation"]["only_pending"] is False
    done = eventually(
        "the end of the cancellation",
        lambda: (it := expect(ana.get(path), 200)) and "finished_at" in it["cancellation"] and it,
        seconds=180,
    )
    assert done["cancellation"] | {"cancelled": 250, "kept": 0, "progress": 1.0} == done["cancellation"]
    found = ana.every("/orders", "orders", limit=100)
    assert [order["status"] for order in found] == ["cancelled"] * 250
    assert "open_route_id" in expect(ben.put("/agents/me", {"on_duty": True}), 200)
    check_books(ana, [ben])


def test_a_quote_is_close_to_the_order_that_is_placed_afterwards(town):
    ana, ben = town.customer(), town.agent(capacity=10)
    town.assigned(ana, town.order(ana), to=ben)
    body = town.body((0.7, 0.2), (1.4, 1.1))
    quote = expect(ana.post("/quotes", body), 200)
    assert quote["feasible"] is True and not {"agent_id", "route_id"} & set(quote)
    assert len(ana.every("/orders", "orders")) == 1, "a quote is no order"
    order = expect(ana.order(body), 201)
    town.assigned(ana, order, to=ben)
    stops = stops_of(open_route(ben), order)
    for kind in ("pickup", "dropoff"):
        apart = abs(when(quote[f"{kind}_eta"]) - when(stops[kind]["eta"]))
        assert apart < timedelta(minutes=10), (quote, stops)
    problem(ben.post("/quotes", body), 403, "forbidden")
    assert pointers(ana.post("/quotes", body | {"size": 0, "colour": 1})) == ["#/colour", "#/size"]
