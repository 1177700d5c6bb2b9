"""The stack checks a function's role before it does what the function asks.

test_least_privilege.py compares the grants with the calls. It rests on this check: a call without a grant fails.
"""

import contextlib
import json

from problems import problem
from waybill_client import eventually, expect


@contextlib.contextmanager
def without(stack, functions, function, action):
    """The function's role, for a while, without one action."""
    iam = stack.aws("iam")
    role_arn = stack.aws("lambda").get_function_configuration(FunctionName=functions.name_of(function))["Role"]
    role = role_arn.rsplit("/", 1)[1]
    before = {
        name: iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]
    }
    taken = 0
    try:
        for name, document in before.items():
            kept = []
            for statement in document["Statement"]:
                actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
                taken += action in actions
                if left := [one for one in actions if one != action]:
                    kept.append(statement | {"Action": left})
            if kept:
                told = json.dumps(document | {"Statement": kept})
                iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=told)
            else:
                iam.delete_role_policy(RoleName=role, PolicyName=name)
        assert taken, f"{function} had {action} before"
        yield
    finally:
        for name, document in before.items():
            iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(document))


def test_what_is_not_granted_fails(stack, functions, shared_town):
    ana = shared_town.customer()
    path = f"/orders/{shared_town.order(ana)['order_id']}"
    expect(ana.get(path), 200)
    with without(stack, functions, "get-order", "dynamodb:GetItem"):
        # AWS takes some seconds until it has heard of a changed policy.
        answer = eventually("a refusal", lambda: [a for a in [ana.get(path)] if a.status_code != 200])[0]
        told = problem(answer, 503, "unavailable")
        assert "GetItem" not in json.dumps(told), "what is wrong inside is not told"
    eventually("the order again", lambda: ana.get(path).status_code == 200)
    expect(ana.mark(path.split("/")[2], "cancelled"), 200)
