"""The link for the person at the door: what it opens, what it hides, and when it ends."""

import json
import re
import secrets
from concurrent.futures import ThreadPoolExecutor

from access_table import ROWS, WITHOUT_A_LINK
from problems import problem
from secrets_told import TOLD
from town import order_of, when
from waybill_client import eventually, expect

SHOWN = {
    "status",
    "message",
    "since",
    "expected",
    "courier",
    "stops_before",
    "map",
    "note",
    "rating",
    "window",
    "company",
    "at",
    "messages",
}


def link_of(person, order_id):
    """The address and the secret of a new link."""
    link = expect(person.post(f"/orders/{order_id}/tracking-link"), 201)
    page, token = link["url"].split("#")
    TOLD.add("token", token)
    return page, token


def track(stack, token, **headers):
    return stack.call("GET", "/tracking", headers={"Tracking-Token": token, **headers})


def test_the_person_at_the_door_follows_the_order_and_sees_nothing_else(stack, town):
    ana, ben = town.customer("Ana"), town.agent(name="Benvinguda Secret-Surname")
    contact = {"name": "Dora Door", "phone": "+34 600 222 222"}
    stop = town.stop((1, 1), address="Secret Street 2") | {"contact": contact}
    body = town.body() | {"dropoff": stop, "notes": "The code of the door is 4711.", "external_id": "SO-4711"}
    mine, other = expect(ana.order(body), 201), town.order(ana)
    page, token = link_of(ana, mine["order_id"])
    assert page == f"{stack.api_url}/track" and re.fullmatch("[0-9a-f]{32}", token)

    town.assigned(ana, mine, other, to=ben)
    answer = track(stack, token)
    assigned = expect(answer, 200)
    assert answer.headers["Cache-Control"] == "no-store"
    assert assigned.keys() == SHOWN and assigned["status"] == "assigned"
    assert assigned["courier"] == {"first_name": "Benvinguda"}
    assert assigned["stops_before"] >= 1, "the pickup comes first"
    from_, to = (when(assigned["expected"][end]) for end in ("from", "to"))
    assert from_ < to and from_.minute % 5 == to.minute % 5 == 0
    for hidden in ("Surname", "Dora", "+34", "Secret", "4711", mine["order_id"], other["order_id"], ben.user_id):
        assert hidden not in json.dumps(assigned), hidden

    expect(ben.mark(mine["order_id"], "in_progress"), 200)
    german = expect(track(stack, token, **{"Accept-Language": "de-AT, en;q=0.5"}), 200)
    assert (german["status"], german["message"]) == ("in_progress", "Ihr Paket ist auf dem Weg zu Ihnen.")
    expect(ben.mark(mine["order_id"], "delivered"), 200)
    delivered = expect(track(stack, token), 200)
    assert (delivered["status"], delivered["expected"], delivered["courier"]) == ("delivered", None, None)


def test_a_link_that_opens_nothing_does_not_say_why(stack, shared_town):
    ana = shared_town.customer()
    order_id = shared_town.order(ana)["order_id"]
    _, old = link_of(ana, order_id)
    _, new = link_of(shared_town.dispatcher, order_id)
    expect(track(stack, new), 200)
    told = [
        {name: value for name, value in problem(answer, 404, "not_found").items() if name != "instance"}
        for answer in (track(stack, old), track(stack, secrets.token_hex(16)), track(stack, "x"), track(stack, ""))
    ]
    assert all(one == told[0] for one in told)
    problem(stack.call("GET", "/tracking"), 404, "not_found")
    for row in (row for row in ROWS if row.about == WITHOUT_A_LINK):
        path = row.call.split()[1]
        for token in (old, secrets.token_hex(16)):
            answer = stack.call(row.method, path, headers={"Tracking-Token": token}, json=row.send)
            problem(answer, 404, "not_found")


def tell(stack, token, what, body):
    return stack.call("POST", f"/tracking/{what}", headers={"Tracking-Token": token}, json=body)


def test_the_person_at_the_door_leaves_a_note_and_rates_the_delivery(stack, town):
    ana, ben = town.customer("Ana"), town.agent()
    order = town.order(ana)
    order_id = order["order_id"]
    _, token = link_of(ana, order_id)
    town.assigned(ana, order, to=ben)
    note = "The bell <b>7</b> is broken, please knock."
    expect(tell(stack, token, "note", {"note": note}), 204)
    expect(tell(stack, token, "note", {"note": note}), 204)
    stops = expect(ben.get("/routes/me"), 200)["routes"][0]["stops"]
    assert [stop.get("recipient_note") for stop in stops] == [None, note]
    for person, seen in ((ben, note), (town.dispatcher, note), (ana, None)):
        assert order_of(person, order_id).get("recipient_note") == seen
    answer = expect(track(stack, token), 200)
    assert answer["note"] == {"open": True, "told": True} and note not in json.dumps(answer)

    problem(tell(stack, token, "rating", {"stars": 5}), 409, "not_delivered")
    expect(ben.mark(order_id, "delivered"), 200)
    problem(tell(stack, token, "note", {"note": "Too late."}), 409, "order_ended")
    expect(tell(stack, token, "rating", {"stars": 4, "comment": "Kind, and a little late."}), 204)
    rating = order_of(ana, order_id)["rating"]
    assert (rating["stars"], rating["comment"]) == (4, "Kind, and a little late.")
    assert order_of(town.dispatcher, order_id)["rating"] == rating
    problem(tell(stack, token, "rating", {"stars": 1}), 429, "too_many_requests")


def test_a_link_can_do_nothing_else_and_each_fault_is_named(stack, shared_town):
    ana = shared_town.customer()
    order_id = shared_town.order(ana)["order_id"]
    _, token = link_of(ana, order_id)
    for body, pointers in (
        ({"note": "a\nb"}, ["#/note"]),
        ({"note": "a\u0007b"}, ["#/note"]),
        ({"note": "é" * 281}, ["#/note"]),
        ({}, ["#/note"]),
        ({"note": "Ring.", "status": "delivered"}, ["#/status"]),
    ):
        told = problem(tell(stack, token, "note", body), 422, "invalid")
        assert [error["pointer"] for error in told["errors"]] == pointers
    for path in (f"/orders/{order_id}", "/orders", "/routes/me", "/agents", "/me"):
        problem(stack.call("GET", path, headers={"Tracking-Token": token}), 401, "unauthorized")
        problem(stack.call("GET", path, token=token), 401, "unauthorized")
    assert "recipient_note" not in order_of(shared_town.dispatcher, order_id)


def test_of_links_made_at_once_one_works(stack, shared_town):
    ana = shared_town.customer()
    order_id = shared_town.order(ana)["order_id"]
    with ThreadPoolExecutor(6) as pool:
        links = list(pool.map(lambda _: link_of(ana, order_id), range(6)))
    answers = [track(stack, token).status_code for _, token in links]
    assert sorted(answers) == [200] + [404] * 5


def test_a_link_is_used_some_times_a_minute(stack, shared_town):
    ana = shared_town.customer()
    _, token = link_of(ana, shared_town.order(ana)["order_id"])

    def many():
        """The last answers of more uses than a minute allows. A new minute may begin meanwhile."""
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda _: track(stack, token), range(34)))
        return [answer for answer in answers if answer.status_code == 429]

    refused = eventually("a refusal", many)[0]
    assert int(refused.headers["Retry-After"]) > 0
    problem(refused, 429, "too_many_requests")


def test_the_page_speaks_some_languages_and_loads_nothing_from_elsewhere(stack):
    for accepted, language, title in (("ca", "ca", "El teu enviament"), ("fr-CH, en", "fr", "Votre livraison")):
        answer = stack.call("GET", "/track", headers={"Accept-Language": accepted})
        assert answer.status_code == 200 and answer.headers["Content-Type"] == "text/html; charset=utf-8"
        assert f'<html lang="{language}">' in answer.text and f"<h1>{title}</h1>" in answer.text
        assert len(answer.content) < 60_000
        assert not re.search(r"https?://|//[a-z]", answer.text), "an address of somebody else"
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'") and "unsafe" not in policy
        assert answer.headers["Referrer-Policy"] == "no-referrer" and answer.headers["X-Robots-Tag"] == "noindex"
