"""`make demo` works on the stack of the tests."""

import subprocess
import sys
from pathlib import Path

DEMO = Path(__file__).resolve().parent.parent / "local" / "demo" / "run.py"


def test_the_demo_delivers_all_its_orders_and_prints_a_tracking_link(stack):
    run = subprocess.run([sys.executable, DEMO], capture_output=True, text=True, timeout=300, check=False)
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-3000:]
    assert "demo: ok orders=48 delivered=48" in run.stdout
    assert "/track#" in run.stdout
