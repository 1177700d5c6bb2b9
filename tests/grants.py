"""The grants of template.yaml and the calls of the functions, in the same words, and what differs between them.

A grant and a call are both (function, action, resource), such as `("GetOrder", "dynamodb:GetItem", "OrdersTable")`. A
resource of the stack has its name in the template, followed by the part of the resource that is meant:
`OrdersTable/index/pending-orders`, `UploadsBucket/imports/*`. Any other resource has its service and its name:
`sns:waybill-user-*`. The resource of a text message is its phone number.
"""

import json
import re
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

from expanded import expanded
from outside import KEYS, MAIL_IDENTITY

# The values of parameters that, taken together, bring out each statement that a condition turns on.
DEPLOYMENTS = (
    {},
    {"RouteProvider": "ors", "GeocoderProvider": "ors", "OrsKeyParameter": KEYS["OrsKeyParameter"]},
    {"RouteProvider": "google", "GoogleProject": "waybill", "GoogleKeyParameter": KEYS["GoogleKeyParameter"]},
    {
        "MailVia": "ses",
        "MailFrom": "Waybill <no-reply@ses.example.com>",
        "MailIdentityArn": MAIL_IDENTITY,
        "RecipientMessages": "delivered",
        "RecipientKeyParameter": KEYS["RecipientKeyParameter"],
        "SmsEnabled": "true",
        "SmsCountries": "34",
    },
)
# The actions that AWS takes in the function's name to read an event source and to keep what failed.
OF_A_QUEUE = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
OF_A_STREAM = ("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams")
# MiniStack has an action of its own for a batch. To AWS the action is the one for a single message.
ACTIONS_OF_AWS = {"sqs:SendMessageBatch": "sqs:SendMessage"}


class Use(NamedTuple):
    """One function, one action, one resource. In a grant, `*` in an action or a resource stands for any text, and a `!`
    before a resource stands for every other resource.
    """

    function: str
    action: str
    resource: str

    def covers(self, call):
        return (
            self.function == call.function
            and fnmatchcase(call.action, self.action)
            and fnmatchcase(call.resource, self.resource.removeprefix("!")) != self.resource.startswith("!")
        )


class Difference(NamedTuple):
    """How the grants differ from the calls. Each part is a sorted list; all are empty if nothing differs."""

    not_granted: list
    never_used: list
    reasons_not_needed: list


def compare(grants, calls, reasons):
    """Compares grants with calls. `reasons` says of grants why no test uses them."""
    unused = {grant for grant in grants if not any(grant.covers(call) for call in calls)}
    return Difference(
        sorted(call for call in calls if not any(grant.covers(call) for grant in grants)),
        sorted(unused - set(reasons)),
        sorted(set(reasons) - unused),
    )


# The template


def grants():
    """Every grant that some deployment of the template gives a function."""
    return {grant for parameters in DEPLOYMENTS for grant in grants_of(expanded(**parameters))}


def grants_of(resources):
    """The grants in an expanded template."""
    for function in functions_of(resources):
        role = resources[function["Role"]["Fn::GetAtt"][0]]["Properties"]
        # SAM writes no policies of a function that has no grants.
        for policy in role.get("Policies", ()):
            for statement in policy["PolicyDocument"]["Statement"]:
                for action in listed(statement["Action"]):
                    for resource in listed(statement.get("Resource", [])):
                        yield Use(short(function["FunctionName"]), action, in_the_templates_words(resource))
                    for resource in listed(statement.get("NotResource", [])):
                        yield Use(short(function["FunctionName"]), action, f"!{in_the_templates_words(resource)}")


def functions_of(resources):
    return [one["Properties"] for one in resources.values() if one["Type"] == "AWS::Lambda::Function"]


def calls_of_aws(resources):
    """The calls that AWS makes in the functions' names for the event sources of an expanded template."""
    found = set()
    sources = (one for one in resources.values() if one["Type"] == "AWS::Lambda::EventSourceMapping")
    for mapping in (one["Properties"] for one in sources):
        function = short(resources[mapping["FunctionName"]["Ref"]]["Properties"]["FunctionName"])
        source, attribute = mapping["EventSourceArn"]["Fn::GetAtt"]
        if attribute == "StreamArn":
            found |= {Use(function, action, f"{source}/stream/label") for action in OF_A_STREAM}
        else:
            found |= {Use(function, action, source) for action in OF_A_QUEUE}
        failures = mapping.get("DestinationConfig", {}).get("OnFailure")
        if failures:
            bucket = failures["Destination"]["Fn::GetAtt"][0]
            found |= {Use(function, "s3:PutObject", f"{bucket}/key"), Use(function, "s3:ListBucket", bucket)}
    return found


def in_the_templates_words(resource):
    """The resource of a statement: `Fn::GetAtt` of an ARN, or a text with such an ARN in it, or a text alone."""
    if isinstance(resource, dict):
        (told,) = resource.values()
        return told[0] if "Fn::GetAtt" in resource else in_the_templates_words(told)
    of_the_stack = re.fullmatch(r"\$\{(\w+)\.Arn\}(.*)", resource)
    return "".join(of_the_stack.groups()) if of_the_stack else service_and_name(resource)


def short(function_name):
    """`waybill-GetOrder` is `GetOrder`."""
    return function_name.rpartition("-")[2]


def listed(value):
    return value if isinstance(value, list) else [value]


# The calls


def calls_in(record, names):
    """The calls in the lines that local/stack/recorder.py wrote. `names` are those of `names_in_the_template`.

    A caller without a role is AWS itself, such as S3 that tells a queue of an upload. The policy of the queue decides.
    """
    for line in record.splitlines():
        told = json.loads(line)
        if ":assumed-role/" not in told["caller"]:
            continue
        action = ACTIONS_OF_AWS.get(told["action"], told["action"])
        yield Use(short(told["caller"].rpartition("/")[2]), action, named(told["resource"], names))


def recorded(stack, stack_name):
    """The calls that the functions have made since MiniStack was started. A test may have had a stack of its own."""
    record = Path(stack.environment["CALLS_FILE"]).read_text(encoding="utf-8")
    lines = [line for line in record.splitlines() if re.search(rf"/{stack_name}-\w+$", json.loads(line)["caller"])]
    return set(calls_in("\n".join(lines), names_in_the_template(stack, stack_name)))


def names_in_the_template(stack, stack_name):
    """The template's name for each resource that is deployed, by its service and its name on AWS."""
    prefixes = {
        "AWS::DynamoDB::Table": "dynamodb:table/",
        "AWS::SQS::Queue": "sqs:",
        "AWS::S3::Bucket": "s3:",
        "AWS::Cognito::UserPool": "cognito-idp:userpool/",
    }
    pages = stack.aws("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack_name)
    deployed = [one for page in pages for one in page["StackResourceSummaries"]]
    return {
        # A queue's physical id is its URL, which ends in its name.
        prefixes[one["ResourceType"]] + one["PhysicalResourceId"].rpartition("/")[2]: one["LogicalResourceId"]
        for one in deployed
        if one["ResourceType"] in prefixes
    }


def named(arn, names):
    """An ARN in the words of the template."""
    told = service_and_name(arn)
    for deployed, name in names.items():
        if told == deployed or told.startswith(f"{deployed}/"):
            return name + told.removeprefix(deployed)
    return told


def service_and_name(arn):
    """`arn:aws:sns:eu-central-1:123456789012:topic` is `sns:topic`. A text that is no ARN stays as it is."""
    parts = arn.split(":", 5)
    return f"{parts[2]}:{parts[5]}" if len(parts) == 6 else arn
