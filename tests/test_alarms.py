"""Alarms look at metrics that are written: template.yaml beside the source."""

import re

from rust_reading import ROOT
from test_policies import TEMPLATE


def test_the_alarm_on_route_providers_looks_at_a_metric_as_it_is_written():
    alarm = TEMPLATE["Resources"]["RouteProviderFails"]["Properties"]
    metrics = (ROOT / "shared/runtime/src/metrics.rs").read_text()
    constants = dict(re.findall(r'const (\w+): &str = "(\w+)";', metrics))
    assert alarm["Namespace"] == constants["NAMESPACE"]
    assert alarm["Dimensions"] == [{"Name": constants["FUNCTION"], "Value": {"Ref": "OptimizeRoutesFunction"}}]
    # A metric with more dimensions than the alarm names is another one.
    handler = (ROOT / "functions/optimize-routes/src/handler.rs").read_text()
    assert re.search(r'Metrics::new\(\)\s*\.count\("%s", \w+\)\s*\.emit\(\)' % alarm["MetricName"], handler)
