"""The alarms of template.yaml, and the metric of failed messages. test_metrics.py tests the other metrics."""

import json
import re
import time
import uuid

import pytest

from expanded import ROOT, accepts, expanded
from waybill_client import eventually

# The functions behind queues, as deployed.
CONSUMERS = ["OptimizeRoutes", "SendNotifications", "IngestOrders", "LocateOrders"]
QUERY = "AWS::Logs::QueryDefinition"


ALARMS = {name: one["Properties"] for name, one in expanded().items() if one["Type"] == "AWS::CloudWatch::Alarm"}
OPERATIONS = (ROOT / "docs" / "OPERATIONS.md").read_text()


def test_there_are_few_alarms_and_the_docs_count_them():
    assert len(ALARMS) <= 25
    told = re.search(r"(\d+) alarms at 0\.10 dollars", OPERATIONS)
    assert int(told[1]) == len(ALARMS)


def test_each_alarm_has_an_instruction():
    section = OPERATIONS.split("\n## Alarms\n")[1].split("\n## ")[0]
    rows = [row.split(" | ") for row in section.splitlines() if row.startswith("| `")]
    told = [name for row in rows for name in re.findall(r"`(\w+)`", row[0])]
    assert sorted(told) == sorted(ALARMS), "docs/OPERATIONS.md and template.yaml name other alarms"
    for row in rows:
        assert len(row) == 3 and len(row[2].strip(" |")) > 20, f"{row[0]}: what must an operator do?"


def test_silence_raises_an_alarm_where_it_means_death():
    breaching = {name for name, alarm in ALARMS.items() if alarm["TreatMissingData"] == "breaching"}
    streams = {name for name in ALARMS if name.endswith("StreamStopped")}
    assert len(streams) == 3 and breaching == {"SweepDoesNotRun"} | streams


def test_an_alarm_reaches_the_email_address_and_the_topic_of_ones_own():
    topic, address = "arn:aws:sns:eu-central-1:123456789012:pager", "ops@example.com"
    resources = expanded(AlarmEmail=address, AlarmTopicArn=topic)
    assert resources["AlarmTopic"]["Properties"]["Subscription"] == [{"Protocol": "email", "Endpoint": address}]
    for name in ALARMS:
        told = resources[name]["Properties"]
        assert told["AlarmActions"] == told["OKActions"] == [{"Ref": "AlarmTopic"}, topic], name


@pytest.mark.parametrize(
    ("parameters", "accepted"),
    [
        ({"DeletionProtection": "true"}, False),
        ({"DeletionProtection": "true", "AlarmEmail": "ops@example.com"}, True),
        ({"DeletionProtection": "true", "AlarmTopicArn": "arn:aws:sns:eu-central-1:123456789012:pager"}, True),
        ({"DeletionProtection": "false"}, True),
    ],
)
def test_a_protected_stack_must_tell_somebody(parameters, accepted):
    assert accepts("ProtectedStackTellsItsAlarms", parameters) == accepted


def test_the_dashboard_shows_metrics_that_exist():
    body = expanded()["Console"]["Properties"]["DashboardBody"]
    widgets = [widget["properties"] for widget in json.loads(body)["widgets"]]
    lines = [line for widget in widgets for line in widget["metrics"]]
    # CloudWatch gives three dashboards with at most 50 metrics each for free.
    assert len(lines) < 50 and all(widget["region"] == "eu-central-1" for widget in widgets)
    in_docs = set(re.findall(r"`(\w+)`", (ROOT / "docs" / "LOGGING.md").read_text().split("\n## Metrics\n")[1]))
    of_the_api = {"4XXError", "5XXError", "Latency"}
    shown = set(re.findall(r"(?:\"Waybill\", \"|\[\"\.\", \"|Reason\} )(\w+)", body)) - of_the_api
    assert "OrdersUnplaced" in shown and shown <= in_docs


def test_without_a_dashboard_there_are_no_saved_queries_either():
    views = [one for one in expanded().values() if one["Type"] in ("AWS::CloudWatch::Dashboard", QUERY)]
    assert len(views) == 4 and {one["Condition"] for one in views} == {"HasDashboard"}


def test_a_saved_query_reads_the_logs_of_all_functions():
    resources = expanded()
    groups = {
        one["Properties"]["LoggingConfig"]["LogGroup"]["Ref"]
        for one in resources.values()
        if one["Type"] == "AWS::Lambda::Function"
    }
    for query in (one["Properties"] for one in resources.values() if one["Type"] == QUERY):
        assert {group["Ref"] for group in query["LogGroupNames"]} == groups


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
        lines = functions.lines_of(consumer, began, "MessagesFailed")
        return next((json.loads(line) for line in lines if '"MessagesFailed"' in line), None)

    line = eventually("the metric is in the log", metric)
    (told,) = line["_aws"]["CloudWatchMetrics"]
    assert (told["Namespace"], told["Dimensions"]) == ("Waybill", [["FunctionName"]])
    assert (line["FunctionName"], line["MessagesFailed"]) == (name, 1)
