"""The filters of template.yaml keep records away from `publish-events` that have no message, and only these.

shared/app/src/events/publish_events.rs decides which records have a message. A filter must never drop one of them.
"""

import json

import pytest

from expanded import ROOT, expanded

STREAMS = {name: one for name, one in expanded().items() if name.endswith("TableStream")}


def passes(stream, record):
    patterns = [json.loads(one["Pattern"]) for one in STREAMS[stream]["Properties"]["FilterCriteria"]["Filters"]]
    return any(matches(record, pattern) for pattern in patterns)


def matches(found, pattern):
    """Lambda's rules, as far as the filters use them: a list has alternatives, and each key must match."""
    if isinstance(pattern, dict):
        return isinstance(found, dict) and all(matches(found.get(key), one) for key, one in pattern.items())
    return any(matches_one(found, one) for one in pattern)


def matches_one(found, wanted):
    if not isinstance(wanted, dict):
        return found == wanted
    ((rule, told),) = wanted.items()
    # A missing value matches only "does not exist", which the filters do not use.
    known = {
        "exists": lambda: told is True and isinstance(found, str),
        "prefix": lambda: isinstance(found, str) and found.startswith(told),
        "anything-but": lambda: isinstance(found, str) and found not in told,
    }
    return known[rule]()


def record(old, new, **keys):
    """A record of a stream. An image that is missing is not in the record."""
    images = {"OldImage": old, "NewImage": new}
    change = {name: typed(image) for name, image in images.items() if image is not None}
    return {"eventName": "MODIFY", "dynamodb": {"Keys": typed(keys), **change}}


def typed(image):
    return {name: typed_value(value) for name, value in image.items()}


def typed_value(value):
    if isinstance(value, bool):
        return {"BOOL": value}
    return {"N" if isinstance(value, int) else "S": str(value)}


ORDER_STATUSES = (
    "pending",
    "assigned",
    "in_progress",
    "delivered",
    "failed",
    "cancelled",
    "undelivered",
    "returning",
    "returned",
)


@pytest.mark.parametrize("before", [None, *ORDER_STATUSES])
@pytest.mark.parametrize("after", ORDER_STATUSES)
def test_an_order_passes_if_its_change_has_a_message(before, after):
    old = before and {"order_id": "o", "status": before, "version": 3}
    new = {"order_id": "o", "status": after, "version": 4 if before else 1}
    told = before != after and after not in ("in_progress",)
    is_new = before is None
    passed = passes("OrdersTableStream", record(old, new, order_id="o"))
    assert passed or not (told or is_new), "this change has a message, and no filter lets it through"
    dropped = (before, after) == ("pending", "pending") or (after == "in_progress" and not is_new)
    assert passed == (not dropped)


def test_an_order_that_is_held_no_more_passes():
    old = {"order_id": "o", "status": "pending", "version": 3, "held": True}
    new = {"order_id": "o", "status": "pending", "version": 4}
    assert passes("OrdersTableStream", record(old, new, order_id="o"))
    assert not passes("OrdersTableStream", record({**old, "held": False}, new, order_id="o"))


def test_an_edited_order_passes_and_one_that_a_plan_leaves_out_does_not():
    old = {"order_id": "o", "status": "pending", "version": 3, "attempts": 2}
    for attempts, expected in ((0, True), (3, False)):
        new = {**old, "version": 4, "attempts": attempts}
        assert passes("OrdersTableStream", record(old, new, order_id="o")) is expected


@pytest.mark.parametrize("status", ["unconfirmed", "pending_approval", "active", "suspended"])
def test_a_new_user_and_a_confirmed_one_pass(status):
    new = {"user_id": "u", "status": status, "version": 1}
    assert passes("UsersTableStream", record(None, new, user_id="u"))
    old = {**new, "status": "unconfirmed"}
    assert passes("UsersTableStream", record(old, {**new, "version": 2}, user_id="u"))


def test_an_agent_who_may_get_orders_passes_and_other_changes_of_users_do_not():
    user = {"user_id": "u", "status": "active", "version": 7}
    available = {**user, "duty_zone": "85394463fffffff"}
    assert passes("UsersTableStream", record(user, available, user_id="u"))
    assert passes("UsersTableStream", record(available, available, user_id="u"))
    assert not passes("UsersTableStream", record(available, user, user_id="u"))
    assert not passes("UsersTableStream", record(user, user, user_id="u"))


def test_a_lost_subscription_passes():
    user = {"user_id": "u", "status": "active", "version": 7}
    lost = {**user, "version": 8, "subscription_lost_at": "2030-05-06T08:00:00Z"}
    assert passes("UsersTableStream", record(user, lost, user_id="u"))


def test_a_route_passes_and_its_geometry_does_not():
    for item, expected in (("route#1", True), ("geometry#1", False)):
        image = {"agent_id": "a", "item": item}
        for old in (None, image):
            assert passes("RoutesTableStream", record(old, image, agent_id="a", item=item)) is expected
    assert 'const ROUTE: &str = "route#";' in (ROOT / "shared/adapters/src/dynamodb/keys.rs").read_text()


@pytest.mark.parametrize("file", ["publish-events.json", "publish-events-users.json", "publish-events-routes.json"])
def test_the_records_of_the_unit_tests_pass_if_they_have_messages(file):
    tables = {"user_id": "UsersTableStream", "order_id": "OrdersTableStream", "agent_id": "RoutesTableStream"}
    for one in json.loads((ROOT / "events" / file).read_text())["Records"]:
        keys = one["dynamodb"]["Keys"]
        stream = next(stream for key, stream in tables.items() if key in keys)
        is_geometry = keys.get("item", {}).get("S", "").startswith("geometry#")
        assert passes(stream, one) is not is_geometry


@pytest.mark.parametrize("stream", sorted(STREAMS))
def test_a_filter_is_one_that_lambda_accepts(stream):
    """Lambda filters records of DynamoDB only by `dynamodb`, and has at most five filters for a stream."""
    filters = STREAMS[stream]["Properties"]["FilterCriteria"]["Filters"]
    assert 1 <= len(filters) <= 5
    for one in filters:
        assert list(json.loads(one["Pattern"])) == ["dynamodb"]


@pytest.mark.parametrize("stream", sorted(STREAMS))
def test_a_record_is_tried_again_and_then_kept(stream):
    told = STREAMS[stream]["Properties"]
    # A fault of SQS may last longer than any number of tries. The age ends the tries.
    assert told["MaximumRetryAttempts"] == -1
    # The stream itself deletes a record after a day.
    assert 3600 <= told["MaximumRecordAgeInSeconds"] < 24 * 3600
    assert told["DestinationConfig"]["OnFailure"]["Destination"] == {"Fn::GetAtt": ["FailedEventsBucket", "Arn"]}
