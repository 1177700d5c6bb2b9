"""A day as the company wants it: every agent has orders, nobody has too many, and orders move when that helps."""

import random
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from town import check_books, open_route, routes_of, when
from waybill_client import eventually, expect

AGENTS, ORDERS = 4, 30


def spread(seed, count):
    """Places in a city of 4 by 6 km, in kilometres from its middle."""
    chance = random.Random(seed)
    return [(chance.uniform(-2, 2), chance.uniform(-3, 3)) for _ in range(count)]


def place_orders(town, customer, seed):
    places = spread(seed, 2 * ORDERS)
    with ThreadPoolExecutor(8) as pool:
        ends = zip(places[::2], places[1::2], strict=True)
        return list(pool.map(lambda stops: town.order(customer, *stops), ends))


def shares(customer):
    orders = customer.every("/orders", "orders", limit=100)
    return Counter(order["agent_id"] for order in orders if order["status"] == "assigned")


def all_share(customer, agents, seconds):
    """Waits until every order has a route and every agent has 5 to 10 of them."""

    def fair():
        found = shares(customer)
        is_fair = found.total() == ORDERS and all(5 <= found[agent.user_id] <= 10 for agent in agents)
        return found if is_fair else None

    return eventually(f"5 to 10 orders for each agent, not {shares(customer)}", fair, seconds=seconds)


def last_stop(agents):
    routes = [open_route(agent) for agent in agents]
    return max(when(stop["eta"]) for route in routes for stop in route["stops"])


@pytest.mark.parametrize("seed", [1, 2])
def test_agents_on_duty_share_the_orders(town, seed):
    agents = [town.agent(at, name=f"Agent {n}", capacity=40) for n, at in enumerate(spread(100 + seed, AGENTS))]
    ana = town.customer()
    began = datetime.now(UTC)
    place_orders(town, ana, seed)
    all_share(ana, agents, seconds=30)
    assert last_stop(agents) - began < timedelta(hours=2.5)
    check_books(ana, agents)


def test_agents_who_come_one_after_the_other_share_the_orders(town):
    agents = [
        town.agent(at, name=f"Agent {n}", capacity=40, on_duty=False) for n, at in enumerate(spread(103, AGENTS))
    ]
    ana = town.customer()
    began = datetime.now(UTC)
    place_orders(town, ana, 3)
    for number, agent in enumerate(agents):
        if number:
            time.sleep(8)
        expect(agent.put("/agents/me", {"on_duty": True}), 200)
    all_share(ana, agents, seconds=30)
    assert last_stop(agents) - began < timedelta(hours=2.5)
    check_books(ana, agents)

    # One of them leaves, and the others get the orders at once.
    leaver, *others = agents
    expect(leaver.put("/agents/me", {"on_duty": False, "release": True}), 200)

    def taken_over():
        found = shares(ana)
        return found.total() == ORDERS and leaver.user_id not in found

    eventually("the others have all orders", taken_over, seconds=20)
    check_books(ana, others)


def test_forty_taps_of_an_app_that_was_offline_all_count(town):
    ana, ben = town.customer(), town.agent(capacity=40)
    with ThreadPoolExecutor(8) as pool:
        orders = list(pool.map(lambda n: town.order(ana, (0.1, 0.01 * n), (0.4, 0.01 * n)), range(40)))
    town.assigned(ana, *orders, to=ben)
    with ThreadPoolExecutor(40) as pool:
        answers = list(pool.map(lambda order: ben.mark(order["order_id"], "delivered"), orders))
    assert Counter(answer.status_code for answer in answers) == {200: 40}
    assert [route["status"] for route in routes_of(ben)] == ["completed"]
    check_books(ana, [ben])
