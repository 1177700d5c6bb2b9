"""The same request twice is one order."""

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from problems import problem
from waybill_client import expect


@pytest.fixture(scope="module")
def ana(shared_town):
    return shared_town.customer("Ana")


@pytest.fixture
def key():
    return f"key-{uuid.uuid4()}"


def test_the_same_key_and_body_answer_with_the_first_order(shared_town, ana, key):
    body = shared_town.body(notes="ring twice")
    first = expect(ana.order(body, key), 201)
    again = ana.order(body, key)
    assert again.status_code in (200, 201) and again.json() == first


def test_the_same_key_with_another_body_is_refused(shared_town, ana, key):
    expect(ana.order(shared_town.body(size=1), key), 201)
    before = len(ana.every("/orders", "orders"))
    problem(ana.order(shared_town.body(size=2), key), 422, "idempotency_key_reused")
    assert len(ana.every("/orders", "orders")) == before


def test_a_refused_body_does_not_use_up_the_key(shared_town, ana, key):
    problem(ana.order(shared_town.body(size=0), key), 422)
    expect(ana.order(shared_town.body(), key), 201)


def test_a_repetition_shows_the_order_as_it_is_now(shared_town, ana, key):
    body = shared_town.body()
    first = expect(ana.order(body, key), 201)
    expect(ana.mark(first["order_id"], "cancelled"), 200)
    again = ana.order(body, key).json()
    assert (again["order_id"], again["status"]) == (first["order_id"], "cancelled")


def test_keys_of_two_customers_have_nothing_to_do_with_each_other(shared_town, ana, key):
    bob = shared_town.customer("Bob")
    body = shared_town.body()
    anas, bobs = expect(ana.order(body, key), 201), expect(bob.order(body, key), 201)
    assert anas["order_id"] != bobs["order_id"] and bobs["customer_id"] == bob.user_id


def test_without_a_key_each_request_is_an_order(shared_town, ana):
    body = shared_town.body()
    assert expect(ana.order(body), 201)["order_id"] != expect(ana.order(body), 201)["order_id"]


def test_ten_identical_requests_at_once_make_one_order(shared_town, key):
    cleo = shared_town.customer("Cleo")
    body = shared_town.body()
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: cleo.order(body, key), range(10)))
    assert {answer.status_code for answer in answers} <= {200, 201}, [answer.text for answer in answers]
    assert len({answer.json()["order_id"] for answer in answers}) == 1, "each of them got the same order"
    assert len(cleo.every("/orders", "orders")) == 1
