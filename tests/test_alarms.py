"""The alarms of template.yaml, and the metric of failed messages. test_metrics.py tests the other metrics."""

import json
import re
import time
import uuid

import pytest

from expanded import ROOT, expanded
from waybill_client import eventually

# The functions behind queues, as deployed.
CONSUMERS = ["OptimizeRoutes", "SendNotifications", "IngestOrders"]


def test_the_docs_count_the_alarms_that_are_paid_for():
    alarms = [one.get("Condition") for one in expanded().values() if one["Type"] == "AWS::CloudWatch::Alarm"]
    told = re.search(r"(\d+) alarms \(one more with a `RouteProvider`\)", (ROOT / "docs/OPERATIONS.md").read_text())
    assert (alarms.count(None), alarms.count("PlansOutside"), len(alarms)) == (int(told[1]), 1, int(told[1]) + 1)


def test_each_function_behind_a_queue_has_an_alarm_on_messages_that_fail():
    resources = expanded()
    mappings = [one["Properties"] for one in resources.values() if one["Type"] == "AWS::Lambda::EventSourceMapping"]
    behind = [
        resources[one["FunctionName"]["Ref"]] for one in mappings if "Queue" in one["EventSourceArn"]["Fn::GetAtt"][0]
    ]
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
