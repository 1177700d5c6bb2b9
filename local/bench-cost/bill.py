"""From the meter's counts to dollars. docs/COST.md explains the rules."""

import math
import tomllib
from pathlib import Path

HERE = Path(__file__).resolve().parent
PRICES = tomllib.loads((HERE / "prices.toml").read_text())
MILLION = 1_000_000
# Lambda gives a function one core for this memory, and a share of it for less.
CORE_MB = 1769
# Lambda's own two lines of JSON for each invocation (platform.start and platform.report) and the API's access log.
PLATFORM_LINES = {"INFO": 2 * 26 + 180 + 390, "WARN": 0}
ACCESS_LINE = 26 + 400
MONTH_S = 30.4 * 24 * 3600
# A mapping polls a quiet queue with five connections, each of which waits 20 seconds for a message.
IDLE_RECEIVES = 5 * MONTH_S / 20
# A company with a million orders a month takes them in ten hours of each day, so it gets one in about a second.
SECONDS_PER_ORDER = 30.4 * 10 * 3600 / MILLION
# An order with the index entries that stay, and its part of a route and of claims.
STORED_BYTES = 3_000
# X-Ray's own rule, without one of ours: the first request of each second, and a share of the others.
DEFAULT_TRACES = (1, 0.05)


def of_names(counts, *beginning):
    """The counts whose names begin with these words, by the rest of the name."""
    start = " ".join(beginning) + " "
    return {name.removeprefix(start): value for name, value in counts.items() if name.startswith(start)}


def billed_s(counts, function, memory_mb):
    """Seconds of all invocations of a function: its CPU time on its share of a core, and the time that it waits.

    Not more than it took on the local stack, where calls take longer than on AWS, but some of them side by side.
    """
    waits = PRICES["waits"]
    waiting = 0.0
    for call, times in of_names(counts, "waits", function).items():
        waiting += times * waits.get(call, waits.get(call.split()[0], waits["other"]))
    computing = counts.get(f"cpu_s {function}", 0.0) * max(1.0, CORE_MB / memory_mb)
    if function == "OptimizeRoutes":
        # A search ends by the clock, so its time is the same on each machine.
        computing = counts.get("planned_s", 0.0)
    # Lambda rounds each invocation up to a millisecond.
    seconds = computing + waiting + counts.get(f"invocations {function}", 0) * 0.0005
    return min(seconds, counts.get(f"wall_s {function}", seconds))


def amounts(counts, memories, log_level, traces=DEFAULT_TRACES, tracing=()):
    """What the counted orders use of each thing that has a price. `memories` are the MB of each function.

    `tracing` are the functions that X-Ray samples by themselves, beside the API.
    """
    orders = counts["orders"]
    invocations = {name: n for name, n in of_names(counts, "invocations").items() if name != "SweepPendingOrders"}
    requests = counts["api requests"]
    lines = sum(of_names(counts, "log bytes").values()) - counts.get("log bytes SweepPendingOrders", 0)
    lines += sum(invocations.values()) * PLATFORM_LINES[log_level] + requests * ACCESS_LINE
    reservoir, share = traces
    a_second = (requests + sum(n for name, n in invocations.items() if name in tracing)) / orders
    a_second /= SECONDS_PER_ORDER
    traced = min(a_second, reservoir + share * max(0.0, a_second - reservoir)) * SECONDS_PER_ORDER
    return {
        "api_requests": requests,
        "api_bytes": counts["api bytes"],
        "lambda_requests": sum(invocations.values()),
        "lambda_gb_s": sum(billed_s(counts, name, memories[name]) * memories[name] / 1024 for name in invocations),
        "dynamodb_write_units": sum(of_names(counts, "dynamodb write").values()),
        "dynamodb_read_units": sum(of_names(counts, "dynamodb read").values()),
        "dynamodb_byte_months": orders * STORED_BYTES,
        "sqs_requests": sum(of_names(counts, "sqs").values()),
        "sns_requests": sum(of_names(counts, "sns").values()),
        "emails": counts.get("emails", 0),
        "log_bytes": lines,
        "traces": traced * orders,
    }


def traces_of(resources, share):
    """The rule for traces, and the functions behind queues, streams and the clock that make traces of their own."""
    called = {name.split("Function")[0] for name, one in resources.items()
              if one["Type"] == "AWS::Lambda::Permission" and "FunctionHttpPermission" in name}  # fmt: skip
    functions = [one["Properties"] for one in resources.values() if one["Type"] == "AWS::Lambda::Function"]
    active = {one["FunctionName"].split("-")[-1] for one in functions if one["TracingConfig"]["Mode"] == "Active"}
    rules = [one for one in resources.values() if one["Type"] == "AWS::XRay::SamplingRule"]
    return (0, share) if rules else DEFAULT_TRACES, active - called


def idle(resources, prices, metrics=1, free=True):
    """Dollars a month of a stack that nobody uses, by what they are for, from the expanded template.

    `metrics` are those of its own that an idle stack writes: the sweep counts zones in one of them.
    """

    def count(kind):
        return len([one for one in resources.values() if one["Type"] == kind])

    sources = [one["Properties"] for one in resources.values() if one["Type"] == "AWS::Lambda::EventSourceMapping"]
    # Nobody polls the queue of a mapping that is off: without a geocoder, there are no addresses to place.
    polled = [one for one in sources if one.get("Enabled", True) is True]
    queues = [one for one in polled if "Queue" in one["EventSourceArn"]["Fn::GetAtt"][0]]
    counted = [one for one in sources if one.get("MetricsConfig")]
    sweeps = MONTH_S / 60
    used = {
        "alarm_months": count("AWS::CloudWatch::Alarm"),
        # Of the metrics of a mapping, an idle one writes PolledEventCount.
        "metric_months": metrics + len(counted),
        "dashboard_months": count("AWS::CloudWatch::Dashboard"),
        "sqs_requests": len(queues) * IDLE_RECEIVES,
        "lambda_requests": sweeps,
        "lambda_gb_s": sweeps * 0.25 * 0.1,
        "log_bytes": sweeps * 1_500,
        "traces": sweeps if "SweepPendingOrders" in traces_of(resources, 0)[1] else 0,
    }
    given = PRICES["free"] if free else {}
    dollars = {name: max(0.0, amount - given.get(name, 0)) * prices[name] for name, amount in used.items()}
    # A sweep reads a page of pending orders and its place.
    dollars["dynamodb_read_units"] = sweeps * 1.5 * prices["dynamodb_read_units"]
    return dollars


def rounded_up(number):
    return math.ceil(number * 100) / 100
