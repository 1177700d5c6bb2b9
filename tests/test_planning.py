"""Orders become stops: the agents who get them, the times, and the reasons for orders left over."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from town import check_route, in_minutes, open_route, order_of, routes_of, same_time, statuses, stops_of, when
from waybill_client import eventually, expect


def unplaced(town, customer, order):
    """Waits for the optimizer's reason for leaving the order over. Returns the reason."""
    return eventually("a word on why it waits", lambda: order_of(customer, order["order_id"]).get("unplaced_reason"))


def test_an_order_becomes_two_stops_of_a_route(town):
    ana, ben = town.customer(), town.agent(at=(0, 0))
    order = town.assigned(ana, town.order(ana, (0.5, 0), (1.5, 0), size=3), to=ben)[0]
    route = open_route(ben)
    assert (route["status"], route["route_id"], route["agent_id"]) == ("assigned", order["route_id"], ben.user_id)
    assert [stop["kind"] for stop in route["stops"]] == ["pickup", "dropoff"]
    assert route["stops"][0]["location"] == order["pickup"]["location"]
    assert route["stops"][1]["address"] == order["dropoff"]["address"]
    assert route["provider"] == "embedded" and route["geometry"]
    check_route(route, [order], 10)
    assert same_time(order["eta"], route["stops"][0]["eta"])
    # By default, a leg is 1.3 times as long as the straight line.
    assert 500 < route["stops"][0]["distance_m"] < 900 and 1000 < route["stops"][1]["distance_m"] < 1700
    agents = town.dispatcher.every("/agents", "agents", limit=100)
    agent = next(agent for agent in agents if agent["agent_id"] == ben.user_id)
    assert agent["open_route_id"] == route["route_id"]


def test_an_order_placed_with_nobody_on_duty_is_planned_when_one_comes(town):
    ana = town.customer()
    order = town.order(ana)
    assert unplaced(town, ana, order) == "no_agent_on_duty"
    assert order_of(ana, order["order_id"])["status"] == "pending"
    ben = town.agent()
    found = town.assigned(ana, order, to=ben)[0]
    assert statuses(found) == ["pending", "assigned"], "to wait is no step in an order's life"
    assert "unplaced_reason" not in found


def test_an_agent_off_duty_gets_nothing(town):
    ana, ben = town.customer(), town.agent(on_duty=False)
    order = town.order(ana)
    assert unplaced(town, ana, order) == "no_agent_on_duty"
    assert routes_of(ben) == []


def test_fifty_orders_at_once_are_each_assigned_once(town):
    ana = town.customer()
    agents = [town.agent((east, 0), capacity=12, name=f"Agent {east}") for east in (-2, 0, 2)]
    spread = [((n % 7 - 3) * 0.8, (n % 5 - 2) * 0.9) for n in range(50)]
    with ThreadPoolExecutor(8) as pool:
        placed = list(pool.map(lambda at: town.order(ana, at, (at[1], -at[0]), size=1 + abs(int(at[0])) % 2), spread))
    assert len({order["order_id"] for order in placed}) == 50
    orders = town.assigned(ana, *placed)
    assert len(ana.every("/orders", "orders", limit=100)) == 50

    # A later plan may still change ETAs. So the test waits until routes and orders agree.
    def settled():
        routes = [open_route(agent) for agent in agents if routes_of(agent)]
        now = {order["order_id"]: order for order in ana.every("/orders", "orders", limit=100)}
        stops = [
            (stop, now[stop["order_id"]]) for route in routes for stop in route["stops"] if stop["kind"] == "pickup"
        ]
        agree = len(stops) == 50 and all(same_time(stop["eta"], order["eta"]) for stop, order in stops)
        return (routes, list(now.values())) if agree else None

    routes, orders = eventually("routes and orders that agree", settled)
    on_routes = [stop["order_id"] for route in routes for stop in route["stops"] if stop["kind"] == "dropoff"]
    assert sorted(on_routes) == sorted(order["order_id"] for order in orders), "each on one route, and once"
    for route in routes:
        check_route(route, orders, 12)
    by_id = {route["route_id"]: route for route in routes}
    for order in orders:
        assert statuses(order) == ["pending", "assigned"], "assigned once"
        assert by_id[order["route_id"]]["agent_id"] == order["agent_id"]
        assert stops_of(by_id[order["route_id"]], order).keys() == {"pickup", "dropoff"}
        assert same_time(order["eta"], stops_of(by_id[order["route_id"]], order)["pickup"]["eta"])


def test_an_order_added_to_an_open_route_is_inserted_where_it_fits(town):
    ana, ben = town.customer(), town.agent(at=(0, 0))
    # Far apart to the east. The added orders lie on the way between them.
    aboard = town.order(ana, (1, 0), (12, 0))
    town.assigned(ana, aboard, to=ben)
    expect(ben.mark(aboard["order_id"], "in_progress"), 200)
    before = open_route(ben)
    added = town.order(ana, (4, 0.2), (8, 0.2))
    town.assigned(ana, added, to=ben)
    after = open_route(ben)
    assert after["route_id"] == before["route_id"] and after["version"] > before["version"]
    assert order_of(ana, aboard["order_id"])["status"] == "in_progress", "what is aboard stays aboard"
    assert stops_of(after, aboard)["pickup"]["status"] == "done"
    assert stops_of(after, aboard)["dropoff"]["status"] == "pending"
    assert [line["status"] for line in order_of(ana, aboard["order_id"])["history"]].count("assigned") == 1
    assert same_time(order_of(ana, aboard["order_id"])["eta"], stops_of(after, aboard)["dropoff"]["eta"])
    check_route(after, [aboard, added], 10)
    assert {stop["order_id"] for stop in after["stops"]} == {aboard["order_id"], added["order_id"]}
    for order in (aboard, added):
        for status in ("in_progress", "delivered"):
            expect(ben.mark(order["order_id"], status), 200)
    assert [route["status"] for route in routes_of(ben)] == ["completed"]


def test_the_next_stop_of_a_route_under_way_stays_the_next(town):
    ana, ben = town.customer(), town.agent(at=(0, 0))
    first, second = town.order(ana, (1, 0), (8, 0)), town.order(ana, (2, 0), (8, 1))
    town.assigned(ana, first, second, to=ben)
    begun = open_route(ben)["stops"][0]
    expect(ben.mark(begun["order_id"], "in_progress"), 200)
    pending = [stop for stop in open_route(ben)["stops"] if stop["status"] == "pending"]
    # Exactly at the agent's position, so going there first would be shorter.
    added = town.order(ana, (1, 0.05), (1.1, 0.1))
    town.assigned(ana, added, to=ben)
    now_pending = [stop for stop in open_route(ben)["stops"] if stop["status"] == "pending"]
    assert [now_pending[0][part] for part in ("order_id", "kind")] == [
        pending[0][part] for part in ("order_id", "kind")
    ]


def test_an_order_too_large_for_any_vehicle_waits_with_the_reason(town):
    ana, ben = town.customer(), town.agent(capacity=4)
    too_large, fitting = town.order(ana, size=5), town.order(ana, size=4)
    assert unplaced(town, ana, too_large) == "over_capacity"
    town.assigned(ana, fitting, to=ben)
    assert order_of(ana, too_large["order_id"])["status"] == "pending"
    expect(ben.put("/agents/me", {"vehicle": {"capacity": 5}}), 200)
    town.assigned(ana, too_large, to=ben)
    check_route(open_route(ben), [too_large, fitting], 5)


def test_no_more_is_aboard_than_fits(town):
    ana, ben = town.customer(), town.agent(capacity=3)
    # All from one place to another. Without the limit, the agent would pick them up together.
    orders = [town.order(ana, (1, 0), (5, 0), size=2) for _ in range(4)]
    found = town.assigned(ana, *orders, to=ben)
    check_route(open_route(ben), found, 3)


def test_a_window_that_nobody_can_meet_is_the_reason(town):
    ana = town.customer()
    town.agent(at=(0, 0))
    late = town.order(ana, (1, 0), (18, 0), dropoff_window=(0, 4))
    assert unplaced(town, ana, late) == "outside_time_windows"


def test_windows_are_kept(town):
    ana, ben = town.customer(), town.agent()
    orders = [
        town.order(ana, (1, 0), (2, 0), pickup_window=(60, 90)),
        town.order(ana, (-1, 0), (-2, 0), dropoff_window=(0, 45)),
        town.order(ana, (0, 1), (0, 2), pickup_window=(20, 120), dropoff_window=(100, 180)),
    ]
    town.assigned(ana, *orders, to=ben)
    route = open_route(ben)
    for order in orders:
        for kind, stop in stops_of(route, order).items():
            window = order[kind].get("window")
            if window:
                assert when(window["start"]) <= when(stop["eta"]) <= when(window["end"]), (kind, stop["eta"], window)


def test_an_order_for_another_day_waits_for_it(town):
    ana, ben = town.customer(), town.agent()
    hours = 60
    later = town.order(ana, pickup_window=(30 * hours, 32 * hours), dropoff_window=(30 * hours, 34 * hours))
    today = town.order(ana)
    town.assigned(ana, today, to=ben)
    assert order_of(ana, later["order_id"])["status"] == "pending"
    assert later["order_id"] not in [stop["order_id"] for stop in open_route(ben)["stops"]]


def test_a_shift_is_kept(town):
    ana, ben = town.customer(), town.agent(shift=(120, 480))
    order = town.order(ana)
    town.assigned(ana, order, to=ben)
    begins = when(in_minutes(120)) - timedelta(minutes=5)
    assert all(when(stop["eta"]) >= begins for stop in open_route(ben)["stops"]), "nobody starts before the shift"


def test_a_shift_that_ends_too_soon_places_nothing(town):
    ana = town.customer()
    town.agent(shift=(0, 6))
    order = town.order(ana, (5, 0), (9, 0))
    assert unplaced(town, ana, order) == "outside_shifts"


def test_the_nearer_agent_gets_the_order(town):
    ana = town.customer()
    west, east = town.agent((-6, 0), name="West"), town.agent((6, 0), name="East")
    orders = [town.order(ana, (-5, 0), (-5.5, 1)), town.order(ana, (5, 0), (5.5, 1))]
    found = town.assigned(ana, *orders)
    assert [order["agent_id"] for order in found] == [west.user_id, east.user_id]


def test_after_a_route_the_agent_goes_on_from_where_it_ended(town):
    ana, ben = town.customer(), town.agent(at=(0, 0))
    first = town.assigned(ana, town.order(ana, (1, 0), (9, 0)), to=ben)[0]
    expect(ben.mark(first["order_id"], "delivered"), 200)
    second = town.order(ana, (9.5, 0), (9.5, 1))
    town.assigned(ana, second, to=ben)
    route = open_route(ben)
    assert route["route_id"] != first["route_id"] and route["stops"][0]["distance_m"] < 1500


def test_an_agent_works_in_the_neighbouring_zones_and_no_further(zones_apart):
    town, zones = zones_apart
    ana, ben = town.customer(), town.agent()
    next_door, far = town.body(), town.body()
    for end, step in (("pickup", 0), ("dropoff", 0.01)):
        next_door[end]["location"] = {"lat": zones.one_side[0] + step, "lon": zones.one_side[1]}
        far[end]["location"] = {"lat": zones.far[0] + step, "lon": zones.far[1]}
    next_door, far = expect(ana.order(next_door), 201), expect(ana.order(far), 201)
    town.assigned(ana, next_door, to=ben)
    assert unplaced(town, ana, far) == "no_agent_on_duty"


def test_a_route_that_is_full_takes_more_as_soon_as_there_is_room(town):
    """A route has at most 40 open orders. The others wait until some are delivered."""
    ana, ben = town.customer(), town.agent(capacity=60)
    with ThreadPoolExecutor(8) as pool:
        orders = list(pool.map(lambda n: town.order(ana, (0.1, 0.01 * n), (0.4, 0.01 * n)), range(43)))

    def settled():
        found = ana.every("/orders", "orders", limit=100)
        waiting = [order for order in found if order["status"] == "pending"]
        return waiting if len(waiting) == 3 and all(o.get("unplaced_reason") for o in waiting) else None

    waiting = eventually("40 orders on the route and 3 with a reason", settled, seconds=120)
    route = open_route(ben)
    assert len(route["stops"]) == 80
    left_over = {order["order_id"] for order in waiting}
    on_route = [order for order in orders if order["order_id"] not in left_over]
    for order in on_route[:3]:
        expect(ben.mark(order["order_id"], "delivered"), 200)
    found = town.assigned(ana, *waiting, to=ben)
    assert {order["route_id"] for order in found} == {route["route_id"]}


def test_an_order_that_requires_a_skill_waits_for_an_agent_who_has_it(town):
    ana, ben = town.customer(), town.agent()
    cold, plain = town.order(ana, requires=["cold"]), town.order(ana)
    town.assigned(ana, plain, to=ben)
    assert unplaced(town, ana, cold) == "no_agent_with_skills"
    refused = expect(ben.put("/agents/me", {"skills": ["cold"]}), 422)
    assert [fault["pointer"] for fault in refused["errors"]] == ["#/skills"]
    known = expect(town.dispatcher.put(f"/agents/{ben.user_id}", {"skills": ["stairs", "cold"]}), 200)
    assert known["skills"] == ["cold", "stairs"]
    town.assigned(ana, cold, to=ben)


def test_a_break_delays_the_stops_of_a_route(town):
    ana, ben = town.customer(), town.agent(on_duty=False)
    pause = {"window": {"start": in_minutes(1), "end": in_minutes(10)}, "duration_s": 3600}
    shift = {"start": in_minutes(-60), "end": in_minutes(480), "breaks": [pause]}
    told = expect(ben.put("/agents/me", {"shift": shift}), 200)
    assert told["shift"]["breaks"][0]["duration_s"] == 3600
    town.come_on_duty(ben)
    order = town.order(ana, (3, 0), (6, 0))
    town.assigned(ana, order, to=ben)
    rested = when(pause["window"]["start"]) + timedelta(seconds=3600)
    assert when(open_route(ben)["stops"][-1]["eta"]) >= rested
