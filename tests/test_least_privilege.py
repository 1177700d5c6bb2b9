"""Each function may do only what it does while the tests run: calls and grants are compared in both directions.

MiniStack checks each call of a function against the policies of the function's role. local/stack/recorder.py records
what is checked. conftest.py has this file run last, when every other test has made its calls. A grant can be found to
be of no use only if all tests have run: a run of some tests leaves that comparison out.
"""

import json
import sys
import uuid

import pytest

from expanded import ROOT, expanded
from grants import Difference, Use, calls_in, calls_of_aws, compare, grants, grants_of, recorded
from waybill_client import expect

sys.path.insert(0, str(ROOT / "local" / "stack"))
import recorder

MAIL_CONFIGURATION = "ses:configuration-set/${MailConfiguration}"
ASKED_BY_AWS = "AWS asks for the identity and the configuration set, and MiniStack for the identity alone."

# Grants that no test uses, each with the reason. A reason for a grant that some test uses is an error.
NEVER_USED = {
    Use("IngestOrders", "s3:ListBucket", "UploadsBucket"): (
        "AWS checks it when an object is missing: without it the answer is 403, not 404. MiniStack does not check it."
    ),
    Use("StoreProof", "s3:ListBucket", "UploadsBucket"): "as for IngestOrders",
    Use("StoreProof", "sqs:SendMessage", "ImportDeadLetterQueue"): "AWS puts aside an event that failed three times",
    Use("SubscribeEmails", "sns:DeleteTopic", "sns:waybill-user-*"): (
        "needed to mail an open request again. MiniStack confirms each request at once"
    ),
    Use("SubscribeEmails", "ses:DeleteSuppressedDestination", "*"): (
        "needed when mail was stopped an hour ago. The contract of the ports tests it, with a clock of its own"
    ),
    Use("ChangeEmail", "ses:SendEmail", MAIL_CONFIGURATION): ASKED_BY_AWS,
    Use("SendNotifications", "ses:SendEmail", MAIL_CONFIGURATION): ASKED_BY_AWS,
    Use("SendNotifications", "sns:DeleteTopic", "sns:waybill-user-*"): (
        "needed when a log-in changes the address at the same moment; the tests of the use case make it do that"
    ),
}


def test_no_function_calls_what_it_is_not_granted(stack, functions):
    difference = compare(grants(), calls(stack, functions), NEVER_USED)
    assert difference.not_granted == [], "called, and not granted in template.yaml"


@pytest.mark.after_all_tests
def test_each_grant_is_used_or_has_a_reason(stack, functions):
    difference = compare(grants(), calls(stack, functions), NEVER_USED)
    assert difference.never_used == [], "granted in template.yaml, and never used: remove it, or test what needs it"
    assert difference.reasons_not_needed == [], "used, or not granted any more: take it off NEVER_USED"


def calls(stack, functions):
    return recorded(stack, stack_name(functions)) | calls_of_aws(expanded())


def stack_name(functions):
    return functions.name_of("get-order").rpartition("-")[0]


def test_what_a_function_does_on_the_stack_is_recorded(stack, functions, shared_town):
    ana = shared_town.customer()
    expect(ana.get(f"/orders/{uuid.uuid4()}"), 404)
    expect(ana.get("/orders"), 200)
    found = recorded(stack, stack_name(functions))
    assert Use("GetOrder", "dynamodb:GetItem", "OrdersTable") in found
    assert Use("ListOrders", "dynamodb:Query", "OrdersTable/index/orders-by-customer") in found
    actions = {call.action for call in found if call.function == "GetOrder"}
    assert actions == {"dynamodb:GetItem", "dynamodb:BatchGetItem"}


def test_sign_up_writes_the_attributes_that_a_client_may_write(stack, town):
    """AWS refuses a sign-up with any other attribute. MiniStack takes each."""
    person = town.newcomer("customer", "Ana")
    expect(person.sign_up(), 202)
    user = stack.aws("cognito-idp").admin_get_user(UserPoolId=stack.user_pool_id, Username=person.email)
    written = {one["Name"] for one in user["UserAttributes"]} - {"sub", "email_verified"}
    assert written == set(expanded()["UserPoolClient"]["Properties"]["WriteAttributes"])


# The comparison itself

ORDER = Use("GetOrder", "dynamodb:GetItem", "OrdersTable")
INDEX = Use("GetOrder", "dynamodb:Query", "OrdersTable/index/orders-by-status")
NOTHING = Difference([], [], [])


def test_grants_that_are_the_calls_do_not_differ():
    assert compare({ORDER, INDEX}, {INDEX, ORDER}, {}) == NOTHING


def test_a_grant_that_was_removed_is_missed():
    assert compare({ORDER}, {ORDER, INDEX}, {}) == NOTHING._replace(not_granted=[INDEX])


def test_a_grant_that_was_added_is_noticed():
    assert compare({ORDER, INDEX}, {ORDER}, {}) == NOTHING._replace(never_used=[INDEX])


def test_a_grant_with_a_reason_need_not_be_used():
    assert compare({ORDER, INDEX}, {ORDER}, {INDEX: "only AWS does this"}) == NOTHING


@pytest.mark.parametrize("granted", [{ORDER, INDEX}, {ORDER}])
def test_a_reason_for_what_is_used_or_not_granted_is_noticed(granted):
    calls = granted
    assert compare(granted, calls, {INDEX: "only AWS does this"}) == NOTHING._replace(reasons_not_needed=[INDEX])


@pytest.mark.parametrize(
    ("call", "granted"),
    [
        (ORDER._replace(function="ListOrders"), ORDER),
        (ORDER._replace(action="dynamodb:PutItem"), ORDER),
        (ORDER._replace(resource="UsersTable"), ORDER),
        (INDEX._replace(resource="OrdersTable"), INDEX),
        (INDEX, INDEX._replace(resource="OrdersTable")),
        (Use("A", "s3:PutObject", "UploadsBucket/rejects/1.csv"), Use("A", "s3:PutObject", "UploadsBucket/imports/*")),
        (Use("A", "s3:ListBucket", "UploadsBucket"), Use("A", "s3:ListBucket", "UploadsBucket/*")),
    ],
)
def test_a_grant_covers_no_other_function_action_or_resource(call, granted):
    assert not granted.covers(call)


def test_an_exception_covers_everything_else():
    grant = Use("A", "sns:Publish", "!sns:*")
    assert grant.covers(Use("A", "sns:Publish", "+34600000000"))
    assert not grant.covers(Use("A", "sns:Publish", "sns:waybill-user-1"))


def test_a_star_covers_what_it_stands_for():
    assert Use("A", "sqs:SendMessage*", "Queue").covers(Use("A", "sqs:SendMessage", "Queue"))
    grant = Use("A", "s3:PutObject", "UploadsBucket/imports/*")
    assert grant.covers(Use("A", "s3:PutObject", "UploadsBucket/imports/a/b"))
    assert Use("A", "sns:Publish", "sns:waybill-user-*").covers(Use("A", "sns:Publish", "sns:waybill-user-17"))


@pytest.mark.parametrize("change", ["one less", "one more"])
def test_one_grant_in_the_template_more_or_less_is_noticed(change):
    resources = expanded()
    called = set(grants_of(resources))
    role = next(one for name, one in sorted(resources.items()) if name.startswith("GetOrder") and name.endswith("Role"))
    statement = role["Properties"]["Policies"][0]["PolicyDocument"]["Statement"][0]
    assert statement["Action"] == "dynamodb:GetItem"
    if change == "one less":
        statement["Action"] = []
        difference = compare(set(grants_of(resources)), called, {})
        assert ORDER in difference.not_granted and difference.never_used == []
    else:
        statement["Action"] = ["dynamodb:GetItem", "dynamodb:DeleteItem"]
        difference = compare(set(grants_of(resources)), called, {})
        assert ORDER._replace(action="dynamodb:DeleteItem") in difference.never_used and difference.not_granted == []


# The record

NAMES = {
    "dynamodb:table/waybill-OrdersTable-1": "OrdersTable",
    "dynamodb:table/waybill-OrdersTable-12": "AnotherTable",
    "sqs:waybill-ImportQueue-2": "ImportQueue",
    "s3:waybill-uploads": "UploadsBucket",
    "cognito-idp:userpool/eu-central-2_abc": "UserPool",
}


@pytest.mark.parametrize(
    ("action", "resource", "told"),
    [
        ("dynamodb:PutItem", "dynamodb:eu-central-2:000000000000:table/waybill-OrdersTable-1", "OrdersTable"),
        ("dynamodb:PutItem", "dynamodb:eu-central-2:000000000000:table/waybill-OrdersTable-12", "AnotherTable"),
        ("dynamodb:PutItem", "dynamodb:eu-central-2:000000000000:table/elsewhere", "dynamodb:table/elsewhere"),
        (
            "dynamodb:Query",
            "dynamodb:eu-central-2:000000000000:table/waybill-OrdersTable-1/index/pending-orders",
            "OrdersTable/index/pending-orders",
        ),
        ("sqs:SendMessageBatch", "sqs:eu-central-2:000000000000:waybill-ImportQueue-2", "ImportQueue"),
        ("s3:PutObject", "s3:::waybill-uploads/imports/1/orders.csv", "UploadsBucket/imports/1/orders.csv"),
        ("s3:ListBucket", "s3:::waybill-uploads", "UploadsBucket"),
        ("cognito-idp:AdminGetUser", "cognito-idp:eu-central-2:000000000000:userpool/eu-central-2_abc", "UserPool"),
        ("sns:Publish", "sns:eu-central-2:000000000000:waybill-user-7", "sns:waybill-user-7"),
        ("ssm:GetParameter", "ssm:eu-central-2:000000000000:parameter/a/key", "ssm:parameter/a/key"),
    ],
)
def test_a_line_of_the_record_is_a_call(action, resource, told):
    caller = "arn:aws:sts::000000000000:assumed-role/waybill-GetOrderRole-5/waybill-GetOrder"
    line = json.dumps({"caller": caller, "action": action, "resource": f"arn:aws:{resource}"})
    assert list(calls_in(line, NAMES)) == [Use("GetOrder", action.removesuffix("Batch"), told)]


def test_a_caller_without_a_role_is_no_function():
    """S3 tells a queue of an upload, and the queue's own policy allows that."""
    line = {"caller": "*", "action": "sqs:SendMessage", "resource": "arn:aws:sqs:eu-central-2:000000000000:queue"}
    assert list(calls_in(json.dumps(line), NAMES)) == []


class Asked:
    """A question to the policies, as MiniStack asks it."""

    def __init__(self, action):
        self.principal_arn = "arn:aws:sts::000000000000:assumed-role/role/waybill-GetOrder"
        self.action, self.resource_arn = action, "arn:aws:s3:::bucket"


def test_the_recorder_writes_each_question_once_and_passes_the_answer_on(tmp_path, monkeypatch):
    answered = []

    def evaluate(asked, *policies):
        answered.append((asked.action, policies))
        return f"answer to {asked.action}"

    monkeypatch.setattr(recorder.iam_evaluator, "evaluate", evaluate)
    recorder.record(tmp_path / "calls.jsonl")
    asking = recorder.iam_evaluator.evaluate
    for action in ("s3:PutObject", "s3:GetObject", "s3:PutObject"):
        assert asking(Asked(action), ["policy"], ["limit"]) == f"answer to {action}"
    assert answered == [(a, (["policy"], ["limit"])) for a in ("s3:PutObject", "s3:GetObject", "s3:PutObject")]
    written = (tmp_path / "calls.jsonl").read_text()
    assert [call.action for call in calls_in(written, {})] == ["s3:PutObject", "s3:GetObject"]
    assert {call.function for call in calls_in(written, {})} == {"GetOrder"}


@pytest.mark.parametrize(
    ("target", "body", "asked"),
    [
        (
            "TransactWriteItems",
            {"TransactItems": [{"Put": {"TableName": "a"}}, {"ConditionCheck": {"TableName": "b"}}]},
            {("dynamodb:PutItem", "table/a"), ("dynamodb:ConditionCheckItem", "table/b")},
        ),
        (
            "BatchGetItem",
            {"RequestItems": {"a": {"Keys": []}, "b": {"Keys": []}}},
            {("dynamodb:BatchGetItem", "table/a"), ("dynamodb:BatchGetItem", "table/b")},
        ),
        ("Query", {"TableName": "a", "IndexName": "i"}, {("dynamodb:Query", "table/a/index/i")}),
    ],
)
def test_ministack_translates_a_request_as_aws_does(target, body, asked):
    """The parts of MiniStack that the record rests on: a new version that translates otherwise is noticed here."""
    from ministack.core import iam_actions

    told, headers = json.dumps(body).encode(), {"x-amz-target": f"DynamoDB_20120810.{target}"}
    place = ("eu-central-2", "000000000000")
    action = iam_actions.extract_iam_action("dynamodb", "POST", "/", headers, told, {})
    checks = iam_actions.dynamodb_transaction_checks(action, told, *place)
    arns = iam_actions.dynamodb_resource_arns(told, *place)
    checks = checks or [(action, arn) for arn in arns]
    assert {(action, arn.split(":", 5)[5]) for action, arn in checks} == asked
