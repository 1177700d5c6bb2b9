"""The allowed and the refused steps of an order, and their effects on its route."""

import pytest

from problems import pointers, problem
from town import check_sums, open_route, order_of, routes_of, same_time, show, statuses, stops_of, when
from waybill_client import eventually, expect

# The next statuses of each status, for a caller who may set all of them.
LEADS_TO = {
    "pending": {"cancelled"},
    "assigned": {"in_progress", "delivered", "failed", "cancelled"},
    "in_progress": {"delivered", "failed"},
    "delivered": set(),
    "failed": set(),
    "cancelled": set(),
}
SETTABLE = ("in_progress", "delivered", "failed", "cancelled")
# The steps of a new order to this status.
STEPS = {
    "pending": [],
    "assigned": [],
    "in_progress": ["in_progress"],
    "delivered": ["in_progress", "delivered"],
    "failed": ["failed"],
    "cancelled": ["cancelled"],
}
REASON = "nobody was there"


class Day:
    """One agent with one long route. Each test uses its own orders of this route."""

    def __init__(self, town):
        self.town, self.dispatcher = town, town.dispatcher
        self.ana, self.agent = town.customer("Ana"), town.agent(capacity=100)
        # Orders for the day after tomorrow stay pending.
        days = 2 * 24 * 60
        self.later = [town.order(self.ana, pickup_window=(days, days + 60)) for _ in range(3)]
        near = [town.order(self.ana, (0.2, 0.1), (0.3, 0.4)) for _ in range(28)]
        self.near = town.assigned(self.ana, *near)

    def order_that_is(self, status):
        order = (self.later if status == "pending" else self.near).pop()
        for step in STEPS[status]:
            expect(self.dispatcher.mark(order["order_id"], step, REASON if step == "failed" else None), 200)
        found = order_of(self.ana, order["order_id"])
        assert found["status"] == status, show([found])
        return found


@pytest.fixture(scope="module")
def day(shared_town):
    return Day(shared_town)


def without_eta(order):
    """The order without the time of its next stop: an overdue stop is expected now, and so later in each answer."""
    return {name: value for name, value in order.items() if name != "eta"}


def reason_for(status):
    return REASON if status == "failed" else None


@pytest.mark.parametrize("before", LEADS_TO)
def test_forbidden_steps_change_nothing_and_tell_what_is_allowed(day, before):
    order = day.order_that_is(before)
    # An app that was offline says "picked up" after "delivered": this is answered, and changes nothing.
    said_late = {"in_progress"} if before == "delivered" else set()
    for status in said_late:
        assert expect(day.dispatcher.mark(order["order_id"], status), 200)["status"] == before
    for status in set(SETTABLE) - LEADS_TO[before] - {before} - said_late:
        refused = day.dispatcher.mark(order["order_id"], status, reason_for(status))
        told = problem(refused, 409, "transition_not_allowed")
        assert set(told["allowed"]) == LEADS_TO[before], f"{before} → {status}"
    assert without_eta(order_of(day.ana, order["order_id"])) == without_eta(order), "a refused step leaves no trace"


@pytest.mark.parametrize("before, after", [(b, a) for b, leads in LEADS_TO.items() for a in sorted(leads)])
def test_allowed_steps_are_written_into_the_history(day, before, after):
    order = day.order_that_is(before)
    answer = expect(day.dispatcher.mark(order["order_id"], after, reason_for(after)), 200)
    assert answer["status"] == after
    found = order_of(day.ana, order["order_id"])
    assert without_eta(found) == without_eta(answer), "the answer is what is stored"
    assert statuses(found) == statuses(order) + [after]
    line = found["history"][-1]
    assert line.get("reason") == reason_for(after) and when(line["at"]) >= when(order["history"][-1]["at"])


@pytest.mark.parametrize("status", SETTABLE)
def test_a_status_set_twice_is_one_change(day, status):
    order = day.order_that_is(status)
    again = expect(day.dispatcher.mark(order["order_id"], status, reason_for(status)), 200)
    assert without_eta(again) == without_eta(order) and statuses(again).count(status) == 1


@pytest.mark.parametrize("status", ["pending", "assigned"])
def test_what_only_the_optimizer_sets_is_not_for_anybody_to_ask(day, status):
    order = day.order_that_is("in_progress")
    for person in (day.dispatcher, day.agent, day.ana):
        assert pointers(person.mark(order["order_id"], status)) == ["#/status"]
    assert without_eta(order_of(day.ana, order["order_id"])) == without_eta(order)


@pytest.mark.parametrize(
    "who, status", [("agent", "cancelled"), ("ana", "in_progress"), ("ana", "delivered"), ("ana", "failed")]
)
def test_each_role_sets_its_own_statuses_alone(day, who, status):
    order = day.order_that_is("assigned")
    problem(getattr(day, who).mark(order["order_id"], status, reason_for(status)), 403, "forbidden")
    assert order_of(day.ana, order["order_id"])["status"] == "assigned"


def test_an_agent_takes_an_order_through_its_stops(day):
    order = day.order_that_is("assigned")
    on_the_way = expect(day.agent.mark(order["order_id"], "in_progress"), 200)
    stops = stops_of(open_route(day.agent), order)
    assert (stops["pickup"]["status"], stops["dropoff"]["status"]) == ("done", "pending")
    assert same_time(on_the_way["eta"], stops["dropoff"]["eta"]), "the next stop is the drop-off"
    done = expect(day.agent.mark(order["order_id"], "delivered"), 200)
    assert stops_of(open_route(day.agent), order)["dropoff"]["status"] == "done"
    assert done.get("eta") is None, "no stop is left to expect"
    assert statuses(done) == ["pending", "assigned", "in_progress", "delivered"]
    assert [line["by"] for line in done["history"]] == ["customer", "optimizer", "agent", "agent"]


def test_delivered_at_once_makes_both_stops(day):
    order = day.order_that_is("assigned")
    expect(day.agent.mark(order["order_id"], "delivered"), 200)
    stops = stops_of(open_route(day.agent), order)
    assert {stop["status"] for stop in stops.values()} == {"done"}


def test_a_failed_pickup_skips_both_stops(day):
    order = day.order_that_is("assigned")
    expect(day.agent.mark(order["order_id"], "failed", "the shop is closed"), 200)
    stops = stops_of(open_route(day.agent), order)
    assert {stop["status"] for stop in stops.values()} == {"skipped"}
    assert order_of(day.ana, order["order_id"])["history"][-1]["reason"] == "the shop is closed"


def test_a_customer_cannot_cancel_what_is_aboard(day):
    order = day.order_that_is("in_progress")
    told = problem(day.ana.mark(order["order_id"], "cancelled"), 409, "transition_not_allowed")
    assert told["allowed"] == [], "a customer has no step left"


def test_a_cancellation_skips_the_stops_and_retimes_the_rest(town):
    ana, ben = town.customer(), town.agent()
    # The way there and back is long, so the route changes visibly without it.
    orders = [town.order(ana, (0.5, 0), (0.6, 0)), town.order(ana, (6, 0), (6.1, 0)), town.order(ana, (-1, 0), (-1, 1))]
    town.assigned(ana, *orders, to=ben)
    before = open_route(ben)
    cancelled = next(o for o in orders if o["order_id"] == before["stops"][0]["order_id"])
    expect(ana.mark(cancelled["order_id"], "cancelled", "changed my mind"), 200)
    after = open_route(ben)
    assert after["version"] > before["version"]
    assert {stop["status"] for stop in stops_of(after, cancelled).values()} == {"skipped"}
    assert {stop["distance_m"] for stop in stops_of(after, cancelled).values()} == {0}, "nobody drives there"
    check_sums(after)
    assert after["distance_m"] <= before["distance_m"]
    for order in orders:
        if order is not cancelled:
            for kind, stop in stops_of(after, order).items():
                assert stop["status"] == "pending"
                earlier, later = sorted((stop["eta"], stops_of(before, order)[kind]["eta"]), key=when)
                comes_later = later == stop["eta"] and not same_time(earlier, later)
                assert not comes_later, "nothing comes later for it"
            told = order_of(ana, order["order_id"])
            assert same_time(told["eta"], stops_of(after, order)["pickup"]["eta"]), "the order knows the new time too"
    last_before, last_after = before["stops"][-1]["eta"], after["stops"][-1]["eta"]
    assert when(last_after) < when(last_before) or after["stops"][-1]["status"] == "skipped"


def test_a_route_without_open_stops_is_completed_or_cancelled(town):
    ana, ben = town.customer(), town.agent()
    first = town.order(ana)
    town.assigned(ana, first)
    expect(ben.mark(first["order_id"], "failed", REASON), 200)
    assert [route["status"] for route in routes_of(ben)] == ["cancelled"], "nothing was delivered"
    second, third = town.order(ana), town.order(ana)
    town.assigned(ana, second, third)
    expect(ben.mark(second["order_id"], "delivered"), 200)
    expect(ana.mark(third["order_id"], "cancelled"), 200)
    assert [route["status"] for route in routes_of(ben)] == ["completed", "cancelled"], "newest first"
    assert expect(ben.put("/agents/me", {"on_duty": False}), 200)["open_route_id"] is None


def test_nobody_goes_home_with_a_route_open(town):
    ana, ben = town.customer(), town.agent()
    order = town.order(ana)
    town.assigned(ana, order)
    problem(ben.put("/agents/me", {"on_duty": False}), 409, "route_open")
    expect(ben.mark(order["order_id"], "delivered"), 200)
    assert expect(ben.put("/agents/me", {"on_duty": False}), 200)["on_duty"] is False


def test_a_suspension_returns_what_is_not_aboard(town):
    ana, ben = town.customer(), town.agent()
    aboard, waiting = town.order(ana), town.order(ana, (0.4, 0.2), (1, 0.5))
    town.assigned(ana, aboard, waiting, to=ben)
    expect(ben.mark(aboard["order_id"], "in_progress"), 200)
    suspended = expect(town.dispatcher.put(f"/agents/{ben.user_id}", {"status": "suspended"}), 200)
    assert (suspended["status"], suspended["on_duty"]) == ("suspended", False)
    back = order_of(ana, waiting["order_id"])
    assert back["status"] == "pending" and "agent_id" not in back and statuses(back)[-2:] == ["assigned", "pending"]
    kept = order_of(ana, aboard["order_id"])
    assert (kept["status"], kept["agent_id"]) == ("in_progress", ben.user_id)
    problem(ben.mark(aboard["order_id"], "delivered"), 403, "agent_not_active")
    problem(ben.get("/routes/me"), 403, "agent_not_active")

    cleo = town.agent(name="Cleo Agent")
    moved = town.assigned(ana, waiting, to=cleo)[0]
    assert statuses(moved) == ["pending", "assigned", "pending", "assigned"]
    assert [stop["order_id"] for stop in open_route(cleo)["stops"]] == [waiting["order_id"]] * 2

    delivered = expect(town.dispatcher.mark(aboard["order_id"], "delivered"), 200)
    assert delivered["history"][-1]["by"] == "dispatcher"
    routes = town.dispatcher.every(f"/routes/{ben.user_id}", "routes")
    assert [route["status"] for route in routes] == ["completed"]
    agents = town.dispatcher.every("/agents", "agents", status="suspended", limit=100)
    assert [a["open_route_id"] for a in agents if a["agent_id"] == ben.user_id] == [None]


def test_a_suspended_agent_who_comes_back_gets_orders_again(town):
    ana, ben = town.customer(), town.agent()
    expect(town.dispatcher.put(f"/agents/{ben.user_id}", {"status": "suspended"}), 200)
    order = town.order(ana)
    eventually("a word on why it waits", lambda: order_of(ana, order["order_id"]).get("unplaced_reason"))
    town.approve(ben)
    town.come_on_duty(ben)
    town.assigned(ana, order, to=ben)
