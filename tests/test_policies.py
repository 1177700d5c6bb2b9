"""The policies of the functions in template.yaml: each function has its own, and none is wider than it says.

tests/test_least_privilege.py compares the same policies with what the functions do while the tests run.
"""

import json
import re

import botocore.session
import pytest

from expanded import TEMPLATE, expanded
from grants import DEPLOYMENTS, functions_of, listed, short
from outside import KEYS

DEPLOYED = [expanded(**parameters) for parameters in DEPLOYMENTS]
RESOURCES = DEPLOYED[0]
FUNCTIONS = {short(function["FunctionName"]): function for function in functions_of(RESOURCES)}

# Each action with a `*`, and the reason.
ACTIONS_WITH_A_STAR = {
    "sqs:SendMessage*": "AWS calls it sqs:SendMessage; MiniStack has an action of its own for a batch",
}
# The actions whose resource is `*` alone: AWS has no resource for them.
ACTIONS_WITHOUT_A_RESOURCE = {
    "ses:GetSuppressedDestination",
    "ses:DeleteSuppressedDestination",
    "sns:CheckIfPhoneNumberIsOptedOut",
}
# What a statement leaves out in place of naming a resource. The resource of a text message is the phone number, and a
# policy can name only ARNs. So a statement leaves out each topic, subscription and app.
LEFT_OUT = {"sns:Publish": "arn:aws:sns:*:*:*"}
# The end of each other resource with a `*`, and the reason.
RESOURCES_WITH_A_STAR = {
    "/stream/*": "a stream's name ends in the time at which the stream was made",
    "FailedEventsBucket.Arn}/*": "the objects of one bucket: Lambda chooses their keys",
    "UploadsBucket.Arn}/imports/*": "the objects in one folder: one file for each import",
    "UploadsBucket.Arn}/rejects/*": "the objects in one folder: one file for each import",
    "UploadsBucket.Arn}/unpacked/*": "the objects in one folder: one file for each import",
    "UploadsBucket.Arn}/proof-uploads/*": "the objects in one folder: one file for each picture",
    "UploadsBucket.Arn}/proofs/*": "the objects in one folder: one file for each picture",
    ":waybill-user-*": "one topic for each user: the functions make them",
}
# The policies of AWS that SAM adds to each role: to write logs, and to write traces.
POLICIES_OF_SAM = {"AWSLambdaBasicExecutionRole", "AWSXrayWriteOnlyAccess"}


def roles(function):
    """The role of a function in each deployment: a condition may give it more in one of them."""
    return [resources[role_of(function)]["Properties"] for resources in DEPLOYED]


def role_of(function):
    return FUNCTIONS[function]["Role"]["Fn::GetAtt"][0]


def statements(*roles):
    documents = [policy["PolicyDocument"] for role in roles for policy in role.get("Policies", ())]
    return [statement for document in documents for statement in document["Statement"]]


@pytest.mark.parametrize("function", sorted(FUNCTIONS))
def test_no_policy_is_wider_than_it_says(function):
    for statement in statements(*roles(function)):
        if "NotResource" in statement:
            action = statement["Action"]
            assert statement == {"Effect": "Allow", "Action": action, "NotResource": LEFT_OUT[action]}, function
            continue
        assert statement["Effect"] == "Allow" and set(statement) == {"Effect", "Action", "Resource"}, statement
        for action in listed(statement["Action"]):
            assert "*" not in action or action in ACTIONS_WITH_A_STAR, f"{function}: {action}"
        if set(listed(statement["Action"])) <= ACTIONS_WITHOUT_A_RESOURCE:
            assert statement["Resource"] == "*", f"{function}: {statement}"
            continue
        for resource in listed(statement["Resource"]):
            told = json.dumps(resource).strip('{}"')
            assert "*" not in told or told.endswith(tuple(RESOURCES_WITH_A_STAR)), f"{function}: {told}"


def test_each_star_that_has_a_reason_is_in_a_policy():
    text = json.dumps([statements(*roles(function)) for function in FUNCTIONS])
    for excused in (*ACTIONS_WITH_A_STAR, *RESOURCES_WITH_A_STAR):
        assert excused in text, f"{excused} has a reason, and is in no policy"


@pytest.mark.parametrize("function", sorted(FUNCTIONS))
def test_no_grant_is_for_an_action_that_cognito_serves_to_anyone(function):
    """Such a call has no signature, so no policy is checked. botocore's model of the service names these actions."""
    operations = botocore.session.get_session().get_service_model("cognito-idp")
    unsigned = {name for name in operations.operation_names if operations.operation_model(name).auth_type == "none"}
    assert "SignUp" in unsigned and "AdminGetUser" not in unsigned
    granted = {action for one in statements(*roles(function)) for action in listed(one["Action"])}
    assert granted.isdisjoint(f"cognito-idp:{name}" for name in unsigned)


@pytest.mark.parametrize("function", sorted(FUNCTIONS))
def test_a_function_has_a_role_of_its_own_with_no_other_policy(function):
    for role in roles(function):
        assert {arn.rpartition("/")[2] for arn in role["ManagedPolicyArns"]} == POLICIES_OF_SAM
    assert [role_of(other) for other in FUNCTIONS].count(role_of(function)) == 1, "two functions share the role"


ORS_KEY = {KEYS["OrsKeyParameter"]}
FINDERS = ("CreateOrder", "EditOrder", "LocateOrders", "QuoteOrder", "OptimizeRoutes")
RECIPIENT_KEY = {KEYS["RecipientKeyParameter"]}


@pytest.mark.parametrize(
    ("deployed", "readers"),
    [
        (DEPLOYED[0], {}),
        # Four of them find addresses.
        (DEPLOYED[1], dict.fromkeys(FINDERS, ORS_KEY)),
        (DEPLOYED[2], {"OptimizeRoutes": {KEYS["GoogleKeyParameter"]}}),
        (DEPLOYED[3], dict.fromkeys(("SendNotifications", "StopMessages"), RECIPIENT_KEY)),
    ],
    ids=["embedded", "ors", "google", "recipients"],
)
def test_only_a_function_that_needs_a_key_may_read_it(deployed, readers):
    granted = {name: keys_granted_to(deployed[role_of(name)]["Properties"]) for name in FUNCTIONS}
    assert {name: keys for name, keys in granted.items() if keys} == readers


def test_nobody_may_read_a_key_that_nothing_uses():
    resources = expanded(OrsKeyParameter=KEYS["OrsKeyParameter"], GoogleKeyParameter=KEYS["GoogleKeyParameter"])
    assert {name for name in FUNCTIONS if keys_granted_to(resources[role_of(name)]["Properties"])} == set()


def test_the_deployments_bring_out_each_grant_with_a_condition():
    """Else a grant that only a parameter turns on would be compared with nothing."""
    with_condition = re.findall(r'"Fn::If": \["(\w+)", \{"Effect"', json.dumps(TEMPLATE["Resources"]))
    everywhere = [one for name in FUNCTIONS for one in statements(roles(name)[0])]
    somewhere = {(name, json.dumps(one)) for name in FUNCTIONS for one in statements(*roles(name))}
    assert with_condition and len(somewhere) == len(everywhere) + len(with_condition)


def keys_granted_to(role):
    granted = [one["Resource"] for one in statements(role) if "ssm:GetParameter" in listed(one["Action"])]
    return {resource.partition(":parameter")[2] for resource in granted}


def test_each_bucket_refuses_what_does_not_come_over_tls():
    buckets = {name for name, resource in RESOURCES.items() if resource["Type"] == "AWS::S3::Bucket"}
    refusals = {}
    for resource in RESOURCES.values():
        if resource["Type"] == "AWS::S3::BucketPolicy":
            assert resource["Condition"] == "RequiresTls"
            (refusals[resource["Properties"]["Bucket"]["Ref"]],) = resource["Properties"]["PolicyDocument"]["Statement"]
    assert buckets and set(refusals) == buckets
    for bucket, statement in refusals.items():
        assert statement == {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [{"Fn::GetAtt": [bucket, "Arn"]}, f"${{{bucket}.Arn}}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    assert TEMPLATE["Conditions"]["RequiresTls"] == {"Fn::Equals": [{"Ref": "RequireTls"}, "true"]}
    assert TEMPLATE["Parameters"]["RequireTls"]["Default"] == "true"


def test_an_account_says_its_role_at_sign_up_and_cannot_change_it_later():
    schema = {one["Name"]: one for one in RESOURCES["UserPool"]["Properties"]["Schema"]}
    assert schema["signed_up_as"]["Mutable"] is False
