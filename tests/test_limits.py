"""Limits on requests: from everybody, without a token, and at once."""

import json
import re
from pathlib import Path

import pytest
from samcli.yamlhelper import yaml_parse

from problems import problem
from test_access_matrix import events_of_the_api
from waybill_client import eventually, expect

TEMPLATE = yaml_parse((Path(__file__).resolve().parent.parent / "template.yaml").read_text())
RESOURCES, PARAMETERS = TEMPLATE["Resources"], TEMPLATE["Parameters"]
LARGEST_BODY = 64 * 1024
JSON = {"Content-Type": "application/json"}


def test_each_call_without_a_token_has_a_tighter_limit_of_its_own():
    settings = RESOURCES["Api"]["Properties"]["MethodSettings"]
    by_path = {f"{one['HttpMethod']} {one['ResourcePath']}": one for one in settings}
    everything = by_path.pop("* /*")
    assert (everything["ThrottlingRateLimit"], everything["ThrottlingBurstLimit"]) == (
        {"Ref": "RequestsPerSecond"},
        {"Ref": "RequestBurst"},
    )
    # CloudFormation's form of a path: the first slash stays, and each further slash is ~1.
    open_calls = {call.replace("/", "~1").replace(" ", " /") for call, asks in events_of_the_api() if not asks}
    # This call has a token, but it checks a password and mails a code.
    open_calls.add("POST /~1me~1email")
    assert set(by_path) == open_calls, "a call without a token without a limit, or the reverse"
    for call, one in by_path.items():
        limits = one["ThrottlingRateLimit"], one["ThrottlingBurstLimit"]
        # Many recipients look at their pages all day. Each link has a limit of its own.
        narrow = "" if call == "GET /~1tracking" else "Open"
        assert limits == ({"Ref": f"{narrow}RequestsPerSecond"}, {"Ref": f"{narrow}RequestBurst"}), call
        same = one["MetricsEnabled"] == everything["MetricsEnabled"]
        assert same, f"{call}: what is set for a call replaces what is set for all"
    for narrow, wide in (("OpenRequestsPerSecond", "RequestsPerSecond"), ("OpenRequestBurst", "RequestBurst")):
        assert PARAMETERS[narrow]["Default"] < PARAMETERS[wide]["Default"]


def test_the_firewall_stands_before_the_api_and_the_user_pool_where_it_is_wanted():
    plain = {name: one for name, one in RESOURCES.items() if isinstance(one, dict)}
    waf = {name: one for name, one in plain.items() if one["Type"].startswith("AWS::WAFv2::")}
    assert {one["Condition"] for one in waf.values()} == {"HasWaf"} and PARAMETERS["EnableWaf"]["Default"] == "false"
    behind = json.dumps([one["Properties"].get("ResourceArn") for one in waf.values()])
    assert "/restapis/${Api}/stages/" in behind and '["UserPool", "Arn"]' in behind
    rules = {rule["Name"]: rule["Statement"] for rule in waf["WebAcl"]["Properties"]["Rules"]}
    counted = [statement["RateBasedStatement"] for statement in rules.values() if "RateBasedStatement" in statement]
    assert len(counted) == 3 and all(one["AggregateKeyType"] == "IP" for one in counted)
    pattern = rules["open-calls-by-ip"]["RateBasedStatement"]["ScopeDownStatement"]["RegexMatchStatement"][
        "RegexString"
    ]
    for call, asks in events_of_the_api():
        path = call.split()[1].replace("{", "").replace("}", "")
        if path.startswith("/track"):
            continue  # a page asks again and again, and needs a secret of 128 bits
        asks = asks and path != "/me/email"  # it checks a password
        assert bool(re.search(pattern, f"/v1{path}")) == (not asks), f"{call} and the firewall's open calls"


def test_who_asks_too_often_hears_429_from_the_firewall_as_from_the_api():
    acl = RESOURCES["WebAcl"]["Properties"]
    by_rate = [rule for rule in acl["Rules"] if "RateBasedStatement" in rule["Statement"]]
    assert len(by_rate) == 3
    for rule in by_rate:
        response = rule["Action"]["Block"]["CustomResponse"]
        headers = {header["Name"]: header["Value"] for header in response["ResponseHeaders"] if "Name" in header}
        window = rule["Statement"]["RateBasedStatement"]["EvaluationWindowSec"]
        assert (response["ResponseCode"], headers) == (429, {"Retry-After": str(window)}), rule["Name"]
        body = acl["CustomResponseBodies"][response["CustomResponseBodyKey"]]
        assert body["ContentType"] == "APPLICATION_JSON"
        told = json.loads(body["Content"])
        throttled = RESOURCES["Api"]["Properties"]["GatewayResponses"]["THROTTLED"]["ResponseTemplates"][
            "application/json"
        ]
        # WAF has no request id for `instance`, and may have a longer `Retry-After`.
        own = {"instance", "detail"}
        assert told.keys() | own == json.loads(throttled).keys()
        assert {**json.loads(throttled), **told}.items() - told.items() == {("instance", "$context.requestId")}
        assert (told["status"], told["code"]) == (429, "too_many_requests")


def test_no_way_to_write_a_path_leads_past_the_count_of_open_calls():
    rules = {rule["Name"]: rule["Statement"] for rule in RESOURCES["WebAcl"]["Properties"]["Rules"]}
    paths = rules["open-calls-by-ip"]["RateBasedStatement"]["ScopeDownStatement"]["RegexMatchStatement"]
    in_order = sorted(paths["TextTransformations"], key=lambda one: one["Priority"])
    assert [one["Type"] for one in in_order] == ["URL_DECODE", "NORMALIZE_PATH"], (
        "/v1/x%2F..%2Flogin must be decoded first"
    )


@pytest.fixture(scope="module")
def ana(shared_town):
    return shared_town.customer("Ana")


@pytest.mark.parametrize(
    "headers",
    [{}, {"Content-Type": "text/plain"}, {"Content-Type": "application/x-www-form-urlencoded"}],
    ids=["nothing said", "text", "a form"],
)
def test_what_a_strangers_page_can_send_is_not_read(stack, ana, headers):
    """A browser sends such bodies for any page without a preflight, from its user's IP address."""
    login = json.dumps({"email": ana.email, "password": ana.password})
    problem(stack.call("POST", "/login", data=login.encode(), headers=headers), 415, "unsupported_media_type")
    expect(stack.call("POST", "/login", data=login.encode(), headers=JSON), 200)


def test_a_body_that_is_too_large_is_not_read(shared_town, ana):
    body = json.dumps(shared_town.body())
    padded = body + " " * (LARGEST_BODY - len(body))
    order = expect(ana.post("/orders", data=padded.encode(), headers=JSON), 201)
    expect(ana.mark(order["order_id"], "cancelled"), 200)
    problem(ana.post("/orders", data=(padded + " ").encode(), headers=JSON), 413, "too_large")


@pytest.fixture
def narrow(stack):
    """One request a second to `POST /signup/confirm`, as if the template said so."""
    gateway, api = stack.aws("apigateway"), stack.environment["API_ID"]
    limits = {"rateLimit": "throttlingRateLimit", "burstLimit": "throttlingBurstLimit"}
    before = gateway.get_stage(restApiId=api, stageName="v1")["methodSettings"]

    def change(values):
        patches = [
            {"op": "replace", "path": f"/~1signup~1confirm/POST/throttling/{name}", "value": str(value)}
            for name, value in values.items()
        ]
        gateway.update_stage(restApiId=api, stageName="v1", patchOperations=patches)

    change(dict.fromkeys(limits, 1))
    yield
    settings = next((one for path, one in before.items() if "confirm" in path), before["*/*"])
    change({name: settings[setting] for name, setting in limits.items()})


def test_too_many_requests_are_told_to_wait(stack, narrow):
    def refused():
        answers = [
            stack.call("POST", "/signup/confirm", json={"email": "a@example.com", "code": "1"}) for _ in range(4)
        ]
        return [answer for answer in answers if answer.status_code == 429]

    answer = eventually("an answer of 429", refused)[0]
    told = problem(answer, 429, "too_many_requests")
    assert int(answer.headers["Retry-After"]) >= 1 and told["instance"]
    expect(stack.call("GET", "/orders"), 401)  # the limit is only for that call
