"""The stand-ins are strict: they refuse each request that a service would misread."""

import base64
import copy
import json
import time

import pytest
import requests
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

import stand_in
from waybill_client import expect

TOKYO, TOWER = [139.767125, 35.681236], [139.745433, 35.658581]
SHINJUKU = [139.700464, 35.689729]


@pytest.fixture(scope="module")
def ors():
    with stand_in.ors("--public-limits") as service:
        yield service


@pytest.fixture(scope="module")
def google(tmp_path_factory):
    account = tmp_path_factory.mktemp("google") / "account.json"
    with stand_in.google(account) as service:
        service.account = json.loads(account.read_text(encoding="utf-8"))
        yield service


# openrouteservice


def problem():
    stop = {"location": TOKYO, "service": 120, "time_windows": [[0, 3600]]}
    return {
        "vehicles": [
            {
                "id": 0,
                "profile": "driving-car",
                "start": SHINJUKU,
                "capacity": [4],
                "skills": [1],
                "time_window": [0, 36000],
            }
        ],
        "shipments": [
            {"amount": [1], "pickup": {"id": 0} | stop, "delivery": {"id": 0, "location": TOWER, "service": 60}}
        ],
        "jobs": [{"id": 1, "location": TOWER, "service": 60, "delivery": [1], "skills": [1]}],
        "options": {"g": True},
    }


def optimize(ors, body, key=stand_in.ORS_KEY):
    headers = {"Authorization": key} if key else {}
    return requests.post(f"{ors.url}/optimization", json=body, headers=headers, timeout=30)


def test_vroom_plans_for_ors(ors):
    answer = expect(optimize(ors, problem()), 200)
    (route,) = answer["routes"]
    assert route["steps"][0]["type"] == "start" and route["geometry"]
    assert {(step["type"], step["id"]) for step in route["steps"] if "id" in step} == {
        ("pickup", 0),
        ("delivery", 0),
        ("job", 1),
    }
    body = problem()
    del body["options"]
    assert "geometry" not in expect(optimize(ors, body), 200)["routes"][0], "nobody asked for it"


def set_at(body, path, value):
    *parents, last = path
    place = body
    for name in parents:
        place = place[name]
    place[last] = value
    return body


REFUSED = {
    "a misspelt key": (("shipments", 0, "pickup", "time_window"), [[0, 60]]),
    "a key of nobody": (("fleet",), []),
    "latitude first, in Tokyo": (("vehicles", 0, "start"), SHINJUKU[::-1]),
    "windows that overlap": (("shipments", 0, "pickup", "time_windows"), [[0, 100], [50, 200]]),
    "windows out of order": (("shipments", 0, "pickup", "time_windows"), [[200, 300], [0, 100]]),
    "a window that ends before it starts": (("shipments", 0, "pickup", "time_windows"), [[100, 50]]),
    "a service of fractions": (("shipments", 0, "pickup", "service"), 120.0),
    "an amount that is no list": (("shipments", 0, "amount"), 1),
    "VROOM's own profile": (("vehicles", 0, "profile"), "car"),
    "a negative time": (("vehicles", 0, "time_window"), [-5, 100]),
    "an id in text": (("jobs", 0, "id"), "1"),
}


@pytest.mark.parametrize("path, value", REFUSED.values(), ids=REFUSED)
def test_ors_refuses(ors, path, value):
    refused = expect(optimize(ors, set_at(problem(), path, value)), 400)
    assert refused["code"] == 2 and refused["error"]


def test_ors_asks_for_its_key_and_keeps_its_limits(ors):
    assert "error" in expect(optimize(ors, problem(), key=None), 401)
    assert "disallowed" in expect(optimize(ors, problem(), key="another"), 403)["error"]
    body = problem()
    body["vehicles"] = [body["vehicles"][0] | {"id": number} for number in range(4)]
    assert expect(optimize(ors, body), 413)["code"] == 4
    body = {"locations": [TOKYO] * 60, "metrics": ["duration"]}
    headers = {"Authorization": stand_in.ORS_KEY}
    refused = requests.post(f"{ors.url}/v2/matrix/driving-car", json=body, headers=headers, timeout=30)
    assert expect(refused, 400)["error"]["code"] == 6004


# Google


def signed(account, key=None, **changed):
    """A service account's request for a token (RFC 7523)."""

    def part(told):
        return base64.urlsafe_b64encode(told).rstrip(b"=")

    now = int(time.time())
    scope = "https://www.googleapis.com/auth/cloud-platform"
    claims = {
        "iss": account["client_email"],
        "aud": account["token_uri"],
        "scope": scope,
        "iat": now,
        "exp": now + 3600,
    }
    text = part(b'{"alg": "RS256", "typ": "JWT"}') + b"." + part(json.dumps(claims | changed).encode())
    key = serialization.load_pem_private_key(account["private_key"].encode(), None)
    return (text + b"." + part(key.sign(text, padding.PKCS1v15(), hashes.SHA256()))).decode()


def token_for(account, assertion):
    form = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": assertion}
    return requests.post(account["token_uri"], data=form, timeout=30)


def place(at):
    return {"longitude": at[0], "latitude": at[1]}


def tours():
    day = "2030-05-06T{:02}:00:00Z".format
    visit = {
        "arrivalLocation": place(TOKYO),
        "duration": "120s",
        "timeWindows": [{"startTime": day(9), "endTime": day(10)}],
    }
    shipment = {
        "label": "order 0",
        "pickups": [visit],
        "deliveries": [{"arrivalLocation": place(TOWER)}],
        "loadDemands": {"size": {"amount": "1"}},
        "penaltyCost": 1000,
    }
    vehicle = {
        "label": "vehicle 0",
        "startLocation": place(SHINJUKU),
        "loadLimits": {"size": {"maxLoad": "4"}},
        "costPerTraveledHour": 1,
    }
    model = {"globalStartTime": day(8), "globalEndTime": day(20), "shipments": [shipment], "vehicles": [vehicle]}
    return {"model": model, "populatePolylines": True}


@pytest.fixture(scope="module")
def token(google):
    return expect(token_for(google.account, signed(google.account)), 200)["access_token"]


def optimize_tours(google, body, token):
    url = f"{google.url}/v1/projects/{stand_in.GOOGLE_PROJECT}:optimizeTours"
    return requests.post(url, json=body, headers={"Authorization": f"Bearer {token}"}, timeout=30)


def test_google_leaves_zeros_out_of_its_answer(google, token):
    (route,) = expect(optimize_tours(google, tours(), token), 200)["routes"]
    assert "vehicleIndex" not in route and route["vehicleLabel"] == "vehicle 0"
    pickup, delivery = route["visits"]
    assert pickup["isPickup"] is True and "shipmentIndex" not in pickup and "isPickup" not in delivery
    assert pickup["startTime"] == "2030-05-06T09:00:00Z"
    assert len(route["transitions"]) == 3 and route["routePolyline"]["points"]


GOOGLE_REFUSES = {
    "a field of nobody": (("model", "shipments", 0, "timeWindow"), {}, 400),
    "latitude for longitude": (("model", "vehicles", 0, "startLocation"), place(SHINJUKU[::-1]), 400),
    "a vehicle that costs nothing": (("model", "vehicles", 0, "costPerTraveledHour"), 0, 400),
    "fractions of a second": (("model", "globalStartTime"), "2030-05-06T08:00:00.5Z", 400),
    "a window before the model": (
        ("model", "shipments", 0, "pickups", 0, "timeWindows"),
        [{"endTime": "2030-05-05T00:00:00Z"}],
        400,
    ),
    "a project of somebody else": (("parent",), "projects/another", 400),
    "what it does not solve": (("model", "precedenceRules"), [{"firstIndex": 0, "secondIndex": 0}], 501),
}


@pytest.mark.parametrize("path, value, status", GOOGLE_REFUSES.values(), ids=GOOGLE_REFUSES)
def test_google_refuses(google, token, path, value, status):
    refused = expect(optimize_tours(google, set_at(tours(), path, value), token), status)["error"]
    assert refused["code"] == status and refused["status"] and refused["message"]


def test_google_refuses_a_model_of_1970_and_a_mandatory_order_that_does_not_fit(google, token):
    body = tours()
    del body["model"]["globalStartTime"]
    assert "1970" in expect(optimize_tours(google, body, token), 400)["error"]["message"]
    body = tours()
    (shipment,) = body["model"]["shipments"]
    shipment["loadDemands"]["size"]["amount"] = "9"
    assert expect(optimize_tours(google, copy.deepcopy(body), token), 200)["skippedShipments"][0]["label"] == "order 0"
    del shipment["penaltyCost"]
    assert "mandatory" in expect(optimize_tours(google, body, token), 400)["error"]["message"]


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": "https://example.com"},
        {"iss": "somebody@example.com"},
        {"exp": 1},
        {"exp": time.time() + 90_000},
        {"scope": "email"},
    ],
    ids=["another service", "another account", "expired", "too long", "another scope"],
)
def test_google_gives_no_token_for(google, changed):
    assert expect(token_for(google.account, signed(google.account, **changed)), 400)["error"]


def test_google_lets_in_nobody_without_a_token(google, token):
    for wrong in ("", "ya29.made-up", token[:-2]):
        assert expect(optimize_tours(google, tours(), wrong), 401)["error"]["status"] == "UNAUTHENTICATED"


@pytest.mark.parametrize("name", ["ors", "google"])
def test_a_bad_day_passes(name, request):
    service = request.getfixturevalue(name)
    path = "/optimization" if name == "ors" else "/v1/projects/x:optimizeTours"
    service.day("429", times=1, retry_after=7)
    first, second = (requests.post(service.url + path, json={}, timeout=30) for _ in range(2))
    assert (first.status_code, first.headers["Retry-After"]) == (429, "7")
    assert second.status_code == 401
    assert [asked["status"] for asked in service.requests(path)] == [429, 401]
