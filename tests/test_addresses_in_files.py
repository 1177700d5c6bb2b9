"""A file with addresses alone: its orders wait, are placed at the geocoder's pace, and are then planned."""

import random
import time
import uuid

import pytest

import imports
import stand_in
from outside import KEYS, Parameters
from problems import problem
from waybill_client import eventually, expect

KEY_NAME = KEYS["OrsKeyParameter"]
# The cache is per centre, so a new centre has no cached answers.
CENTRE = {"lat": round(35.7 + random.random() / 10, 6), "lon": 139.77}
STATION = {"lat": 35.681236, "lon": 139.767125}
TOWER = {"lat": 35.658581, "lon": 139.745433}
SHOP, DOOR = "Marunouchi 1-9-1, Tokyo", "Tokyo Tower, Shibakoen 4-2-8, Tokyo"
OTHER_DOOR = "Sensoji, Asakusa 2-3-1, Tokyo"
TWICE, NOWHERE = "Carrer Major 1", "Quay 99, Atlantis"


@pytest.fixture(scope="module")
def geocoder(stack, functions):
    with stand_in.ors() as service:
        told = {"OrsBaseUrl": service.url, "OrsKeyParameter": KEY_NAME, "GeocoderProvider": "ors"}
        told |= {"GeocoderCountry": "", "GeocoderCentre": f"{CENTRE['lat']},{CENTRE['lon']}"}
        told |= {"GeocoderPerMinute": "120"}
        with Parameters(stack, functions).set_to(KEY_NAME, stand_in.ORS_KEY, **told):
            yield service


def test_the_addresses_of_a_file_are_placed_and_its_orders_planned(importer, geocoder, dispatcher, shared_town):
    ana = importer()
    word = uuid.uuid4().hex[:6]
    rows = [(SHOP, DOOR), (SHOP, OTHER_DOOR), (f"  {SHOP.upper()} ", DOOR), (SHOP, TWICE), (SHOP, NOWHERE), ("", DOOR)]
    lines = [f'"{pickup}","{dropoff}",{word}-{row}' for row, (pickup, dropoff) in enumerate(rows, 1)]
    content = "\n".join(["pickup_address,dropoff_address,external_id", *lines, ""]).encode()

    # The geocoder is away: nothing is lost, and the orders wait.
    geocoder.day("500")
    geocoder.requests()
    ticket = expect(imports.ask(ana, "addresses.csv", len(content)), 201)
    assert imports.put(ticket, content).status_code == 200
    account = eventually("the file is read", lambda: read(ana, ticket["import_id"]))
    assert account["status"] == "processing"
    assert account["addresses"] == {"located": 0, "waiting": 5, "failed": 0, "cancelled": 0}
    orders = {order["external_id"]: order for order in ana.every("/orders", "orders", limit=100)}
    waiting = orders[f"{word}-1"]
    assert (waiting["status"], waiting["unplaced_reason"]) == ("pending", "address_pending")
    assert waiting["pickup"] == {"address": SHOP, "service_s": 120}
    answer = dispatcher.put(f"/orders/{waiting['order_id']}/assignment", {"agent_id": str(uuid.uuid4())})
    assert problem(answer, 422)["errors"][0]["code"] == "address_pending"
    # After three failures in a row the run ends, and a message comes half a minute later. So no run is under way.
    eventually("three requests failed", lambda: len(geocoder.requests("/geocode/search")) >= 3)
    time.sleep(1)

    # The second row gets its location by hand. Then the geocoder is back.
    path = f"/orders/{orders[f'{word}-2']['order_id']}"
    edited = expect(ana.patch(path, {"pickup": {"location": STATION}, "dropoff": {"location": TOWER}}), 200)
    assert edited["pickup"]["location"] == STATION and "unplaced_reason" not in edited
    geocoder.day("none")
    account = imports.follow(ana, ticket["import_id"], seconds=240)
    assert account["status"] == "completed_with_errors"
    assert (account["accepted"], account["rejected"]) == (5, 1)
    assert account["addresses"] == {"located": 3, "waiting": 0, "failed": 2, "cancelled": 0}
    told = [(error["row"], error.get("column"), error["code"]) for error in account["errors"]]
    assert told == [
        (4, "dropoff_address", "address_not_placed"),
        (5, "dropoff_address", "address_not_placed"),
        (6, "pickup_lat", "missing"),
    ]
    labels = [candidate["label"] for candidate in account["errors"][0]["candidates"]]
    assert all("Carrer Major 1" in label for label in labels[:3]) and len(labels) >= 3, labels
    rejected = imports.rejected_rows(account).decode().splitlines()
    assert [f"{word}-{row}" in line for row, line in zip((4, 5, 6), rejected[1:], strict=True)] == [True] * 3
    assert f'"{SHOP}",Carrer Major 1,{word}-4,4,dropoff_address,address_not_placed' in rejected[1]
    asked = [asked["query"]["text"] for asked in geocoder.requests("/geocode/search")]
    assert sorted(asked) == sorted({SHOP, DOOR, TWICE, NOWHERE}), "each address once; row 2 needed none"

    failed = expect(ana.get(f"/orders/{orders[f'{word}-4']['order_id']}"), 200)
    assert failed["status"] == "failed" and failed["history"][-1]["by"] == "geocoder"
    assert failed["address_errors"][0]["pointer"] == "#/dropoff/address"
    assert failed["address_errors"][0]["candidates"] == account["errors"][0]["candidates"]

    located = expect(ana.get(f"/orders/{waiting['order_id']}"), 200)
    assert (located["pickup"]["location"], located["dropoff"]["location"]) == (STATION, TOWER)
    agent = shared_town.newcomer("agent", "Ken")
    agent.join(start_location=STATION, vehicle={"capacity": 10})
    shared_town.approve(agent)
    shared_town.come_on_duty(agent)
    shared_town.assigned(ana, located, to=agent)
    expect(dispatcher.put(f"/agents/{agent.user_id}", {"status": "suspended"}), 200)


def read(person, import_id):
    account = imports.look(person, import_id)
    return account if account["rows"] == 6 and account["progress"] == 1.0 else None
