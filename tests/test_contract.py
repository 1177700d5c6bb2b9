"""docs/openapi.yaml says what the gateway routes, and what all other tests sent and received."""

import re

import pytest

from contract import CONTRACT, FILE, calls
from expanded import expanded

README = FILE.parent.parent / "README.md"


@pytest.fixture(scope="module")
def routes():
    """The calls that the gateway routes, each with whether it needs a token."""
    paths = expanded()["Api"]["Properties"]["Body"]["paths"]
    return {
        (method.upper(), path): route["security"] != [{"NONE": []}]
        for path, item in paths.items()
        for method, route in item.items()
        if method != "options"
    }


def test_the_contract_has_the_calls_of_the_template(routes):
    assert routes and sorted(routes) == sorted(calls())


def test_the_same_calls_need_a_token(routes):
    said = {
        (method, path): CONTRACT["paths"][path][method.lower()].get("security", CONTRACT["security"]) != []
        for method, path in calls()
    }
    assert said == routes


def test_the_readme_lists_the_same_calls():
    assert sorted(re.findall(r"^\| `([A-Z]+) (/\S+)` \|", README.read_text(), re.MULTILINE)) == sorted(calls())


def test_all_tests_sent_and_received_what_the_contract_says(record):
    faults = record.faults()
    assert not faults, f"{len(faults)} differ:\n" + "\n".join(faults)


@pytest.mark.after_all_tests
def test_each_good_answer_of_the_contract_was_seen(record):
    """An answer that no test ever got might not exist."""
    good = {
        (method, path, int(status))
        for method, path in calls()
        for status in CONTRACT["paths"][path][method.lower()]["responses"]
        if status.startswith("2")
    }
    assert good - record.made() == set()
