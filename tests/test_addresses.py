"""Orders with an address and no location."""

import random
import uuid

import pytest

import stand_in
from outside import KEYS, Parameters
from problems import pointers, problem
from town import open_route, stops_of
from waybill_client import expect

KEY_NAME = KEYS["OrsKeyParameter"]
# The cache is per centre, so a new centre has no cached answers.
CENTRE = {"lat": round(35.6 + random.random() / 10, 6), "lon": 139.77}
TOKYO = {"lat": 35.681236, "lon": 139.767125}
STATION, TOWER = "Marunouchi 1-9-1, Tokyo", "Tokyo Tower, Shibakoen 4-2-8, Tokyo"


@pytest.fixture(scope="module")
def geocoder(stack, functions):
    with stand_in.ors() as service:
        told = {"OrsBaseUrl": service.url, "OrsKeyParameter": KEY_NAME, "GeocoderProvider": "ors"}
        told |= {"GeocoderCountry": "", "GeocoderCentre": f"{CENTRE['lat']},{CENTRE['lon']}"}
        with Parameters(stack, functions).set_to(KEY_NAME, stand_in.ORS_KEY, **told):
            yield service


@pytest.fixture
def good_day(geocoder):
    geocoder.day("none")
    yield
    geocoder.day("none")


@pytest.fixture
def ana(shared_town):
    return shared_town.customer("Ana")


def from_to(pickup, dropoff=None):
    return {"pickup": {"address": pickup}, "dropoff": {"address": dropoff} if dropoff else {"location": TOKYO}}


def test_an_address_is_placed(ana, geocoder, good_day):
    order = expect(ana.order(from_to(STATION, TOWER)), 201)
    assert order["pickup"]["location"] == TOKYO and order["pickup"]["address"] == STATION
    assert order["dropoff"]["location"] == {"lat": 35.658581, "lon": 139.745433}
    assert expect(ana.get(f"/orders/{order['order_id']}"), 200)["pickup"] == order["pickup"]
    geocoder.day("500")
    again = expect(ana.order(from_to(f"  {STATION.upper()}")), 201)
    assert again["pickup"]["location"] == TOKYO, "it is remembered, however it is spaced and cased"
    assert geocoder.requests() == []


def test_an_address_that_changes_later_is_placed_anew(ana, geocoder, good_day):
    order = expect(ana.order(from_to(STATION, TOWER)), 201)
    path = f"/orders/{order['order_id']}"
    edited = expect(ana.patch(path, {"dropoff": {"address": STATION}}), 200)
    assert (edited["dropoff"]["location"], edited["dropoff"]["address"]) == (TOKYO, STATION)
    assert "feasible" in expect(ana.post("/quotes", from_to(STATION, TOWER)), 200)
    problem(ana.post("/quotes", from_to(f"Nowhere {uuid.uuid4()}")), 422, "address_not_placed")
    refused = problem(ana.patch(path, {"pickup": {"address": "Carrer Major 1"}}), 422, "address_not_placed")
    assert [error["pointer"] for error in refused["errors"]] == ["#/pickup/address"]
    assert expect(ana.get(path), 200)["pickup"] == order["pickup"]


def test_the_geocoder_is_asked_near_the_company(ana, geocoder, good_day):
    expect(ana.order(from_to("Sensoji, Asakusa 2-3-1, Tokyo")), 201)
    asked = geocoder.requests("/geocode/search")
    assert [request["status"] for request in asked] == [200] and asked[0]["authorized"]
    query = asked[0]["query"]
    assert query["text"] == "Sensoji, Asakusa 2-3-1, Tokyo"
    assert {"lat": float(query["focus.point.lat"]), "lon": float(query["focus.point.lon"])} == CENTRE


def test_an_unknown_address_is_refused_and_nothing_is_stored(ana, geocoder, good_day):
    key = str(uuid.uuid4())
    refused = problem(ana.order(from_to(f"Nowhere {uuid.uuid4()}"), key), 422, "address_not_placed")
    assert [(error["pointer"], error["candidates"]) for error in refused["errors"]] == [("#/pickup/address", [])]
    assert ana.every("/orders", "orders") == []
    expect(ana.order(from_to(STATION), key), 201)


def test_an_address_that_three_towns_have_is_refused_with_all_three(ana, geocoder, good_day):
    refused = problem(ana.order(from_to(STATION, "Carrer Major 1")), 422, "address_not_placed")
    (error,) = refused["errors"]
    assert error["pointer"] == "#/dropoff/address"
    towns = {"Badalona", "l'Hospitalet de Llobregat", "el Prat de Llobregat"}
    assert towns <= {candidate["label"].split(", ")[1] for candidate in error["candidates"]}
    assert "Badalona" in error["detail"], "a person reads it too"
    chosen = next(candidate for candidate in error["candidates"] if "Badalona" in candidate["label"])
    body = {"pickup": {"location": chosen["location"]}, "dropoff": {"address": "Carrer Major 1"}}
    body["dropoff"]["location"] = chosen["location"]
    assert expect(ana.order(body), 201)["dropoff"]["location"] == chosen["location"]


@pytest.mark.parametrize("mode", ["hang", "401", "429", "500", "half"])
def test_without_the_geocoder_nothing_is_stored_and_one_may_try_again(ana, geocoder, good_day, mode):
    body = from_to("Union Station, 800 North Alameda Street, Los Angeles")
    geocoder.day(mode)
    answer = ana.order(body)
    problem(answer, 503, "unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    assert ana.every("/orders", "orders") == []
    # Orders with locations are not affected.
    expect(ana.order({"pickup": {"location": TOKYO}, "dropoff": {"location": TOKYO}}), 201)


def test_a_repetition_needs_no_geocoder(ana, geocoder, good_day):
    key = str(uuid.uuid4())
    body = from_to("Griffith Observatory, 2800 East Observatory Road, Los Angeles")
    body["dropoff"]["location"] = {"lat": 34.0522, "lon": -118.2437}
    first = expect(ana.order(body, key), 201)
    geocoder.day("500")
    assert expect(ana.order(body, key), 201) == first
    assert geocoder.requests() == []


def test_what_is_on_a_route_says_where_it_is(ana, geocoder, good_day, shared_town):
    """From the address to the agent's next stop."""
    agent = shared_town.newcomer("agent", "Ken")
    agent.join(start_location=TOKYO, vehicle={"capacity": 10})
    shared_town.approve(agent)
    shared_town.come_on_duty(agent)
    order = expect(ana.order(from_to(STATION, TOWER)), 201)
    shared_town.assigned(ana, order, to=agent)
    stops = stops_of(open_route(agent), order)
    assert {kind: stop["location"] for kind, stop in stops.items()} == {
        kind: order[kind]["location"] for kind in ("pickup", "dropoff")
    }
    assert stops["pickup"]["address"] == STATION
    expect(shared_town.dispatcher.put(f"/agents/{agent.user_id}", {"status": "suspended"}), 200)


def test_a_stop_with_neither_is_named(ana, geocoder, good_day):
    assert pointers(ana.order({"pickup": {}, "dropoff": {"address": TOWER}})) == ["#/pickup/location"]
