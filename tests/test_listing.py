"""Lists: newest first, page after page, and only the caller's own records."""

import pytest

from problems import pointers, problem
from town import open_route
from waybill_client import expect


@pytest.fixture(scope="module")
def ana(shared_town):
    return shared_town.customer("Ana")


@pytest.fixture(scope="module")
def placed(shared_town, ana):
    """Seven orders, two of them cancelled, in a place without agents."""
    orders = [shared_town.order(ana, external_id=f"A-{n}") for n in range(7)]
    for order in orders[1], orders[4]:
        expect(ana.mark(order["order_id"], "cancelled"), 200)
    return [order["order_id"] for order in orders]


def ids(orders):
    return [order["order_id"] for order in orders]


def test_the_newest_comes_first(ana, placed):
    assert ids(expect(ana.get("/orders"), 200)["orders"]) == placed[::-1]


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
def test_pages_add_up_to_the_whole_list(ana, placed, limit):
    page = expect(ana.get("/orders", limit=limit), 200)
    assert len(page["orders"]) <= limit, "a page is not longer than asked for"
    assert ids(ana.every("/orders", "orders", limit=limit)) == placed[::-1]


def test_the_last_page_has_no_cursor(ana, placed):
    page = expect(ana.get("/orders", limit=100), 200)
    while page["next_cursor"]:
        page = expect(ana.get("/orders", limit=100, cursor=page["next_cursor"]), 200)
    assert page["next_cursor"] is None


def test_an_order_placed_meanwhile_disturbs_no_page(shared_town, placed):
    """Pages go on after an id, not after a number of items."""
    bea = shared_town.customer("Bea")
    before = [shared_town.order(bea)["order_id"] for _ in range(4)]
    first = expect(bea.get("/orders", limit=2), 200)
    shared_town.order(bea)
    rest, cursor = [], first["next_cursor"]
    while cursor:
        page = expect(bea.get("/orders", limit=2, cursor=cursor), 200)
        rest, cursor = rest + page["orders"], page["next_cursor"]
    assert ids(first["orders"] + rest) == before[::-1]


@pytest.mark.parametrize("status, which", [("cancelled", [4, 1]), ("pending", [6, 5, 3, 2, 0]), ("delivered", [])])
@pytest.mark.parametrize("limit", [1, 100])
def test_a_filter_shows_that_status_alone(ana, placed, status, which, limit):
    found = ana.every("/orders", "orders", status=status, limit=limit)
    assert ids(found) == [placed[n] for n in which]
    assert {order["status"] for order in found} <= {status}


def test_a_cursor_of_somebody_else_shows_nothing_of_theirs(shared_town, ana, placed):
    eve = shared_town.customer("Eve")
    own = shared_town.order(eve)["order_id"]
    cursor = expect(ana.get("/orders", limit=2), 200)["next_cursor"]
    assert cursor, "seven orders are more than a page of two"
    answer = eve.get("/orders", limit=100, cursor=cursor)
    if answer.status_code == 200:
        assert set(ids(answer.json()["orders"])) <= {own}, "a cursor has shown somebody else's orders"
    else:
        assert pointers(answer) == ["?cursor"]


def test_a_cursor_that_was_changed_shows_nothing_of_others(shared_town, ana, placed):
    fay = shared_town.customer("Fay")
    shared_town.order(fay)
    shared_town.order(fay)
    cursor = expect(fay.get("/orders", limit=1), 200)["next_cursor"]
    own = set(ids(fay.every("/orders", "orders")))
    for position in range(0, len(cursor), 3):
        changed = cursor[:position] + ("A" if cursor[position] != "A" else "B") + cursor[position + 1 :]
        answer = fay.get("/orders", cursor=changed, limit=100)
        if answer.status_code == 200:
            assert set(ids(answer.json()["orders"])) <= own
        else:
            problem(answer, 422)


def test_the_dispatcher_sees_the_orders_of_all(shared_town, dispatcher, ana, placed):
    gus = shared_town.customer("Gus")
    theirs = shared_town.order(gus)["order_id"]
    everything = dispatcher.every("/orders", "orders", limit=100)
    assert {theirs, *placed} <= set(ids(everything))
    created = [order["created_at"] for order in everything]
    assert len(created) == len(set(ids(everything))), "no order is listed twice"
    cancelled = dispatcher.every("/orders", "orders", status="cancelled", limit=100)
    assert {placed[1], placed[4]} <= set(ids(cancelled))
    assert {order["status"] for order in cancelled} == {"cancelled"}


def test_a_page_of_the_dispatcher_is_newest_first(dispatcher, placed):
    for page in (expect(dispatcher.get("/orders", limit=50), 200), expect(dispatcher.get("/orders", limit=5), 200)):
        found = ids(page["orders"])
        assert found == sorted(found, reverse=True), "ids grow with time, so the newest comes first"


def test_an_agent_sees_what_is_on_the_open_route_and_nothing_else(town):
    ana, ben = town.customer(), town.agent()
    first, second = town.order(ana), town.order(ana)
    town.assigned(ana, first, second)
    assert set(ids(ben.every("/orders", "orders"))) == {first["order_id"], second["order_id"]}
    assert ids(ben.every("/orders", "orders", status="in_progress")) == []
    expect(ben.get(f"/orders/{first['order_id']}"), 200)
    route = open_route(ben)
    for order in (first, second):
        expect(ben.mark(order["order_id"], "delivered"), 200)
    assert ben.every("/orders", "orders") == [], "a finished route shows no customers' addresses any more"
    problem(ben.get(f"/orders/{first['order_id']}"), 404, "not_found")
    for person in (ben, town.dispatcher):
        done = person.every(f"/routes/{ben.user_id}", "routes", status="completed")
        assert [found["route_id"] for found in done] == [route["route_id"]]
        assert person.every(f"/routes/{ben.user_id}", "routes", status="assigned") == []


def test_the_dispatcher_lists_agents_by_status(shared_town, dispatcher):
    agents = {
        "pending_approval": shared_town.applicant(),
        "active": shared_town.agent(on_duty=False),
        "suspended": shared_town.agent(on_duty=False),
    }
    expect(dispatcher.put(f"/agents/{agents['suspended'].user_id}", {"status": "suspended"}), 200)
    whole = [agent["agent_id"] for agent in dispatcher.every("/agents", "agents", limit=2)]
    assert len(whole) == len(set(whole)), "no agent is listed twice"
    for status, agent in agents.items():
        found = dispatcher.every("/agents", "agents", status=status, limit=100)
        assert agent.user_id in [one["agent_id"] for one in found]
        assert {one["status"] for one in found} == {status}
        assert agent.user_id in whole
    fields = {"agent_id", "name", "status", "on_duty", "start_location", "vehicle", "skills", "shift", "open_route_id"}
    fields |= {"version"}
    assert fields <= found[0].keys()
