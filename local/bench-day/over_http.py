"""Drives the days of files over HTTP on the local stack: orders are placed, agents drive and tap, all in real time.

`make bench-day-http` runs it with the days of the simulator's tests. The world of these days is about 50 times faster
than life, so `make` deploys other driving times first. The next `make up` or `make demo` deploys the usual ones.

A file has `agents` (when each comes on duty, and where), `demand` (the orders) and the figures of `policies`. The bench
prints how long people wait over HTTP, beside the figures of `insertion 0.2`.
"""

import argparse
import json
import math
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "local"))

from waybill_client import PASSWORD, Person, Stack, StackMissing, expect

BASE_S, PER_KM_S, SERVICE_S = 4.0, 2.0, 2
EARTH_KM = 6371.0088
LOOK_S = 0.5  # an agent looks at the route this often
LONGEST_DAY_S = 1_800
PEER = "insertion 0.2"


class Wrong(Exception):
    """The day did not end as it should."""


def km(a, b):
    """Great-circle kilometres (haversine formula)."""
    (lat1, lon1), (lat2, lon2) = (map(math.radians, place) for place in (a, b))
    h = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * EARTH_KM * math.asin(math.sqrt(h))


def driving_s(a, b):
    return 0.0 if a == b else BASE_S + PER_KM_S * km(a, b)


def location(place):
    return {"lat": place[0], "lon": place[1]}


class Day:
    """One day, from the first sign-up to the last delivery."""

    def __init__(self, stack, file):
        self.stack = stack
        self.told = json.loads(Path(file).read_text())
        self.run = datetime.now(UTC).strftime("%Y%m%d%H%M%S%f")
        self.lock = threading.Lock()
        self.placed, self.delivered = {}, {}
        self.driven_km, self.shares = 0.0, [0] * len(self.told["agents"])

    def person(self, role, number, **more):
        email = f"{role}{number}+{self.run}@example.com"
        return Person(self.stack, role, email, f"{role.title()} {number}").join(**more)

    def begin(self):
        email = f"dispatch+{self.run}@example.com"
        command = ["make", "-s", "dispatcher", f"EMAIL={email}", f"PASSWORD={PASSWORD}"]
        subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
        self.dispatcher = Person(self.stack, "dispatcher", email, "Dispatch")
        expect(self.dispatcher.log_in(), 200)
        self.customer = self.person("customer", 1)
        numbered = list(enumerate(self.told["agents"]))

        def agent(told):
            number, agent = told
            person = self.person("agent", number, start_location=location(agent["start"]), vehicle={"capacity": 100})
            expect(self.dispatcher.put(f"/agents/{person.user_id}", {"status": "active"}), 200)
            return person

        with ThreadPoolExecutor(4) as pool:
            self.agents = list(pool.map(agent, numbered))
        self.began = time.monotonic()

    def now(self):
        return time.monotonic() - self.began

    def wait_until(self, second):
        time.sleep(max(0.0, second - self.now()))

    def is_over(self):
        with self.lock:
            return len(self.delivered) == len(self.told["demand"]) or self.now() > LONGEST_DAY_S

    def place_orders(self):
        def place(order):
            stops = {end: {"location": location(order[end]), "service_s": SERVICE_S} for end in ("pickup", "dropoff")}
            made = expect(self.customer.order(stops), 201)
            with self.lock:
                self.placed[made["order_id"]] = order["at_s"]

        with ThreadPoolExecutor(8) as pool:
            for order in self.told["demand"]:
                self.wait_until(order["at_s"])
                pool.submit(place, order)

    def next_stop(self, agent):
        """The first open stop of the agent's route, and the open stops behind it."""
        routes = expect(agent.get("/routes/me", status="assigned"), 200)["routes"]
        routes += expect(agent.get("/routes/me", status="in_progress"), 200)["routes"]
        return [stop for route in routes for stop in route["stops"] if stop["status"] == "pending"]

    def work(self, number):
        agent, told = self.agents[number], self.told["agents"][number]
        self.wait_until(told["on_duty_s"])
        expect(agent.put("/agents/me", {"on_duty": True}), 200)
        at = tuple(told["start"])
        free_at = self.now()
        while not self.is_over():
            stops = self.next_stop(agent)
            if not stops:
                time.sleep(LOOK_S)
                free_at = self.now()
                continue
            at, free_at = self.visit(number, stops[0], at, free_at)

    def visit(self, number, stop, at, left_at):
        """Drives to a stop, serves and taps. Returns where and when the agent is free. Turns if the stop moves away."""
        agent, name = self.agents[number], (stop["order_id"], stop["kind"])
        to = (stop["location"]["lat"], stop["location"]["lon"])
        arrives = left_at + driving_s(at, to)
        while self.now() + LOOK_S < arrives:
            time.sleep(LOOK_S)
            if name not in [(stop["order_id"], stop["kind"]) for stop in self.next_stop(agent)]:
                share = min(1.0, (self.now() - left_at) / max(arrives - left_at, 1e-9))
                here = tuple(a + (b - a) * share for a, b in zip(at, to))
                self.drove(km(at, here))
                return here, self.now()
        self.wait_until(arrives + SERVICE_S)
        self.drove(km(at, to))
        status = "in_progress" if stop["kind"] == "pickup" else "delivered"
        answer = agent.mark(stop["order_id"], status)
        if answer.status_code != 200:
            print(f"  {status} of {stop['order_id']}: {answer.status_code} {answer.text[:200]}", file=sys.stderr)
        elif status == "delivered":
            with self.lock:
                self.delivered[stop["order_id"]] = self.now()
                self.shares[number] += 1
        # A real agent departs at once. The answer of the tap comes while they drive.
        return to, max(arrives + SERVICE_S, left_at)

    def drove(self, distance_km):
        with self.lock:
            self.driven_km += distance_km

    def drive(self):
        self.begin()
        with ThreadPoolExecutor(len(self.agents) + 1) as pool:
            jobs = [pool.submit(self.work, number) for number in range(len(self.agents))]
            jobs.append(pool.submit(self.place_orders))
            for job in jobs:
                job.result()
        missing = len(self.told["demand"]) - len(self.delivered)
        if missing:
            raise Wrong(f"{missing} orders were not delivered within {LONGEST_DAY_S} s")
        for person in self.agents:
            expect(person.put("/agents/me", {"on_duty": False}), 200)
        return self.figures()

    def figures(self):
        waited = sorted(self.delivered[order] - at for order, at in self.placed.items())
        return {
            "mean_s": sum(waited) / len(waited),
            "p90_s": waited[int(0.9 * (len(waited) - 1))],
            "max_s": waited[-1],
            "km_per_order": self.driven_km / len(waited),
            "orders_per_agent": [min(self.shares), max(self.shares)],
        }


def show(name, figures):
    low, high = figures["orders_per_agent"]
    print(
        f"{name:16} mean {figures['mean_s']:6.1f} s  p90 {figures['p90_s']:6.1f}  max {figures['max_s']:6.1f}  "
        f"km/order {figures['km_per_order']:5.2f}  orders per agent {low}..{high}",
        flush=True,
    )


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("days", nargs="+", help="files with a day each")
    options = options.parse_args()
    try:
        stack = Stack(os.environ)
    except StackMissing as missing:
        sys.exit(f"waybill: {missing}")
    ratios = []
    for file in options.days:
        print(f"==> {file}", flush=True)
        day = Day(stack, file)
        found = day.drive()
        peer = day.told["policies"][PEER]
        show("waybill", found)
        show(PEER, peer)
        ratios.append((found["mean_s"], peer["mean_s"]))
    ours, theirs = (sum(column) / len(ratios) for column in zip(*ratios))
    print(f"all days: mean {ours:.1f} s, {PEER} {theirs:.1f} s, ratio {ours / theirs:.3f}")


if __name__ == "__main__":
    try:
        main()
    except (Wrong, AssertionError) as failure:
        sys.exit(f"waybill: {failure}")
