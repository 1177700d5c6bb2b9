"""Routes for a map."""

from problems import problem
from town import open_route
from waybill_client import expect

GEO_JSON = "application/geo+json"


def for_map(person, path="/routes/me", accept=GEO_JSON, **params):
    answer = person.stack.call("GET", path, person.token, headers={"Accept": accept}, params=params)
    assert answer.headers["Content-Type"] == GEO_JSON and answer.headers["Vary"] == "Accept"
    return expect(answer, 200)


def test_a_route_is_a_line_and_a_point_for_each_stop(town):
    ana, ben = town.customer(), town.agent()
    town.assigned(ana, town.order(ana, (0.5, 0), (1.5, 0)), town.order(ana, (0, 1), (0, 2)), to=ben)
    route = open_route(ben)
    shown = for_map(ben)
    assert shown["type"] == "FeatureCollection" and shown["next_cursor"] is None
    line, *points = shown["features"]
    assert (line["geometry"]["type"], line["id"]) == ("LineString", route["route_id"])
    for name in ("route_id", "agent_id", "status", "provider", "distance_m", "duration_s", "version"):
        assert line["properties"][name] == route[name]
    way = line["geometry"]["coordinates"]
    assert [point["geometry"]["type"] for point in points] == ["Point"] * 4
    for point, stop in zip(points, route["stops"]):
        lon, lat = point["geometry"]["coordinates"]
        assert {"lat": lat, "lon": lon} == stop["location"]
        assert min(abs(lon - x) + abs(lat - y) for x, y in way) < 1e-4, "the line passes each stop"
        for name in ("sequence", "kind", "order_id", "eta", "status"):
            assert point["properties"][name] == stop[name]


def test_a_dispatcher_sees_it_too_and_nobody_else(town):
    ben = town.agent()
    assert for_map(town.dispatcher, f"/routes/{ben.user_id}")["features"] == []
    other = town.agent(name="Other")
    answer = other.stack.call("GET", f"/routes/{ben.user_id}", other.token, headers={"Accept": GEO_JSON})
    problem(answer, 404, "not_found")


def test_who_does_not_ask_for_a_map_gets_json(town):
    ben = town.agent()
    for accept in ("*/*", "application/json", "application/geo+json;q=0.1, application/json"):
        answer = ben.stack.call("GET", "/routes/me", ben.token, headers={"Accept": accept})
        assert answer.headers["Content-Type"] == "application/json" and answer.headers["Vary"] == "Accept"
        assert expect(answer, 200)["routes"] == []
    assert for_map(ben, accept="text/html, application/geo+json, */*;q=0.1")["features"] == []
