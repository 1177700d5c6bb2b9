"""Calls and runs at the same moment."""

import itertools
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from functions_inside import Functions
from town import check_books, check_route, open_route, order_of, routes_of, statuses
from waybill_client import eventually, expect


def at_once(*works):
    """Starts all calls together. Returns their answers."""
    with ThreadPoolExecutor(len(works)) as pool:
        return [started.result() for started in [pool.submit(work) for work in works]]


def test_two_optimizer_runs_at_once_over_one_zone(town, functions: Functions):
    ana = town.customer()
    agents = [town.agent((east, 0), capacity=8, name=f"Agent {east}") for east in (-1, 0, 1)]
    with functions.paused("optimize-routes"):
        orders = [town.order(ana, (n % 5 * 0.3, n % 3 * 0.4), (n % 4 * 0.5, 1)) for n in range(16)]
        messages = functions.take(functions.optimization_queue, [order["order_id"] for order in orders])
        assert messages, "the stream has told the optimizer of the orders"
        event = functions.sqs_event(functions.optimization_queue, messages)
        functions.invoke_at_once("optimize-routes", [event, event, event])
    planned = town.assigned(ana, *orders)
    check_books(ana, agents)
    for order in planned:
        assert statuses(order).count("assigned") == 1
    for agent in agents:
        for route in routes_of(agent):
            check_route(route, planned, 8)


def test_two_zones_planned_at_once_share_an_agent_between_them(zones_apart, functions: Functions):
    """No lease separates these two runs. Only the conditions of their writes do."""
    town, zones = zones_apart
    ana, agents = town.customer(), [town.agent(name=f"Agent {n}") for n in range(2)]
    functions.settle()
    events, orders = [], []
    with functions.paused("optimize-routes"):
        for lat, lon in (zones.one_side, zones.other_side):
            for n in range(4):
                body = town.body()
                body["pickup"]["location"] = {"lat": lat + 0.005 * n, "lon": lon}
                body["dropoff"]["location"] = {"lat": lat, "lon": lon + 0.01 * n}
                orders.append(expect(ana.order(body), 201))
            ids = [order["order_id"] for order in orders[-4:]]
            messages = functions.take(functions.optimization_queue, ids)
            assert messages, "the stream has told the optimizer of the orders"
            events.append(functions.sqs_event(functions.optimization_queue, messages))
        functions.invoke_at_once("optimize-routes", events)
        check_books(ana, agents)
    planned = town.assigned(ana, *orders)
    check_books(ana, agents)
    assert all(statuses(order).count("assigned") == 1 for order in planned)


@pytest.mark.parametrize("round", range(3))
def test_the_last_two_stops_at_the_same_moment_complete_the_route_once(town, functions: Functions, round):
    ana, ben = town.customer(), town.agent()
    orders = [town.order(ana), town.order(ana, (0.2, 0.2), (0.4, 0.4))]
    town.assigned(ana, *orders, to=ben)
    for order in orders:
        expect(ben.mark(order["order_id"], "in_progress"), 200)
    answers = at_once(*(lambda id=order["order_id"]: ben.mark(id, "delivered") for order in orders))
    assert [answer.status_code for answer in answers] == [200, 200], [answer.text for answer in answers]
    routes = routes_of(ben)
    assert [route["status"] for route in routes] == ["completed"]
    assert {stop["status"] for stop in routes[0]["stops"]} == {"done"}
    check_books(ana, [ben])
    # The number of times that the route was completed, from the stream of the routes.
    records = functions.stream_records([routes[0]["route_id"]])["ROUTES_TABLE"]
    became = [
        record for record in records if status_in(record, "NewImage") == "completed" != status_in(record, "OldImage")
    ]
    assert len(became) == 1, f"the route was completed {len(became)} times"
    assert expect(ben.put("/agents/me", {"on_duty": False}), 200)["open_route_id"] is None


def status_in(record, image):
    return record["dynamodb"].get(image, {}).get("status", {}).get("S")


def test_a_tap_that_is_made_twice_counts_once(town):
    ana, ben = town.customer(), town.agent()
    orders = [town.order(ana) for _ in range(3)]
    town.assigned(ana, *orders, to=ben)
    for status in ("in_progress", "delivered"):
        taps = [lambda id=order["order_id"], status=status: ben.mark(id, status) for order in orders for _ in range(2)]
        answers = at_once(*taps)
        assert {answer.status_code for answer in answers} == {200}, [answer.text for answer in answers]
    for order in orders:
        assert statuses(order_of(ana, order["order_id"])) == ["pending", "assigned", "in_progress", "delivered"]
    assert [route["status"] for route in routes_of(ben)] == ["completed"]
    check_books(ana, [ben])


def test_two_agents_work_through_their_routes_at_once(town):
    ana = town.customer()
    agents = [town.agent((-4, 0), name="West"), town.agent((4, 0), name="East")]
    orders = [town.order(ana, (side * 4, 0.1 * n), (side * 4.5, 0.3)) for side in (-1, 1) for n in range(4)]
    town.assigned(ana, *orders)

    def drive(agent):
        for stop in open_route(agent)["stops"]:
            status = "in_progress" if stop["kind"] == "pickup" else "delivered"
            expect(agent.mark(stop["order_id"], status), 200)

    at_once(*(lambda agent=agent: drive(agent) for agent in agents if routes_of(agent)))
    assert {order["status"] for order in check_books(ana, agents).values()} == {"delivered"}


def test_picked_up_and_cancelled_at_the_same_moment_is_one_of_them(town):
    ana, ben = town.customer(), town.agent()
    orders = [town.order(ana) for _ in range(4)]
    town.assigned(ana, *orders, to=ben)
    for order in orders:
        order_id = order["order_id"]
        picked, cancelled = at_once(
            partial(ben.mark, order_id, "in_progress"), partial(ana.mark, order_id, "cancelled")
        )
        assert sorted((picked.status_code, cancelled.status_code)) == [200, 409], (picked.text, cancelled.text)
        won = "in_progress" if picked.status_code == 200 else "cancelled"
        assert statuses(order_of(ana, order_id)) == ["pending", "assigned", won]
    check_books(ana, [ben])


def test_an_agent_drives_while_orders_keep_coming(town):
    ana, ben = town.customer(), town.agent(capacity=20)
    town.assigned(ana, town.order(ana), to=ben)

    def order_away():
        for n in range(8):
            town.order(ana, (0.1 * n, 0.2), (0.3, 0.1 * n))

    def drive():
        for _ in itertools.repeat(None, 200):
            stops = [stop for route in routes_of(ben) for stop in route["stops"] if stop["status"] == "pending"]
            if stops:
                # Only the first stop, because the later ones may be planned again meanwhile.
                status = "in_progress" if stops[0]["kind"] == "pickup" else "delivered"
                expect(ben.mark(stops[0]["order_id"], status), 200)
            else:
                orders = ana.every("/orders", "orders", limit=100)
                if len(orders) == 9 and all(order["status"] == "delivered" for order in orders):
                    return
                eventually_something(ana)

    at_once(order_away, drive)
    orders = check_books(ana, [ben])
    assert [order["status"] for order in orders.values()] == ["delivered"] * 9
    for order in orders.values():
        assert statuses(order) == ["pending", "assigned", "in_progress", "delivered"]


def eventually_something(customer):
    """Waits until a route is open again, or no order can come any more."""

    def look():
        found = [order["status"] for order in customer.every("/orders", "orders", limit=100)]
        return "assigned" in found or found == ["delivered"] * 9 or None

    eventually("the next order on the route", look)
