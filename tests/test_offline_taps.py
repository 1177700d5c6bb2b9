"""Taps of an app that was offline: late, repeated, in another sequence and at the same time."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from problems import pointers
from town import open_route, order_of, same_time, statuses, stops_of, when
from waybill_client import expect


def ago(minutes):
    return (datetime.now(UTC) - timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


def tap(agent, order, **body):
    return agent.put(f"/orders/{order['order_id']}/status", body)


def test_late_taps_in_another_sequence_tell_when_it_happened(town):
    ana, ben = town.customer(), town.agent()
    first, second = town.order(ana), town.order(ana, (0.4, 0.2), (1, 0.5))
    town.assigned(ana, first, second, to=ben)
    # The steps happen after the assignment, which is seconds old: the history has no time before it.
    assigned = order_of(ana, first["order_id"])["history"][-1]["at"]
    at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    place = {"lat": 41.4036, "lon": 2.1744}
    delivered = {"status": "delivered", "tap_id": "tap-delivered", "occurred_at": at, "location": place}
    pickup = {"status": "in_progress", "tap_id": "tap-picked-up", "occurred_at": ago(60)}
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda body: tap(ben, first, **body), [delivered, pickup] * 2))
    assert [answer.status_code for answer in answers] == [200] * 4
    order = order_of(town.dispatcher, first["order_id"])
    assert statuses(order) == ["pending", "assigned", "in_progress", "delivered"]
    told = order["history"][-2:]
    assert [line["tap"]["tap_id"] for line in told] == ["tap-picked-up", "tap-delivered"]
    assert told[1]["tap"]["location"] == place
    assert same_time(told[0]["at"], assigned), "no step is before the step before it"
    assert when(told[0]["at"]) <= when(told[1]["at"]) <= when(told[1]["tap"]["reported_at"])
    stops = stops_of(open_route(ben), first)
    assert {stop["status"] for stop in stops.values()} == {"done"}
    shown = order_of(ana, first["order_id"])
    assert all("tap" not in line for line in shown["history"]), "the customer does not see where the agent was"
    # The same taps again change nothing.
    for body in (pickup, delivered):
        assert expect(tap(ben, first, **body), 200)["version"] == order["version"]


def test_every_fault_of_a_tap_is_named(town):
    ana, ben = town.customer(), town.agent()
    order = town.order(ana)
    town.assigned(ana, order, to=ben)
    old = tap(ben, order, status="in_progress", occurred_at=ago(12 * 60 + 1), tap_id="no", location={"lat": 91})
    named = {"#/occurred_at", "#/tap_id", "#/location/lat", "#/location/lon"}
    assert set(pointers(old)) == named
    assert pointers(tap(ben, order, status="in_progress", occurred_at=ago(-3))) == ["#/occurred_at"]
    expect(tap(ben, order, status="in_progress", tap_id="tap-of-this"), 200)
    assert pointers(tap(ben, order, status="delivered", tap_id="tap-of-this")) == ["#/tap_id"]
    assert order_of(ana, order["order_id"])["status"] == "in_progress"
