"""The proof that a tap needs: pictures, the recipient's PIN, a signature and barcodes."""

import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

import pictures
from problems import pointers, problem
from test_proofs import announce, sent
from test_tracking import link_of, track
from town import order_of
from waybill_client import eventually, expect


@pytest.fixture(scope="module")
def people(shared_town):
    return shared_town.customer(), shared_town.agent(capacity=1000)


@pytest.fixture
def placed(shared_town, people):
    """An order on the agent's route that requires this proof."""
    ana, ben = people

    def place(aboard=True, **requires):
        order = shared_town.order(ana, (0, 0), (0, 1), requires_proof=requires)
        shared_town.assigned(ana, order, to=ben)
        if aboard:
            expect(ben.mark(order["order_id"], "in_progress"), 200)
        return order["order_id"]

    return place


def tap(person, order_id, status="delivered", **proof):
    return person.put(f"/orders/{order_id}/status", {"status": status} | proof)


def missing(answer):
    found = problem(answer, 422, "proof_missing")
    assert len(found["errors"]) == len(found["missing"])
    return found["missing"]


def pin_of(stack, ana, order_id):
    _, token = link_of(ana, order_id)
    pin = expect(track(stack, token), 200)["pin"]
    assert len(pin) == 4 and pin.isdigit()
    return token, pin


def another(pin, by=1):
    return f"{(int(pin) + by) % 10_000:04}"


def test_a_photo_that_is_announced_is_enough_for_a_tap(stack, people, placed):
    ana, ben = people
    order_id = placed(dropoff={"photo": True})
    assert missing(tap(ben, order_id)) == ["photo"]
    content = pictures.jpeg()
    at_pickup = expect(announce(ben, order_id, content, stop="pickup"), 201)["proof_id"]
    assert missing(tap(ben, order_id, proof_ids=[at_pickup])) == ["photo"], "it proves the pickup"
    ticket = expect(announce(ben, order_id, content), 201)
    answer = tap(ben, order_id, proof_ids=[ticket["proof_id"], "0197c56d-d900-7b6e-9d2f-4a1e5b7c8d90"])
    assert pointers(answer) == ["#/proof_ids/1"]
    assert order_of(ana, order_id)["status"] == "in_progress"

    _, token = link_of(ana, order_id)
    delivered = expect(tap(ben, order_id, proof_ids=[ticket["proof_id"]]), 200)
    assert delivered["history"][-1]["proof"] == {"proof_ids": [ticket["proof_id"]]}
    assert expect(track(stack, token), 200).get("photo") is None, "it has not come yet"
    answer = requests.put(ticket["url"], data=content, headers=ticket["headers"], timeout=60)
    assert answer.status_code == 200, answer.text
    link = eventually("the recipient sees the photo", lambda: expect(track(stack, token), 200).get("photo"), seconds=90)
    assert requests.get(link, timeout=60).content[:3] == b"\xff\xd8\xff"


def test_a_refused_picture_is_no_proof(people, placed):
    _, ben = people
    order_id = placed(dropoff={"photo": True})
    refused = sent(ben, order_id, pictures.archive())
    assert pointers(tap(ben, order_id, proof_ids=[refused["proof_id"]])) == ["#/proof_ids/0"]
    good = sent(ben, order_id, pictures.jpeg())
    expect(tap(ben, order_id, proof_ids=[good["proof_id"]]), 200)


def test_the_recipient_alone_knows_the_pin(stack, people, placed, functions):
    ana, ben = people
    began = int(time.time() * 1000)
    order_id = placed(dropoff={"pin": True})
    assert missing(tap(ben, order_id)) == ["pin"]
    assert missing(tap(ben, order_id, pin="0000")) == ["pin"], "nobody has opened the page"
    token, pin = pin_of(stack, ana, order_id)
    assert expect(track(stack, token), 200)["pin"] == pin
    again, same = pin_of(stack, ana, order_id)
    assert same == pin, "a new link shows the same PIN"
    for answer in (ben.get(f"/orders/{order_id}"), ben.get("/routes/me"), ana.get(f"/orders/{order_id}")):
        assert f'"{pin}"' not in answer.text
    wrong = tap(ben, order_id, pin=another(pin))
    assert missing(wrong) == ["pin"] and pin not in wrong.json()["errors"][0]["detail"]
    delivered = tap(ben, order_id, pin=pin)
    assert f'"{pin}"' not in delivered.text
    assert expect(delivered, 200)["history"][-1]["proof"] == {"pin": True}
    assert "pin" not in expect(track(stack, again), 200)
    # In quotes, because four digits alone are also a time. A text within a text has another quote.
    quoted = re.compile(rf'"{pin}\\?"')
    for function in ("update-order-status", "get-tracking"):
        lines = eventually("the function writes to the log", lambda name=function: functions.lines_of(name, began))
        assert not [line for line in lines if quoted.search(line)]


def test_after_five_wrong_pins_only_a_dispatcher_delivers(stack, people, placed, shared_town):
    ana, ben = people
    order_id = placed(dropoff={"pin": True, "photo": True})
    _, pin = pin_of(stack, ana, order_id)
    proof_ids = [expect(announce(ben, order_id, pictures.jpeg()), 201)["proof_id"]]
    for _ in range(6):
        assert missing(tap(ben, order_id, pin=another(pin))) == ["photo"], "a tap that lacks a photo costs no try"
    with ThreadPoolExecutor(8) as pool:
        guesses = pool.map(lambda by: tap(ben, order_id, pin=another(pin, by), proof_ids=proof_ids), range(1, 9))
        details = [problem(answer, 422, "proof_missing")["errors"][0]["detail"] for answer in guesses]
    assert sum("no try left" in detail for detail in details) == 3, details
    assert missing(tap(ben, order_id, pin=pin, proof_ids=proof_ids)) == ["pin"], "not even with the right one"
    dispatcher = shared_town.dispatcher
    assert missing(tap(dispatcher, order_id)) == ["photo", "pin"]
    assert missing(tap(ben, order_id, reason="I promise")) == ["photo", "pin"]
    delivered = expect(tap(dispatcher, order_id, reason="The recipient called."), 200)
    last = delivered["history"][-1]
    assert (last["by"], last["reason"]) == ("dispatcher", "The recipient called.")
    assert last["proof"] == {"missing": ["photo", "pin"]}


def test_signature_name_and_barcodes(people, placed):
    ana, ben = people
    order_id = placed(aboard=False, pickup={"barcodes": ["A-1"]}, dropoff={"signature": True, "barcodes": ["A-1", "B"]})
    assert missing(tap(ben, order_id, "in_progress")) == ["barcode"]
    assert missing(tap(ben, order_id)) == ["barcode", "signature", "signer_name"], "both stops"
    assert pointers(tap(ben, order_id, "in_progress", pin="1234")) == ["#/pin"]
    expect(tap(ben, order_id, "in_progress", barcode="A-1"), 200)
    signed = sent(ben, order_id, pictures.signature(), kind="signature", content_type="image/png")
    proof = {"proof_ids": [signed["proof_id"]], "signer_name": "Dora Door"}
    assert missing(tap(ben, order_id, barcode=["A-1", "C"], **proof)) == ["barcode"]
    delivered = expect(tap(ben, order_id, barcode=["B", "A-1"], **proof), 200)
    assert delivered["history"][-1]["proof"] == proof | {"barcodes": ["B", "A-1"]}
    assert expect(tap(ben, order_id), 200)["status"] == "delivered", "a repeated tap"
    assert order_of(ana, order_id)["history"][-1]["proof"]["signer_name"] == "Dora Door"


def test_the_proof_of_another_order_does_not_count(people, placed):
    _, ben = people
    first, second = placed(dropoff={"photo": True}), placed(dropoff={"photo": True})
    of_first = expect(announce(ben, first, pictures.jpeg()), 201)["proof_id"]
    assert pointers(tap(ben, second, proof_ids=[of_first])) == ["#/proof_ids/0"]
