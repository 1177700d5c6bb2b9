"""Alarms look at metrics that are written: template.yaml beside the source."""

import re

import pytest

from rust_reading import ROOT
from test_policies import TEMPLATE


@pytest.mark.parametrize("name", ["RouteProviderFails", "PlanningFallsBehind"])
def test_an_alarm_looks_at_a_metric_as_the_optimizer_writes_it(name):
    alarm = TEMPLATE["Resources"][name]["Properties"]
    metrics = (ROOT / "shared/runtime/src/metrics.rs").read_text()
    constants = dict(re.findall(r'const (\w+): &str = "(\w+)";', metrics))
    assert alarm["Namespace"] == constants["NAMESPACE"]
    assert alarm["Dimensions"] == [{"Name": constants["FUNCTION"], "Value": {"Ref": "OptimizeRoutesFunction"}}]
    # A metric with more dimensions than the alarm names is another one.
    handler = (ROOT / "functions/optimize-routes/src/handler.rs").read_text()
    assert re.search(r'Metrics::new\(\)\s*\.count\("%s", \w+\)\s*\.emit\(\)' % alarm["MetricName"], handler)
