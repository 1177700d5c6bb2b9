"""Counts what a busy part of a day costs on AWS, in dollars for a million orders: `make bench-cost`.

The local stack runs a release build, and its meter (local/stack/meter.py) counts requests, units, bytes and CPU time.
bill.py multiplies the counts by the prices of prices.toml. docs/COST.md has the result and the rules.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "local")]

import bill
from day import Day
from expanded import TEMPLATE, expanded
from waybill_client import Stack, StackMissing

OUT = ROOT / "local" / "bench-cost" / "out"
QUIET_S = 20


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--orders", type=int, default=1000)
    options.add_argument("--seconds", type=float, default=480, help="the time in which the orders are placed")
    options.add_argument("--counts", type=Path, help="price these counts of an earlier run, and run nothing")
    options = options.parse_args()
    if options.counts:
        told = json.loads(options.counts.read_text())
    else:
        told = run(options)
        OUT.mkdir(exist_ok=True)
        (OUT / "counts.json").write_text(json.dumps(told, indent=1, sort_keys=True))
    show(told)


def run(options):
    try:
        stack = Stack()
        file = Path(os.environ["METER_FILE"])
        snapshot(file)
    except (StackMissing, KeyError, FileNotFoundError):
        sys.exit("waybill: no meter runs: make down, and then make bench-cost")
    day = Day(stack, options.orders, options.seconds)
    print(f"{len(day.people)} people sign up", flush=True)
    day.prepare()
    before = quiet(file)
    print(f"{options.orders} orders in {options.seconds:.0f} s", flush=True)
    took = day.drive()
    after = quiet(file)
    counts = {name: value - before["counts"].get(name, 0) for name, value in after["counts"].items()}
    counts |= {"orders": day.delivered, "seconds": took, "refused": day.refused, "placed": day.placed}
    print(f"{day.placed} placed, {day.delivered} delivered in {took:.0f} s, {day.refused} taps came too late")
    return {"counts": counts, "metrics": after["metrics"], "release": os.environ.get("PROFILE") == "release"}


def snapshot(file):
    return json.loads(file.read_text())


def quiet(file):
    """The counts as soon as only the sweep has changed them for a while."""

    def busy(counts):
        return {name: value for name, value in counts.items() if name.startswith(("api", "sns", "messages", "emails"))}

    seen, since = None, time.monotonic()
    while time.monotonic() - since < QUIET_S:
        time.sleep(1)
        now = snapshot(file)
        if seen is None or busy(now["counts"]) != busy(seen["counts"]):
            seen, since = now, time.monotonic()
    return now


def memories():
    """The MB of each function, as deployed by default."""
    found = {}
    for resource in expanded().values():
        if resource["Type"] == "AWS::Lambda::Function":
            memory = resource["Properties"].get("MemorySize", 128)
            memory = TEMPLATE["Parameters"][memory["Ref"]]["Default"] if isinstance(memory, dict) else memory
            found[resource["Properties"]["FunctionName"].split("-")[-1]] = int(memory)
    return found


def show(told):
    counts, metrics = told["counts"], told["metrics"]
    orders, resources = counts["orders"], expanded()
    level = TEMPLATE["Globals"]["Function"]["LoggingConfig"]["SystemLogLevel"]
    share = TEMPLATE["Parameters"].get("TracedShare", {}).get("Default", 0)
    used = bill.amounts(counts, memories(), level, *bill.traces_of(resources, float(share)))
    regions = bill.PRICES["regions"]
    print(f"\n{'a million orders':24} {'per order':>12} " + " ".join(f"{region:>12}" for region in regions))
    totals = dict.fromkeys(regions, 0.0)
    for name, amount in used.items():
        row = {region: amount / orders * bill.MILLION * prices[name] for region, prices in regions.items()}
        totals = {region: totals[region] + dollars for region, dollars in row.items()}
        print(f"{name:24} {amount / orders:12.3f} " + " ".join(f"{dollars:12.2f}" for dollars in row.values()))
    month = {region: sum(bill.idle(resources, prices, len(metrics), False).values())
             for region, prices in regions.items()}  # fmt: skip
    print(f"{'a month of the stack':24} {len(metrics):5} metrics " + columns(month))
    print(f"{'sum':24} {'':12} " + columns({region: totals[region] + month[region] for region in regions}))
    saved = {region: used["lambda_gb_s"] / orders * bill.MILLION * (prices["lambda_gb_s"] - prices["lambda_gb_s_arm64"])
             for region, prices in regions.items()}  # fmt: skip
    print(f"{'less with arm64':24} {'':12} " + columns(saved))
    for free, label in ((False, "idle, a month"), (True, "after free amounts")):
        dollars = {region: sum(bill.idle(resources, prices, 1, free).values()) for region, prices in regions.items()}
        print(f"{label:24} {'':12} " + columns(dollars))
    details(counts)


def columns(row):
    return " ".join(f"{dollars:12.2f}" for dollars in row.values())


def details(counts):
    """Where it comes from: for an order, the units of each table and index, and the seconds of each function."""
    orders, memory = counts["orders"], memories()
    print("\nfor an order:")
    for kind in ("dynamodb write", "dynamodb read", "calls", "sqs", "sns", "stream records"):
        for name, value in sorted(bill.of_names(counts, kind).items(), key=lambda one: -one[1]):
            print(f"  {kind + ' ' + name:48} {value / orders:8.2f}")
    for name, value in sorted(bill.of_names(counts, "invocations").items(), key=lambda one: -one[1]):
        if not value:
            continue
        seconds = bill.billed_s(counts, name, memory[name])
        print(f"  {name:30} {value / orders:7.2f} runs {1000 * seconds / value:9.1f} ms "
              f"{seconds * memory[name] / 1024 / orders:8.4f} GB-s {counts.get('log bytes ' + name, 0) / orders:7.0f} "
              "bytes of logs")  # fmt: skip
    names = ("plans", "planned_s", "assigned", "moved")
    plans, search, assigned, moved = (counts.get(name, 0) / orders for name in names)
    print(f"  {plans:.2f} plans, {search:.2f} s of search, {assigned:.2f} assigned, {moved:.2f} moved")


if __name__ == "__main__":
    main()
