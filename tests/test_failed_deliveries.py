"""Drop-offs that fail: the parcel goes back, the agent tries again, or a dispatcher decides."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from problems import pointers, problem
from secrets_told import TOLD
from town import open_route, order_of, routes_of, same_time, statuses, when
from waybill_client import eventually, expect


def say(person, order, status, **more):
    return person.put(f"/orders/{order['order_id']}/status", {"status": status, **more})


def nobody_home(person, order, tap):
    body = {"reason_code": "nobody_home", "tap_id": f"tap-{tap}-{order['order_id']}"}
    return expect(say(person, order, "failed", **body), 200)


def aboard(town, on_failure, *, others=0):
    """A customer, an agent with room for three, and an order that is picked up."""
    ana, ben = town.customer(), town.agent(capacity=3)
    order = town.order(ana, on_failure=on_failure)
    rest = [town.order(ana, (0.5, 0.1), (1, 0.5)) for _ in range(others)]
    town.assigned(ana, order, *rest, to=ben)
    expect(say(ben, order, "in_progress"), 200)
    return ana, ben, order, rest


def open_stops(agent):
    return [stop for stop in open_route(agent)["stops"] if stop["status"] == "pending"]


def test_a_day_with_a_parcel_that_goes_back(town):
    ana, ben, order, (other,) = aboard(town, "return", others=1)
    failed = nobody_home(ben, order, 1)
    assert (failed["status"], failed["on_failure"]) == ("returning", "return")
    assert failed["history"][-1]["reason_code"] == "nobody_home"
    last = open_stops(ben)[-1]
    assert (last["kind"], last["returns"], last["order_id"]) == ("dropoff", True, order["order_id"])
    assert last["location"] == order["pickup"]["location"]
    assert same_time(failed["eta"], last["eta"])

    # The planner keeps the parcel aboard: two of three units are taken until the first hand-over.
    third = town.order(ana, (0.6, 0.1), (1.2, 0.4))
    town.assigned(ana, third, to=ben)
    returns = [stop for stop in open_stops(ben) if stop.get("returns")]
    assert [stop["order_id"] for stop in returns] == [order["order_id"]]
    problem(
        town.dispatcher.put(f"/orders/{order['order_id']}/assignment", {"agent_id": ben.user_id}),
        422,
        "decision_not_possible",
    )

    for done in (other, third):
        expect(say(ben, done, "delivered"), 200)
    problem(ben.put("/agents/me", {"on_duty": False}), 409, "route_open")
    returned = expect(say(ben, order, "returned"), 200)
    assert statuses(returned) == ["pending", "assigned", "in_progress", "returning", "returned"]
    assert [route["status"] for route in routes_of(ben)] == ["completed"]
    expect(ben.put("/agents/me", {"on_duty": False}), 200)


def test_three_attempts_and_then_back(town):
    _, ben, order, _ = aboard(town, "retry")
    first = nobody_home(ben, order, 1)
    assert first["status"] == "undelivered"
    failed_at = when(first["history"][-1]["at"])
    assert when(first["dropoff"]["window"]["start"]) == failed_at + timedelta(hours=1)
    # The same tap again, also from an old app without ids, is no second attempt.
    for more in ({"reason": "nobody"}, {"reason": "nobody"}):
        assert expect(say(ben, order, "failed", **more), 200)["version"] == first["version"]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: nobody_home(ben, order, 2), range(4)))
    assert {answer["status"] for answer in answers} == {"undelivered"}
    assert statuses(order_of(ben, order["order_id"])).count("undelivered") == 2
    stop = open_stops(ben)[0]
    assert (stop["kind"], stop.get("returns")) == ("dropoff", None)
    assert when(stop["eta"]) >= failed_at + timedelta(hours=1)
    assert nobody_home(ben, order, 3)["status"] == "returning"
    assert expect(say(ben, order, "returned"), 200)["status"] == "returned"
    assert [route["status"] for route in routes_of(ben)] == ["cancelled"], "nothing was delivered"


@pytest.mark.parametrize(
    "decision, end", [("in_progress", "delivered"), ("returning", "returned"), ("failed", "failed")]
)
def test_a_dispatcher_decides_about_a_parcel_on_hold(town, decision, end):
    ana, ben, order, _ = aboard(town, "hold")
    assert nobody_home(ben, order, 1)["status"] == "undelivered"
    assert nobody_home(ben, order, 2)["status"] == "undelivered", "the agent waits for the decision"
    refused = problem(say(ben, order, "returned"), 409, "transition_not_allowed")
    assert set(refused["allowed"]) == {"delivered", "failed"}
    problem(say(ben, order, "returning"), 403, "forbidden")
    problem(say(ana, order, "cancelled"), 409, "transition_not_allowed")

    def listed():
        found = town.dispatcher.every("/orders", "orders", status="undelivered")
        return order["order_id"] in [one["order_id"] for one in found]

    eventually("the order in the list of undelivered orders", listed)
    reason = {"reason": "as agreed"} if decision == "failed" else {}
    decided = expect(say(town.dispatcher, order, decision, **reason), 200)
    assert (decided["status"], decided["history"][-1]["by"]) == (decision, "dispatcher")
    if end != decision:
        assert expect(say(ben, order, end), 200)["status"] == end
    assert not [route for route in routes_of(ben) if route["status"] in ("assigned", "in_progress")]


def test_the_recipient_reads_what_follows(stack, town):
    ana, ben, order, _ = aboard(town, "return")
    link = expect(ana.post(f"/orders/{order['order_id']}/tracking-link"), 201)
    token = link["url"].split("#")[1]
    TOLD.add("token", token)
    nobody_home(ben, order, 1)
    headers = {"Tracking-Token": token, "Accept-Language": "de"}
    told = expect(stack.call("GET", "/tracking", headers=headers), 200)
    assert (told["status"], told["expected"]) == ("returning", None)
    assert "Absender" in told["message"]
    assert told["note"]["open"] is False


def test_without_on_failure_the_order_ends(town):
    _, ben, order, _ = aboard(town, "end")
    assert "on_failure" not in order
    assert nobody_home(ben, order, 1)["status"] == "failed"
    assert [route["status"] for route in routes_of(ben)] == ["cancelled"]


def test_faults_are_named(town):
    ana = town.customer()
    assert pointers(ana.order(town.body(on_failure="later"))) == ["#/on_failure"]
    order = town.order(ana)
    bad = town.dispatcher.put(f"/orders/{order['order_id']}/status", {"status": "delivered", "reason_code": "other"})
    assert pointers(bad) == ["#/reason_code"]
    assert pointers(say(town.dispatcher, order, "failed")) == ["#/reason"]


def choose(stack, token, window):
    return stack.call("POST", "/tracking/window", headers={"Tracking-Token": token}, json=window)


def test_the_recipient_chooses_a_window_for_the_next_attempt(stack, town):
    ana, ben, order, (other,) = aboard(town, "retry", others=1)
    link = expect(ana.post(f"/orders/{order['order_id']}/tracking-link"), 201)
    token = link["url"].split("#")[1]
    TOLD.add("token", token)

    def choice():
        return expect(stack.call("GET", "/tracking", headers={"Tracking-Token": token}), 200)["window"]

    nothing = {"open": False, "told": False, "offered": [], "chosen": None}
    assert choice() == nothing
    tomorrow = {"from": "2030-05-07T06:00:00Z", "to": "2030-05-07T10:00:00Z"}
    problem(choose(stack, token, tomorrow), 409, "no_next_attempt")
    failed = nobody_home(ben, order, 1)
    offered = choice()["offered"]
    assert 1 <= len(offered) <= 6 and choice()["open"]
    for window in offered:
        assert when(window["from"]) > when(failed["history"][-1]["at"]) + timedelta(minutes=59)
        assert timedelta(hours=1) <= when(window["to"]) - when(window["from"]) <= timedelta(hours=4)
    problem(choose(stack, token, tomorrow), 409, "window_not_offered")
    problem(choose(stack, "0" * 32, offered[-1]), 404, "not_found")
    assert pointers(choose(stack, token, {"from": "noon"})) == ["#/from", "#/to"]

    # Some press the button more than once.
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: choose(stack, token, offered[-1]).status_code, range(4)))
    assert answers == [204] * 4
    chosen = choice()
    assert (chosen["told"], chosen["chosen"]) == (True, offered[-1])
    stop = open_stops(ben)[-1]
    assert (stop["order_id"], stop["kind"]) == (order["order_id"], "dropoff")
    assert when(stop["eta"]) >= when(offered[-1]["from"])
    assert any(it["order_id"] == other["order_id"] for it in open_stops(ben)[:-1]), "the others come first"
    for person in (ana, ben, town.dispatcher):
        line = order_of(person, order["order_id"])["history"][-1]
        assert (line["by"], line["edited"]) == ("recipient", ["dropoff/window"])
    problem(choose(stack, token, offered[0]), 429, "too_many_requests")

    expect(say(ben, order, "delivered"), 200)
    assert choice() == nothing
    problem(choose(stack, token, offered[0]), 409, "no_next_attempt")
