"""What a crash or a lost message left undone is done by the next call, or by the schedule."""

import json

import pytest

from waybill_client import claims, expect


@pytest.mark.parametrize("step", ["confirmation", "log-in"])
@pytest.mark.parametrize("role", ["customer", "agent"])
def test_a_role_that_a_crash_left_out_is_granted(stack, town, role, step):
    person = town.newcomer(role, "Ana")
    expect(person.sign_up(), 202)
    if step == "log-in":
        expect(person.confirm(), 200)
    cognito, named = stack.aws("cognito-idp"), {"UserPoolId": stack.user_pool_id, "Username": person.email}
    cognito.admin_remove_user_from_group(**named, GroupName=role)
    if step == "confirmation":
        expect(person.confirm(), 200)
        groups = cognito.admin_list_groups_for_user(**named)["Groups"]
        assert [group["GroupName"] for group in groups] == [role]
    expect(person.log_in(), 200)
    assert claims(person.token)["cognito:groups"] == [role], "the first tokens have the role"


def test_a_record_that_a_crash_left_out_is_written(stack, town, functions):
    ana = town.newcomer("customer", "Ana")
    expect(ana.sign_up(), 202)
    user = stack.aws("cognito-idp").admin_get_user(UserPoolId=stack.user_pool_id, Username=ana.email)
    (user_id,) = (one["Value"] for one in user["UserAttributes"] if one["Name"] == "sub")
    table = functions.settings_of("create-order")["USERS_TABLE"]
    stack.aws("dynamodb").delete_item(TableName=table, Key={"user_id": {"S": user_id}})
    expect(ana.confirm(), 200)
    expect(ana.log_in(), 200)
    assert expect(ana.get("/me"), 200)["role"] == "customer"


def test_an_order_whose_wake_up_was_lost_is_planned_by_the_schedule(town, functions):
    ana = town.customer()
    with functions.paused("optimize-routes"):
        order_id = town.order(ana)["order_id"]
        assert functions.take(functions.optimization_queue, [order_id]), "the wake-up that is lost"
        zone = make_overdue(functions, order_id)
        functions.invoke("sweep-pending-orders", {})
        wake = functions.take_one(functions.optimization_queue, zone, seconds=30)
        assert wake and json.loads(wake["Body"])["cause"] == "overdue"
    expect(ana.mark(order_id, "cancelled"), 200)


def test_a_sweep_continues_where_the_last_one_stopped(stack, town, functions):
    """An order between the beginning and the place waits for the next sweep, which begins at the beginning."""
    ana = town.customer()
    with functions.paused("optimize-routes"):
        order = town.order(ana)
        assert functions.take(functions.optimization_queue, [order["order_id"]])
        zone = make_overdue(functions, order["order_id"])
        dynamodb, table = stack.aws("dynamodb"), functions.settings_of("sweep-pending-orders")["CLAIMS_TABLE"]
        place = {"zone": {"S": zone}, "due_at": {"S": "9999-01-01T00:00:00Z"}, "order_id": {"S": order["order_id"]}}
        dynamodb.put_item(TableName=table, Item={"claim": {"S": "sweep"}, **place})
        functions.invoke("sweep-pending-orders", {})
        kept = dynamodb.get_item(TableName=table, Key={"claim": {"S": "sweep"}}, ConsistentRead=True)["Item"]
        assert kept == {"claim": {"S": "sweep"}}, "the sweep came to the end"
        functions.invoke("sweep-pending-orders", {})
        assert functions.take_one(functions.optimization_queue, zone, seconds=30)
    expect(ana.mark(order["order_id"], "cancelled"), 200)


def make_overdue(functions, order_id):
    """Moves the time of an order's next plan into the past, and returns the order's zone."""
    dynamodb, key = functions.stack.aws("dynamodb"), {"order_id": {"S": order_id}}
    dynamodb.update_item(
        TableName=functions.orders_table,
        Key=key,
        UpdateExpression="SET retry_key = :key",
        ConditionExpression="attribute_exists(pending_zone)",
        ExpressionAttributeValues={":key": {"S": f"2020-01-01T00:00:00.000Z#{order_id}"}},
    )
    (zone,) = functions.zones_of([order_id])
    return zone
