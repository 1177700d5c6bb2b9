"""The stack from the inside: its functions, their queues and streams, and messages that a test delivers itself."""

import base64
import contextlib
import json
import time
from concurrent.futures import ThreadPoolExecutor

from waybill_client import eventually


class Functions:
    def __init__(self, stack):
        self.stack = stack
        self._names = {}
        self._settings = {}

    def name_of(self, function):
        """The deployed name of a function by its name in the project, such as `create-order`."""
        if not self._names:
            for page in self.stack.aws("lambda").get_paginator("list_functions").paginate():
                for found in page["Functions"]:
                    self._names[plain(found["FunctionName"].rpartition("-")[2])] = found["FunctionName"]
        assert plain(function) in self._names, (
            f"no function {function} on the stack, but {sorted(self._names.values())}"
        )
        return self._names[plain(function)]

    def settings_of(self, function):
        """A function's environment."""
        if function not in self._settings:
            name = self.name_of(function)
            found = self.stack.aws("lambda").get_function_configuration(FunctionName=name)
            self._settings[function] = found["Environment"]["Variables"]
        return self._settings[function]

    def lines_of(self, function, since_ms=0, word=""):
        """The lines that a function wrote. All functions share a log group, and each line names its function."""
        name = self.name_of(function)
        group = self.stack.aws("lambda").get_function_configuration(FunctionName=name)["LoggingConfig"]["LogGroup"]
        pattern = f'"{name}" "{word}"' if word else f'"{name}"'
        # The pattern finds the word at any place, so also the functions whose names begin with this name.
        return [line for line in log_lines(self.stack.aws("logs"), group, since_ms, pattern) if f'"{name}"' in line]

    def credentials_of(self, function):
        """Credentials of the function's role. The stack checks and records its calls like calls of the function."""
        found = self.stack.aws("lambda").get_function_configuration(FunctionName=self.name_of(function))
        role = {"RoleArn": found["Role"], "RoleSessionName": found["FunctionName"]}
        made = self.stack.aws("sts").assume_role(**role)["Credentials"]
        return {
            "AWS_ACCESS_KEY_ID": made["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": made["SecretAccessKey"],
            "AWS_SESSION_TOKEN": made["SessionToken"],
        }

    def invoke(self, function, event):
        """Run a function once with this event; what it answers. That it breaks is a failure."""
        answer = self.stack.aws("lambda").invoke(
            FunctionName=self.name_of(function), Payload=json.dumps(event).encode(), InvocationType="RequestResponse"
        )
        payload = answer["Payload"].read().decode()
        assert "FunctionError" not in answer, f"{function} broke: {payload[:600]}"
        return json.loads(payload) if payload else None

    def invoke_at_once(self, function, events):
        with ThreadPoolExecutor(len(events)) as pool:
            return list(pool.map(lambda event: self.invoke(function, event), events))

    # Queues

    @property
    def optimization_queue(self):
        return self.settings_of("publish-events")["OPTIMIZATION_QUEUE_URL"]

    @property
    def notification_queue(self):
        return self.settings_of("publish-events")["NOTIFICATION_QUEUE_URL"]

    def waiting_in(self, queue_url):
        names = ["", "NotVisible", "Delayed"]
        names = [f"ApproximateNumberOfMessages{name}" for name in names]
        found = self.stack.aws("sqs").get_queue_attributes(QueueUrl=queue_url, AttributeNames=names)["Attributes"]
        return sum(int(found[name]) for name in names)

    @contextlib.contextmanager
    def paused(self, *functions):
        """The queues of these functions fill up meanwhile, and the test decides what is delivered."""
        mappings = self.stack.aws("lambda")
        ids = []
        for function in functions:
            found = mappings.list_event_source_mappings(FunctionName=self.name_of(function))["EventSourceMappings"]
            ids += [mapping["UUID"] for mapping in found]
        try:
            for mapping in ids:
                mappings.update_event_source_mapping(UUID=mapping, Enabled=False)
                self._reaches(mapping, "Disabled")
            yield
        finally:
            for mapping in ids:
                mappings.update_event_source_mapping(UUID=mapping, Enabled=True)
                self._reaches(mapping, "Enabled")

    def _reaches(self, mapping, state):
        mappings = self.stack.aws("lambda")
        eventually(
            f"mapping {mapping} {state}",
            lambda: mappings.get_event_source_mapping(UUID=mapping)["State"] == state,
            seconds=120,
        )

    def take(self, queue_url, about, seconds=30):
        """Take the messages that mention any of `about` out of a queue, waiting for the first; the others stay."""
        sqs, taken = self.stack.aws("sqs"), []
        deadline, quiet = time.monotonic() + seconds, 0
        # Two empty looks after the first message: whatever belongs to the same change has come then.
        while time.monotonic() < deadline and not (taken and quiet > 2):
            answer = sqs.receive_message(
                QueueUrl=queue_url,
                MaxNumberOfMessages=10,
                WaitTimeSeconds=1,
                AttributeNames=["All"],
                VisibilityTimeout=5,
            )
            fitting = [m for m in answer.get("Messages", []) if any(word in m["Body"] for word in about)]
            quiet = 0 if fitting else quiet + 1
            for message in fitting:
                sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
                taken.append(message)
        return taken

    def take_one(self, queue_url, about, seconds):
        """Takes the first message that mentions `about` out of a queue; None if none comes. The others stay."""
        sqs, deadline = self.stack.aws("sqs"), time.monotonic() + seconds
        while time.monotonic() < deadline:
            answer = sqs.receive_message(
                QueueUrl=queue_url,
                MaxNumberOfMessages=10,
                WaitTimeSeconds=1,
                AttributeNames=["All"],
                VisibilityTimeout=2,
            )
            for message in answer.get("Messages", []):
                if about in message["Body"]:
                    sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
                    return message
        return None

    def sqs_event(self, queue_url, messages):
        """The messages in the shape in which Lambda gets them."""
        arn = self.stack.aws("sqs").get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])
        arn = arn["Attributes"]["QueueArn"]
        records = [
            {
                "messageId": message["MessageId"],
                "receiptHandle": message["ReceiptHandle"],
                "body": message["Body"],
                "attributes": {name: str(value) for name, value in message.get("Attributes", {}).items()},
                "messageAttributes": {},
                "md5OfBody": message["MD5OfBody"],
                "eventSource": "aws:sqs",
                "eventSourceARN": arn,
                "awsRegion": self.stack.environment["AWS_REGION"],
            }
            for message in messages
        ]
        return {"Records": records}

    # The table of orders

    @property
    def orders_table(self):
        return self.settings_of("create-order")["ORDERS_TABLE"]

    def orders_in_table(self, customer):
        """The ids of all of a customer's orders, as the table has them."""
        pages = (
            self.stack.aws("dynamodb")
            .get_paginator("query")
            .paginate(
                TableName=self.orders_table,
                IndexName="orders-by-customer",
                KeyConditionExpression="customer_id = :customer",
                ExpressionAttributeValues={":customer": {"S": customer.user_id}},
                ProjectionExpression="order_id",
            )
        )
        return [item["order_id"]["S"] for page in pages for item in page["Items"]]

    def zones_of(self, order_ids):
        """The zones of orders, as the table has them."""
        zones, names = set(), {"#zone": "zone"}
        for at in range(0, len(order_ids), 100):
            keys = [{"order_id": {"S": order_id}} for order_id in order_ids[at : at + 100]]
            asked = {
                self.orders_table: {"Keys": keys, "ProjectionExpression": "#zone", "ExpressionAttributeNames": names}
            }
            found = self.stack.aws("dynamodb").batch_get_item(RequestItems=asked)
            zones |= {item["zone"]["S"] for item in found["Responses"][self.orders_table]}
        return zones

    def forget_orders(self, order_ids):
        for at in range(0, len(order_ids), 25):
            asked = [{"DeleteRequest": {"Key": {"order_id": {"S": order_id}}}} for order_id in order_ids[at : at + 25]]
            self.stack.aws("dynamodb").batch_write_item(RequestItems={self.orders_table: asked})

    def settle(self):
        """Wait until nothing is under way: no change unpublished, no message unread. A stream is read once a second."""
        calm = 0

        def look():
            nonlocal calm
            waiting = {name: self.waiting_in(url) for name, url in self.queues.items()}
            calm = 0 if any(waiting.values()) else calm + 1
            return waiting if calm >= 12 else None

        try:
            eventually("the queues are empty and stay so", look, seconds=120)
        except AssertionError:
            waiting = {name: self.waiting_in(url) for name, url in self.queues.items()}
            raise AssertionError(f"the queues do not become empty: {waiting}") from None

    @property
    def queues(self):
        return {"optimization": self.optimization_queue, "notification": self.notification_queue}

    # Streams

    def stream_records(self, about):
        """Every record of the tables' streams that mentions any of `about`, as Lambda gets them, by stream."""
        names = ("USERS_TABLE", "ORDERS_TABLE", "ROUTES_TABLE")
        tables = {name: self.settings_of("optimize-routes")[name] for name in names}
        return {name: self._records(table, about) for name, table in tables.items()}

    def _records(self, table, about):
        arn = self.stack.aws("dynamodb").describe_table(TableName=table)["Table"]["LatestStreamArn"]
        streams, found = self.stack.aws("dynamodbstreams"), []
        for shard in streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
            iterator = streams.get_shard_iterator(
                StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
            )["ShardIterator"]
            while iterator:
                page = streams.get_records(ShardIterator=iterator, Limit=1000)
                if not page["Records"]:
                    break
                for record in page["Records"]:
                    if any(word in json.dumps(record, default=str) for word in about):
                        found.append(as_lambda_gets_it(record, arn))
                iterator = page.get("NextShardIterator")
        return found


def log_lines(logs, group, since_ms, pattern=""):
    """The lines of a log group. MiniStack ends an answer after 10,000 lines and does not say that there are more. The
    next question begins at the last line.
    """
    start, seen = since_ms, set()
    while True:
        pages = logs.get_paginator("filter_log_events").paginate(
            logGroupName=group, startTime=start, filterPattern=pattern
        )
        events = [event for page in pages for event in page["events"]]
        lines = {(event["logStreamName"], event["timestamp"], event["message"]) for event in events} - seen
        if not lines:
            return
        seen |= lines
        yield from (message.rstrip() for _, _, message in sorted(lines, key=lambda line: line[:2]))
        start = events[-1]["timestamp"]


def plain(name):
    return "".join(letter for letter in name.lower() if letter.isalnum())


def as_lambda_gets_it(record, stream_arn):
    told = dict(in_base64(record["dynamodb"]))
    created = told.get("ApproximateCreationDateTime")
    if created is not None:
        told["ApproximateCreationDateTime"] = created.timestamp()
    event = {name: record[name] for name in ("eventID", "eventName", "eventVersion", "eventSource", "awsRegion")}
    return event | {"eventSourceARN": stream_arn, "dynamodb": told}


def in_base64(value):
    """The same value with its bytes in Base64, as in an event of Lambda."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, dict):
        return {name: in_base64(member) for name, member in value.items()}
    return [in_base64(member) for member in value] if isinstance(value, list) else value
