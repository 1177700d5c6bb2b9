"""Agents on duty, off duty and suspended, and the orders on their routes."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from problems import pointers, problem
from town import check_books, in_minutes, open_route, order_of, routes_of, statuses
from waybill_client import eventually, expect

SOMEBODY = "0190a0a0-0000-7000-8000-000000000000"


def under_way(town):
    """A customer, and an agent with one order aboard and another one to pick up."""
    ana, ben = town.customer("Ana"), town.agent()
    aboard, waiting = town.order(ana), town.order(ana, (0.4, 0.2), (1, 0.5))
    town.assigned(ana, aboard, waiting, to=ben)
    expect(ben.mark(aboard["order_id"], "in_progress"), 200)
    return ana, ben, aboard["order_id"], waiting["order_id"]


def test_who_goes_off_duty_gives_back_what_is_not_aboard_if_they_ask(town):
    ana, ben, aboard, waiting = under_way(town)
    refused = problem(ben.put("/agents/me", {"on_duty": False}), 409, "route_open")
    assert "release" in refused["detail"], "the reason says what can be done"
    assert order_of(ana, waiting)["status"] == "assigned"

    agent = expect(ben.put("/agents/me", {"on_duty": False, "release": True}), 200)
    assert agent["on_duty"] is False and agent["open_route_id"] == order_of(ana, aboard)["route_id"]
    back = order_of(ana, waiting)
    assert back["status"] == "pending" and "agent_id" not in back
    assert (back["history"][-1]["status"], back["history"][-1]["by"]) == ("pending", "agent")
    check_books(ana, [ben])

    # An agent off duty gets no new orders, and the order says why it waits.
    eventually("a word on why it waits", lambda: order_of(ana, waiting).get("unplaced_reason"))
    assert order_of(ana, waiting)["unplaced_reason"] == "no_agent_on_duty"
    # A repetition changes nothing.
    for body in ({"on_duty": False, "release": True}, {"on_duty": False}):
        expect(ben.put("/agents/me", body), 200)
    assert [stop["order_id"] for stop in open_route(ben)["stops"] if stop["status"] == "pending"] == [aboard]

    # The agent delivers the order aboard, and this ends the route.
    expect(ben.mark(aboard, "delivered"), 200)
    assert [route["status"] for route in routes_of(ben)] == ["completed"]
    town.come_on_duty(ben)
    moved = town.assigned(ana, {"order_id": waiting}, to=ben)[0]
    assert statuses(moved) == ["pending", "assigned", "pending", "assigned"]
    check_books(ana, [ben])


def test_with_nothing_aboard_a_release_ends_the_route(town):
    ana, ben = town.customer("Ana"), town.agent()
    order = town.order(ana)
    town.assigned(ana, order, to=ben)
    agent = expect(town.dispatcher.put(f"/agents/{ben.user_id}", {"on_duty": False, "release": True}), 200)
    assert (agent["on_duty"], agent["open_route_id"]) == (False, None)
    assert [route["status"] for route in routes_of(ben)] == ["cancelled"]
    back = order_of(ana, order["order_id"])
    assert (back["status"], back["history"][-1]["by"]) == ("pending", "dispatcher")
    check_books(ana, [ben])


@pytest.mark.parametrize(
    "body", [{"release": True}, {"release": True, "on_duty": True}, {"release": 1, "on_duty": False}]
)
def test_a_release_goes_with_the_end_of_duty(shared_town, body):
    ben = shared_town.agent(on_duty=False)
    assert pointers(ben.put("/agents/me", body)) == ["#/release"]


def test_an_agent_says_what_when_and_from_where(shared_town):
    ben = shared_town.agent(on_duty=False)
    shift = {"start": in_minutes(0), "end": in_minutes(8 * 60)}
    wanted = {"start_location": shared_town.point(1, 1), "vehicle": {"capacity": 3}, "shift": shift}
    agent = expect(ben.put("/agents/me", wanted), 200)
    assert {name: agent[name] for name in wanted} == wanted | {"shift": shift | {"breaks": []}}
    listed = shared_town.dispatcher.every("/agents", "agents", status="active", limit=100)
    assert [found for found in listed if found["agent_id"] == ben.user_id] == [agent]
    # `null` removes a shift. Missing fields do not change.
    without = expect(ben.put("/agents/me", {"shift": None}), 200)
    assert without == agent | {"shift": None, "version": without["version"]}


def test_a_suspended_agent_is_out_at_once(shared_town, dispatcher):
    """The token stays valid until it expires, but the calls refuse the agent."""
    ben = shared_town.agent(on_duty=False)
    session = expect(ben.log_in(), 200)["refresh_token"]
    for path in ("/me", "/orders", "/routes/me"):
        expect(ben.get(path), 200)
    expect(dispatcher.put(f"/agents/{ben.user_id}", {"status": "suspended"}), 200)
    for path in ("/me", "/orders", f"/orders/{SOMEBODY}", "/routes/me", f"/routes/{ben.user_id}"):
        problem(ben.get(path), 403, "agent_not_active")
    problem(ben.mark(SOMEBODY, "delivered"), 403, "agent_not_active")
    problem(ben.put("/agents/me", {"vehicle": {"capacity": 5}}), 403, "agent_not_active")
    refresh = {"refresh_token": session}
    problem(ben.stack.call("POST", "/token/refresh", json=refresh), 401, "invalid_refresh_token")
    problem(ben.log_in(), 403, "agent_not_active")
    expect(ben.post("/logout"), 204)

    # A second suspension changes nothing. An agent who is active again must log in again.
    expect(dispatcher.put(f"/agents/{ben.user_id}", {"status": "suspended"}), 200)
    expect(dispatcher.put(f"/agents/{ben.user_id}", {"status": "active"}), 200)
    expect(ben.log_in(), 200)
    assert expect(ben.get("/me"), 200)["status"] == "active"


@pytest.mark.parametrize("outcome, route_ends", [("delivered", "completed"), ("failed", "cancelled")])
def test_the_dispatcher_finds_and_finishes_what_a_suspended_agent_has_aboard(town, outcome, route_ends):
    ana, ben, aboard, waiting = under_way(town)
    dispatcher = town.dispatcher
    expect(dispatcher.put(f"/agents/{ben.user_id}", {"status": "suspended"}), 200)
    # A suspended agent with an open route has orders aboard.
    suspended = dispatcher.every("/agents", "agents", status="suspended", limit=100)
    (agent,) = [agent for agent in suspended if agent["agent_id"] == ben.user_id]
    (route,) = dispatcher.every(f"/routes/{ben.user_id}", "routes", status="in_progress")
    assert agent["open_route_id"] == route["route_id"]
    left = [(stop["order_id"], stop["kind"]) for stop in route["stops"] if stop["status"] == "pending"]
    assert left == [(aboard, "dropoff")]
    order = order_of(dispatcher, aboard)
    assert (order["status"], order["agent_id"]) == ("in_progress", ben.user_id)
    assert order_of(ana, waiting)["status"] == "pending"

    reason = "brought back to the depot" if outcome == "failed" else None
    done = expect(dispatcher.mark(aboard, outcome, reason), 200)
    assert (done["status"], done["history"][-1]["by"]) == (outcome, "dispatcher")
    (route,) = dispatcher.every(f"/routes/{ben.user_id}", "routes")
    assert route["status"] == route_ends
    suspended = dispatcher.every("/agents", "agents", status="suspended", limit=100)
    assert [a["open_route_id"] for a in suspended if a["agent_id"] == ben.user_id] == [None]


def test_agents_come_and_go_while_orders_come_in(town):
    """A writer that loses a race reads again. At the end orders and routes agree, and no order is lost."""
    ana, agents = town.customer("Ana"), [town.agent(name=f"Agent {n}") for n in range(2)]

    def places():
        return [town.order(ana, (0.1 * n, 0.1), (0.5, 0.1 * n)) for n in range(6)]

    def comes_and_goes(agent):
        for _ in range(6):
            expect(agent.put("/agents/me", {"on_duty": False, "release": True}), 200)
            expect(agent.put("/agents/me", {"on_duty": True}), 200)

    with ThreadPoolExecutor(3) as pool:
        placed = pool.submit(places)
        for going in [pool.submit(comes_and_goes, agent) for agent in agents]:
            going.result()
        orders = placed.result()
    town.assigned(ana, *orders)
    check_books(ana, agents)
    # One agent goes off duty. The other takes over all orders that were not aboard.
    expect(agents[0].put("/agents/me", {"on_duty": False, "release": True}), 200)
    town.assigned(ana, *orders, to=agents[1])
    check_books(ana, agents)
    assert expect(agents[0].get("/routes/me", status="assigned"), 200)["routes"] == []
