"""Crates depend only downwards: docs/ARCHITECTURE.md shows the layers, and this table is the rule."""

import json
import subprocess
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent

# What each crate of the workspace may depend on. A crate that is missing here fails the test.
ALLOWED = {
    "functions": {"runtime", "adapters", "settings", "app", "intake", "domain", "planner"},
    "runtime": {"app", "intake", "domain"},
    "adapters": {"settings", "app", "intake", "domain", "planner"},
    "settings": {"app", "domain"},
    "app": {"intake", "domain", "planner"},
    "intake": {"domain"},
    "domain": set(),
    "planner": set(),
    "testkit": {"runtime", "settings", "app", "intake", "domain", "planner"},
    "simulator": {"app", "testkit", "intake", "domain", "planner"},
}
# `domain` and `planner` build and test alone.
WITHOUT_TESTKIT = {"domain", "planner", "testkit"}


def workspace():
    """The packages of the workspace by name. `functions/` may hold one package or several; all are `functions` here."""
    command = ["cargo", "metadata", "--format-version", "1", "--no-deps", "--offline"]
    found = json.loads(subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True, text=True).stdout)
    return [
        ("functions" if Path(package["manifest_path"]).is_relative_to(REPOSITORY / "functions") else name, package)
        for package in found["packages"]
        for name in [package["name"]]
    ]


def edges(packages, for_tests):
    """Each dependency of one member on another, as (from, to)."""
    members = {package["name"] for _, package in packages}
    return {
        (name, dependency["name"])
        for name, package in packages
        for dependency in package["dependencies"]
        if dependency["name"] in members and (dependency["kind"] == "dev") == for_tests
    }


def test_every_crate_has_its_place_in_the_table():
    assert {name for name, _ in workspace()} <= ALLOWED.keys()


def test_crates_depend_only_downwards():
    upwards = {(crate, other) for crate, other in edges(workspace(), for_tests=False) if other not in ALLOWED[crate]}
    assert not upwards, f"not allowed by the table in {Path(__file__).name}: {sorted(upwards)}"


def test_tests_add_only_the_testkit():
    allowed = {crate: below if crate in WITHOUT_TESTKIT else below | {"testkit"} for crate, below in ALLOWED.items()}
    upwards = {(crate, other) for crate, other in edges(workspace(), for_tests=True) if other not in allowed[crate]}
    assert not upwards, f"not allowed by the table in {Path(__file__).name}: {sorted(upwards)}"


def test_the_table_has_no_cycle():
    """Every crate can be put above all that it may depend on."""
    left = dict(ALLOWED)
    while left:
        lowest = {crate for crate, below in left.items() if not below & left.keys()}
        assert lowest, f"these depend on one another: {sorted(left)}"
        left = {crate: below for crate, below in left.items() if crate not in lowest}
