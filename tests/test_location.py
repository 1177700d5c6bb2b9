"""Where agents are while on a route: who may report and see it, what is stored, and which times follow."""

from datetime import UTC, datetime, timedelta

from problems import problem
from test_tracking import link_of, track
from town import order_of, when
from waybill_client import expect


def point(town, north_km, seconds_ago=0, **more):
    at = datetime.now(UTC) - timedelta(seconds=seconds_ago)
    return town.point(0, north_km) | {"at": at.isoformat(), "accuracy_m": 8, **more}


def report(agent, *points):
    return agent.put("/agents/me/location", {"points": points})


def stored(stack, agent):
    key = {"agent_id": {"S": agent.user_id}}
    table = stack.environment["LOCATIONS_TABLE"]
    return stack.aws("dynamodb").get_item(TableName=table, Key=key, ConsistentRead=True).get("Item")


def test_the_times_and_the_people_who_may_follow_an_agent(stack, town):
    ana, ben = town.customer(), town.agent()
    problem(report(ben, point(town, 0)), 409, "not_on_route")
    order = town.order(ana, (0, 0), (0, 10))
    order_id = order["order_id"]
    town.assigned(ana, order, to=ben)
    expect(ben.mark(order_id, "in_progress"), 200)
    planned = when(order_of(ana, order_id)["eta"])
    _, token = link_of(ana, order_id)
    assert expect(track(stack, token), 200)["map"] is None, "nobody has seen the agent yet"

    # What an app sends after a minute without a connection, in any sequence.
    late, early, between = point(town, 6), point(town, 5, 30), point(town, 5.5, 25)
    answer = expect(report(ben, late, early, between), 200)
    assert answer["accepted"] == 2, "one point in ten seconds"
    last = answer["location"]
    assert (last["lat"], last["lon"]) == (late["lat"], late["lon"])
    assert expect(report(ben, late, early, between), 200) == {"accepted": 0, "location": last}

    assert when(order_of(ana, order_id)["eta"]) < planned, "the agent is nearer than planned"
    assert when(expect(ben.get("/routes/me"), 200)["routes"][0]["stops"][1]["eta"]) < planned
    seen = expect(track(stack, token), 200)["map"]
    assert seen["courier"] == {"lat": late["lat"], "lon": late["lon"]}
    assert seen["door"] == order["dropoff"]["location"]
    item = stored(stack, ben)
    assert item.keys() == {"agent_id", "route_id", "at", "last", "timed_from", "expires_at_s"}
    assert abs(int(item["expires_at_s"]["N"]) - when(last["at"]).timestamp() - 24 * 3600) <= 1

    agents = town.dispatcher.every("/agents", "agents")
    listed = next(agent for agent in agents if agent["agent_id"] == ben.user_id)
    shown = expect(town.dispatcher.get(f"/agents/{ben.user_id}"), 200)
    assert listed["location"] == shown["location"] == last == expect(ben.get("/agents/me"), 200)["location"]

    expect(ben.mark(order_id, "delivered"), 200)
    assert expect(track(stack, token), 200)["map"] is None
    problem(report(ben, point(town, 10)), 409, "not_on_route")
    assert stored(stack, ben) == item


def test_a_report_names_each_bad_point(town):
    ben = town.applicant()
    points = [point(town, 0, -121), point(town, 0, accuracy_m=-1), point(town, 0) | {"lat": 91, "speed": 3}]
    told = problem(report(ben, *points), 422, "invalid")
    pointers = {error["pointer"] for error in told["errors"]}
    assert pointers == {"#/points/0/at", "#/points/1/accuracy_m", "#/points/2/lat", "#/points/2/speed"}
    told = problem(report(ben, *[point(town, 0)] * 21), 422, "invalid")
    assert [error["pointer"] for error in told["errors"]] == ["#/points"]
