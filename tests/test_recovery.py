"""After a loss: a table is restored and its items are copied back, and a new stack takes over what was kept."""

import json
import subprocess
import sys
import uuid

import pytest

from expanded import ROOT, TEMPLATE
from indexes import LIST, changed, indexes
from waybill_client import expect

sys.path.insert(0, str(ROOT / "local"))
from adopt import IDENTIFIERS, adopted


@pytest.mark.parametrize("table", sorted(indexes()))
def test_an_upgrade_changes_at_most_one_index_of_a_table(table):
    """DynamoDB makes or removes one index in an update. A release with two would fail and roll back."""
    released = json.loads(LIST.read_text())
    assert len(changed(released.get(table, {}), indexes()[table])) <= 1 or table not in released


def test_two_changes_of_one_table_are_noticed():
    before = indexes()["OrdersTable"]
    replaced = {**before, "orders-by-shard": {"keys": ["list_shard"], "attributes": "KEYS_ONLY"}}
    assert changed(before, replaced) == {"orders-by-shard"}
    without = {name: told for name, told in replaced.items() if name != "orders-by-status"}
    assert changed(before, without) == {"orders-by-shard", "orders-by-status"}


@pytest.fixture
def restored(stack, functions):
    """A copy of the table of orders, as point-in-time recovery makes it. The local stack copies the present."""
    dynamodb, live = stack.aws("dynamodb"), functions.settings_of("create-order")["ORDERS_TABLE"]
    source = f"drill-{uuid.uuid4().hex[:8]}"

    def restore():
        dynamodb.restore_table_to_point_in_time(
            SourceTableName=live, TargetTableName=source, UseLatestRestorableTime=True
        )
        return source

    yield restore
    dynamodb.delete_table(TableName=source)


def run(table, source, *more):
    command = [sys.executable, ROOT / "local" / "restore.py", "--table", table, "--source", source, *more]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    counts = done.stdout.splitlines()[0].split(", ")
    return {name: int(number) for number, name in (one.split(" ", 1) for one in counts)}


def test_a_drill_of_a_loss(stack, town, functions, restored):
    """One order was deleted and one was damaged. Others were placed and changed after the time to which we go back."""
    ana, dynamodb = town.customer(), stack.aws("dynamodb")
    table = functions.settings_of("create-order")["ORDERS_TABLE"]
    with functions.paused("optimize-routes"):
        lost, damaged, moved_on = (town.order(ana)["order_id"] for _ in range(3))
        before = {one: stored(dynamodb, table, one) for one in (lost, damaged, moved_on)}
        source = restored()
        dynamodb.delete_item(TableName=table, Key={"order_id": {"S": lost}})
        worse = before[damaged] | {"size": {"N": "999"}, "version": {"N": "2"}}
        dynamodb.put_item(TableName=table, Item=worse)
        expect(ana.mark(moved_on, "cancelled"), 200)
        after = town.order(ana)["order_id"]
        only = f"--only={lost},{damaged},{after}"

        dry = run("Orders", source, only, "--mode=changed")
        assert (dry["read"], dry["missing"], dry["changed"], dry["copied"]) == (2, 1, 1, 0)
        assert expect(ana.get(f"/orders/{lost}"), 404)

        assert run("Orders", source, only, "--apply=yes")["copied"] == 1
        expect(ana.get(f"/orders/{lost}"), 200)
        assert without_marks(stored(dynamodb, table, lost)) == without_marks(before[lost])
        assert stored(dynamodb, table, damaged)["size"] == {"N": "999"}, "it is not lost, so it stays"

        again = run("Orders", source, only, "--mode=changed", "--apply=yes")
        assert (again["same"], again["missing"], again["copied"]) == (1, 0, 1)
        healed = stored(dynamodb, table, damaged)
        assert without_marks(healed) == without_marks(before[damaged]) and healed["version"] == {"N": "3"}
        assert run("Orders", source, only, "--mode=changed", "--apply=yes")["copied"] == 0, "a repeat has nothing to do"
        assert stored(dynamodb, table, moved_on)["status"] == {"S": "cancelled"}
    # A function works with what was copied back, and its write removes the mark.
    for order_id in (lost, damaged, after):
        expect(ana.mark(order_id, "cancelled"), 200)
    assert "restored_at" not in stored(dynamodb, table, lost)


def stored(dynamodb, table, order_id):
    found = dynamodb.get_item(TableName=table, Key={"order_id": {"S": order_id}}, ConsistentRead=True)
    return found["Item"]


def without_marks(item):
    return {name: value for name, value in item.items() if name not in ("restored_at", "version")}


def test_what_a_deleted_stack_keeps_can_be_adopted():
    """CloudFormation imports a resource only if it is kept, and if its template names nothing that is left out."""
    kept = {
        name: resource
        for name, resource in TEMPLATE["Resources"].items()
        if isinstance(resource, dict) and resource.get("Type") in IDENTIFIERS
    }
    # The locations of agents are worth a day, and go with the stack.
    assert "DeletionPolicy" not in kept.pop("LocationsTable")
    assert len(kept) == 5 + 1 + 1 + 3
    names = {name: "/".join("x" for _ in IDENTIFIERS[one["Type"]]) for name, one in kept.items()}
    lean, told = adopted(TEMPLATE, names)
    assert set(lean["Resources"]) == {one["LogicalResourceId"] for one in told} == set(kept)
    assert all(one["DeletionPolicy"] == "Retain" for one in kept.values())
    known = {*lean["Resources"], *lean["Parameters"]}
    assert {name for name in references(lean["Resources"]) if not name.startswith("AWS::")} <= known


def references(part):
    """The names that a part of a template refers to."""
    if isinstance(part, list):
        return {name for one in part for name in references(one)}
    if not isinstance(part, dict):
        return set()
    found = {part["Ref"]} if "Ref" in part else set()
    if "Fn::GetAtt" in part:
        target = part["Fn::GetAtt"]
        found.add(target[0] if isinstance(target, list) else target.split(".")[0])
    return found | {name for one in part.values() for name in references(one)}


def test_a_change_that_cannot_be_read_is_kept_and_holds_up_nothing(stack, functions):
    event = json.loads((ROOT / "events" / "publish-events-unreadable.json").read_text())
    bad = event["Records"][1]
    bad["eventID"] = uuid.uuid4().hex
    for _ in range(2):
        assert functions.invoke("publish-events", {"Records": [bad]}) == {"batchItemFailures": []}
    bucket, s3 = functions.settings_of("publish-events")["FAILED_EVENTS_BUCKET"], stack.aws("s3")
    found = s3.get_object(Bucket=bucket, Key=f"unreadable/{bad['eventID']}.json")["Body"].read()
    (kept,) = json.loads(found)["payload"]["Records"]
    assert kept["dynamodb"]["Keys"] == bad["dynamodb"]["Keys"] and kept["eventID"] == bad["eventID"]
