"""VROOM as a policy on the days of the simulator: at each event it plans all stops anew that no agent is on the way to.

usage: vroom_policy.py DAYS OUT     DAYS is a folder from `bench-day --write-days`, OUT a file for `bench-day --others`

A day is replayed as the policies of shared/simulator do it: an agent finishes the stop under way, and learns of
cancellations, failed pickups and the ends of duties when they happen. VROOM plans with the expected driving times, and
agents drive with the true ones. VROOM minimises driving alone; it has no price for waiting.
"""

import json
import math
import sys
from pathlib import Path

import numpy
import vroom

EARTH_KM = 6371.0088
FOREVER = 4_000_000
# The lowest level. VROOM lets orders wait to save driving, so its instances grow large: with level 3, a full day takes
# minutes.
EXPLORATION_LEVEL = 0
PICKUP, DROPOFF = 0, 1
BITS = (1 << 64) - 1


def kilometres(a, b):
    lat_a, lat_b = math.radians(a[0]), math.radians(b[0])
    half = math.sin((lat_b - lat_a) / 2) ** 2
    half += math.cos(lat_a) * math.cos(lat_b) * math.sin(math.radians(b[1] - a[1]) / 2) ** 2
    return 2 * EARTH_KM * math.asin(math.sqrt(half))


def mixed(number):
    """The output function of SplitMix64, as in shared/simulator/src/streets.rs."""
    z = (number + 0x9E3779B97F4A7C15) & BITS
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & BITS
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & BITS
    return z ^ (z >> 31)


class Streets:
    def __init__(self, spec):
        self.spec = spec

    def expected(self, a, b):
        return 0.0 if a == b else self.spec["base_s"] + self.spec["s_per_km"] * kilometres(a, b)

    def true(self, a, b):
        noise = self.spec["noise"]
        if not noise:
            return self.expected(a, b)
        number = self.spec["seed"]
        for degrees in (*a, *b):
            number = mixed(number ^ int(numpy.float64(degrees).view(numpy.uint64)))
        unit = (number >> 11) / (1 << 53)
        return self.expected(a, b) * (1 + noise * (2 * unit - 1))


class Driver:
    def __init__(self, spec):
        self.duties = [(start, math.inf if end is None else end) for start, end in spec["duties"]]
        self.at, self.free, self.todo, self.aboard = tuple(spec["start"]), self.duties[0][0], [], set()

    def duty_at(self, now):
        return next((duty for duty in self.duties if now < duty[1]), None)


class Replay:
    def __init__(self, day):
        self.day, self.streets = day, Streets(day["streets"])
        self.orders = day["orders"]
        self.drivers = [Driver(agent) for agent in day["agents"]]
        self.open, self.waits, self.km, self.delivered = set(), [], 0.0, [0] * len(self.drivers)
        places = {driver.at for driver in self.drivers}
        for order in self.orders:
            order["pickup"], order["dropoff"] = tuple(order["pickup"]), tuple(order["dropoff"])
            places |= {order["pickup"], order["dropoff"]}
        self.index = {place: number for number, place in enumerate(sorted(places))}
        listed = sorted(places)
        matrix = [[round(self.streets.expected(a, b)) for b in listed] for a in listed]
        self.matrix = numpy.array(matrix, dtype=numpy.uint32)

    def place(self, stop):
        return self.orders[stop[0]]["pickup" if stop[1] == PICKUP else "dropoff"]

    def advance(self, until):
        for number, driver in enumerate(self.drivers):
            while driver.todo and driver.free <= until:
                self.make(number, driver, driver.todo.pop(0))

    def make(self, number, driver, stop):
        order, place = self.orders[stop[0]], self.place(stop)
        self.km += kilometres(driver.at, place)
        driver.free += self.streets.true(driver.at, place) + order["service_s"][stop[1]]
        driver.at = place
        if stop[1] == PICKUP:
            self.open.discard(stop[0])
            if order["pickup_fails"]:
                driver.todo = [other for other in driver.todo if other[0] != stop[0]]
            else:
                driver.aboard.add(stop[0])
        else:
            driver.aboard.discard(stop[0])
            self.delivered[number] += 1
            self.waits.append(driver.free - order["at_s"])

    def plan(self, now):
        if not self.open and not any(driver.aboard for driver in self.drivers):
            return
        problem = vroom.Input()
        problem.set_durations_matrix("car", self.matrix)
        takes_orders = False
        for number, driver in enumerate(self.drivers):
            begin = max(now, driver.free)
            duty = driver.duty_at(begin)
            on_duty = duty is not None and (duty[0] <= begin or not driver.aboard)
            if not on_duty and not driver.aboard:
                continue
            takes_orders |= on_duty
            begin = max(begin, duty[0]) if on_duty else begin
            problem.add_vehicle(
                vroom.Vehicle(
                    number,
                    start=self.index[driver.at],
                    skills={0, number + 1} if on_duty else {number + 1},
                    time_window=vroom.TimeWindow(math.ceil(begin), FOREVER),
                )
            )
            for order in sorted(driver.aboard):
                place = self.index[self.orders[order]["dropoff"]]
                service = self.orders[order]["service_s"][DROPOFF]
                problem.add_job(vroom.Job(order, place, default_service=service, skills={number + 1}))
        if self.open and takes_orders:
            for order in sorted(self.open):
                spec = self.orders[order]
                ends = [
                    vroom.ShipmentStep(order, self.index[spec[end]], default_service=spec["service_s"][kind])
                    for kind, end in enumerate(("pickup", "dropoff"))
                ]
                problem.add_shipment(*ends, skills={0})
        self.take(problem.solve(exploration_level=EXPLORATION_LEVEL, nb_threads=1), now)

    def take(self, solution, now):
        for driver in self.drivers:
            driver.idle, driver.todo = not driver.todo, []
        for step in solution.routes.to_dict("records"):
            if step["type"] in ("job", "pickup", "delivery"):
                kind = PICKUP if step["type"] == "pickup" else DROPOFF
                self.drivers[int(step["vehicle_id"])].todo.append((int(step["id"]), kind))
        for driver in self.drivers:
            if driver.todo and driver.idle:
                driver.free = max(driver.free, now)
                duty = driver.duty_at(driver.free)
                driver.free = max(driver.free, duty[0]) if duty else driver.free

    def run(self):
        events = [(order["at_s"], 0, number) for number, order in enumerate(self.orders)]
        events += [
            (order["cancelled_s"], 1, number)
            for number, order in enumerate(self.orders)
            if order["cancelled_s"] is not None
        ]
        for driver in self.drivers:
            events += [(at, 2, 0) for duty in driver.duties for at in duty if math.isfinite(at)]
        events.sort(key=lambda event: event[0])
        for position, (now, kind, number) in enumerate(events):
            self.advance(now)
            if kind == 0:
                self.open.add(number)
            elif kind == 1 and number in self.open:
                self.open.discard(number)
                for driver in self.drivers:
                    driver.todo = [stop for stop in driver.todo if stop[0] != number]
            # Orders that are placed at the same time are planned together.
            if position + 1 == len(events) or events[position + 1][0] > now:
                self.plan(now)
        self.advance(math.inf)
        return self.figures()

    def figures(self):
        waits = sorted(self.waits)
        last = len(waits) - 1
        ended = sum(1 for order in self.orders if order["pickup_fails"] or order["cancelled_s"] is not None)
        late = sum(1 for wait in waits if wait > self.day["promise_s"])
        return {
            "mean_s": sum(waits) / len(waits),
            "p90_s": waits[int(0.9 * last)],
            "max_s": waits[last],
            "late": late / len(self.orders),
            "km_per_order": self.km / len(waits),
            "fewest": min(self.delivered),
            "most": max(self.delivered),
            "delivered": len(waits),
            "left_over": max(0, len(self.orders) - len(waits) - ended),
        }


def main():
    days, out = map(Path, sys.argv[1:])
    results = {}
    for file in sorted(days.glob("*.json")):
        day = json.loads(file.read_text())
        if sys.stderr.isatty():
            print(f"\r\x1b[KVROOM: {day['name']}, day {day['seed']}", end="", file=sys.stderr)
        results.setdefault(day["name"], {})[day["seed"]] = Replay(day).run()
    out.write_text(json.dumps({"vroom": results}))


if __name__ == "__main__":
    main()
