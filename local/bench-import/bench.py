"""Measures the speed, the CPU time and the memory of an import. `make bench-import ROWS=1000000` runs it.

The bench writes to two stores. The first is a stand-in that answers at once (store.py), so the bench measures the
function itself. The second is MiniStack, with tables, a bucket and a queue of the bench's own, which are deleted
afterwards. MiniStack is a Python process that takes about a millisecond per item, so there the bench measures
MiniStack. With each store, the bench also measures a plain loop of `csv` and boto3's batch writer.
"""

import argparse
import base64
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE), str(ROOT / "tests"), str(ROOT / "local")]

import generate
from functions_inside import Functions
from host import Broke, Host
from runtime_api import rest_event
from waybill_client import Stack, StackMissing

SMALL = 10_000
LONGEST_REST_S = 60  # twice the pause of an import after a store that stayed away
BAD_SHARE = 0.001  # rows per kind of fault


class Wrong(Exception):
    """The bench did not do the work that it measures."""


class Customer:
    """The customer who imports. The stack does not know them, because the functions run without the stack."""

    def __init__(self):
        self.user_id = str(uuid.uuid4())
        payload = {"sub": self.user_id, "cognito:groups": ["customer"], "token_use": "id"}
        text = json.dumps(payload).encode()
        self.token = "e30." + base64.urlsafe_b64encode(text).decode().rstrip("=") + ".e30"


class StandIn:
    """The fast store, as a separate process."""

    name = "the stand-in"

    def __init__(self, settings):
        self.settings = settings

    def __enter__(self):
        self.process = subprocess.Popen([sys.executable, HERE / "store.py", "0"], stdout=subprocess.PIPE, text=True)
        self.endpoint = f"http://127.0.0.1:{self.process.stdout.readline().strip()}"
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait(10)

    def ask(self, path, told=None):
        request = urllib.request.Request(self.endpoint + path, data=json.dumps(told or {}).encode(), method="POST")
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def begin(self):
        self.ask("/_reset")

    def keep(self, key, path):
        self.ask("/_file", {"key": key, "path": str(path)})

    def next_messages(self):
        return self.ask("/_take")

    def record(self, import_id):
        return self.ask("/_look")["records"][import_id]

    def orders(self):
        return self.ask("/_look")["items"].get(self.settings["ORDERS_TABLE"], 0)

    def requests(self):
        return self.ask("/_look")["requests"]

    def loop_table(self):
        return self.settings["ORDERS_TABLE"]


class MiniStack:
    """Tables, a bucket and a queue like those of the stack, but without streams: no other function sees the orders."""

    name = "MiniStack"

    def __init__(self, stack, settings):
        self.stack, self.real, self.endpoint = stack, settings, os.environ["AWS_ENDPOINT_URL"]
        self.word = f"bench-{uuid.uuid4().hex[:8]}"
        self.tables = {name: f"{self.word}-{name.lower()}" for name in settings if name.endswith("_TABLE")}
        self.bucket = self.word
        # The plain loop has its own table, like the table of orders.
        self.tables["LOOP"] = f"{self.word}-loop"

    def __enter__(self):
        dynamodb = self.stack.aws("dynamodb")
        for name, table in self.tables.items():
            like = dynamodb.describe_table(TableName=self.real["ORDERS_TABLE" if name == "LOOP" else name])["Table"]
            indexes = [
                {part: index[part] for part in ("IndexName", "KeySchema", "Projection")}
                for index in like.get("GlobalSecondaryIndexes", [])
            ]
            dynamodb.create_table(
                TableName=table,
                KeySchema=like["KeySchema"],
                AttributeDefinitions=like["AttributeDefinitions"],
                BillingMode="PAY_PER_REQUEST",
                **({"GlobalSecondaryIndexes": indexes} if indexes else {}),
            )
        region = self.stack.environment["AWS_REGION"]
        self.stack.aws("s3").create_bucket(Bucket=self.bucket, CreateBucketConfiguration={"LocationConstraint": region})
        self.queue = self.stack.aws("sqs").create_queue(QueueName=self.word)["QueueUrl"]
        told = {name: self.tables[name] for name in self.real if name in self.tables}
        told |= {name: self.bucket for name in self.real if name.endswith("_BUCKET")}
        told |= {name: self.queue for name in self.real if name.endswith("_QUEUE_URL")}
        self.settings = self.real | told
        return self

    def __exit__(self, *_):
        for table in self.tables.values():
            self.stack.aws("dynamodb").delete_table(TableName=table)
        s3 = self.stack.aws("s3")
        for found in s3.list_objects_v2(Bucket=self.bucket).get("Contents", []):
            s3.delete_object(Bucket=self.bucket, Key=found["Key"])
        s3.delete_bucket(Bucket=self.bucket)
        self.stack.aws("sqs").delete_queue(QueueUrl=self.queue)

    def begin(self):
        """Each run creates its own import. The runs do not affect each other."""

    def keep(self, key, path):
        self.stack.aws("s3").upload_file(str(path), self.bucket, key, ExtraArgs={"ContentType": "text/csv"})

    def next_messages(self):
        answer = self.stack.aws("sqs").receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10)
        for message in answer.get("Messages", []):
            self.stack.aws("sqs").delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
        return [message["Body"] for message in answer.get("Messages", [])]

    def record(self, import_id):
        found = self.stack.aws("dynamodb").get_item(
            TableName=self.tables["IMPORTS_TABLE"], Key={"import_id": {"S": import_id}, "item": {"S": "import"}}
        )
        return found["Item"]

    def orders(self):
        pages = (
            self.stack.aws("dynamodb")
            .get_paginator("scan")
            .paginate(TableName=self.tables["ORDERS_TABLE"], Select="COUNT")
        )
        return sum(page["Count"] for page in pages)

    def requests(self):
        return {}

    def loop_table(self):
        return self.tables["LOOP"]


class Bench:
    def __init__(self, binaries, folder):
        self.stack = Stack()
        self.functions = Functions(self.stack)
        self.binaries, self.folder, self.numbers = binaries, folder, itertools.count(1)
        self.settings = self.functions.settings_of("create-upload-url") | self.functions.settings_of("ingest-orders")

    def file(self, rows, bad_share=BAD_SHARE):
        path = self.folder / f"orders-{rows}-{bad_share}.csv"
        with path.open("wb") as file:
            faults = generate.write(file, rows, bad_share=bad_share)
        return path, faults.pop(None, 0), sum(faults.values())

    def host(self, function, store):
        found = self.stack.aws("lambda").get_function_configuration(FunctionName=self.functions.name_of(function))
        log = self.folder / f"{function}-{next(self.numbers)}.log"
        return Host(
            self.binaries / function, store.settings, store.endpoint, log, found["Timeout"], found["MemorySize"]
        )

    def uploaded(self, store, path):
        """Puts a file into the store. Returns the id of its import and the message about it."""
        customer = Customer()
        body = json.dumps({"filename": path.name, "size_bytes": path.stat().st_size})
        with self.host("create-upload-url", store) as function:
            answer = function.invoke(rest_event(customer, "POST", "/upload-url", {}, body, {}))
        if answer["statusCode"] != 201:
            raise Wrong(f"no upload: {answer['body']}")
        import_id = json.loads(answer["body"])["import_id"]
        key = f"imports/{customer.user_id}/{import_id}.csv"
        store.keep(key, path)
        entity = {
            "bucket": {"name": store.settings["UPLOADS_BUCKET"]},
            "object": {"key": key, "size": path.stat().st_size},
        }
        told = {"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": entity}
        return import_id, json.dumps({"Records": [told]})

    def import_file(self, store, path, good, bad):
        """Imports a file and measures the time, the CPU time and the memory."""
        store.begin()
        import_id, message = self.uploaded(store, path)
        before, runs, waiting = store.requests(), 0, [message]
        with self.host("ingest-orders", store) as function:
            began = time.monotonic()
            while waiting := waiting or self.handed_on(store, import_id):
                answer = function.invoke(sqs_event(waiting.pop(0)))
                if answer and answer.get("batchItemFailures"):
                    raise Wrong(f"ingest-orders could not do it{function.said()}")
                runs += 1
            seconds, taken = time.monotonic() - began, function.taken()
        record = store.record(import_id)
        counted = tuple(int(record[name]["N"]) for name in ("accepted", "rejected"))
        if counted != (good, bad) or store.orders() != good:
            raise Wrong(f"{good} + {bad} rows were to be imported, {counted} are, {store.orders()} orders: {record}")
        told = told_in(function.log)
        requests = since(before, store.requests()) or {
            "to the store": sum(run["store_requests"] for run in told),
            "for parts of the file": sum(run["file_requests"] for run in told),
        }
        return {
            "rows": good + bad,
            "runs": runs,
            "seconds": seconds,
            "cpu_s": taken.cpu_s,
            "peak_mb": taken.peak_mb,
            "requests": requests,
        }

    def handed_on(self, store, import_id):
        """The messages to continue with, if the import is not over. They may be hidden for a while."""
        deadline = time.monotonic() + LONGEST_REST_S
        while time.monotonic() < deadline:
            if store.record(import_id)["status"]["S"] not in ("awaiting_upload", "processing"):
                return []
            if messages := store.next_messages():
                return messages
            time.sleep(0.5)
        raise Wrong("the import is not over, and nobody was told to go on with it")

    def plain_loop(self, store, path, rows):
        told = os.environ | {"AWS_ENDPOINT_URL": store.endpoint}
        before = store.requests()
        command = [sys.executable, HERE / "plain_loop.py", path, str(rows), store.loop_table()]
        made = json.loads(subprocess.run(command, env=told, check=True, capture_output=True, text=True).stdout)
        requests = since(before, store.requests())
        return made | {"rows": made["written"] + made["wrong"], "requests": requests}


def since(before, now):
    """Requests since an earlier count, by action."""
    told = {action: many - before.get(action, 0) for action, many in now.items()}
    return {action: many for action, many in told.items() if many}


def told_in(log):
    """The entries of the function's log about its runs."""
    lines = (line for line in log.read_text(errors="replace").splitlines() if "rows ingested" in line)
    return [json.loads(line) for line in lines if line.startswith("{")]


def sqs_event(body):
    record = {
        "messageId": str(uuid.uuid4()),
        "receiptHandle": "bench",
        "body": body,
        "attributes": {"ApproximateReceiveCount": "1"},
        "messageAttributes": {},
        "md5OfBody": "",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:bench",
        "awsRegion": "us-east-1",
    }
    return {"Records": [record]}


def line(what, store, taken):
    sent = sum(taken["requests"].values())
    told = (
        f"{what:<14} {store:<13} {taken['rows']:>9,} {taken['seconds']:>8.1f} {taken['rows'] / taken['seconds']:>9,.0f}"
    )
    told += f" {taken['cpu_s']:>7.1f} {taken['rows'] / taken['cpu_s']:>12,.0f} {taken['peak_mb']:>8.1f}"
    print(told + (f" {sent:>9,}" if sent else f" {'':>9}"), flush=True)


HEAD = (
    f"{'':<14} {'store':<13} {'rows':>9} {'seconds':>8} {'rows/s':>9} {'CPU s':>7} {'rows/CPU s':>12} "
    f"{'peak MB':>8} {'requests':>9}"
)


def main():
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("--rows", type=int, default=1_000_000)
    words.add_argument("--loop-rows", type=int, default=100_000)
    words.add_argument(
        "--wrong-rows", type=int, default=200_000, help="how many the file has whose rows are all wrong; 0 for none"
    )
    words.add_argument("--slow-rows", type=int, default=100_000, help="how many MiniStack is given; 0 for none")
    words.add_argument(
        "--binaries",
        type=Path,
        required=True,
        help="where ingest-orders and create-upload-url are, built with --release",
    )
    words.add_argument("--parsing", type=Path, help="the example `rows` of the crate intake, built with --release")
    wanted = words.parse_args()
    with tempfile.TemporaryDirectory(prefix="waybill-bench-") as folder:
        bench = Bench(wanted.binaries.resolve(), Path(folder))
        measure(bench, wanted)


def of_three(bench, store, name, file):
    """The run with the highest peak. In a short run, the mapped part of the binary differs from run to run."""
    runs = [bench.import_file(store, *file) for _ in range(3)]
    for taken in runs:
        line(name, store.name, taken)
    return max(runs, key=lambda taken: taken["peak_mb"])


def measure(bench, wanted):
    large, small = bench.file(wanted.rows), bench.file(min(SMALL, wanted.rows))
    size = large[0].stat().st_size
    print(
        f"{wanted.rows:,} rows, {size / 1e6:.1f} MB, {large[2]:,} of them wrong in one of {len(generate.BAD)} ways\n\n"
        f"{HEAD}"
    )
    with StandIn(bench.settings) as store:
        little = of_three(bench, store, "ingest-orders", small)
        whole = bench.import_file(store, *large)
        line("ingest-orders", store.name, whole)
        loop = bench.plain_loop(store, large[0], min(wanted.loop_rows, wanted.rows))
        line("plain loop", store.name, loop)
        pairs = {"": (little, whole)}
        if wanted.wrong_rows:
            few = of_three(bench, store, "all rows wrong", bench.file(min(SMALL, wanted.wrong_rows), bad_share=1.0))
            many = bench.import_file(store, *bench.file(wanted.wrong_rows, bad_share=1.0))
            line("all rows wrong", store.name, many)
            pairs[" all wrong"] = (few, many)
    if wanted.slow_rows:
        with MiniStack(bench.stack, bench.settings) as store:
            part = bench.file(min(wanted.slow_rows, wanted.rows))
            line("ingest-orders", store.name, bench.import_file(store, *part))
            line("plain loop", store.name, bench.plain_loop(store, part[0], min(wanted.loop_rows, wanted.slow_rows)))
    asked = ", ".join(f"{many:,} {action}" for action, many in sorted(whole["requests"].items(), key=lambda n: -n[1]))
    speed = (whole["rows"] / whole["cpu_s"]) / (loop["rows"] / loop["cpu_s"])
    print(f"\nrequests of the {whole['rows']:,} rows: {asked}; {whole['runs']} invocations")
    if wanted.parsing:
        made = subprocess.run([wanted.parsing, large[0]], check=True, capture_output=True, text=True).stdout
        told = json.loads(made.splitlines()[-1])
        print(
            f"CPU of a row without a store: {told['parse_and_validate_ns_per_row']} ns cut, checked and made an order;"
            f" {told['csv_crate_ns_per_row']} ns cut by the bare csv crate; ratio {told['ratio']}"
        )
    print(f"rows per CPU-second, ingest-orders : plain loop = {speed:.1f}")
    for word, (less, more) in pairs.items():
        print(
            f"peak memory, {more['rows']:,} rows : {less['rows']:,} rows{word} = "
            f"{more['peak_mb'] / less['peak_mb']:.3f}"
        )


if __name__ == "__main__":
    try:
        main()
    except (StackMissing, Broke, Wrong) as wrong:
        sys.exit(f"waybill: {wrong}")
