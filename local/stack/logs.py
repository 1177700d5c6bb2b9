"""Follows the logs of the functions."""

import time
from datetime import datetime

from deploy import client
from settings import STACK_NAME

PREFIX = f"/aws/lambda/{STACK_NAME}-"


def follow(function=None):
    """Prints new lines of all functions, or of one (create-order), until interrupted."""
    logs = client("logs")
    wanted = function and function.replace("-", "").lower()
    since, seen = int((time.time() - 600) * 1000), set()
    while True:
        found = []
        for group in logs.describe_log_groups(logGroupNamePrefix=PREFIX)["logGroups"]:
            name = group["logGroupName"].removeprefix(PREFIX)
            if wanted and name.lower() != wanted:
                continue
            for event in logs.filter_log_events(logGroupName=group["logGroupName"], startTime=since)["events"]:
                found.append((event["timestamp"], name, event.get("eventId"), event["message"].rstrip()))
        for timestamp, name, event_id, message in sorted(found, key=lambda line: line[0]):
            if (name, event_id, timestamp, message) not in seen:
                seen.add((name, event_id, timestamp, message))
                since = max(since, timestamp - 5000)
                print(f"{datetime.fromtimestamp(timestamp / 1000):%H:%M:%S} {name}: {message}", flush=True)
        time.sleep(1)
