"""What each function may do is what its code does: template.yaml beside the source, in both directions.

The code is read (tests/rust_reading.py): main.rs says which adapter stands behind which port of the use case and which table,
queue or pool it gets; the use case says which methods it calls; the adapter says which AWS actions these take.
"""

import json
import re

import pytest
from samcli.yamlhelper import yaml_parse

from rust_reading import ROOT, Adapters, UseCases, arguments_of_call, closing, plain, split_arguments, without_comments_and_tests

TEMPLATE = yaml_parse((ROOT / "template.yaml").read_text())
RESOURCES = {name: resource for name, resource in TEMPLATE["Resources"].items() if isinstance(resource, dict)}
LOOPS = [loop for loop in TEMPLATE["Resources"].values() if isinstance(loop, list)]  # Fn::ForEach
FUNCTIONS = {
    resource["Metadata"]["BuildProperties"]["Binary"]: resource["Properties"]
    for resource in RESOURCES.values()
    if resource["Type"] == "AWS::Serverless::Function"
}

# A `*` in an action, and why.
ACTIONS_WITH_A_STAR = {
    "sqs:SendMessage*": "to AWS it is sqs:SendMessage; MiniStack has an action of its own for a batch",
}
# A `*` in a resource, and why. None is `*` alone.
RESOURCES_WITH_A_STAR = {
    "/stream/*": "a stream's name has the time in it at which it was made",
    "FailedEventsBucket.Arn}/*": "objects of one bucket: Lambda chooses the keys",
    "UploadsBucket.Arn}/imports/*": "objects below one folder: a file for each import",
    "UploadsBucket.Arn}/rejects/*": "the same",
    "-user-*": "a topic a user, made while the stack runs",
}
# What the code can come to and these functions never do.
NEVER_DONE = {
    "update-agent": {("dynamodb:ConditionCheckItem", "UsersTable"): "it changes the agent, and the put has the condition"},
}
# Ports that stand behind another port, and not in a use case: {function: (port, its methods, adapter, table)}. main.rs makes them all the same.
BEHIND_A_PORT = {"optimize-routes": ("LegCache", ("kept", "keep"), "DynamoLegs", "ClaimsTable")}
# What AWS does in the function's name, by the source that feeds it or by where its failures go.
OF_A_QUEUE = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}
OF_A_STREAM = {"dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"}
# What IAM calls these operations of S3. Who may not list a bucket hears "forbidden" of an object that is not there.
ACTIONS_OF_S3 = {
    "HeadObject": ("GetObject", "ListBucket"),
    "CreateMultipartUpload": ("PutObject",),
    "UploadPart": ("PutObject",),
    "CompleteMultipartUpload": ("PutObject",),
}
OF_A_FAILURE_BUCKET = {"s3:PutObject", "s3:ListBucket"}
SERVICES = {"Dynamo": "dynamodb", "Sqs": "sqs", "Sns": "sns", "Cognito": "cognito-idp", "S3": "s3"}

INDEXES = {
    index["IndexName"]: name
    for name, resource in RESOURCES.items()
    if resource["Type"] == "AWS::DynamoDB::Table"
    for index in resource["Properties"].get("GlobalSecondaryIndexes", ())
}
adapters, use_cases = Adapters(INDEXES), UseCases()


def listed(value):
    return value if isinstance(value, list) else [value]


def statements(properties):
    for policy in listed(properties["Policies"]):
        assert isinstance(policy, dict) and set(policy) == {"Statement"}, f"a policy of our own, not {policy}"
        yield from (statement for statement in policy["Statement"] if "Fn::If" not in statement)


def statements_by_parameter(properties):
    """Those that a function has only where a parameter of the stack asks for them, with the condition."""
    for policy in listed(properties["Policies"]):
        for statement in policy["Statement"]:
            if "Fn::If" in statement:
                condition, given, otherwise = statement["Fn::If"]
                assert otherwise == {"Ref": "AWS::NoValue"}, f"{condition} takes away, and does not give"
                yield condition, given


def name_of(resource):
    """The template's name for what an ARN means: `OrdersTable`, `OrdersTable/index/pending-orders`, `topics`, and of a
    bucket in which there are folders `UploadsBucket/imports/*`."""
    told = resource.get("Fn::GetAtt") or resource.get("Fn::Sub") or resource.get("Ref") or resource
    if isinstance(told, list):
        return told[0]
    told = re.sub(r"/stream/\*$|(?<=Bucket\.Arn\})/\*$", "", told)
    return "topics" if ":sns:" in told else re.sub(r"^\$\{(\w+)(?:\.Arn)?\}", r"\1", told)


def granted(properties):
    return {
        (action, name_of(resource))
        for statement in statements(properties)
        for action in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    }


class Main:
    """What main.rs wires."""

    def __init__(self, binary, environment):
        self.text = without_comments_and_tests((ROOT / "functions" / binary / "src" / "main.rs").read_text())
        # One adapter may stand behind several ports: `let accounts = Arc::new(…)`, and then `identity: accounts`.
        for shared in re.finditer(r"let (\w+) = (Arc::new\(.*?\)\));", self.text, re.DOTALL):
            name, made = shared.groups()
            self.text = re.sub(rf"(\w+): {name}(?:\.clone\(\))?,", lambda field: f"{field.group(1)}: {made},", self.text)
        self.environment = environment
        wanted = re.search(r"let \(([^)]*)\) =\s*env\s*\.all\(\(", self.text)
        names = [name.strip().removeprefix("mut ") for name in wanted.group(1).split(",") if name.strip()]
        asked = split_arguments(self.text[wanted.end() : closing(self.text, wanted.end() - 1, "()") - 1])
        self.variables = dict(zip(names, asked))

    def wired(self):
        """Use case, port, adapter, its constructor and the arguments."""
        for made in re.finditer(r"\b([A-Z]\w+) \{", self.text):
            fields = use_cases.crate.structs.get(made.group(1))
            if fields is None or not use_cases.crate.of(made.group(1)):
                continue
            inside = self.text[made.end() : closing(self.text, made.end() - 1) - 1]
            for wiring in re.finditer(r"(\w+): Arc::new\(([A-Z]\w+)::(\w+)\(", inside):
                field, adapter, constructor = wiring.groups()
                port = re.search(r"dyn (?:\w+::)*(\w+)", fields[field]).group(1)
                yield made.group(1), port, adapter, constructor, arguments_of_call(inside, wiring)

    def resource(self, expression):
        """What the environment variable behind an expression names in the template; None where it names nothing."""
        expression = plain(expression)
        head, _, part = expression.partition(".")
        if part:  # LedgerTables { users: users.clone(), … }
            made = re.search(rf"let {head} = \w+ \{{(.*?)\}};", self.text, re.DOTALL)
            expression = plain(re.search(rf"\b{part}(?:: ([^,]+))?,", made.group(1)).group(1) or part)
        variable = re.search(r'env\.text\("(\w+)"\)', self.variables.get(expression, ""))
        return variable and name_of(self.environment[variable.group(1)])


def used(binary, properties):
    own = properties.get("Environment", {}).get("Variables", {})
    main = Main(binary, TEMPLATE["Globals"]["Function"]["Environment"]["Variables"] | own)
    found = set()
    for use_case, port, adapter, constructor, arguments in main.wired():
        service = next((name for prefix, name in SERVICES.items() if adapter.startswith(prefix)), None)
        for asked_port, method in use_cases.ports_of(use_case):
            if asked_port != port or service is None:
                continue
            for action, place, index in adapters.asks(adapter, port, method):
                for resource in resources_behind(main, adapter, constructor, arguments, place):
                    if service == "s3":
                        found |= set(of_objects(action, resource, adapters.folders(adapter, port, method)))
                    else:
                        found.add((f"{service}:{action}", f"{resource}/index/{index}" if index else resource))
    if binary in BEHIND_A_PORT:
        port, methods, adapter, table = BEHIND_A_PORT[binary]
        assert f"{adapter}::new(" in main.text, f"{binary} does not make a {adapter} any more"
        asked = [one for method in methods for one in adapters.asks(adapter, port, method)]
        found |= {(f"dynamodb:{action}", table) for action, _, _ in asked}
    assert found or binary in ("publish-events",), f"nothing that {binary} does was found in its code"
    return {(action.replace("SendMessageBatch", "SendMessage*"), resource) for action, resource in found}


def of_objects(action, bucket, folders):
    assert folders, f"{action} on {bucket}: in which folder the objects are was not found in the code"
    for name in ACTIONS_OF_S3.get(action, (action,)):
        if name == "ListBucket":
            yield f"s3:{name}", bucket
        else:
            yield from ((f"s3:{name}", f"{bucket}/{folder}/*") for folder in folders)


def resources_behind(main, adapter, constructor, arguments, place):
    made = next(f for f in adapters.crate.of(adapter, constructor))
    given = dict(zip(made.parameters, arguments))
    if place == "self":  # an adapter of one thing
        names = {main.resource(argument) for argument in arguments}
        return {name for name in names if name and name != "UserPoolClient"}
    field, _, rest = place.removeprefix("self.").partition(".")
    # `table: table.into()`, or `imports: tables.imports.clone()`
    set_to = re.search(rf"\b{field}: (?:Some\()?(\w+)(?:\.(?!into|clone)(\w+))?", made.body)
    parameter, member = set_to.groups() if set_to else (field, None)
    return {main.resource(".".join(part for part in (given[parameter], member, rest) if part))}


def of_its_sources(binary):
    """What AWS asks of the function for the event sources that the template connects to it."""
    found = set()
    for resource in (*RESOURCES.values(), *LOOPS):
        for name, mapping in sources(resource):
            if f"{name_of(mapping['FunctionName'])}" != function_name(binary):
                continue
            queue = re.search(r"Queue", name)
            found |= {(action, name) for action in (OF_A_QUEUE if queue else OF_A_STREAM)}
            failures = mapping.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
            if failures:
                found |= {(action, name_of(failures)) for action in OF_A_FAILURE_BUCKET}
    return found


def sources(resource):
    """The event source mappings of a resource, or of a Fn::ForEach, with the name of the source of each."""
    if isinstance(resource, list):
        variable, values, body = resource
        for value in values:
            text = json.dumps(body).replace(json.dumps({"Ref": variable}), json.dumps(value))
            for one in json.loads(text).values():
                yield from sources(one)
    elif resource["Type"] == "AWS::Lambda::EventSourceMapping":
        yield name_of(resource["Properties"]["EventSourceArn"]), resource["Properties"]


def function_name(binary):
    return next(name for name, r in RESOURCES.items() if r.get("Properties") is FUNCTIONS[binary])


@pytest.mark.parametrize("binary", sorted(FUNCTIONS))
def test_a_function_may_do_what_its_code_does_and_nothing_else(binary):
    properties = FUNCTIONS[binary]
    never = NEVER_DONE.get(binary, {})
    in_code, may = used(binary, properties) | of_its_sources(binary), granted(properties)
    assert set(never) <= in_code, f"the code of {binary} does not come to {set(never) - in_code}: take it off the list"
    assert sorted(may - (in_code - set(never))) == [], f"granted to {binary}, and its code never does it"
    assert sorted(in_code - set(never) - may) == [], f"the code of {binary} does it, and it is not granted"


@pytest.mark.parametrize("binary", sorted(FUNCTIONS))
def test_no_policy_is_wider_than_it_says(binary):
    for statement in statements(FUNCTIONS[binary]):
        assert statement["Effect"] == "Allow" and set(statement) == {"Effect", "Action", "Resource"}, statement
        for action in listed(statement["Action"]):
            assert "*" not in action or action in ACTIONS_WITH_A_STAR, f"{binary}: {action}"
        for resource in listed(statement["Resource"]):
            told = json.dumps(resource)
            ends = [end for end in RESOURCES_WITH_A_STAR if told.strip('{}"').endswith(end) or f"{end}\"" in told]
            assert "*" not in told or ends, f"{binary}: {told} is wider than one thing, and nobody says why"


@pytest.mark.parametrize("binary", sorted(FUNCTIONS))
def test_what_a_parameter_grants_is_one_key_for_who_reads_it(binary):
    """The keys of route providers and of the geocoder: only where there is one, and no other parameter."""
    granted_keys = set()
    for condition, statement in statements_by_parameter(FUNCTIONS[binary]):
        assert (statement["Effect"], statement["Action"]) == ("Allow", "ssm:GetParameter"), condition
        named = re.fullmatch(r".*:parameter\$\{(\w+KeyParameter)\}", statement["Resource"]["Fn::Sub"])
        assert named, f"{binary}: {statement['Resource']} is more than one key"
        granted_keys.add(named.group(1))
    code = "".join(path.read_text() for path in (ROOT / "functions" / binary / "src").glob("*.rs"))
    if "env.geocoder()" in code:
        code += (ROOT / "shared" / "runtime" / "src" / "config" / "geocoder.rs").read_text()
    read = {name for name in ("OrsKeyParameter", "GoogleKeyParameter") if env_name(name) in code}
    assert granted_keys == read, f"{binary} reads {read}, and may read {granted_keys}"


def env_name(parameter):
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", parameter).upper()


def test_each_star_that_is_excused_is_there():
    text = json.dumps([list(statements(properties)) for properties in FUNCTIONS.values()])
    for excused in (*ACTIONS_WITH_A_STAR, *RESOURCES_WITH_A_STAR):
        assert excused in text, f"{excused} is excused, and in no policy any more"


def test_functions_get_nothing_but_their_policies():
    """No role from elsewhere, no policy for all, no event source for which SAM would write a policy of its own."""
    for binary, properties in FUNCTIONS.items():
        assert "Role" not in properties and properties.get("Policies"), binary
        kinds = {event["Type"] for event in properties.get("Events", {}).values()}
        assert kinds <= {"Api", "Schedule"}, f"{binary}: {kinds}"
    assert not {"Role", "Policies"} & set(TEMPLATE["Globals"]["Function"])


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
            "Resource": [{"Fn::GetAtt": [bucket, "Arn"]}, {"Fn::Sub": f"${{{bucket}.Arn}}/*"}],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    assert TEMPLATE["Conditions"]["RequiresTls"] == {"Fn::Equals": [{"Ref": "RequireTls"}, "true"]}
    assert TEMPLATE["Parameters"]["RequireTls"]["Default"] == "true"


def test_what_sign_up_writes_of_an_account_may_be_written_and_the_role_only_then():
    code = (ROOT / "shared" / "adapters" / "src" / "cognito.rs").read_text()
    (kept,) = re.findall(r'const SIGNED_UP_AS: &str = "(.*)";', code)
    sent = {*re.findall(r'user_attribute\("(\w+)"', code), kept}
    assert set(RESOURCES["UserPoolClient"]["Properties"]["WriteAttributes"]) == sent, "the local stack takes any attribute, AWS does not"
    schema = {one["Name"]: one for one in RESOURCES["UserPool"]["Properties"]["Schema"]}
    assert schema[kept.removeprefix("custom:")]["Mutable"] is False, "who may write it at sign-up could change it later"
