"""Counts what AWS would bill for the calls that reach MiniStack. recorder.py starts it if METER_FILE is set.

It counts the calls of the functions and of the API's clients, but not those of the tools and tests, which call as the
root of the account. local/bench-cost/bill.py turns the counts into dollars, and docs/COST.md explains the rules.
Where MiniStack does not behave like AWS, the meter makes it do so: batching windows are waited for.
"""

import json
import math
import threading
import time
import urllib.parse
from collections import Counter
from pathlib import Path

from ministack.core import iam_evaluator, lambda_runtime
from ministack.services import apigateway_v1, dynamodb, lambda_svc, sns, sqs

KB = 1024
# SQS bills a message of more than 64 KB as several requests.
SQS_CHUNK = 64 * KB
# CloudWatch adds these bytes to each line of a log.
LOG_LINE_OVERHEAD = 26
WRITES = {"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems"}


class Meter:
    """Counters by name. A name has parts with spaces between them, such as `dynamodb write Orders table`."""

    def __init__(self):
        self.lock = threading.Lock()
        self.counts = Counter()
        self.metrics = set()

    def add(self, name, amount=1):
        with self.lock:
            self.counts[name] += amount

    def write(self, path):
        with self.lock:
            told = {"counts": dict(self.counts), "metrics": sorted(self.metrics)}
        file = Path(path)
        unfinished = file.with_suffix(".unfinished")
        unfinished.write_text(json.dumps(told))
        unfinished.replace(file)

    def write_for_ever(self, path):
        while True:
            self.write(path)
            time.sleep(1)


def start(path):
    """Begins to count, and writes the counts to `path` each second."""
    meter = Meter()
    meter_requests(meter)
    meter_queues(meter)
    meter_streams(meter)
    meter_invocations(meter)
    threading.Thread(target=meter.write_for_ever, args=[path], daemon=True).start()


def caller():
    """The function whose role makes the call, such as `GetMe`. None for the tools."""
    arn = iam_evaluator.caller_arn()
    return arn.split("-")[-1] if ":assumed-role/" in arn else None


def meter_requests(meter):
    """The API's requests, and the functions' requests to other services."""
    execute = apigateway_v1.handle_execute

    async def execute_and_count(api_id, stage, method, path, *rest):
        answer = await execute(api_id, stage, method, path, *rest)
        meter.add("api requests")
        body = answer[2] or b""
        headers = sum(len(str(name)) + len(str(value)) + 4 for name, value in answer[1].items())
        meter.add("api bytes", headers + len(body if isinstance(body, bytes) else body.encode()))
        return answer

    apigateway_v1.handle_execute = execute_and_count

    def count(module, meter_request):
        handle = module.handle_request

        async def handle_and_count(method, path, headers, body, query):
            function = caller()
            if not function:
                return await handle(method, path, headers, body, query)
            return await meter_request(function, handle, (method, path, headers, body, query))

        module.handle_request = handle_and_count

    async def to_dynamodb(function, handle, request):
        method, path, headers, body, query = request
        action = headers.get("x-amz-target", "").split(".")[-1]
        asked = json.loads(body)
        meter.add(f"calls dynamodb {action}")
        before = sizes_before(meter, action, asked)
        if action in WRITES:
            body = json.dumps(asked | {"ReturnConsumedCapacity": "INDEXES"}).encode()
        else:
            count_reads(meter, action, asked)
        answer = await handle(method, path, headers, body, query)
        if action in WRITES:
            count_writes(meter, action, before, answer)
        meter.add(f"waits {function} dynamodb {action}")
        return answer

    async def to_sqs(function, handle, request):
        headers, body = request[2], request[3]
        action = headers.get("x-amz-target", "").split(".")[-1]
        asked = json.loads(body)
        bodies = [asked.get("MessageBody", "")] + [one.get("MessageBody", "") for one in asked.get("Entries", [])]
        size = sum(len(one.encode()) for one in bodies)
        meter.add(f"sqs {action}", max(1, math.ceil(size / SQS_CHUNK)))
        meter.add("messages", len([one for one in bodies if one]))
        meter.add(f"waits {function} sqs {action}")
        return await handle(*request)

    async def to_sns(function, handle, request):
        asked = urllib.parse.parse_qs(request[3].decode())
        action = asked.get("Action", ["?"])[0]
        meter.add(f"sns {action}")
        meter.add(f"waits {function} sns {action}")
        return await handle(*request)

    count(dynamodb, to_dynamodb)
    count(sqs, to_sqs)
    count(sns, to_sns)
    fan_out = sns._fanout

    def fan_out_and_count(topic_arn, *rest, **more):
        topic = sns._topic_by_arn_any_scope(topic_arn) or {}
        told = [one for one in topic.get("subscriptions", []) if one.get("protocol") == "email"]
        meter.add("emails", len([one for one in told if one.get("confirmed")]))
        return fan_out(topic_arn, *rest, **more)

    sns._fanout = fan_out_and_count


def kind_of(name):
    """The table without the name of the stack and the random end: Orders."""
    return name.split("-")[1].removesuffix("Table") if "-" in name else name


def stored(name, key):
    table = dynamodb._tables.get(dynamodb._normalize_table_name(name))
    return (dynamodb._get_item_by_key(table, key) if table else None) or {}


def read_units(size, consistent, times=1.0):
    """An item or a page is rounded up to 4 KB. A read that may be old costs half."""
    return times * max(1, math.ceil(size / (4 * KB))) * (1.0 if consistent else 0.5)


def count_reads(meter, action, asked):
    if action == "GetItem":
        size = dynamodb._item_size_bytes(stored(asked["TableName"], asked["Key"]))
        units = read_units(size, asked.get("ConsistentRead"))
        meter.add(f"dynamodb read {kind_of(asked['TableName'])}", units)
    elif action == "BatchGetItem":
        for name, wanted in asked["RequestItems"].items():
            for key in wanted["Keys"]:
                size = dynamodb._item_size_bytes(stored(name, key))
                meter.add(f"dynamodb read {kind_of(name)}", read_units(size, wanted.get("ConsistentRead")))
    elif action in ("Query", "Scan"):
        # What is read counts, and not what a filter or a projection leaves of it.
        size = sum(dynamodb._item_size_bytes(item) for item in read_by(action, asked))
        units = read_units(size, asked.get("ConsistentRead"))
        meter.add(f"dynamodb read {kind_of(asked['TableName'])}", units)


def read_by(action, asked):
    """All items that a query or a scan reads, as its index has them."""
    left_out = ("FilterExpression", "ProjectionExpression", "Select", "ReturnConsumedCapacity")
    whole = {name: value for name, value in asked.items() if name not in left_out}
    condition = whole.get("KeyConditionExpression", "")
    for names in ("ExpressionAttributeNames", "ExpressionAttributeValues"):
        used = {name: value for name, value in whole.pop(names, {}).items() if name in condition}
        if used:
            whole[names] = used
    status, _, body = (dynamodb._query if action == "Query" else dynamodb._scan)(whole)
    return json.loads(body)["Items"] if status == 200 else []


def writes_of(action, asked):
    """The table, the new item (if the request has it) and the key of each item that the request writes."""
    if action != "TransactWriteItems":
        return [(asked["TableName"], asked.get("Item"), asked.get("Key"))]
    parts = [(part, one) for item in asked["TransactItems"] for part, one in item.items()]
    return [(one["TableName"], one.get("Item"), one.get("Key")) for _, one in parts]


def sizes_before(meter, action, asked):
    """What a write costs at least, by table: DynamoDB bills it even if its condition does not hold."""
    if action not in WRITES:
        return {}
    units = Counter()
    for name, item, key in writes_of(action, asked):
        table = dynamodb._tables.get(dynamodb._normalize_table_name(name)) or {}
        if key is None:
            key = dynamodb._extract_key_from_item(table, item)
        sizes = [dynamodb._item_size_bytes(one or {}) for one in (item, stored(name, key))]
        meter.add(f"written items {kind_of(name)}")
        meter.add(f"written bytes {kind_of(name)}", max(sizes))
        units[kind_of(name)] += max(1, math.ceil(max(sizes) / KB)) * (2 if action == "TransactWriteItems" else 1)
    return units


def count_writes(meter, action, before, answer):
    told = json.loads(answer[2])
    if answer[0] != 200:
        for table, units in before.items():
            meter.add(f"dynamodb write {table} refused", units)
        meter.add(f"calls dynamodb {action} refused")
        return
    consumed = told.get("ConsumedCapacity") or []
    for one in consumed if isinstance(consumed, list) else [consumed]:
        table = kind_of(one["TableName"])
        indexes = one.get("GlobalSecondaryIndexes", {})
        for index, units in indexes.items():
            meter.add(f"dynamodb write {table} {index}", units["CapacityUnits"])
        on_indexes = sum(units["CapacityUnits"] for units in indexes.values())
        meter.add(f"dynamodb write {table} items", one["CapacityUnits"] - on_indexes)


def meter_queues(meter):
    """What the event source mappings do with the queues: receive up to ten messages, and delete them."""
    receive, delete = sqs._receive_messages_for_esm, sqs._delete_messages_for_esm

    def receive_and_count(queue_url, most):
        if still_gathers(queue_url, most):
            return []
        batch = []
        # MiniStack receives once for a batch. Lambda receives until its batch is full.
        while len(batch) < most and (found := receive(queue_url, min(10, most - len(batch)))):
            batch += found
            meter.add("sqs ReceiveMessage")
        return batch

    def delete_and_count(queue_url, handles):
        meter.add("sqs DeleteMessageBatch", math.ceil(len(handles) / 10))
        return delete(queue_url, handles)

    sqs._receive_messages_for_esm = receive_and_count
    sqs._delete_messages_for_esm = delete_and_count


def still_gathers(queue_url, most):
    """Whether the batching window of the queue's mapping is open, and the batch is not full."""
    queue = sqs._get_q(queue_url)
    arn = queue["attributes"]["QueueArn"]
    mappings = [one for _, _, one in lambda_svc._iter_all_esms() if one.get("EventSourceArn") == arn]
    window = max((int(one.get("MaximumBatchingWindowInSeconds") or 0) for one in mappings), default=0)
    now = time.time()
    ready = [message for message in queue["messages"] if message["visible_at"] <= now]
    oldest = min((max(message["sent_at"], message["visible_at"]) for message in ready), default=now)
    return len(ready) < most and now - oldest < window


def meter_streams(meter):
    since, last = dynamodb.stream_records_since, {}

    def gather(table, position, most, **more):
        records = since(table, position, most, **more)
        if not records:
            return records
        first_seen = last.setdefault((table, position), time.monotonic())
        arn = (dynamodb._tables.get(table) or {}).get("LatestStreamArn")
        mappings = [one for _, _, one in lambda_svc._iter_all_esms() if one.get("EventSourceArn") == arn]
        window = max((int(one.get("MaximumBatchingWindowInSeconds") or 0) for one in mappings), default=0)
        if len(records) < most and time.monotonic() - first_seen < window:
            return []
        last.pop((table, position), None)
        meter.add(f"stream records {kind_of(table)}", len(records))
        return records

    dynamodb.stream_records_since = gather


def meter_invocations(meter):
    """The invocations with their CPU time, the log lines, and the metrics in them."""
    invoke = lambda_runtime.ProvidedWorker.invoke
    emit = lambda_svc._emit_lambda_logs

    def invoke_and_count(worker, *args, **more):
        before, pid = cpu_s(worker._proc), worker._proc and worker._proc.pid
        began = time.monotonic()
        result = invoke(worker, *args, **more)
        name = worker.func_name.split("-")[-1]
        started = worker._proc is not None and worker._proc.pid != pid
        meter.add(f"invocations {name}")
        meter.add(f"starts {name}", int(started))
        # A thread that ended takes its time with it.
        meter.add(f"cpu_s {name}", max(0.0, cpu_s(worker._proc) - (0.0 if started else before)))
        meter.add(f"wall_s {name}", time.monotonic() - began)
        return result

    def emit_and_count(func, request_id, text, *rest, **more):
        name = (func.get("config") or func).get("FunctionName", "?").split("-")[-1]
        for line in (text or "").splitlines():
            meter.add(f"log bytes {name}", len(line.encode()) + LOG_LINE_OVERHEAD)
            note_metrics(meter, name, line)
        return emit(func, request_id, text, *rest, **more)

    lambda_runtime.ProvidedWorker.invoke = invoke_and_count
    lambda_svc._emit_lambda_logs = emit_and_count


def note_metrics(meter, name, line):
    if '"zone planned"' in line:
        told = json.loads(line)
        meter.add("plans", int(told.get("provider") is not None))
        meter.add("planned_s", told["planned_for_ms"] / 1000)
        meter.add("assigned", told["assigned"])
        meter.add("moved", told["moved"])
    if '"_aws"' not in line:
        return
    told = json.loads(line)
    meter.add(f"metric lines {name}")
    with meter.lock:
        for group in told["_aws"]["CloudWatchMetrics"]:
            for names in group["Dimensions"]:
                values = "|".join(str(told[one]) for one in names)
                meter.metrics.update(f"{one['Name']}|{values}" for one in group["Metrics"])


def cpu_s(process):
    """Seconds on a core of all threads of a process, to the microsecond."""
    if process is None or process.poll() is not None:
        return 0.0
    spent = 0
    for file in Path(f"/proc/{process.pid}/task").glob("*/schedstat"):
        try:
            spent += int(file.read_text().split()[0])
        except OSError:
            pass  # the thread has just ended
    return spent / 1e9
