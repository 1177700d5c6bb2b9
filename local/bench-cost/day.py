"""A busy part of a day, about 50 times faster than life: shops and people place orders, agents drive and tap.

Eight towns lie so far apart that each is planned on its own. Each has two shops that send their orders in batches, four
people who send single orders, and five agents. The seed is fixed, so each run places the same orders.
"""

import random
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

from waybill_client import PASSWORD, Person, expect

ROOT = Path(__file__).resolve().parent.parent.parent
TOWNS = [(41.39, 2.17), (40.42, -3.70), (39.47, -0.38), (43.26, -2.93), (37.39, -5.98), (41.65, -0.89), (36.72, -4.42),
         (42.88, -8.54)]  # fmt: skip
BATCHES = (5, 8, 10, 12, 15, 25)
SHOPS, PEOPLE, AGENTS = 2, 4, 5
STREETS = ("Carrer de Mallorca", "Gran Via", "Avenida de la Constitucion", "Calle Mayor", "Plaza del Ayuntamiento")
LONGEST_S = 1_800
# An agent needs this long for a stop, and looks at the route this often while there is none.
STOP_S, LOOK_S = (7.0, 12.0), 20.0


class Town:
    """The people of one town, and what they order."""

    def __init__(self, number, day):
        self.middle, self.day = TOWNS[number], day
        self.chance = random.Random(number)
        self.shops = [day.newcomer("customer", f"Shop {number}-{one}") for one in range(SHOPS)]
        self.people = [day.newcomer("customer", f"Person {number}-{one}") for one in range(PEOPLE)]
        self.agents = [
            day.newcomer("agent", f"Agent {number}-{one}", start_location=self.place(3), vehicle={"capacity": 40})
            for one in range(AGENTS)
        ]

    def place(self, most_km=5.0):
        return {
            "lat": round(self.middle[0] + self.chance.uniform(-most_km, most_km) / 111.2, 6),
            "lon": round(self.middle[1] + self.chance.uniform(-most_km, most_km) / 85.0, 6),
        }

    def stop(self, place=None):
        street = self.chance.choice(STREETS)
        address = f"{street} {self.chance.randint(1, 400)}, {self.chance.randint(10000, 52000)} Spain"
        return {"address": address, "location": place or self.place(), "service_s": 2}

    def orders(self, orders, seconds):
        """Batches of the shops, and single orders: when, who, and the bodies."""
        shop_at = [self.stop() for _ in self.shops]
        share = orders * 6 // 10
        sizes = list(BATCHES)
        while share > 0:
            size = min(share, sizes.pop(self.chance.randrange(len(sizes))) if sizes else 10)
            shop = self.chance.randrange(SHOPS)
            bodies = [self.body(shop_at[shop], f"{self.chance.randint(10**7, 10**8)}") for _ in range(size)]
            yield self.chance.uniform(0, seconds), self.shops[shop], bodies
            share -= size
        for _ in range(orders - orders * 6 // 10):
            yield self.chance.uniform(0, seconds), self.chance.choice(self.people), [self.body(self.stop())]

    def body(self, pickup, external_id=None):
        dropoff = self.stop()
        dropoff["contact"] = {"name": "Maria Example", "phone": f"+34 6{self.chance.randint(10**7, 10**8):08d}"}
        body = {"pickup": pickup, "dropoff": dropoff, "size": self.chance.randint(1, 3)}
        if external_id:
            body["external_id"] = external_id
        if self.chance.random() < 0.3:
            body["notes"] = "Ring twice, second floor."
        if self.chance.random() < 0.2:
            now = datetime.now(UTC)
            window = {"start": now - timedelta(minutes=5), "end": now + timedelta(hours=3)}
            dropoff["window"] = {name: f"{at:%Y-%m-%dT%H:%M:%SZ}" for name, at in window.items()}
        return body


class Day:
    """The whole day. `prepare` makes the accounts, which is not measured, and `drive` is the day itself."""

    def __init__(self, stack, orders, seconds):
        self.stack, self.wanted, self.seconds = stack, orders, seconds
        self.run = datetime.now(UTC).strftime("%Y%m%d%H%M%S%f")
        self.lock, self.chance = threading.Lock(), random.Random(1)
        self.people, self.placed, self.delivered, self.refused = [], 0, 0, 0
        self.towns = [Town(number, self) for number in range(len(TOWNS))]

    def newcomer(self, role, name, **more):
        person = Person(self.stack, role, f"{name.replace(' ', '')}+{self.run}@example.com".lower(), name)
        self.people.append((person, more))
        return person

    def prepare(self):
        email = f"dispatch+{self.run}@example.com"
        command = ["make", "-s", "dispatcher", f"EMAIL={email}", f"PASSWORD={PASSWORD}"]
        subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
        self.dispatcher = Person(self.stack, "dispatcher", email, "Dispatch")
        expect(self.dispatcher.log_in(), 200)

        def join(told):
            person, more = told
            person.join(**more)
            if person.role == "agent":
                expect(self.dispatcher.put(f"/agents/{person.user_id}", {"status": "active"}), 200)

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(join, self.people))

    def drive(self):
        """Places all orders and delivers them. Returns the seconds that it took."""
        self.began = time.monotonic()
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda told: expect(told[0].log_in(), 200), self.people))
        agents = [agent for town in self.towns for agent in town.agents]
        each, more = divmod(self.wanted, len(self.towns))
        plan = [one for number, town in enumerate(self.towns)
                for one in town.orders(each + (number < more), self.seconds)]  # fmt: skip
        plan.sort(key=lambda one: one[0])
        with ThreadPoolExecutor(len(agents) + 1) as drivers, ThreadPoolExecutor(6) as customers:
            jobs = [drivers.submit(self.work, agent) for agent in agents] + [drivers.submit(self.watch)]
            orders = []
            for at, customer, bodies in plan:
                time.sleep(max(0.0, self.began + at - time.monotonic()))
                orders.append(customers.submit(self.place, customer, bodies))
            for job in orders + jobs:
                job.result()
        return time.monotonic() - self.began

    def is_over(self):
        with self.lock:
            return self.delivered >= self.wanted or time.monotonic() - self.began > LONGEST_S

    def place(self, customer, bodies):
        """Each order has a key, and its customer looks at it once."""
        for body in bodies:
            key = f"{self.run}-{self.chance.getrandbits(64):x}"
            made = expect(customer.order(body, key), 201)
            expect(customer.get(f"/orders/{made['order_id']}"), 200)
            with self.lock:
                self.placed += 1

    def work(self, agent):
        """The app shows the route after each tap. Without a route it looks now and then."""
        expect(agent.put("/agents/me", {"on_duty": True}), 200)
        while not self.is_over():
            routes = expect(agent.get("/routes/me", limit=1), 200)["routes"]
            stops = [stop for route in routes for stop in route["stops"] if stop["status"] == "pending"]
            if not stops:
                time.sleep(LOOK_S)
                continue
            time.sleep(self.chance.uniform(*STOP_S))
            status = "in_progress" if stops[0]["kind"] == "pickup" else "delivered"
            answer = agent.mark(stops[0]["order_id"], status)
            with self.lock:
                self.refused += answer.status_code != 200
                self.delivered += answer.status_code == 200 and status == "delivered"

    def watch(self):
        """The dispatcher looks at the newest orders each minute."""
        while not self.is_over():
            expect(self.dispatcher.get("/orders", limit=50), 200)
            time.sleep(60 if not self.is_over() else 0)
