"""The functions write the metrics of docs/LOGGING.md, and each alarm watches a metric with its dimensions there.

conftest.py has this file run after almost all others, so that it finds the metrics that they have caused.
"""

import json
import re

import pytest

from expanded import ROOT, expanded
from functions_inside import log_lines
from waybill_client import eventually

# Metrics of the docs that no test causes, each with the reason.
NEVER_WRITTEN = {
    "ZonesHandedOn": "needs a run of the optimizer with no time left for a zone; the tests of its handler make one",
}


def metrics_in_the_docs():
    """The unit and the further dimensions of each metric by its name, from the table in docs/LOGGING.md."""
    found = {}
    section = (ROOT / "docs" / "LOGGING.md").read_text().split("\n## Metrics\n")[1].split("\n## ")[0]
    for row in section.splitlines():
        if row.startswith("| `"):
            names, unit, dimensions = (cell.strip() for cell in row.split("|")[1:4])
            for name in re.findall(r"`(\w+)`", names):
                found[name] = (unit, frozenset(re.findall(r"`(\w+)`", dimensions)))
    return found


@pytest.fixture(scope="module")
def written(stack, session_began):
    """The metrics in the functions' logs: their units and their further dimensions by name."""
    logs, found = stack.aws("logs"), {}

    def read():
        for page in logs.get_paginator("describe_log_groups").paginate():
            for group in page["logGroups"]:
                read_group(group["logGroupName"])
        return found

    def read_group(name):
        for line in log_lines(logs, name, int(session_began * 1000), "CloudWatchMetrics"):
            if '"_aws":' not in line:
                continue
            (told,) = json.loads(line)["_aws"]["CloudWatchMetrics"]
            assert told["Namespace"] == "Waybill"
            (dimensions,) = told["Dimensions"]
            assert dimensions[0] == "FunctionName"
            for metric in told["Metrics"]:
                shape = (metric["Unit"].lower(), frozenset(dimensions[1:]))
                found.setdefault(metric["Name"], set()).add(shape)

    return eventually("some metric", read)


def test_each_metric_that_is_written_is_in_the_docs(written):
    in_docs = metrics_in_the_docs()
    assert {name: shapes for name, shapes in written.items() if shapes != {in_docs.get(name)}} == {}


@pytest.mark.after_all_tests
def test_each_metric_in_the_docs_is_written_or_has_a_reason(written):
    missing = set(metrics_in_the_docs()) - set(written)
    assert missing == set(NEVER_WRITTEN), "in the docs and never written, or written though NEVER_WRITTEN names it"


@pytest.mark.parametrize(
    ("alarm", "metric"),
    [
        ("CommitsFail", "CommitFailures"),
        ("RouteProviderFails", "ProviderFailures"),
        ("PlanningFallsBehind", "ZonesHandedOn"),
        ("ZonesStayOverdue", "ZonesOverdue"),
    ],
)
def test_an_alarm_looks_at_a_metric_in_the_shape_that_it_has(alarm, metric):
    """A metric with more dimensions than the alarm names is another metric."""
    properties = expanded()[alarm]["Properties"]
    assert (properties["Namespace"], properties["MetricName"]) == ("Waybill", metric)
    assert [dimension["Name"] for dimension in properties["Dimensions"]] == ["FunctionName"]
    assert metrics_in_the_docs()[metric] == ("count", frozenset())
