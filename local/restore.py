"""Copies lost items from a restored table into the live table: `make restore TABLE=Orders AT=2030-05-06T08:00:00Z`.

Without APPLY=yes it only counts. Each write has a condition, so an item that the functions write meanwhile stays as
they wrote it, and a run that was interrupted can be repeated. docs/OPERATIONS.md explains when to use which mode.
"""

import argparse
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

TABLES = ("Users", "Orders", "Routes", "Imports", "Claims")
# Of items without a version, only lost ones are copied.
MODES = ("missing", "changed")
CHUNK = 100


class Problem(Exception):
    """An error that ends the command. One line says what to do."""


class Restore:
    """Compares two tables of the same keys, and copies from the first into the second."""

    def __init__(self, dynamodb, source, live, only=(), at=None):
        self.dynamodb, self.source, self.live = dynamodb, source, live
        described = dynamodb.describe_table(TableName=live)["Table"]
        self.keys = [one["AttributeName"] for one in described["KeySchema"]]
        self.only, self.at = set(only), at or f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
        self.counts = dict.fromkeys(("read", "same", "missing", "changed", "copied", "newer meanwhile"), 0)

    def run(self, mode, apply, tell=lambda counts: None):
        """Compares all items, and with `apply` copies the missing ones, or with the mode `changed` these too."""
        pages = self.dynamodb.get_paginator("scan").paginate(TableName=self.source, ConsistentRead=True)
        with ThreadPoolExecutor(8) as pool:
            for page in pages:
                items = [item for item in page["Items"] if not self.only or item[self.keys[0]]["S"] in self.only]
                chunks = [items[begin : begin + CHUNK] for begin in range(0, len(items), CHUNK)]
                for chunk in chunks:
                    wanted = self.compare(chunk, mode)
                    if apply:
                        for outcome in pool.map(lambda both: self.copy(*both), wanted):
                            self.counts[outcome] += 1
                    tell(self.counts)
        return self.counts

    def compare(self, items, mode):
        """The items that must be copied, each with the live item that it replaces."""
        live = {self.key_of(item): item for item in self.live_items(items)}
        wanted = []
        for item in items:
            now = live.get(self.key_of(item))
            self.counts["read"] += 1
            if now is None:
                self.counts["missing"] += 1
                wanted.append((item, None))
            elif without_marks(now) == without_marks(item):
                self.counts["same"] += 1
            else:
                self.counts["changed"] += 1
                if mode == "changed" and "version" in item and "version" in now:
                    wanted.append((item, now))
        return wanted

    def key_of(self, item):
        return tuple(item[name]["S"] for name in self.keys)

    def live_items(self, items):
        asked = {self.live: {"Keys": [{k: item[k] for k in self.keys} for item in items], "ConsistentRead": True}}
        found = []
        while items and asked:
            answer = self.dynamodb.batch_get_item(RequestItems=asked)
            found += answer["Responses"].get(self.live, [])
            asked = answer.get("UnprocessedKeys")
        return found

    def copy(self, item, now):
        """Writes one item. An item that exists by now, or that has another version by now, stays."""
        # publish-events sends no message about an item with this mark. The next write of a function removes it.
        item = item | {"restored_at": {"S": self.at}}
        if now is None:
            condition = {
                "ConditionExpression": "attribute_not_exists(#key)",
                "ExpressionAttributeNames": {"#key": self.keys[0]},
            }
        else:
            # Versions only grow: a function that has read the live item must lose its race.
            item["version"] = {"N": str(int(now["version"]["N"]) + 1)}
            condition = {
                "ConditionExpression": "#version = :version",
                "ExpressionAttributeNames": {"#version": "version"},
                "ExpressionAttributeValues": {":version": now["version"]},
            }
        try:
            self.dynamodb.put_item(TableName=self.live, Item=item, **condition)
        except ClientError as refusal:
            if refusal.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            return "newer meanwhile"
        return "copied"


def without_marks(item):
    return {name: value for name, value in item.items() if name not in ("restored_at", "version")}


def restored_table(dynamodb, live, at):
    """A copy of the live table as it was at that time. AWS needs minutes to hours for it."""
    source = f"{live}-at-{at:%Y%m%dT%H%M%S}"
    try:
        dynamodb.describe_table(TableName=source)
        print(f"{source} exists from an earlier run")
    except dynamodb.exceptions.ResourceNotFoundException:
        dynamodb.restore_table_to_point_in_time(SourceTableName=live, TargetTableName=source, RestoreDateTime=at)
    while dynamodb.describe_table(TableName=source)["Table"]["TableStatus"] != "ACTIVE":
        print(f"{datetime.now():%H:%M} {source} is being restored", flush=True)
        time.sleep(30)
    return source


def physical(stack, table):
    """The name of a table of the stack, which the environment or the stack's outputs tell."""
    if not stack:
        name = os.environ.get(f"{table.upper()}_TABLE")
        if not name:
            raise Problem('STACK is missing: STACK=waybill-prod, or eval "$(make -s env)" for the local stack')
        return name
    outputs = boto3.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]["Outputs"]
    return next(one["OutputValue"] for one in outputs if one["OutputKey"] == f"{table}Table")


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--table", required=True, choices=TABLES)
    options.add_argument("--at", type=datetime.fromisoformat, help="2030-05-06T08:00:00Z")
    options.add_argument("--source", help="a table that is restored already")
    options.add_argument("--stack", default="")
    options.add_argument("--mode", choices=MODES, default="missing")
    options.add_argument("--only", default="", help="keys with commas between them, such as ids of orders")
    options.add_argument("--apply", choices=["yes", "no"], default="no")
    options = options.parse_args()
    if bool(options.at) == bool(options.source):
        raise Problem("name the time (AT=2030-05-06T08:00:00Z) or a restored table (SOURCE=…)")
    if options.at and options.at.tzinfo is None:
        raise Problem(f"{options.at} has no time zone: AT=2030-05-06T08:00:00Z")
    dynamodb = boto3.client("dynamodb", config=Config(retries={"mode": "adaptive", "max_attempts": 10}))
    live = physical(options.stack, options.table)
    source = options.source or restored_table(dynamodb, live, options.at)
    told = [time.monotonic()]

    def tell(counts):
        if time.monotonic() - told[0] > 5:
            told[0] = time.monotonic()
            print(text(counts), flush=True)

    only = [key for key in options.only.split(",") if key]
    counts = Restore(dynamodb, source, live, only).run(options.mode, options.apply == "yes", tell)
    print(text(counts))
    if options.apply != "yes":
        print("Nothing was written. APPLY=yes copies the missing items; MODE=changed replaces changed ones too.")
    elif not options.source:
        print(f"When all is well: aws dynamodb delete-table --table-name {source}")


def text(counts):
    return ", ".join(f"{number} {name}" for name, number in counts.items())


if __name__ == "__main__":
    try:
        main()
    except Problem as problem:
        sys.exit(f"waybill: {problem}")
