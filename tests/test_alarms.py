"""Every alarm uses a metric that the functions write."""

import json
import re
import time
import uuid

import pytest

from expanded import expanded
from rust_reading import ROOT, without_comments_and_tests
from test_policies import TEMPLATE
from waybill_client import eventually

# The functions behind queues, as deployed.
CONSUMERS = ["OptimizeRoutes", "SendNotifications", "IngestOrders"]


def test_each_metric_is_in_the_docs_and_each_one_there_is_written():
    code = "".join(without_comments_and_tests(path.read_text()) for path in ROOT.glob("**/src/**/*.rs") if "target" not in path.parts)
    written = set(re.findall(r'\.(?:count|seconds)\("([A-Z]\w+)"', code))
    table = (ROOT / "docs/LOGGING.md").read_text().split("\n## Metrics\n")[1].split("\n## ")[0]
    rows = [row.split("|")[1] for row in table.splitlines() if row.startswith("| `")]
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row)} == written


def test_the_docs_count_the_alarms_that_are_paid_for():
    alarms = [one.get("Condition") for one in expanded().values() if one["Type"] == "AWS::CloudWatch::Alarm"]
    told = re.search(r"(\d+) alarms \(one more with a `RouteProvider`\)", (ROOT / "docs/OPERATIONS.md").read_text())
    assert (alarms.count(None), alarms.count("PlansOutside"), len(alarms)) == (int(told[1]), 1, int(told[1]) + 1)


def test_each_function_behind_a_queue_has_an_alarm_on_messages_that_fail():
    resources = expanded()
    mappings = [one["Properties"] for one in resources.values() if one["Type"] == "AWS::Lambda::EventSourceMapping"]
    behind = [resources[one["FunctionName"]["Ref"]] for one in mappings if "Queue" in one["EventSourceArn"]["Fn::GetAtt"][0]]
    names = sorted(one["Properties"]["FunctionName"] for one in behind)
    assert names == sorted(f"waybill-{name}" for name in CONSUMERS)
    alarms = [one["Properties"] for name, one in resources.items() if name.endswith("MessagesFailed")]
    assert sorted(alarm["Dimensions"][0]["Value"] for alarm in alarms) == names
    for alarm in alarms:
        assert (alarm["Namespace"], alarm["MetricName"]) == ("Waybill", "MessagesFailed")
        assert [dimension["Name"] for dimension in alarm["Dimensions"]] == ["FunctionName"]


@pytest.mark.parametrize("consumer", CONSUMERS)
def test_a_message_that_fails_is_counted_where_its_alarm_looks(stack, functions, consumer):
    name, began = functions.name_of(consumer), int(time.time() * 1000)
    attributes = {"MessageId": str(uuid.uuid4()), "ReceiptHandle": "r", "Body": "nobody can read this", "MD5OfBody": ""}
    event = functions.sqs_event(functions.optimization_queue, [attributes])
    answer = functions.invoke(consumer, event)
    assert answer == {"batchItemFailures": [{"itemIdentifier": attributes["MessageId"]}]}

    def metric():
        found = stack.aws("logs").filter_log_events(
            logGroupName=f"/aws/lambda/{name}", startTime=began, filterPattern="MessagesFailed"
        )
        lines = [json.loads(event["message"]) for event in found["events"] if '"MessagesFailed"' in event["message"]]
        return next(iter(lines), None)

    line = eventually("the metric is in the log", metric)
    (told,) = line["_aws"]["CloudWatchMetrics"]
    assert (told["Namespace"], told["Dimensions"]) == ("Waybill", [["FunctionName"]])
    assert (line["FunctionName"], line["MessagesFailed"]) == (name, 1)


@pytest.mark.parametrize("name", ["RouteProviderFails", "PlanningFallsBehind"])
def test_an_alarm_looks_at_a_metric_as_the_optimizer_writes_it(name):
    alarm = TEMPLATE["Resources"][name]["Properties"]
    metrics = (ROOT / "shared/runtime/src/metrics.rs").read_text()
    constants = dict(re.findall(r'const (\w+): &str = "(\w+)";', metrics))
    assert alarm["Namespace"] == constants["NAMESPACE"]
    assert alarm["Dimensions"] == [{"Name": constants["FUNCTION"], "Value": {"Ref": "OptimizeRoutesFunction"}}]
    # A metric with more dimensions than the alarm names is a different metric.
    handler = (ROOT / "functions/src/bin/optimize-routes/report.rs").read_text()
    assert re.search(r'Metrics::new\(\)\s*\.count\("%s", \w+\)\s*\.emit\(\)' % alarm["MetricName"], handler)
