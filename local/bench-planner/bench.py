"""Compares the planner with other solvers: the same problems, the same seconds, one thread each, one process at a time.

The planner's oracle times and checks every plan.
"""

import argparse
import datetime
import json
import os
import subprocess
import sys
import tempfile

import peers
import problems

HERE = os.path.dirname(os.path.abspath(__file__))


def run(command):
    """Runs a process. Returns its output and its peak memory in megabytes."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(command, stdout=out, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        errors.seek(0)
        if process.returncode != 0:
            lines = errors.read().decode().strip().splitlines()
            raise RuntimeError(lines[-1] if lines else f"exit {process.returncode}")
        return out.read().decode(), usage.ru_maxrss / 1024


def solve(name, args, path, folder):
    """Runs one solver. The oracle checks and measures the plan."""
    if name == "planner":
        command = [args.plan, path, "--seconds", str(args.seconds), "--seed", str(args.seed)]
    else:
        script = os.path.join(HERE, "peers.py")
        command = [sys.executable, script, name, path, str(args.seconds)]
    text, megabytes = run(command)
    answer = os.path.join(folder, "answer.json")
    with open(answer, "w", encoding="utf-8") as file:
        file.write(text)
    checked, _ = run([args.plan, path, "--check", answer])
    return json.loads(checked), megabytes


def compare(args, path, folder):
    """Prints one row per solver."""
    vehicles_first = path.endswith(".txt")
    rows = {}
    for name in ["planner", *peers.PEERS]:
        try:
            rows[name] = solve(name, args, path, folder)
        except RuntimeError as error:
            rows[name] = error

    def rank(plan):
        vehicles = plan["vehicles"] if vehicles_first else 0
        return (-plan["placed"], vehicles, plan["distance_m"])

    good = [row[0] for row in rows.values() if isinstance(row, tuple)]
    best = min(good, key=rank, default=None)
    label = os.path.splitext(os.path.basename(path))[0]
    for name, row in rows.items():
        if not isinstance(row, tuple):
            print(f"| {label} | {name} | no plan: {row} | | | | |", flush=True)
            continue
        plan, megabytes = row
        orders = plan["placed"] + len(plan["unplaced"])
        gap = 100 * (plan["distance_m"] / max(best["distance_m"], 1) - 1)
        same = plan["placed"] == best["placed"]
        if vehicles_first:
            same = same and plan["vehicles"] == best["vehicles"]
        print(
            f"| {label} | {name} | {plan['placed']}/{orders} | {plan['vehicles']} "
            f"| {plan['distance_m']:.0f} | {f'{gap:+.1f} %' if same else '-'} "
            f"| {megabytes:.0f} MB |",
            flush=True,
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", help="problems, .json or Li & Lim .txt")
    parser.add_argument("--plan", required=True, help="the planner's command line")
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--city",
        default="50,100,200,400",
        help="orders of the city problems that are made up from the seed",
    )
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        made = []
        for orders in [int(it) for it in args.city.split(",") if it]:
            path = os.path.join(folder, f"city{orders}.json")
            with open(path, "w", encoding="utf-8") as file:
                json.dump(problems.city(orders, args.seed), file)
            made.append(path)
        today = datetime.date.today().isoformat()
        print(f"{today}, {args.seconds:g} s, one thread, seed {args.seed}\n")
        print("| problem | planner | placed | vehicles | distance | gap | peak memory |")
        print("| --- | --- | --- | --- | --- | --- | --- |")
        for path in made + args.files:
            compare(args, path, folder)


if __name__ == "__main__":
    main()
