"""Measures two things that a dispatcher waits for, over HTTP on the local stack: `make bench-dispatcher`.

Quotes: 50 agents of one town have 300 open stops. How long does a quote take, and how far is it from the times that the
order gets when it is placed right afterwards? Cancelling: one call cancels an import of 10,000 orders, and the function
that does so is killed on the way. How long does it take until all orders are cancelled?
"""

import argparse
import os
import random
import signal
import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "local"), str(ROOT / "local" / "bench-cost")]

import imports
from day import Day
from waybill_client import Stack, StackMissing, eventually, expect

MIDDLE = (41.39, 2.17)
CLOSE_S = 600


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--agents", type=int, default=50)
    options.add_argument("--stops", type=int, default=300, help="open stops before the first quote")
    options.add_argument("--quotes", type=int, default=100, help="quotes whose time is measured")
    options.add_argument("--placed", type=int, default=30, help="quotes whose order is placed afterwards")
    options.add_argument("--rows", type=int, default=10_000, help="orders of the import")
    options.add_argument("--kills", type=int, default=1)
    options = options.parse_args()
    try:
        people = People(Stack(), options.agents)
    except StackMissing as missing:
        sys.exit(f"waybill: {missing}")
    if options.quotes:
        quotes(people, options)
    if options.rows:
        cancelling(people, options)


class People(Day):
    """A customer, a dispatcher, and the agents of one town."""

    def __init__(self, stack, agents):
        super().__init__(stack, 0, 0)
        self.people, self.places = [], random.Random(7)
        self.customer = self.newcomer("customer", "Shop")
        self.agents = [
            self.newcomer("agent", f"Agent {number}", start_location=self.place(), vehicle={"capacity": 40})
            for number in range(agents)
        ]
        print(f"{len(self.people)} people sign up", flush=True)
        self.prepare()

    def place(self):
        """A place in a town of eight by eight kilometres."""
        lat, lon = (self.places.uniform(-4, 4) for _ in range(2))
        return {"lat": round(MIDDLE[0] + lat / 111.2, 5), "lon": round(MIDDLE[1] + lon / 83.4, 5)}

    def new_order(self):
        return {"pickup": {"location": self.place()}, "dropoff": {"location": self.place()}}

    def seen(self, order):
        return expect(self.customer.get(f"/orders/{order['order_id']}"), 200)


def quotes(people, options):
    """The times of quotes, and their distance from what becomes true."""
    for agent in people.agents:
        expect(agent.put("/agents/me", {"on_duty": True}), 200)
    wanted = options.stops // 2
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: expect(people.customer.order(people.new_order()), 201), range(wanted)))

    def all_assigned():
        orders = people.customer.every("/orders", "orders", limit=100)
        left = sum(order["status"] != "assigned" for order in orders)
        print(f"\r{len(orders) - left} of {wanted} orders have an agent", end="", flush=True)
        return not left

    eventually("an agent for each order", all_assigned, seconds=300, pause=2)
    print()
    took = []
    for _ in range(options.quotes):
        began = time.perf_counter()
        quote = expect(people.customer.post("/quotes", people.new_order()), 200)
        took.append(time.perf_counter() - began)
        assert quote["feasible"], quote
    p50, p95 = statistics.quantiles(took, n=20)[9], statistics.quantiles(took, n=20)[18]
    print(f"{len(took)} quotes with {options.agents} agents and {options.stops} open stops: "
          f"p50 {p50:.2f} s, p95 {p95:.2f} s, longest {max(took):.2f} s")  # fmt: skip
    apart = [placed_after_its_quote(people) for _ in range(options.placed)]
    late = [max(one, key=abs) for one in apart]
    apart = [abs(seconds) for seconds in late]
    close = sum(seconds < CLOSE_S for seconds in apart)
    print(f"{close} of {len(apart)} orders: both times within {CLOSE_S // 60} minutes of the quote, "
          f"median {statistics.median(apart) / 60:.1f} min, largest {max(apart) / 60:.1f} min; "
          f"{sum(seconds > 0 for seconds in late)} came later than quoted")  # fmt: skip


def placed_after_its_quote(people):
    """Seconds from a quote to the times of its order, for pickup and drop-off. Negative if the order comes sooner."""
    body = people.new_order()
    quote = expect(people.customer.post("/quotes", body), 200)
    order = expect(people.customer.order(body), 201)
    planned = eventually("a route", lambda: (it := people.seen(order))["status"] == "assigned" and it, seconds=120)
    routes = expect(people.dispatcher.get(f"/routes/{planned['agent_id']}", limit=1), 200)["routes"]
    stops = [stop for stop in routes[0]["stops"] if stop["order_id"] == order["order_id"]]
    return [(moment(stop["eta"]) - moment(quote[f"{stop['kind']}_eta"])).total_seconds() for stop in stops]


def moment(text):
    return datetime.fromisoformat(text)


def cancelling(people, options):
    """One call, the whole import, and a kill on the way."""
    lines = ["external_id,pickup_lat,pickup_lon,dropoff_lat,dropoff_lon"]
    for row in range(options.rows):
        start, end = people.place(), people.place()
        lines.append(f"c{row},{start['lat']},{start['lon']},{end['lat']},{end['lon']}")
    content = ("\n".join(lines) + "\n").encode()
    ticket = expect(imports.ask(people.customer, "orders.csv", len(content)), 201)
    expect(imports.put(ticket, content), 200)
    account = imports.follow(people.customer, ticket["import_id"], seconds=300)
    print(f"{account['accepted']} orders imported", flush=True)
    path = f"/imports/{ticket['import_id']}"
    began = time.monotonic()
    expect(people.customer.post("/orders/cancel", {"filter": {"import_id": ticket["import_id"]}}), 202)
    kills = 0

    def over():
        nonlocal kills
        cancellation = expect(people.customer.get(path), 200)["cancellation"]
        done = cancellation["cancelled"] + cancellation["kept"]
        print(f"\r{done} orders after {time.monotonic() - began:.0f} s, {kills} kills", end="", flush=True)
        if kills < options.kills and done > (kills + 1) * options.rows / (options.kills + 2):
            kills += kill("IngestOrders")
        return "finished_at" in cancellation and cancellation

    told = eventually("the end of the cancellation", over, seconds=1800, pause=0.5)
    left = people.customer.every("/orders", "orders", status="pending", limit=100)
    left += people.customer.every("/orders", "orders", status="assigned", limit=100)
    left = [order for order in left if order.get("external_id", "").startswith("c")]
    print(f"\n{told['cancelled']} cancelled and {told['kept']} kept after {time.monotonic() - began:.0f} s "
          f"with {kills} kills; {len(left)} orders left")  # fmt: skip


def kill(function):
    """Kills the processes of a function of this local stack, as when its machine fails. Returns whether one ran."""
    stack, killed = f"AWS_ENDPOINT_URL={os.environ['AWS_ENDPOINT_URL']}", False
    for process in Path("/proc").glob("[0-9]*"):
        try:
            environment = (process / "environ").read_text().split("\0")
            if stack in environment and any(
                one.startswith("AWS_LAMBDA_FUNCTION_NAME=") and one.endswith(function) for one in environment
            ):
                os.kill(int(process.name), signal.SIGKILL)
                killed = True
        except (PermissionError, FileNotFoundError, ProcessLookupError, UnicodeDecodeError):
            continue
    return killed


if __name__ == "__main__":
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC")
    main()
