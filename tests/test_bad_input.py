"""An answer names every bad field, and a refused request stores nothing."""

import pytest

from problems import pointers, problem
from town import in_minutes
from waybill_client import expect


@pytest.fixture(scope="module")
def ana(shared_town):
    return shared_town.customer("Ana")


@pytest.fixture(autouse=True)
def nothing_is_stored(ana):
    yield
    assert expect(ana.get("/orders"), 200)["orders"] == [], "something that was refused has been stored"


def changed(body, path, value):
    """The body with one changed field. `...` removes the field."""
    *parents, last = path.split("/")
    place = body
    for name in parents:
        place = place.setdefault(name, {})
    if value is ...:
        place.pop(last, None)
    else:
        place[last] = value
    return body


WRONG = [
    ("pickup/location/lat", 90.01),
    ("pickup/location/lat", "41.4"),
    ("pickup/location/lat", ...),
    ("dropoff/location/lon", -180.5),
    ("dropoff/location/lon", None),
    ("dropoff/location/alt", 12),
    ("pickup/location", ...),
    ("pickup/location", [1, 2]),
    ("pickup", ...),
    ("dropoff", "somewhere"),
    ("pickup/address", 5),
    ("pickup/address", "x" * 5000),
    ("pickup/contact/name", 7),
    ("pickup/contact/fax", "+34 900 000 000"),
    ("pickup/contact/email", "Ana <ana@example.com>"),
    ("dropoff/contact/language", "xx"),
    ("pickup/service_s", -1),
    ("pickup/service_s", 1.5),
    ("dropoff/servise_s", 60),
    ("size", 0),
    ("size", -3),
    ("size", 1.5),
    ("size", "2"),
    ("size", 10**12),
    ("priority", "very urgent"),
    ("requires", "cold"),
    ("requires", [f"skill-{n}" for n in range(9)]),
    ("notes", ["a", "list"]),
    ("notes", "ring\x00twice"),
    ("notes", "ring\x07twice"),
    ("external_id", "\u200b\u2060"),
    ("pickup/contact/name", "\u3164"),
    ("notes", "x" * 60_000),
    ("external_id", "x" * 5000),
    ("status", "delivered"),
    ("customer_id", "0190a0a0-0000-7000-8000-000000000000"),
]


def short(value):
    return "left out" if value is ... else repr(value)[:24]


@pytest.mark.parametrize("path, value", WRONG, ids=[f"{path} {short(value)}" for path, value in WRONG])
def test_a_wrong_field_is_named(shared_town, ana, path, value):
    body = changed(shared_town.body(), path, value)
    assert pointers(ana.order(body)) == [f"#/{path}"]


@pytest.mark.parametrize(
    "window, pointer",
    [
        ((60, 30), "#/dropoff/window/end"),
        ((60, 60), "#/dropoff/window/end"),
        ((-90, -30), "#/dropoff/window/end"),
    ],
    ids=["ends before it starts", "ends as it starts", "is in the past"],
)
def test_a_wrong_window_is_named(shared_town, ana, window, pointer):
    assert pointers(ana.order(shared_town.body(dropoff_window=window))) == [pointer]


@pytest.mark.parametrize("end", ["tomorrow", "2031-02-30T10:00:00Z", "2031-02-03 10:00", 1900000000, None])
def test_a_time_that_is_none_is_named(shared_town, ana, end):
    body = shared_town.body(pickup_window=(10, 60))
    body["pickup"]["window"]["end"] = end
    assert pointers(ana.order(body)) == ["#/pickup/window/end"]


def test_what_cannot_be_delivered_before_it_may_be_picked_up_is_named(shared_town, ana):
    body = shared_town.body(pickup_window=(120, 180), dropoff_window=(10, 60))
    assert pointers(ana.order(body)) == ["#/dropoff/window/end"]


def test_every_wrong_field_is_named_at_once(shared_town, ana):
    body = shared_town.body(size=0, colour="red", notes=7, dropoff_window=(60, 30))
    body["pickup"]["location"] = {"lat": 100, "lon": 200}
    named = {"#/size", "#/colour", "#/notes", "#/dropoff/window/end", "#/pickup/location/lat", "#/pickup/location/lon"}
    assert set(pointers(ana.order(body))) == named


def test_no_place_is_at_zero_and_zero(shared_town, ana):
    assert pointers(ana.order(changed(shared_town.body(), "dropoff/location", {"lat": 0, "lon": -0.0}))) == [
        "#/dropoff/location/lat"
    ]


def test_a_drop_off_far_from_its_pickup_is_named(shared_town, ana):
    body = shared_town.body()
    far = body["pickup"]["location"]["lat"] + (4 if body["pickup"]["location"]["lat"] < 0 else -4)
    assert pointers(ana.order(changed(body, "dropoff/location/lat", far))) == ["#/dropoff/location"]


def test_a_member_that_is_there_twice_is_named(ana):
    text = '{"size": 1, "size": 2}'
    answer = ana.post("/orders", data=text.encode(), headers={"Content-Type": "application/json"})
    assert pointers(answer) == ["#/size"]


@pytest.mark.parametrize(
    "text", ["", "{", "pickup=here", '{"pickup": }', "\x00\x01", '{"size": NaN}', '{"notes": "caf\ufffd"}']
)
def test_a_body_that_is_no_json_is_unreadable(ana, text):
    told = problem(ana.post("/orders", data=text.encode(), headers={"Content-Type": "application/json"}), 400)
    assert told["detail"], "it is told why"


@pytest.mark.parametrize("text", ["[]", "7", "null", '"an order"'])
def test_json_that_is_no_object_is_refused(ana, text):
    answer = ana.post("/orders", data=text.encode(), headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422), answer.text


def test_a_problem_tells_nothing_of_the_inside(shared_town, ana):
    told = problem(ana.order(changed(shared_town.body(), "size", 0)), 422)
    assert told["instance"], "it can be found again in the logs"
    assert {"type", "title", "status", "detail", "code", "errors"} <= told.keys()
    assert all(error["detail"] for error in told["errors"])


@pytest.mark.parametrize(
    "query, pointer",
    [
        ({"status": "lost"}, "?status"),
        ({"status": ""}, "?status"),
        ({"limit": 0}, "?limit"),
        ({"limit": 101}, "?limit"),
        ({"limit": "many"}, "?limit"),
        ({"limit": -5}, "?limit"),
        ({"cursor": "nonsense"}, "?cursor"),
        ({"cursor": "eyJvcmRlcl9pZCI6ICIxIn0="}, "?cursor"),
        ({"cursor": "é"}, "?cursor"),
    ],
    ids=str,
)
def test_a_wrong_query_is_named(ana, query, pointer):
    assert pointers(ana.get("/orders", **query)) == [pointer]


def test_listings_of_the_dispatcher_check_their_queries_too(dispatcher, shared_town):
    agent = shared_town.agent(on_duty=False)
    for path in ("/orders", "/agents", f"/routes/{agent.user_id}"):
        assert set(pointers(dispatcher.get(path, status="lost", limit=0, cursor="!"))) == {
            "?status",
            "?limit",
            "?cursor",
        }


@pytest.mark.parametrize(
    "body, named",
    [
        ({}, ["#/status"]),
        ({"status": "lost"}, ["#/status"]),
        ({"status": 7}, ["#/status"]),
        ({"status": "failed"}, ["#/reason"]),
        ({"status": "failed", "reason": ""}, ["#/reason"]),
        ({"status": "cancelled", "reason": "x" * 60_000}, ["#/reason"]),
        ({"status": "cancelled", "why": "changed my mind"}, ["#/why"]),
    ],
    ids=str,
)
def test_a_wrong_status_change_is_named(dispatcher, body, named):
    assert pointers(dispatcher.put("/orders/0190a0a0-0000-7000-8000-000000000000/status", body)) == named


@pytest.mark.parametrize(
    "body, named",
    [
        ({}, ["#"]),
        ({"on_duty": "yes"}, ["#/on_duty"]),
        ({"start_location": {"lat": 1}}, ["#/start_location/lon"]),
        ({"vehicle": {"capacity": 0}}, ["#/vehicle/capacity"]),
        ({"shift": {"start": in_minutes(60), "end": in_minutes(30)}}, ["#/shift/end"]),
        ({"version": 3}, ["#/version"]),
        ({"on_duty": 1, "status": "king"}, ["#/on_duty", "#/status"]),
    ],
    ids=["nothing", "duty", "place", "capacity", "shift", "version", "several"],
)
def test_a_wrong_change_of_an_agent_is_named(shared_town, dispatcher, body, named):
    agent = shared_town.agent(on_duty=False)
    assert sorted(pointers(dispatcher.put(f"/agents/{agent.user_id}", body))) == named


@pytest.mark.parametrize("key", ["", "k" * 256, "two words"])
def test_a_wrong_idempotency_key_is_named(shared_town, ana, key):
    answer = ana.post("/orders", shared_town.body(), headers={"Idempotency-Key": key})
    assert pointers(answer) == ["Idempotency-Key"]
