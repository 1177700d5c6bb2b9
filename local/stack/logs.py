"""Follows the logs of the functions."""

import time
from datetime import datetime

from deploy import client
from settings import STACK_NAME

PREFIX = f"{STACK_NAME}-"


def follow(function=None):
    """Prints new lines of all functions, or of one (create-order), until interrupted."""
    logs = client("logs")
    wanted = function and function.replace("-", "").lower()
    since, seen = int((time.time() - 600) * 1000), set()
    while True:
        found = []
        for name, group in _groups().items():
            if wanted and name.lower() != wanted:
                continue
            for event in logs.filter_log_events(logGroupName=group, startTime=since)["events"]:
                found.append((event["timestamp"], name, event.get("eventId"), event["message"].rstrip()))
        for timestamp, name, event_id, message in sorted(found, key=lambda line: line[0]):
            if (name, event_id, timestamp, message) not in seen:
                seen.add((name, event_id, timestamp, message))
                since = max(since, timestamp - 5000)
                print(f"{datetime.fromtimestamp(timestamp / 1000):%H:%M:%S} {name}: {message}", flush=True)
        time.sleep(1)


def _groups():
    """The log group of each function. CloudFormation chose the names of the groups."""
    pages = client("lambda").get_paginator("list_functions").paginate()
    functions = [function for page in pages for function in page["Functions"]]
    return {
        function["FunctionName"].removeprefix(PREFIX): function["LoggingConfig"]["LogGroup"]
        for function in functions
        if function["FunctionName"].startswith(PREFIX)
    }
