"""A place on the map with people. Nearly every test begins with one."""

import math
import uuid
from datetime import UTC, datetime, timedelta

from waybill_client import Person, eventually, expect

KM_PER_DEGREE = 111.2
OPEN = ("assigned", "in_progress")


def middles_of_towns():
    """Points at least 88 km apart, because zones are 20 km wide and agents also work in zones that are three away."""
    rows = range(-55 * 5, 55 * 5, 4)  # every 0.8 degrees of latitude
    return [(row / 5, column * 1.6 - 179.5) for row in rows for column in range(224)]


def in_minutes(minutes):
    """The time this many minutes from now, in the API's format."""
    return (datetime.now(UTC) + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


def when(moment):
    """Reads a time of the API."""
    return datetime.fromisoformat(moment)


class Town:
    def __init__(self, stack, dispatcher, middle):
        self.stack, self.dispatcher, self.middle = stack, dispatcher, middle
        self.people = []

    # The place

    def point(self, east_km=0.0, north_km=0.0):
        lat, lon = self.middle
        east = KM_PER_DEGREE * math.cos(math.radians(lat))
        return {"lat": round(lat + north_km / KM_PER_DEGREE, 6), "lon": round(lon + east_km / east, 6)}

    def stop(self, at, address=None, window=None, **more):
        """A pickup or drop-off at (east, north), in kilometres from the middle. Its window is in minutes from now."""
        stop = {"address": address or f"{at[0]} km east, {at[1]} km north", "location": self.point(*at), **more}
        if window:
            stop["window"] = {"start": in_minutes(window[0]), "end": in_minutes(window[1])}
        return stop

    def body(self, pickup=(0.5, 0.0), dropoff=(1.0, 1.0), pickup_window=None, dropoff_window=None, **more):
        """The body of `POST /orders`."""
        stops = {
            "pickup": self.stop(pickup, window=pickup_window),
            "dropoff": self.stop(dropoff, window=dropoff_window),
        }
        return stops | more

    # The people

    def newcomer(self, role, name):
        person = Person(self.stack, role, f"{role}-{uuid.uuid4().hex[:12]}@example.com", name)
        self.people.append(person)
        return person

    def customer(self, name="Ana Customer"):
        return self.newcomer("customer", name).join()

    def applicant(self, at=(0, 0), capacity=10, name="Ben Agent"):
        """An agent whom no dispatcher has approved yet."""
        agent = self.newcomer("agent", name)
        return agent.join(start_location=self.point(*at), vehicle={"capacity": capacity})

    def agent(self, at=(0, 0), capacity=10, name="Ben Agent", on_duty=True, shift=None):
        agent = self.applicant(at, capacity, name)
        self.approve(agent)
        if shift:
            window = {"start": in_minutes(shift[0]), "end": in_minutes(shift[1])}
            expect(agent.put("/agents/me", {"shift": window}), 200)
        if on_duty:
            self.come_on_duty(agent)
        return agent

    def approve(self, agent):
        expect(self.dispatcher.put(f"/agents/{agent.user_id}", {"status": "active"}), 200)

    def come_on_duty(self, agent):
        expect(agent.put("/agents/me", {"on_duty": True}), 200)

    # Orders and routes

    def order(self, customer, *places, **more):
        return expect(customer.order(self.body(*places, **more)), 201)

    def assigned(self, customer, *orders, to=None):
        """Waits until all orders are on a route. Returns the orders."""
        wanted = [order["order_id"] for order in orders]

        def look():
            found = [order_of(customer, order_id) for order_id in wanted]
            there = all(o["status"] == "assigned" and (to is None or o["agent_id"] == to.user_id) for o in found)
            return found if there else show(found)

        return eventually_list(f"{len(wanted)} orders on a route", look)

    def leave(self):
        """Leaves no order that the optimizer would try again while the next tests run."""
        for person in self.people:
            # A suspended customer may not even look.
            if person.role == "customer" and person.token and person.get("/me").ok:
                for order in person.every("/orders", "orders", status="pending"):
                    person.mark(order["order_id"], "cancelled")


def eventually_list(what, look, seconds=90):
    """Like `eventually`. `look` returns a list on success, and otherwise a text about the state that it saw."""
    seen = []

    def probe():
        found = look()
        seen[:] = [found]
        return found if isinstance(found, list) else None

    try:
        return eventually(what, probe, seconds)
    except AssertionError:
        raise AssertionError(f"waited {seconds} s in vain: {what}; last seen: {seen[0]}") from None


def show(orders):
    return ", ".join(f"{o['order_id']} {o['status']} {o.get('unplaced_reason') or ''}".strip() for o in orders)


def order_of(person, order_id):
    return expect(person.get(f"/orders/{order_id}"), 200)


def statuses(order):
    """The statuses of the order so far, from its history."""
    return [line["status"] for line in order["history"]]


def routes_of(agent):
    return agent.every("/routes/me", "routes")


def open_route(agent):
    """The agent's open route."""
    routes = [route for route in routes_of(agent) if route["status"] in OPEN]
    assert len(routes) == 1, f"one open route expected, found {[(r['route_id'], r['status']) for r in routes]}"
    return routes[0]


def stops_of(route, order):
    """The stops of the order in the route, by kind."""
    return {stop["kind"]: stop for stop in route["stops"] if stop["order_id"] == order["order_id"]}


def check_route(route, orders, capacity):
    """Checks a planned route: each order has both stops in the right sequence, and the load never exceeds the
    capacity.
    """
    sizes = {order["order_id"]: order["size"] for order in orders}
    sequences = [stop["sequence"] for stop in route["stops"]]
    assert sequences == sorted(set(sequences)), f"the sequence numbers are not in order: {sequences}"
    aboard, load = set(), 0
    for stop in route["stops"]:
        order_id = stop["order_id"]
        if stop["kind"] == "pickup":
            assert order_id not in aboard, f"{order_id} is picked up twice"
            aboard.add(order_id)
            load += sizes[order_id]
            assert load <= capacity, f"{load} aboard at stop {stop['sequence']}, and only {capacity} fit"
        else:
            assert order_id in aboard, f"{order_id} is dropped off before it is picked up"
            aboard.remove(order_id)
            load -= sizes[order_id]
    assert not aboard, f"{aboard} are picked up and never dropped off"
    check_sums(route)


def same_time(one, other):
    """Whether two answers expect the same stop at the same time. An overdue stop is expected now, so these answers may
    differ by the seconds between them.
    """
    return abs(when(one) - when(other)) <= timedelta(seconds=30)


def check_sums(route):
    for measure in ("distance_m", "duration_s"):
        legs = sum(stop[measure] for stop in route["stops"])
        assert route[measure] == legs, f"the route's {measure} is {route[measure]}, its legs add up to {legs}"
    etas = [when(stop["eta"]) for stop in route["stops"] if stop["status"] == "pending"]
    assert etas == sorted(etas), f"a later stop is expected earlier: {etas}"


def check_books(customer, agents):
    """Checks that orders and routes agree: no assigned order is on no route or on two, and no agent has two open
    routes.
    """
    orders = {order["order_id"]: order for order in customer.every("/orders", "orders", limit=100)}
    on_routes = {}
    for agent in agents:
        routes = routes_of(agent)
        open_ones = [route for route in routes if route["status"] in OPEN]
        assert len(open_ones) <= 1, f"{agent.name} has {len(open_ones)} routes open"
        for route in routes:
            check_sums(route)
            for stop in route["stops"]:
                if stop["status"] == "pending":
                    assert route["status"] in OPEN, "a closed route has an open stop"
                if stop["status"] != "skipped":
                    on_routes.setdefault((stop["order_id"], stop["kind"]), []).append((route, stop))
    for (order_id, kind), found in on_routes.items():
        assert len(found) == 1, f"{kind} of {order_id} is on {len(found)} routes"
    for order_id, order in orders.items():
        places = {kind: on_routes[order_id, kind][0] for kind in ("pickup", "dropoff") if (order_id, kind) in on_routes}
        status = order["status"]
        if status in ("pending", "cancelled"):
            assert not places, f"{order_id} is {status}, and on route {places}"
            continue
        assert {route["route_id"] for route, _ in places.values()} == {order["route_id"]}, f"{order_id} is {status}"
        stops = {kind: stop["status"] for kind, (_, stop) in places.items()}
        expected = {
            "assigned": {"pickup": "pending", "dropoff": "pending"},
            "in_progress": {"pickup": "done", "dropoff": "pending"},
            "delivered": {"pickup": "done", "dropoff": "done"},
        }
        if status in expected:
            assert stops == expected[status], f"{order_id} is {status}, its stops are {stops}"
            next_stop = places.get("pickup" if status == "assigned" else "dropoff")[1]
            if status == "delivered":
                assert order.get("eta") is None, order_id
            else:
                assert same_time(order["eta"], next_stop["eta"]), order_id
    return orders
