"""Settings of imports that customers store by name: /import-profiles, and `profile` of POST /upload-url."""

from concurrent.futures import ThreadPoolExecutor

import pytest

import imports
from problems import problem
from waybill_client import expect

FILE = "Bestellnummer;Straße;Breite;Länge\nP1;Plaça Major 2;41,98617;2,82330\nP2;Ronda 5;41,98325;2,82460\n"
SETTINGS = {
    "encoding": "windows-1252",
    "decimal": ",",
    "columns": {
        "external_id": ["Bestellnummer"],
        "dropoff_address": ["Straße"],
        "dropoff_lat": ["Breite"],
        "dropoff_lon": ["Länge"],
    },
    "defaults": {"pickup_lat": "41,98325", "pickup_lon": "2,82460", "pickup_address": "Forn del Pla", "size": "2"},
}


@pytest.fixture
def ana(importer):
    return importer()


def test_a_file_is_read_with_stored_settings_and_those_of_the_upload(ana):
    made = expect(ana.put("/import-profiles/erp", SETTINGS), 201)
    assert (made["name"], made["settings"]) == ("erp", SETTINGS)
    content = FILE.encode("windows-1252")
    account = imports.hand_over(ana, content, settings={"profile": "erp", "defaults": {"size": 3}})
    assert (account["status"], account["accepted"]) == ("completed", 2), account
    assert account["settings"] == SETTINGS | {"defaults": SETTINGS["defaults"] | {"size": "3"}}
    orders = {order["external_id"]: order for order in ana.every("/orders", "orders")}
    assert {order["size"] for order in orders.values()} == {3}
    assert orders["P1"]["dropoff"]["address"] == "Plaça Major 2"
    assert orders["P1"]["pickup"]["address"] == "Forn del Pla"
    # Another place of the pickup comes without the stored address.
    moved = {"pickup_lat": "41,98000", "pickup_lon": "2,82000"}
    again = imports.hand_over(
        ana, content.replace(b"P1", b"P3").replace(b"P2", b"P4"), settings={"profile": "erp", "defaults": moved}
    )
    assert again["settings"]["defaults"] == moved | {"size": "2"}
    # The import keeps its settings.
    expect(ana.delete("/import-profiles/erp"), 204)
    assert imports.look(ana, again["import_id"])["settings"]["decimal"] == ","


def test_profiles_are_shown_listed_replaced_and_deleted(ana, importer):
    assert expect(ana.get("/import-profiles"), 200) == {"profiles": []}
    first = ana.put("/import-profiles/shop", {"preset": "shopify"})
    assert (first.status_code, first.headers["ETag"]) == (201, '"1"')
    erp = expect(ana.put("/import-profiles/erp", SETTINGS), 201)
    shown = ana.get("/import-profiles/shop")
    assert (shown.status_code, shown.json(), shown.headers["ETag"]) == (200, first.json(), '"1"')
    assert expect(ana.get("/import-profiles"), 200) == {"profiles": [erp, first.json()]}
    other = importer()
    problem(other.get("/import-profiles/shop"), 404, "not_found")
    problem(other.delete("/import-profiles/shop"), 404, "not_found")
    assert expect(other.get("/import-profiles"), 200) == {"profiles": []}
    answer = other.post("/upload-url", {"filename": "a.csv", "size_bytes": 1, "profile": "shop"})
    assert [error["pointer"] for error in problem(answer, 422, "invalid")["errors"]] == ["#/profile"]
    replaced = ana.put("/import-profiles/shop", {"preset": "circuit"}, headers={"If-Match": '"1"'})
    assert (replaced.status_code, replaced.json()["settings"]) == (200, {"preset": "circuit"})
    assert replaced.headers["ETag"] == '"3"' and replaced.json()["created_at"] == first.json()["created_at"]
    # The same call again, as after a lost answer; and one that was made for the old settings.
    same = ana.put("/import-profiles/shop", {"preset": "circuit"}, headers={"If-Match": '"1"'})
    assert (same.status_code, same.json()) == (200, replaced.json())
    late = ana.put("/import-profiles/shop", {}, headers={"If-Match": '"1"'})
    assert problem(late, 412, "precondition_failed")["current_version"] == 3
    problem(ana.put("/import-profiles/none", {}, headers={"If-Match": "*"}), 404, "not_found")
    problem(ana.delete("/import-profiles/shop", headers={"If-Match": '"1"'}), 412, "precondition_failed")
    expect(ana.delete("/import-profiles/shop", headers={"If-Match": '"3"'}), 204)
    problem(ana.get("/import-profiles/shop"), 404, "not_found")
    problem(ana.delete("/import-profiles/shop"), 404, "not_found")
    assert expect(ana.get("/import-profiles"), 200) == {"profiles": [erp]}


def test_every_bad_field_is_named_when_settings_are_stored(ana):
    bad = {
        "preset": "ebay",
        "time_zone": "Mars/Base",
        "columns": {"a": "b"},
        "header_row": 0,
        "encoding": "klingon",
        "filename": "a.csv",
    }
    answer = problem(ana.put("/import-profiles/my%20shop", bad), 422, "invalid")
    assert {error["pointer"] for error in answer["errors"]} == {
        "/import-profiles/{name}",
        "#/preset",
        "#/time_zone",
        "#/columns/a",
        "#/header_row",
        "#/encoding",
        "#/filename",
    }
    answer = problem(ana.put("/import-profiles/a", {"defaults": {"size": "many", "pickup_lat": "1"}}), 422, "invalid")
    assert {error["pointer"] for error in answer["errors"]} == {"#/defaults/size", "#/defaults/pickup_lat"}
    assert expect(ana.get("/import-profiles"), 200) == {"profiles": []}
    # Both parts are right, and wrong together.
    expect(ana.put("/import-profiles/erp", SETTINGS), 201)
    joined = {"filename": "a.csv", "size_bytes": 1, "profile": "erp", "decimal": "."}
    answer = problem(ana.post("/upload-url", joined), 422, "invalid")
    assert {error["pointer"] for error in answer["errors"]} == {"#/defaults/pickup_lat", "#/defaults/pickup_lon"}


def test_of_many_calls_at_once_none_is_lost_and_none_goes_beyond_the_limit(ana):
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda n: ana.put(f"/import-profiles/p{n}", {"header_row": n}), range(1, 25)))
    stored = expect(ana.get("/import-profiles"), 200)["profiles"]
    # A call that loses its race too often says so, and stores nothing.
    assert {answer.status_code for answer in answers} <= {201, 422, 503}
    made = {f"p{n}" for n, answer in enumerate(answers, 1) if answer.status_code == 201}
    assert made == {profile["name"] for profile in stored}
    for n in range(1, 25):
        ana.put(f"/import-profiles/p{n}", {"header_row": n})
    assert len(expect(ana.get("/import-profiles"), 200)["profiles"]) == 20
    answer = problem(ana.put("/import-profiles/one-more", {}), 422, "invalid")
    assert "20" in answer["errors"][0]["detail"]
