"""A delivery company's day over HTTP: orders are placed, routes are planned and driven, and emails are sent.

`make demo` runs it. Each run creates new users, so it can run again and again on one stack.
"""

import argparse
import collections
import csv
import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import leftovers
import mail_audit
import report
import routes_map
import shop_file
from waybill_client import PASSWORD, Mailbox, Person, Stack, eventually, expect

OUT = HERE / "out"
CITY, CITY_TIME_ZONE = "Barcelona", "Europe/Madrid"
# These orders are placed when the first routes are already open. They join those routes.
LATE_ORDERS = 12
OPEN = ("assigned", "in_progress")
AT_ONCE = 6


class Wrong(Exception):
    """The demo found a fault."""


def rows(name):
    with open(HERE / name, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def window(now, from_min, until_min):
    start, end = (now + timedelta(minutes=int(minutes)) for minutes in (from_min, until_min))
    return {"start": start.isoformat(), "end": end.isoformat()}


def at_once(work, items):
    """Calls the function for all items, several at a time. The results keep the order of the items."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(work, items))


class Day:
    def __init__(self, planners):
        self.planners = planners
        self.began = time.monotonic()
        self.run = datetime.now(UTC).strftime("%Y%m%d%H%M%S")
        self.stack = Stack()
        self.order_rows, self.agent_rows = rows("orders.csv"), rows("agents.csv")
        self.row_of = {}  # order id → row of orders.csv
        self.agents, self.customers = {}, {}
        self.planned = {}  # route id → the route as it was last planned, before its first stop

    def tell(self, phase, text):
        print(f"{time.monotonic() - self.began:6.1f} s  {phase:<12} {text}", flush=True)

    # The people

    def address(self, name):
        return f"{name}+{self.run}@example.com"

    def open_the_office(self):
        email = self.address("dispatch")
        made = subprocess.run(
            ["make", "-s", "dispatcher", f"EMAIL={email}", f"PASSWORD={PASSWORD}"],
            check=False,
            cwd=HERE.parent.parent,
            capture_output=True,
            text=True,
        )
        if made.returncode != 0:
            raise Wrong(f"make dispatcher: {(made.stderr or made.stdout).strip()[-300:]}")
        self.dispatcher = Person(self.stack, "dispatcher", email, "Dispatch")
        expect(self.dispatcher.log_in(), 200)
        near = {"lat": float(self.agent_rows[0]["start_lat"]), "lon": float(self.agent_rows[0]["start_lon"])}
        cleared = leftovers.clear(self.dispatcher, {row["external_id"] for row in self.order_rows}, near)
        self.tell(
            "dispatcher", f"{email}, " + (f"left from before, {cleared}" if cleared else "nothing left from before")
        )

    def people_join(self):
        self.mailbox = Mailbox(self.stack, f"waybill-demo-{self.run}")

        def agent(numbered):
            number, row = numbered
            person = Person(self.stack, "agent", self.address(f"agent{number}"), row["name"])
            start = {"lat": float(row["start_lat"]), "lon": float(row["start_lon"])}
            person.join(start_location=start, vehicle={"capacity": int(row["capacity"])})
            now = datetime.now(UTC)
            shift = window(now, 0, row["shift_min"])
            if row["break_min"]:
                pause = window(now, row["break_from_min"], row["break_until_min"])
                shift["breaks"] = [{"window": pause, "duration_s": 60 * int(row["break_min"])}]
            expect(person.put("/agents/me", {"shift": shift}), 200)
            self.mailbox.follow(person)
            return row["name"], person

        def customer(numbered):
            number, name = numbered
            person = Person(self.stack, "customer", self.address(f"customer{number}"), name).join()
            self.mailbox.follow(person)
            return name, person

        self.agents = dict(at_once(agent, enumerate(self.agent_rows, 1)))
        names = sorted({row["customer"] for row in self.order_rows})
        self.customers = dict(at_once(customer, enumerate(names, 1)))
        self.tell("customers", f"{len(names)} signed up, confirmed and logged in: {', '.join(names)}")
        waiting = {a["agent_id"] for a in self.dispatcher.every("/agents", "agents", status="pending_approval")}
        for name, person in self.agents.items():
            if person.user_id not in waiting:
                raise Wrong(f"agent {name} is not among those who wait for approval")
            expect(self.dispatcher.put(f"/agents/{person.user_id}", {"status": "active"}), 200)
            expect(person.put("/agents/me", {"on_duty": True}), 200)
        self.tell("agents", f"{len(self.agents)} signed up, approved and on duty: {', '.join(self.agents)}")

    # The orders

    def place(self, row):
        now = datetime.now(UTC)

        def stop(end):
            told = {
                "address": f"{row[f'{end}_name']}, {row[f'{end}_address']}"[:300],
                "location": {"lat": float(row[f"{end}_lat"]), "lon": float(row[f"{end}_lon"])},
                "contact": {"name": row[f"{end}_contact"], "phone": row[f"{end}_phone"]},
            }
            if row[f"{end}_until_min"]:
                told["window"] = window(now, row[f"{end}_from_min"], row[f"{end}_until_min"])
            return told

        body = {
            "pickup": stop("pickup"),
            "dropoff": stop("dropoff"),
            "size": int(row["size"]),
            "notes": row["notes"],
            "external_id": row["external_id"],
        }
        order = expect(self.customers[row["customer"]].order(body, f"{self.run}-{row['external_id']}"), 201)
        self.row_of[order["order_id"]] = row

    def shop_hands_over_its_file(self):
        """Some of the orders come in a CSV file. The import names the rejected rows."""
        shop = self.customers[shop_file.SHOP]
        told, wrong = shop_file.hand_over(shop)
        if wrong:
            raise Wrong("; ".join(wrong))
        self.tell("import", told)
        row_of = {row["external_id"]: row for row in self.order_rows}
        self.row_of |= {
            order["order_id"]: row_of[order["external_id"]] for order in shop.every("/orders", "orders", limit=100)
        }

    def orders(self):
        """All orders of this run, as their customers see them."""
        lists = at_once(lambda customer: customer.every("/orders", "orders", limit=100), self.customers.values())
        return [order for orders in lists for order in orders]

    def all_planned(self):
        """Waits until each order is on a route or has a reason for staying pending. Returns the orders."""
        orders = self.orders()
        if len(orders) != len(self.row_of):
            raise Wrong(f"{len(self.row_of)} orders placed, {len(orders)} listed")
        looked_at = all(o["status"] != "pending" or o.get("unplaced_reason") for o in orders)
        return orders if looked_at else None

    def orders_come_in(self):
        first, late = self.order_rows[:-LATE_ORDERS], self.order_rows[-LATE_ORDERS:]
        in_the_file = shop_file.external_ids()
        singly = [row for row in first if row["external_id"] not in in_the_file]
        at_once(self.place, singly)
        self.tell("orders", f"{len(singly)} placed")
        self.shop_hands_over_its_file()
        self.report_plan(eventually("every order planned", self.all_planned, seconds=120))
        at_once(self.place, late)
        self.tell("orders", f"{len(late)} more placed while the routes are open")
        self.report_plan(eventually("every late order planned", self.all_planned, seconds=120))
        for route in self.all_routes():
            self.planned[route["route_id"]] = route
        idle = [name for name, person in self.agents.items() if not self.planned_for(person)]
        if idle:
            raise Wrong(f"{', '.join(idle)} got no orders")

    def a_courier_falls_ill(self):
        """An agent with an order aboard has to go home. A dispatcher moves the rest of the run to another agent."""
        open_orders = {}
        for route in self.all_routes():
            waiting = {stop["order_id"] for stop in route["stops"] if stop["status"] == "pending"}
            if route["status"] in OPEN and waiting:
                open_orders[route["agent_id"]] = waiting
        by_id = {agent.user_id: agent for agent in self.agents.values()}
        busiest, *others = sorted(open_orders, key=lambda agent: -len(open_orders[agent]))
        ill = by_id[busiest]
        route = next(route for route in ill.every("/routes/me", "routes") if route["status"] in OPEN)
        first = next(stop for stop in route["stops"] if stop["status"] == "pending")
        expect(ill.mark(first["order_id"], "in_progress"), 200)
        # The agent with the fewest orders has the most room. Late is better than never, so the windows are forced. On a
        # stack with many other orders, all agents may be full. Then the optimizer distributes the orders.
        for other in [*reversed(others), None]:
            answer = self.dispatcher.post(f"/routes/{ill.user_id}/transfer", {"to": other, "force": other is not None})
            if answer.status_code != 422:
                break
        moved = expect(answer, 200)
        if first["order_id"] not in moved["aboard"] or not moved["moved"]:
            raise Wrong(f"{ill.name} has {moved['aboard']} aboard, and {moved['moved']} moved")
        where = {order["order_id"]: order["agent_id"] for order in self.orders() if order["status"] == "assigned"}
        lost = [order for order in moved["moved"] if other and where.get(order) != other]
        if lost:
            raise Wrong(f"{lost} should be on the route of {by_id[other].name}")
        expect(self.dispatcher.put(f"/agents/{ill.user_id}", {"on_duty": False, "release": True}), 200)
        self.planned |= {route["route_id"]: route for route in self.all_routes()}
        successor = by_id[other].name if other else "the optimizer"
        told = f"{ill.name} falls ill: {successor} takes over {len(moved['moved'])} orders"
        self.tell("dispatcher", f"{told}, {len(moved['aboard'])} stay aboard")

    def planned_for(self, agent):
        return [route for route in self.planned.values() if route["agent_id"] == agent.user_id]

    def minutes_to_the_door(self):
        """The minutes from placing each order to its planned delivery, sorted."""
        placed = {order["order_id"]: datetime.fromisoformat(order["created_at"]) for order in self.orders()}
        stops = [stop for route in self.planned.values() for stop in route["stops"] if stop["kind"] == "dropoff"]
        planned = {stop["order_id"]: datetime.fromisoformat(stop["eta"]) for stop in stops}
        # Orders of others may be on the routes too.
        return sorted((at - placed[order]).total_seconds() / 60 for order, at in planned.items() if order in placed)

    def report_plan(self, orders):
        counts = collections.Counter(order["status"] for order in orders)
        routes = collections.Counter(order["route_id"] for order in orders if order.get("route_id"))
        told = f"{counts['assigned']} orders assigned to {len(routes)} routes"
        if counts["pending"]:
            reasons = collections.Counter(o["unplaced_reason"] for o in orders if o["status"] == "pending")
            told += ", left for the next plan: " + ", ".join(f"{n} {reason}" for reason, n in reasons.items())
        self.tell("optimizer", told)

    # The routes

    def all_routes(self):
        """All routes with stops. A route whose orders all went to other agents has none."""
        lists = at_once(lambda a: self.dispatcher.every(f"/routes/{a.user_id}", "routes"), self.agents.values())
        return [route for routes in lists for route in routes if route["stops"]]

    def deliver(self, agent):
        """One agent makes all stops of each open route, until no route is open."""
        marked = 0
        while True:
            routes = [r for r in agent.every("/routes/me", "routes") if r["status"] in OPEN]
            if not routes:
                return marked
            if len(routes) > 1:
                raise Wrong(f"{agent.name} has {len(routes)} open routes")
            # One stop, and then the route is read again: a plan may give later orders to another agent meanwhile.
            stop = next(stop for stop in routes[0]["stops"] if stop["status"] == "pending")
            status = "in_progress" if stop["kind"] == "pickup" else "delivered"
            answer = agent.mark(stop["order_id"], status)
            # These agents are faster than their pickups are frozen, so even the first order may have moved.
            if answer.status_code != 404:
                expect(answer, 200)
                marked += 1

    def routes_are_driven(self):
        for agent in self.agents.values():
            expect(agent.log_in(), 200)
        deadline = time.monotonic() + 240
        while True:
            marked = at_once(self.deliver, self.agents.values())
            statuses = collections.Counter(order["status"] for order in self.orders())
            if sum(marked):
                shown = ", ".join(f"{name} {n}" for name, n in zip(self.agents, marked))
                self.tell("agents", f"{sum(marked)} stops made ({shown}), {statuses['delivered']} orders delivered")
            if not statuses["pending"] + statuses["assigned"] + statuses["in_progress"]:
                return
            if time.monotonic() > deadline:
                raise Wrong(f"orders are left that no route takes: {dict(statuses)}")
            time.sleep(1)
            for route in self.all_routes():
                self.planned.setdefault(route["route_id"], route)

    def show_table(self):
        names = {person.user_id: name for name, person in self.agents.items()}
        print(f"\n{report.route_table(self.planned.values(), names, CITY_TIME_ZONE)}\n", flush=True)
        minutes = self.minutes_to_the_door()
        mean, nine_of_ten = sum(minutes) / len(minutes), minutes[int(0.9 * (len(minutes) - 1))]
        told = f"{mean:.0f} min on average, 9 of 10 within {nine_of_ten:.0f}, the last {minutes[-1]:.0f}"
        self.tell("to the door", told)
        others = {route["provider"] for route in self.planned.values()} - set(self.planners)
        if others:
            raise Wrong(f"routes planned by {', '.join(sorted(others))} and not by {' or '.join(self.planners)}")

    # The mail

    def read_mail(self):
        """Checks that every mail that was due has come, and no other."""
        orders = self.orders()
        due = len(orders)

        def delivered():
            told = [news for customer in self.customers.values() for news in self.mailbox.told(customer)]
            return sum(word == "delivered" for _, word in told)

        eventually(f"emails that tell {due} deliveries", lambda: delivered() >= due or None, seconds=60)
        # No more mails may come. This gives late mails the time to arrive.
        self.mailbox.collect(3)
        wrong = mail_audit.faults(self.mailbox, self.customers.values(), self.agents.values(), orders)
        if wrong:
            raise Wrong("; ".join(wrong[:3]))
        to_agents = [mail for agent in self.agents.values() for mail in self.mailbox.of(agent)]
        to_customers = len(self.mailbox.mails) - len(to_agents)
        self.tell(
            "emails",
            f"{len(self.mailbox.mails)}: {to_customers} to customers, {len(to_agents)} to agents; one of them:",
        )
        print(f"\n{report.letter(to_agents[0])}\n", flush=True)

    # Results

    def draw(self):
        named = {row["name"]: row for row in self.agent_rows}
        by_id = {person.user_id: named[name] for name, person in self.agents.items()}
        driven = [
            {"route": route, "agent": by_id[route["agent_id"]], "orders": self.row_of}
            for route in sorted(self.planned.values(), key=lambda r: by_id[r["agent_id"]]["name"])
        ]
        OUT.mkdir(exist_ok=True)
        collection = routes_map.feature_collection(driven)
        (OUT / "routes.geojson").write_text(json.dumps(collection, ensure_ascii=False, indent=1), encoding="utf-8")
        page = routes_map.page(collection, rows("districts.csv"), f"Waybill demo, {CITY}", CITY_TIME_ZONE)
        (OUT / "routes.html").write_text(page, encoding="utf-8")
        self.tell("map", "local/demo/out/routes.html, local/demo/out/routes.geojson")

    def a_link(self):
        """A tracking link that works."""
        customer = next(iter(self.customers.values()))
        order = expect(customer.get("/orders", limit=1), 200)["orders"][0]
        link = expect(customer.post(f"/orders/{order['order_id']}/tracking-link"), 201)["url"]
        page, token = link.split("#")
        seen = expect(self.stack.call("GET", "/tracking", headers={"Tracking-Token": token}), 200)
        if seen["status"] != order["status"] or page != f"{self.stack.api_url}/track":
            raise Wrong("a tracking link that shows another order")
        return link

    def close(self):
        for agent in self.agents.values():
            expect(agent.put("/agents/me", {"on_duty": False}), 200)
        self.mailbox.close()

    def sum_up(self):
        orders, routes = self.orders(), self.all_routes()
        delivered = sum(order["status"] == "delivered" for order in orders)
        completed = sum(route["status"] == "completed" for route in routes)
        if delivered != len(self.order_rows) or completed != len(routes):
            raise Wrong(
                f"{delivered} of {len(self.order_rows)} orders delivered, {completed} of {len(routes)} routes completed"
            )
        self.tell("recipient", f"follow an order as the person at the door: {self.a_link()}")
        print(report.how_to_go_on(next(iter(self.customers.values())).email, PASSWORD))
        seconds = round(time.monotonic() - self.began)
        unplaced = sum(order["status"] == "pending" for order in orders)
        print(
            f"demo: ok orders={len(orders)} delivered={delivered} routes={len(routes)} completed={completed}"
            f" emails={len(self.mailbox.mails)} unplaced={unplaced} seconds={seconds}"
        )


def main():
    told = argparse.ArgumentParser(description="A delivery company's day.")
    told.add_argument("--planner", nargs="+", default=["embedded"], help="who is to plan the routes, and nobody else")
    try:
        day = Day(told.parse_args().planner)
        day.open_the_office()
        day.people_join()
        day.orders_come_in()
        day.a_courier_falls_ill()
        day.show_table()
        day.routes_are_driven()
        day.read_mail()
        day.draw()
        day.close()
        day.sum_up()
    except Exception as wrong:  # noqa: BLE001 - the last line reports every kind of failure
        told = " ".join(str(wrong).split()) or type(wrong).__name__
        plain = isinstance(wrong, (Wrong, AssertionError))
        print(f"demo: failed {told}" if plain else f"demo: failed {type(wrong).__name__}: {told}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
