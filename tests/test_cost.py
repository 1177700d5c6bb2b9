"""The bill: what a stack costs that nobody uses, and the rules by which `make bench-cost` counts."""

import sys

import pytest

from expanded import ROOT, expanded

sys.path.insert(0, str(ROOT / "local" / "bench-cost"))
import bill

REGIONS = bill.PRICES["regions"]


@pytest.mark.parametrize("region", sorted(REGIONS))
def test_an_idle_stack_costs_less_than_two_dollars_a_month(region):
    """After what AWS gives each account for free each month, for ever."""
    dollars = bill.idle(expanded(), REGIONS[region])
    assert 0.5 < sum(dollars.values()) < 2, dollars


def test_a_further_alarm_queue_or_dashboard_shows_in_the_bill():
    prices, before = REGIONS["us-east-1"], sum(bill.idle(expanded(), REGIONS["us-east-1"]).values())
    alarm = {"Type": "AWS::CloudWatch::Alarm", "Properties": {}}
    assert sum(bill.idle(expanded() | {"One": alarm}, prices).values()) == pytest.approx(before + 0.10)
    source = expanded()["ImportSource"]
    assert sum(bill.idle(expanded() | {"One": source}, prices).values()) == pytest.approx(before + 0.26, abs=0.01)
    boards = {f"Board{number}": {"Type": "AWS::CloudWatch::Dashboard", "Properties": {}} for number in range(3)}
    assert sum(bill.idle(expanded() | boards, prices).values()) == pytest.approx(before + 3)


def test_each_region_has_the_same_prices_and_they_are_dated():
    (first, *others) = REGIONS.values()
    assert all(other.keys() == first.keys() for other in others)
    assert bill.PRICES["date"].year >= 2026 and len(bill.PRICES["source"]) >= 7


def test_a_function_is_billed_for_its_share_of_a_core_and_for_its_waits():
    counts = {"cpu_s GetMe": 1.0, "waits GetMe dynamodb GetItem": 100, "invocations GetMe": 10}
    waits = 100 * bill.PRICES["waits"]["dynamodb"]
    assert bill.billed_s(counts, "GetMe", bill.CORE_MB) == pytest.approx(1.0 + waits + 0.005)
    assert bill.billed_s(counts, "GetMe", bill.CORE_MB / 4) == pytest.approx(4.0 + waits + 0.005)
    assert bill.billed_s(counts | {"wall_s GetMe": 1.5}, "GetMe", bill.CORE_MB / 4) == 1.5, "some waits overlap"


def test_the_free_amounts_are_for_what_has_a_price():
    names = {"lambda_requests", *REGIONS["us-east-1"]}
    assert set(bill.PRICES["free"]) <= names
