"""Routes of outside providers. No order is lost when a provider fails.

The providers are stand-ins on this machine, and stricter than the services themselves. The parameters of the stack
switch to them.
"""

import pytest

import stand_in
from outside import KEYS, PATIENCE, Logs, Parameters
from town import Town, check_books, check_route, open_route, order_of, stops_of, when
from waybill_client import eventually, expect

PATHS = {"ors": "/optimization", "google": f"/v1/projects/{stand_in.GOOGLE_PROJECT}:optimizeTours"}


class Provider:
    def __init__(self, name, service):
        self.name, self.service, self.path = name, service, PATHS[name]

    def asked(self):
        return self.service.requests(self.path)


@pytest.fixture(scope="module", params=["ors", "google"])
def provider(request, stack, functions, tmp_path_factory):
    parameters = Parameters(stack, functions)
    if request.param == "ors":
        with stand_in.ors() as service:
            key = KEYS["OrsKeyParameter"], stand_in.ORS_KEY
            # The limit is one vehicle, so two agents on duty are too many.
            told = {"OrsBaseUrl": service.url, "OrsKeyParameter": KEYS["OrsKeyParameter"], "OrsMostVehicles": 1}
            with parameters.set_to(*key, RouteProvider="ors", **told, **PATIENCE):
                yield Provider("ors", service)
        return
    account = tmp_path_factory.mktemp("google") / "account.json"
    with stand_in.google(account) as service:
        key = KEYS["GoogleKeyParameter"], account.read_text(encoding="utf-8")
        told = {"GoogleBaseUrl": service.url, "GoogleProject": stand_in.GOOGLE_PROJECT}
        told["GoogleKeyParameter"] = KEYS["GoogleKeyParameter"]
        with parameters.set_to(*key, RouteProvider="google", **told, **PATIENCE):
            yield Provider("google", service)


@pytest.fixture
def good_day(provider):
    provider.service.day("none")
    yield
    provider.service.day("none")


@pytest.fixture
def far_town(stack, dispatcher, middles):
    """A town whose longitude is not a valid latitude, so that a mix-up of the two is noticed."""
    place = Town(stack, dispatcher, next(middle for middle in middles if abs(middle[1]) > 100))
    yield place
    place.leave()


@pytest.fixture
def logs(stack, functions):
    return Logs(stack, functions, "optimize-routes")


def test_a_route_names_the_provider_that_planned_it(far_town, provider, good_day, logs):
    """The stops are on one way, so the provider's plan is the best one by our objective too."""
    ana, ben = far_town.customer(), far_town.agent(shift=(0, 480))
    orders = [
        far_town.order(ana, (0.5, 0.5), (1, 1), size=3, pickup_window=(0, 120)),
        far_town.order(ana, (1.5, 1.5), (2, 2), dropoff_window=(30, 240)),
    ]
    found = far_town.assigned(ana, *orders, to=ben)
    route = open_route(ben)
    assert route["provider"] == provider.name
    check_route(route, found, 10)
    for order in found:
        for kind, stop in stops_of(route, order).items():
            window = order[kind].get("window")
            assert not window or when(window["start"]) <= when(stop["eta"]) <= when(window["end"])
    # The stand-in's streets run north-south and east-west. The embedded planner does not know them.
    way = ben.get("/routes/me").json()["routes"][0]["geometry"]
    assert way and len(decoded(way)) > len(route["stops"])
    assert logs.fallbacks() == []
    assert {request["status"] for request in provider.asked()} == {200}


def test_what_is_under_way_is_planned_on_by_the_provider(far_town, provider, good_day):
    """Every kind of order in one problem: aboard, assigned, new, too large, with and without windows.

    Each stop is further east than the one before, so the provider's plan is the best one by our objective too.
    """
    ana, ben = far_town.customer(), far_town.agent(at=(0, 0), capacity=4, shift=(0, 600))
    aboard = far_town.order(ana, (1, 0), (12, 0))
    waiting = far_town.order(ana, (2, 0), (11, 0), pickup_window=(0, 200), dropoff_window=(0, 300))
    far_town.assigned(ana, aboard, waiting, to=ben)
    first = open_route(ben)["stops"][0]["order_id"]
    expect(ben.mark(first, "in_progress"), 200)
    provider.service.day("none")
    too_large = far_town.order(ana, size=5)
    added = far_town.order(ana, (4, 0.2), (8, 0.2), pickup_window=(0, 240))
    found = far_town.assigned(ana, added, to=ben)
    eventually("a word on the large one", lambda: order_of(ana, too_large["order_id"]).get("unplaced_reason"))
    assert order_of(ana, too_large["order_id"])["unplaced_reason"] == "over_capacity"
    route = open_route(ben)
    assert route["provider"] == provider.name
    check_route(route, [aboard, waiting, *found], 4)
    check_books(ana, [ben])
    asked = provider.asked()
    assert asked and {request["status"] for request in asked} == {200}, asked[-1]


def test_a_provider_that_asks_to_wait_a_moment_is_asked_again(far_town, provider, good_day, logs):
    provider.service.day("429", times=1, retry_after=1)
    ana, ben = far_town.customer(), far_town.agent()
    far_town.assigned(ana, far_town.order(ana), to=ben)
    assert open_route(ben)["provider"] == provider.name
    assert [request["status"] for request in provider.asked()][:2] == [429, 200]
    assert logs.fallbacks() == []


BAD_DAYS = [
    ("hang", {}, "timeout"),
    ("401", {}, "unauthorized"),
    ("429", {"retry_after": 60}, "quota"),
    ("500", {}, "server_error"),
    ("half", {}, "unreadable"),
    ("broken_window", {}, "broken_plan"),
    ("missing_order", {}, "missing_order"),
]


@pytest.mark.parametrize("mode, more, reason", BAD_DAYS, ids=[mode for mode, _, _ in BAD_DAYS])
def test_a_bad_day_loses_no_order(far_town, provider, good_day, logs, mode, more, reason):
    provider.service.day(mode, **more)
    loses_no_order(far_town, provider, logs, reason)


def test_nobody_at_the_door_loses_no_order(far_town, provider, good_day, logs):
    with provider.service.gone():
        loses_no_order(far_town, provider, logs, "connection")


def loses_no_order(town, provider, logs, reason):
    ana, ben = town.customer(), town.agent(shift=(0, 480))
    orders = [
        # Each has a window: the orders may come into two plans.
        town.order(ana, (0.5, 0), (1.5, 0), pickup_window=(0, 120)),
        town.order(ana, (0.2, 0.5), (1, 1), pickup_window=(0, 120)),
    ]
    found = town.assigned(ana, *orders, to=ben)
    route = open_route(ben)
    assert route["provider"] == "embedded"
    check_route(route, found, 10)
    assert check_books(ana, [ben]).keys() == {order["order_id"] for order in orders}
    counted = eventually("the reason in the metric", logs.fallbacks)
    # Another plan may find both orders on the route already. Those may be late, so a bad plan of them is only worse.
    assert set(counted) - {(provider.name, "worse_plan")} == {(provider.name, reason)}
    eventually("the metric that an alarm looks at", logs.failures)
    # One plan per message. If the function had run out of time, the message would have come again.
    done = [line.get("fields", line) for line in logs.lines() if "message done" in str(line)]
    assert done and all(line["received"] == 1 for line in done), done


@pytest.mark.parametrize("provider", ["ors"], indirect=True)
def test_what_is_too_large_for_ors_is_planned_with_its_travel_times(far_town, provider, good_day, logs):
    ana, ben, cleo = far_town.customer(), far_town.agent(name="Ben"), far_town.agent(at=(1, 0), name="Cleo")
    found = far_town.assigned(ana, far_town.order(ana, (0.5, 0), (1.5, 0.5)))[0]
    agent = ben if found["agent_id"] == ben.user_id else cleo
    route = open_route(agent)
    assert route["provider"] == "ors-matrix"
    check_route(route, [found], 10)
    assert provider.asked() == []
    matrices = provider.service.requests("/v2/matrix/driving-car")
    assert matrices and {request["status"] for request in matrices} == {200}
    assert set(eventually("the reason in the metric", logs.fallbacks)) == {("ors", "too_large")}
    assert logs.failures() == 0
    # The times are the stand-in's. They differ from the embedded estimate for such a long way.
    leg = stops_of(route, found)["dropoff"]
    assert leg["duration_s"] == round(75 + leg["distance_m"] / 7.8)


def decoded(line):
    """The number of points of an encoded polyline."""
    ends = [index for index, letter in enumerate(line) if ord(letter) - 63 < 32]
    assert len(ends) % 2 == 0, "each point is two numbers"
    return ends[::2]
