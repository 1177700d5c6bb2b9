"""Writes tests/indexes.json, the indexes of each table in the last release: `make indexes`, after each release."""

import json
from pathlib import Path

from expanded import TEMPLATE

LIST = Path(__file__).resolve().parent / "indexes.json"


def indexes():
    """The indexes of each table with their keys and attributes, by their names."""
    found = {}
    for name, resource in TEMPLATE["Resources"].items():
        if isinstance(resource, dict) and resource.get("Type") == "AWS::DynamoDB::Table":
            told = resource["Properties"].get("GlobalSecondaryIndexes", [])
            found[name] = {
                one["IndexName"]: {
                    "keys": [key["AttributeName"] for key in one["KeySchema"]],
                    "attributes": one["Projection"].get("NonKeyAttributes", one["Projection"]["ProjectionType"]),
                }
                for one in told
            }
    return found


def changed(before, now):
    """The names of the indexes of one table that an update makes, removes or replaces."""
    return {name for name in before.keys() | now.keys() if before.get(name) != now.get(name)}


if __name__ == "__main__":
    LIST.write_text(json.dumps(indexes(), indent=2, sort_keys=True) + "\n")
