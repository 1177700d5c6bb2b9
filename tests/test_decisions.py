"""Dispatchers decide about orders and routes, and the optimizer leaves it."""

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from functions_inside import Functions
from problems import pointers, problem
from town import check_books, open_route, order_of, routes_of, stops_of
from waybill_client import eventually, expect

NOBODY = "0190a0a0-0000-7000-8000-000000000000"
# CI repeats the race a few times. TRANSFERS=50 repeats it more often.
TRANSFERS = int(os.environ.get("TRANSFERS", "2"))


def assignment(order):
    return f"/orders/{order['order_id']}/assignment"


def reasons(answer):
    """The codes of a decision that the routes do not allow."""
    return [error["code"] for error in problem(answer, 422, "decision_not_possible")["errors"]]


def held(town, dispatcher, customer, *places, **more):
    """An order that no plan takes."""
    order = town.order(customer, *places, **more)
    return expect(dispatcher.delete(assignment(order), {"hold": True}), 200)


def put_on(dispatcher, agent, order, **more):
    return expect(dispatcher.put(assignment(order), {"agent_id": agent.user_id} | more), 200)


def test_a_dispatcher_arranges_a_day_and_no_plan_undoes_it(town, dispatcher, functions: Functions):
    ana, ben = town.customer(), town.agent()
    orders = [held(town, dispatcher, ana, (0.4 * n, 0.3), (1, 0.5 * n)) for n in range(3)]
    assert [order["held"] for order in orders] == [True] * 3
    # Ben is near, but the orders are held.
    functions.settle()
    assert [order_of(ana, order["order_id"])["status"] for order in orders] == ["pending"] * 3

    first, _, third = (put_on(dispatcher, ben, order, position="last") for order in orders)
    assert first["order"]["pinned"] and "held" not in first["order"]
    route = third["route"]
    assert route["provider"] == "dispatcher"
    assert [decision["user_id"] for decision in route["decisions"]] == [dispatcher.user_id] * 3
    sequence = [{"order_id": stop["order_id"], "kind": stop["kind"]} for stop in reversed(route["stops"])]
    sequence.sort(key=lambda stop: stop["kind"], reverse=True)  # all pickups, and then the drop-offs
    body = {"version": route["version"], "stops": sequence, "pinned_through": 4}
    answer = dispatcher.put(f"/routes/{ben.user_id}/stops", body)
    sequenced = expect(answer, 200)["route"]
    assert answer.headers["ETag"] == f'"{sequenced["version"]}"'
    assert sequenced["pinned_through"] == 4

    # Another order makes the optimizer plan the route again.
    late = town.order(ana, (0.5, 0.2), (0.8, 0.4))
    town.assigned(ana, late, to=ben)
    planned = open_route(ben)
    visited = [{"order_id": stop["order_id"], "kind": stop["kind"]} for stop in planned["stops"]]
    assert visited[:4] == sequence[:4], "the pinned stops keep their sequence"

    # A decision for the old version is refused with the current one.
    told = problem(dispatcher.put(f"/routes/{ben.user_id}/stops", body), 409, "version_conflict")
    assert told["current_version"] == planned["version"]
    stale = {"headers": {"If-Match": '"1"'}}
    order = order_of(dispatcher, orders[0]["order_id"])
    told = problem(dispatcher.delete(assignment(order), **stale), 412, "precondition_failed")
    assert told["current_version"] == order["version"]
    seen = dispatcher.get(f"/orders/{order['order_id']}")
    assert seen.headers["ETag"] == f'"{order["version"]}"'
    current = {"headers": {"If-Match": seen.headers["ETag"]}}
    released = expect(dispatcher.delete(assignment(order), {"hold": True, "not": [ben.user_id]}, **current), 200)
    assert (released["status"], released["not"]) == ("pending", [ben.user_id])
    assert released["history"][-1]["decision"] == {"kind": "held", "user_id": dispatcher.user_id}
    assert "not" not in order_of(ana, order["order_id"]), "the customer does not see whom the order must not meet"
    check_books(ana, [ben])


def test_the_release_of_the_last_order_ends_the_route(town, dispatcher):
    ana, ben = town.customer(), town.agent()
    order = held(town, dispatcher, ana)
    put_on(dispatcher, ben, order)
    released = expect(dispatcher.delete(assignment(order), {"hold": True}), 200)
    assert (released["status"], released["held"]) == ("pending", True)
    assert expect(ben.put("/agents/me", {"on_duty": True}), 200)["open_route_id"] is None
    check_books(ana, [ben])


def test_what_the_routes_do_not_allow_is_told(town, dispatcher):
    ana, ben, zoe = town.customer(), town.agent(capacity=5), town.agent(name="Zoe", on_duty=False)
    order, large = (held(town, dispatcher, ana, size=size) for size in (1, 6))
    soon = held(town, dispatcher, ana, dropoff_window=(-60, 1))
    assert reasons(dispatcher.put(assignment(large), {"agent_id": ben.user_id})) == ["capacity_exceeded"]
    assert reasons(dispatcher.put(assignment(order), {"agent_id": zoe.user_id})) == ["agent_off_duty"]
    assert reasons(dispatcher.put(assignment(soon), {"agent_id": ben.user_id})) == ["window_broken"]
    forced = put_on(dispatcher, ben, soon, force=True)
    assert [warning["code"] for warning in forced["warnings"]] == ["late"]
    route = put_on(dispatcher, ben, order)["route"]
    stops = stops_of(route, order)
    assert route["agent_id"] == ben.user_id and set(stops) == {"pickup", "dropoff"}

    visits = [{"order_id": stop["order_id"], "kind": stop["kind"]} for stop in route["stops"]]
    early = {"version": route["version"], "stops": sorted(visits, key=lambda stop: stop["kind"])}
    assert set(reasons(dispatcher.put(f"/routes/{ben.user_id}/stops", early))) == {"dropoff_before_pickup"}
    expect(dispatcher.put(f"/agents/{zoe.user_id}", {"status": "suspended"}), 200)
    answer = dispatcher.post(f"/routes/{ben.user_id}/transfer", {"to": zoe.user_id})
    assert reasons(answer) == ["agent_inactive"]

    expect(ben.mark(order["order_id"], "in_progress"), 200)
    for answer in (dispatcher.delete(assignment(order)), dispatcher.put(assignment(order), {"agent_id": ben.user_id})):
        assert reasons(answer) == ["order_aboard"]
    expect(ben.mark(order["order_id"], "delivered"), 200)
    problem(dispatcher.delete(assignment(order)), 409, "transition_not_allowed")
    check_books(ana, [ben])


BAD_BODIES = [
    ("PUT", "/orders/{id}/assignment", {}, ["#/agent_id"]),
    ("PUT", "/orders/{id}/assignment", {"agent_id": "me", "position": "first"}, ["#/agent_id", "#/position"]),
    ("PUT", "/orders/{id}/assignment", {"agent_id": NOBODY, "pinned": 1, "forse": True}, ["#/forse", "#/pinned"]),
    ("DELETE", "/orders/{id}/assignment", {"hold": "yes", "not": [NOBODY, 7]}, ["#/hold", "#/not/1"]),
    ("PUT", "/routes/{id}/stops", {}, ["#/stops", "#/version"]),
    (
        "PUT",
        "/routes/{id}/stops",
        {"version": 0, "stops": [{"kind": "x"}]},
        ["#/stops/0/kind", "#/stops/0/order_id", "#/version"],
    ),
    ("POST", "/routes/{id}/transfer", {}, ["#/to"]),
    ("POST", "/routes/{id}/transfer", {"to": "nobody", "pinned": "yes"}, ["#/pinned", "#/to"]),
    ("POST", "/routes/{id}/transfer", {"to": NOBODY}, ["#/to"]),
]


@pytest.mark.parametrize("method, path, body, named", BAD_BODIES, ids=str)
def test_a_wrong_decision_is_named(dispatcher, method, path, body, named):
    answer = dispatcher.stack.call(method, path.format(id=NOBODY), dispatcher.token, json=body)
    assert sorted(pointers(answer)) == named


@pytest.mark.parametrize("method, path", sorted({(method, path) for method, path, _, _ in BAD_BODIES}))
def test_a_decision_about_nobody_is_not_found_and_a_wrong_header_is_named(dispatcher, method, path):
    bodies = {
        "assignment": {"agent_id": NOBODY},
        "stops": {"version": 1, "stops": []},
        "transfer": {"to": None},
    }
    body = {} if method == "DELETE" else bodies[path.rsplit("/", 1)[1]]

    def call(**more):
        return dispatcher.stack.call(method, path.format(id=NOBODY), dispatcher.token, json=body, **more)

    problem(call(), 404, "not_found")
    assert pointers(call(headers={"If-Match": "7"})) == ["If-Match"]


def test_a_run_moves_while_its_agent_taps_and_the_optimizer_plans(town, dispatcher):
    """Nothing is lost, nothing is twice, and nothing is on two routes."""
    ana = town.customer()
    ben, zoe = agents = [town.agent((east, 0), capacity=30, name=f"Agent {east}") for east in (-0.5, 0.5)]
    for turn in range(TRANSFERS):
        ill, well = agents if turn % 2 == 0 else reversed(agents)
        orders = [held(town, dispatcher, ana, (0.1 * n, 0.2), (0.5, 0.1 * n)) for n in range(10)]
        for order in orders:
            put_on(dispatcher, ill, order, position="last")
        for order in orders[:2]:
            expect(ill.mark(order["order_id"], "in_progress"), 200)
        with ThreadPoolExecutor(4) as pool:
            # A new order wakes the optimizer, which writes one of the routes.
            placed = pool.submit(town.order, ana)
            taps = [pool.submit(ill.mark, order["order_id"], "in_progress") for order in orders[2:4]]
            transfer = pool.submit(dispatcher.post, f"/routes/{ill.user_id}/transfer", {"to": well.user_id})
            moved = expect(transfer.result(), 200)
            assert {tap.result().status_code for tap in taps} <= {200, 404}
        # All orders of the route were moved, or are aboard.
        aboard = {order["order_id"] for order in orders[:2]}
        assert {order["order_id"] for order in orders} <= {*moved["aboard"], *moved["moved"]}
        orders.append(placed.result())
        assert aboard <= set(moved["aboard"]) and not aboard & set(moved["moved"])
        everything = eventually("routes and orders that agree", lambda: agreeing(ana, agents), seconds=60)
        assert {order["order_id"] for order in orders} <= everything.keys()
        for order in orders:
            found = everything[order["order_id"]]
            assert found["status"] in ("assigned", "in_progress", "pending"), found["status"]
            if order["order_id"] in moved["moved"] and found["status"] == "assigned":
                assert found["agent_id"] == well.user_id, "a plan leaves what was moved by hand"
            finish(dispatcher, order)
        assert not [r for agent in agents for r in routes_of(agent) if r["status"] in ("assigned", "in_progress")]
    check_books(ana, [ben, zoe])


def agreeing(customer, agents):
    """The orders, by id. None while a plan is between the reads of this check."""
    try:
        return check_books(customer, agents)
    except (AssertionError, TypeError):
        return None


def finish(dispatcher, order):
    for _ in range(5):
        status = order_of(dispatcher, order["order_id"])["status"]
        answer = dispatcher.mark(order["order_id"], "delivered" if status == "in_progress" else "cancelled")
        if answer.status_code == 200:
            return
    expect(answer, 200)


def test_a_dispatcher_previews_the_next_plan(town):
    """It shows the zone of an agent. Nothing changes by that. The border of a zone may be near, so the large order is
    picked up where the agent is.
    """
    dispatcher, ana, ben = town.dispatcher, town.customer("Ana"), town.agent(capacity=3)
    on_route = town.order(ana)
    town.assigned(ana, on_route, to=ben)
    large = town.order(ana, (0.0, 0.0), size=5)["order_id"]
    route = open_route(ben)

    def shown():
        preview = expect(dispatcher.get("/plans/preview", agent_id=ben.user_id), 200)
        return preview if preview["unplaced"] else None

    preview = eventually("the large order is in the index", shown)
    assert preview["unplaced"] == [{"order_id": large, "reason": "over_capacity"}]
    assert (preview["assigned"], preview["moved"], preview["routes"]) == ([], [], [])
    again = expect(dispatcher.get("/plans/preview", zone=preview["zone"]), 200)
    assert again == preview
    assert open_route(ben)["version"] == route["version"]
    for query, pointer in (
        ({}, "?zone"),
        ({"zone": "Barcelona"}, "?zone"),
        ({"zone": preview["zone"], "agent_id": ben.user_id}, "?agent_id"),
        ({"agent": ben.user_id}, "?agent"),
    ):
        assert pointers(dispatcher.get("/plans/preview", **query)) == [pointer]
    problem(dispatcher.get("/plans/preview", agent_id=ana.user_id), 404, "not_found")
