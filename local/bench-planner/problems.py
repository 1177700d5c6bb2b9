"""Problems in the form that the solvers need. They are read from files or generated from a seed."""

import json
import math
import random
from dataclasses import dataclass

EARTH_RADIUS_M = 6_371_008.8

# Li and Lim's files have decimals. The solvers calculate in integers.
STEPS = 1000


@dataclass
class Stop:
    point: int
    window: tuple[int, int]
    service: int


@dataclass
class Order:
    id: object
    size: int
    pickup: Stop
    dropoff: Stop


@dataclass
class Vehicle:
    id: object
    start: int
    end: int | None
    capacity: int
    shift: tuple[int, int]


@dataclass
class Problem:
    distances: list[list[int]]
    durations: list[list[int]]
    vehicles: list[Vehicle]
    orders: list[Order]
    # True if fewer vehicles are better than less travel.
    vehicles_first: bool


def load(path):
    """Reads a problem. The ending of the name decides the format, as in `plan`."""
    with open(path, encoding="utf-8") as file:
        return _lilim(file.read()) if path.endswith(".txt") else _city(json.load(file))


def _city(data):
    travel, locations = data["travel"], data["locations"]
    if travel["kind"] != "great_circle":
        raise ValueError("the bench knows great-circle travel only")
    metres = [[_great_circle(a, b) * travel["circuity"] for b in locations] for a in locations]
    speed = travel["speed_kmh"] / 3.6

    def stop(raw):
        window = raw["window"] or (0, 10**7)
        return Stop(raw["location"], tuple(window), raw["service_s"])

    for order in data["orders"]:
        if not order["pickup"] or order["vehicle"] or order.get("committed"):
            raise ValueError("the peers know pending orders only")
    return Problem(
        distances=[[round(m) for m in row] for row in metres],
        durations=[[round(m / speed) for m in row] for row in metres],
        vehicles=[
            Vehicle(v["id"], v["start"], v["end"], v["capacity"], tuple(v["shift"]))
            for v in data["vehicles"]
        ],
        orders=[
            Order(o["id"], o["size"], stop(o["pickup"]), stop(o["dropoff"]))
            for o in data["orders"]
        ],
        vehicles_first=False,
    )


def _great_circle(a, b):
    lat_a, lat_b = math.radians(a["lat"]), math.radians(b["lat"])
    lat = math.sin((lat_b - lat_a) / 2)
    lon = math.sin(math.radians(b["lon"] - a["lon"]) / 2)
    h = lat * lat + math.cos(lat_a) * math.cos(lat_b) * lon * lon
    return 2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(h)))


def _lilim(text):
    head, *tasks = [[float(word) for word in line.split()] for line in text.splitlines() if line.strip()]
    index = {int(task[0]): at for at, task in enumerate(tasks)}
    lengths = [[math.hypot(a[1] - b[1], a[2] - b[2]) * STEPS for b in tasks] for a in tasks]

    def stop(at):
        task = tasks[at]
        return Stop(at, (round(task[4] * STEPS), round(task[5] * STEPS)), round(task[6] * STEPS))

    depot = tasks[0]
    shift = (round(depot[4] * STEPS), round(depot[5] * STEPS))
    return Problem(
        distances=[[round(it) for it in row] for row in lengths],
        # Rounded up, so that a plan that is on time in steps is on time.
        durations=[[math.ceil(it - 1e-6) for it in row] for row in lengths],
        vehicles=[Vehicle(1 + v, 0, 0, int(head[1]), shift) for v in range(int(head[0]))],
        orders=[
            Order(int(task[0]), int(task[3]), stop(at), stop(index[int(task[8])]))
            for at, task in enumerate(tasks)
            if at > 0 and task[7] == 0
        ],
        vehicles_first=True,
    )


def city(orders, seed):
    """A generated city: merchants in clusters, customers around them, vehicles anywhere, a deadline on half of the
    orders.
    """
    rng = random.Random(f"{orders}/{seed}")
    hubs = [(rng.gauss(0, 0.03), rng.gauss(0, 0.04)) for _ in range(3 + orders // 40)]
    locations = []

    def place(spread, around=None):
        lat, lon = around or rng.choice(hubs)
        lat, lon = 45 + lat + rng.gauss(0, spread), 8 + lon + rng.gauss(0, spread * 1.4)
        return {"lat": round(lat, 6), "lon": round(lon, 6)}

    def at(location):
        locations.append(location)
        return len(locations) - 1

    shift_s, service_s = 4 * 3600, 120
    merchants = [place(0.008) for _ in range(max(3, orders // 10))]
    vehicles = [
        {
            "id": f"v{1 + v}",
            "start": at(place(0.03)),
            "end": None,
            "capacity": 8,
            "shift": [0, shift_s],
        }
        for v in range(max(2, orders // 8))
    ]
    jobs = []
    for o in range(orders):
        ready = rng.choice([0, rng.randrange(shift_s // 2)])
        last = shift_s - service_s
        due = min(last, ready + rng.randrange(3600, 7200)) if rng.random() < 0.5 else last
        jobs.append(
            {
                "id": f"o{1 + o}",
                "size": rng.randint(1, 3),
                "pickup": {
                    "location": at(rng.choice(merchants)),
                    "window": [ready, last],
                    "service_s": service_s,
                },
                "dropoff": {
                    "location": at(place(0.02)),
                    "window": [0, due],
                    "service_s": service_s,
                },
                "vehicle": None,
            }
        )
    return {
        "travel": {"kind": "great_circle", "circuity": 1.3, "speed_kmh": 25},
        "locations": locations,
        "vehicles": vehicles,
        "orders": jobs,
    }
