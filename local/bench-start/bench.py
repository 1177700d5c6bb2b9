"""Measures how long each function takes from process start to its first poll, and how large its zip file is.

`make bench-start` runs this on the release build. With AGAINST=directory, the bench also measures the binaries of
another build, in turn with the first, and prints ratios. A function of the first build runs with the environment that
the local stack gives it, and so does the same function of the other build.
"""

import argparse
import os
import statistics
import subprocess
import sys
import threading
import time
import zlib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "local")]

from functions_inside import Functions
from runtime_api import Listening, Quiet
from waybill_client import Stack, StackMissing

LONGEST_S = 10


class NeverPolled(Exception):
    """The function ended or waited before its first poll."""


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--binaries", type=Path, required=True, help="the directory of the release build")
    options.add_argument("--against", type=Path, help="the directory of another release build")
    options.add_argument("--runs", type=int, default=21)
    options = options.parse_args()
    names = sorted(path.stem for path in (ROOT / "functions" / "src" / "bin").iterdir())
    builds = [options.binaries] + ([options.against] if options.against else [])
    try:
        functions = Functions(Stack())
    except StackMissing as missing:
        sys.exit(f"waybill: {missing}")
    print(f"{'function':24} {'zip MB':>8} {'ratio':>6} {'start ms':>9} {'lowest':>7} {'ratio':>6}")
    totals = [[0, 0.0] for _ in builds]
    for name in names:
        row = measure(name, [build / name for build in builds], functions.settings_of(name), options.runs)
        for total, (size, times) in zip(totals, row):
            total[0] += size
            total[1] += statistics.median(times)
        show(name, row)
    show_totals(totals)


def measure(name, binaries, settings, runs):
    """The zip size and the start times of the same function in each build."""
    found = [(len(zlib.compress(binary.read_bytes(), 9)), []) for binary in binaries]
    for _ in range(runs):
        for binary, (_, times) in zip(binaries, found):
            times.append(start_ms(name, binary, settings))
    return found


def start_ms(name, binary, settings):
    """Milliseconds from the start of the process to its first request for an event."""
    polled = threading.Event()
    over = threading.Event()

    class Api(Quiet):
        def do_GET(self):
            polled.set()
            over.wait(LONGEST_S)
            self.answer(500)

    with Listening(Api) as api:
        environment = settings | {
            "PATH": os.environ["PATH"],
            "AWS_REGION": os.environ["AWS_REGION"],
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_LAMBDA_RUNTIME_API": api.address,
            "AWS_LAMBDA_FUNCTION_NAME": name,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_LOG_GROUP_NAME": name,
            "AWS_LAMBDA_LOG_STREAM_NAME": "bench",
        }
        began = time.perf_counter()
        process = subprocess.Popen([binary], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            if not polled.wait(LONGEST_S):
                raise NeverPolled(f"{binary} did not poll within {LONGEST_S} s")
            return 1000 * (time.perf_counter() - began)
        finally:
            over.set()
            process.kill()
            process.wait(LONGEST_S)


def show(name, row):
    (size, times), *others = row
    median, lowest = statistics.median(times), min(times)
    sizes = starts = ""
    if others:
        sizes = f"{size / others[0][0]:.3f}"
        starts = f"{median / statistics.median(others[0][1]):.3f}"
    print(f"{name:24} {size / 1e6:8.2f} {sizes:>6} {median:9.2f} {lowest:7.2f} {starts:>6}", flush=True)


def show_totals(totals):
    (size, start), *others = totals
    sizes = starts = ""
    if others:
        sizes, starts = f"{size / others[0][0]:.3f}", f"{start / others[0][1]:.3f}"
    print(f"{'all':24} {size / 1e6:8.2f} {sizes:>6} {start:9.2f} {'':>7} {starts:>6}")


if __name__ == "__main__":
    try:
        main()
    except NeverPolled as failure:
        sys.exit(f"waybill: {failure}")
