"""The text of the emails: their places, times and length."""

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from functions_inside import Functions
from town import open_route, order_of, stops_of, when
from waybill_client import eventually, expect


@pytest.fixture
def clock(functions: Functions):
    """A moment in the format of this stack's emails."""
    zone = ZoneInfo(functions.settings_of("send-notifications")["TIME_ZONE"])
    return lambda moment: when(moment).astimezone(zone).strftime("%H:%M")


def tells_eta(text, eta, clock):
    """Whether a text has the time of a stop. Each look at a route that has not begun finds a later time than the route
    that was stored, which the emails tell. So the time that was found may be in the next minute.
    """
    return any(clock((when(eta) - timedelta(minutes=late)).isoformat()) in text for late in (0, 1))


def arrived(mailbox, person, count):
    """Waits for this number of mails. Returns the person's mails, oldest first."""
    found = eventually(
        f"{count} mails for {person.name}", lambda: len(mailbox.of(person)) >= count and mailbox.of(person)
    )
    assert len(found) == count, [mail.subject for mail in found]
    return found


def test_the_mails_of_a_delivery(town, mailbox, functions: Functions, clock):
    ana, ben = town.customer("Ana Lovelace"), town.agent(name="Ben Driver")
    mailbox.follow(ana)
    mailbox.follow(ben)
    body = town.body(external_id="INV-77", notes="ring twice")
    body["pickup"]["address"], body["dropoff"]["address"] = "Forn de Pa, Carrer Gran 5", "Carrer Petit 9, 2nd floor"
    order = town.assigned(ana, expect(ana.order(body), 201), to=ben)[0]
    route = open_route(ben)
    stops = stops_of(route, order)

    assigned = arrived(mailbox, ana, 1)[0]
    assert assigned.subject.strip() and "\n" not in assigned.subject
    for told in ("Forn de Pa, Carrer Gran 5", "Carrer Petit 9, 2nd floor"):
        assert told in assigned.text, f"{told} is not in: {assigned.text}"
    assert tells_eta(assigned.text, stops["pickup"]["eta"], clock), assigned.text
    assert "INV-77" in assigned.subject + assigned.text, "the customer's own name for it"

    to_agent = arrived(mailbox, ben, 1)[0]
    assert re.search(r"\b2\b|\btwo\b", to_agent.subject + to_agent.text), f"two stops: {to_agent.text}"
    assert "Forn de Pa, Carrer Gran 5" in to_agent.text, to_agent.text
    assert tells_eta(to_agent.text, route["stops"][0]["eta"], clock), to_agent.text

    expect(ben.mark(order["order_id"], "in_progress"), 200)
    expect(ben.mark(order["order_id"], "delivered"), 200)
    delivered = arrived(mailbox, ana, 2)[-1]
    assert delivered.subject != assigned.subject and "delivered" in (delivered.subject + delivered.text).lower()
    at = order_of(ana, order["order_id"])["history"][-1]["at"]
    for told in ("Carrer Petit 9, 2nd floor", clock(at)):
        assert told in delivered.text, f"{told} is not in: {delivered.text}"
    for mail in (assigned, delivered, to_agent):
        assert not re.search(r"\b(None|null|undefined)\b|\{\}|Some\(", mail.text), mail.text
    functions.settle()
    mailbox.collect(3)
    assert (len(mailbox.of(ana)), len(mailbox.of(ben))) == (2, 1), "picking up is told to nobody"


def test_a_failure_is_told_with_its_reason(town, mailbox):
    ana, ben = town.customer(), town.agent()
    mailbox.follow(ana)
    order = town.assigned(ana, town.order(ana), to=ben)[0]
    arrived(mailbox, ana, 1)
    expect(ben.mark(order["order_id"], "failed", "the gate is locked"), 200)
    mails = arrived(mailbox, ana, 2)
    assert "the gate is locked" in mails[-1].text


def test_a_route_that_gains_stops_is_told_again(town, mailbox, clock):
    ana, ben = town.customer(), town.agent()
    mailbox.follow(ben)
    first = town.order(ana)
    town.assigned(ana, first, to=ben)
    arrived(mailbox, ben, 1)
    second = town.order(ana, (0.6, 0.1), (1.2, 1))
    town.assigned(ana, second, to=ben)
    again = arrived(mailbox, ben, 2)[-1]
    route = open_route(ben)
    assert re.search(r"\b4\b|\bfour\b", again.subject + again.text), f"four stops: {again.text}"
    assert tells_eta(again.text, route["stops"][0]["eta"], clock), again.text


def test_nobody_reads_the_mails_of_others(town, mailbox):
    ana, bob, ben = town.customer("Ana"), town.customer("Bob"), town.agent()
    for person in (ana, bob, ben):
        mailbox.follow(person)
    anas = town.order(ana, dropoff=(0.7, 0.7), external_id="ANAS-1")
    bobs = town.order(bob, dropoff=(0.2, 0.9), external_id="BOBS-1")
    town.assigned(ana, anas)
    town.assigned(bob, bobs)
    for person, own, other in ((ana, "ANAS-1", "BOBS-1"), (bob, "BOBS-1", "ANAS-1")):
        mail = arrived(mailbox, person, 1)[0]
        assert own in mail.subject + mail.text and other not in mail.subject + mail.text


def test_a_cancellation_is_told_to_those_who_did_not_make_it(town, mailbox, functions: Functions):
    ana, ben = town.customer(), town.agent()
    mailbox.follow(ana)
    mailbox.follow(ben)
    names = ["own", "dispatcher's", "picked up"]
    orders = [town.order(ana, external_id=name) for name in names]
    town.assigned(ana, *orders, to=ben)
    eventually("the assignments", lambda: len(mailbox.told(ana)) == 3 and mailbox.of(ben))
    seen = len(mailbox.of(ben))
    expect(ben.mark(orders[2]["order_id"], "in_progress"), 200)
    expect(ana.mark(orders[0]["order_id"], "cancelled"), 200)
    expect(town.dispatcher.mark(orders[1]["order_id"], "cancelled", "no such street"), 200)
    functions.settle()
    mailbox.collect(3)
    # Without the other orders, the third one may be delivered much earlier.
    told = [news for news in mailbox.told(ana)[3:] if news != ("picked up", "another time")]
    assert told == [("dispatcher's", "cancelled")]
    assert any("no such street" in mail.text for mail in mailbox.of(ana))
    told = "".join(mail.subject + mail.text for mail in mailbox.of(ben)[seen:])
    assert "cancelled" in told, [mail.subject for mail in mailbox.of(ben)]
    assert "own from" in told and "dispatcher's from" in told and "picked up from" not in told


def test_the_orders_of_one_plan_are_told_in_three_mails_at_most(town, mailbox):
    """SNS gives up a subscription that gets eleven mails in a second. The mailbox is as strict."""
    ana, ben = town.customer(), town.agent(capacity=40, on_duty=False)
    mailbox.follow(ana)
    orders = [town.order(ana, (0.05 * n, 0), (0.5, 0.05 * n), external_id=f"SHOP-{n:02}") for n in range(20)]
    town.come_on_duty(ben)
    town.assigned(ana, *orders)
    eventually("all assignments in mails", lambda: len(mailbox.told(ana)) >= len(orders))
    told = mailbox.told(ana)
    assert sorted(told) == [(order["external_id"], "assigned") for order in orders]
    # A part of the orders may come into a later plan.
    assert len(mailbox.of(ana)) <= 3, [mail.subject for mail in mailbox.of(ana)]


def test_a_delivery_at_a_much_later_time_is_told_once(town, mailbox, functions: Functions, clock):
    ana, ben = town.customer(), town.agent()
    mailbox.follow(ana)
    names = [f"SHOP-{n}" for n in range(4)]
    orders = [town.order(ana, (0.5 * n, 0), (0.5 * n, 3), external_id=name) for n, name in enumerate(names)]
    town.assigned(ana, *orders, to=ben)
    eventually("the assignments", lambda: len(mailbox.told(ana)) == len(orders))
    functions.settle()
    seen = len(mailbox.of(ana))
    route = open_route(ben)
    before = {name: when(stops_of(route, order)["dropoff"]["eta"]) for name, order in zip(names, orders)}
    # The first delivery becomes the last one.
    moved = next(stop["order_id"] for stop in route["stops"] if stop["kind"] == "dropoff")
    stops = [{"order_id": stop["order_id"], "kind": stop["kind"]} for stop in route["stops"]]
    stops.sort(key=lambda stop: stop == {"order_id": moved, "kind": "dropoff"})
    expect(town.dispatcher.put(f"/routes/{ben.user_id}/stops", {"version": route["version"], "stops": stops}), 200)
    moved = next(name for name, order in zip(names, orders) if order["order_id"] == moved)
    eventually("the new time", lambda: (moved, "another time") in mailbox.told(ana))
    functions.settle()
    mailbox.collect(3)
    route = open_route(ben)
    after = {name: when(stops_of(route, order)["dropoff"]["eta"]) for name, order in zip(names, orders)}
    # A plan may have moved the times by some seconds between the email about the assignment and our look.
    far = {name for name in names if abs((after[name] - before[name]).total_seconds()) > 930}
    near = {name for name in names if abs((after[name] - before[name]).total_seconds()) < 870}
    mails = mailbox.of(ana)[seen:]
    told = [news for mail in mails for news in mail.news]
    assert all(word == "another time" for _, word in told), told
    told = [name for name, _ in told]
    assert moved in far and far <= set(told) and not near & set(told), (told, far, near)
    assert len(told) == len(set(told)), f"each once: {told}"
    text = "".join(mail.text for mail in mails)
    for time in (before[moved], after[moved]):
        assert tells_eta(text, time.isoformat(), clock), f"{time} is not in: {text}"
    # Every record of the route again tells nothing.
    for found in functions.stream_records([route["route_id"]]).values():
        functions.invoke("publish-events", {"Records": found})
    functions.settle()
    mailbox.collect(3)
    assert len(mailbox.of(ana)) == seen + len(mails)


def test_a_subject_is_readable_whatever_the_script_of_the_name(town, mailbox):
    ana = town.customer()
    town.agent()
    mailbox.follow(ana)
    town.assigned(ana, town.order(ana, external_id="Łódź-42"))
    mail = arrived(mailbox, ana, 1)[0]
    assert mail.subject == "Order Lodz-42 has an agent"
    assert "Łódź-42" in mail.text
