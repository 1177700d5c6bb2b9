"""Follows the logs of the functions."""

import time
from datetime import datetime

from deploy import client
from settings import STACK_NAME

PREFIX = f"{STACK_NAME}-"


def follow(function=None):
    """Prints new lines of all functions, or of one (create-order), until interrupted."""
    logs, group = client("logs"), _group()
    name = PREFIX + "".join(word.title() for word in function.split("-")) if function else PREFIX
    since, seen = int((time.time() - 600) * 1000), set()
    while True:
        # Each line of a function has the function's name. The lines of the platform have no name and say little.
        found = logs.filter_log_events(logGroupName=group, startTime=since, filterPattern=f'"{name}"')["events"]
        for event in found:
            # The filter also finds the functions whose names begin with this name.
            if function and f'"{name}"' not in event["message"]:
                continue
            line = (event["logStreamName"], event["timestamp"], event["message"])
            if line not in seen:
                seen.add(line)
                since = max(since, event["timestamp"] - 5000)
                at = datetime.fromtimestamp(event["timestamp"] / 1000)
                print(f"{at:%H:%M:%S} {event['message'].rstrip()}", flush=True)
        time.sleep(1)


def _group():
    """The log group of the functions. CloudFormation chose its name."""
    found = client("cloudformation").describe_stack_resource(StackName=STACK_NAME, LogicalResourceId="FunctionLogs")
    return found["StackResourceDetail"]["PhysicalResourceId"]
