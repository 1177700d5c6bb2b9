"""A stand-in for S3, DynamoDB and SQS. It is so fast that a measurement shows the function itself.

    store.py PORT

It answers each request of the import's functions as AWS does if nothing goes wrong. It keeps the records of imports,
the claims on external ids, and the messages. It only counts the orders. It refuses unknown requests, and counts all
requests.
"""

import asyncio
import collections
import hashlib
import json
import os
import sys
import urllib.parse

CHUNK = 1 << 16


class Refused(Exception):
    """An error answer of DynamoDB."""

    def __init__(self, kind, message, **more):
        super().__init__(message)
        self.body = {
            "__type": f"com.amazonaws.dynamodb.v20120810#{kind}",
            "message": message,
            "Message": message,
        } | more


class Store:
    def __init__(self):
        self.requests = collections.Counter()  # action → how often
        self.items = collections.Counter()  # table → number of items written
        self.records = {}  # import id → its own item
        self.faults = collections.defaultdict(dict)  # import id → sort key → item of rejected rows
        self.claims = set()
        self.files = {}  # key → path
        self.kept = collections.Counter()  # key → uploaded bytes
        self.messages = []

    # DynamoDB

    def transact(self, told):
        puts = [change.get("Put") for change in told["TransactItems"]]
        if not all(puts):
            raise Refused(
                "ValidationException",
                "the store of the bench supports only Put, not "
                f"{[list(change) for change in told['TransactItems'] if 'Put' not in change][:1]}",
            )
        reasons = [
            {"Code": "None"}
            if self.holds(put)
            else {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"}
            for put in puts
        ]
        if any(reason["Code"] != "None" for reason in reasons):
            codes = ", ".join(reason["Code"] for reason in reasons)
            message = f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]"
            raise Refused("TransactionCanceledException", message, CancellationReasons=reasons)
        for put in puts:
            self.put(put)
        return {}

    def holds(self, put):
        """Checks that new claims are new. All other conditions hold, because nobody else writes here."""
        claim = put["Item"].get("claim")
        return (
            not claim
            or "attribute_not_exists" not in put.get("ConditionExpression", "")
            or digest(claim) not in self.claims
        )

    def put(self, put):
        item = put["Item"]
        self.items[put["TableName"]] += 1
        if "claim" in item:
            self.claims.add(digest(item["claim"]))
        elif "import_id" in item and "item" in item:
            import_id, name = item["import_id"]["S"], item["item"]["S"]
            if name == "import":
                self.records[import_id] = item
            else:
                self.faults[import_id][name] = item
        return {}

    def update(self, told):
        """Room for new orders. There is always room."""
        self.items[told["TableName"]] += 1
        return {}

    def get(self, told):
        found = self.records.get(told["Key"].get("import_id", {}).get("S"))
        return {"Item": found} if found else {}

    def query(self, told):
        """The items of an import's rejected rows, in pages as in DynamoDB: up to the requested number, and up to a
        megabyte.
        """
        values = {name: value["S"] for name, value in told["ExpressionAttributeValues"].items()}
        after = told.get("ExclusiveStartKey", {}).get("item", {}).get("S", "")
        kept, page, size = self.faults[values[":import"]], [], 0
        most = told.get("Limit", 1 << 30)
        for name in sorted(name for name in kept if values[":first"] <= name <= values[":end"] and name > after):
            page.append(kept[name])
            size += len(json.dumps(kept[name]))
            if size > 1_000_000 or len(page) == most:
                last = {"import_id": kept[name]["import_id"], "item": kept[name]["item"]}
                return {"Items": page, "Count": len(page), "LastEvaluatedKey": last}
        return {"Items": page, "Count": len(page)}

    def dynamodb(self, action, told):
        known = {
            "TransactWriteItems": self.transact,
            "PutItem": self.put,
            "UpdateItem": self.update,
            "GetItem": self.get,
            "Query": self.query,
        }
        if action == "BatchWriteItem":
            for table, asked in told["RequestItems"].items():
                self.items[table] += len(asked)
            return {"UnprocessedItems": {}}
        if action == "BatchGetItem":
            return {"Responses": {table: [] for table in told["RequestItems"]}, "UnprocessedKeys": {}}
        if action not in known:
            raise Refused("UnknownOperationException", f"the bench's store does not know {action}")
        return known[action](told)

    # SQS

    def sqs(self, action, told):
        asked = told.get("Entries", [told])
        self.messages += [message["MessageBody"] for message in asked]
        if action == "SendMessageBatch":
            sent = [{"Id": m["Id"], "MessageId": m["Id"], "MD5OfMessageBody": md5(m["MessageBody"])} for m in asked]
            return {"Successful": sent, "Failed": []}
        return {"MessageId": "0", "MD5OfMessageBody": md5(told["MessageBody"])}

    # Requests of the bench itself

    def control(self, path, told):
        if path == "/_file":
            self.files[told["key"]] = told["path"]
        elif path == "/_reset":
            self.__init__()
        elif path == "/_take":
            taken, self.messages = self.messages, []
            return taken
        return {
            "requests": self.requests,
            "items": self.items,
            "records": self.records,
            "kept": self.kept,
            "claims": len(self.claims),
        }


def digest(claim):
    return hash(claim["S"])


def md5(text):
    return hashlib.md5(text.encode()).hexdigest()


async def body_of(reader, headers):
    if "chunked" in headers.get("transfer-encoding", ""):
        parts = []
        while size := int((await reader.readline()).split(b";")[0], 16):
            parts.append(await reader.readexactly(size))
            await reader.readline()
        await reader.readline()
        return b"".join(parts)
    return await reader.readexactly(int(headers.get("content-length", 0)))


class Connection:
    def __init__(self, store, reader, writer):
        self.store, self.reader, self.writer = store, reader, writer

    async def serve(self):
        try:
            while True:
                head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                method, target, _ = head[0].split(" ")
                headers = {
                    name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)
                }
                if headers.get("expect"):
                    self.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                await self.answer(method, target, headers, await body_of(self.reader, headers))
                await self.writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.writer.close()

    async def answer(self, method, target, headers, body):
        path, _, query = target.partition("?")
        service, _, action = headers.get("x-amz-target", "").rpartition(".")
        if path.startswith("/_"):
            self.send(200, json.dumps(self.store.control(path, json.loads(body or b"{}"))).encode())
        elif service:
            self.store.requests[action] += 1
            known = self.store.sqs if "SQS" in service else self.store.dynamodb
            try:
                self.send(
                    200,
                    json.dumps(known(action, json.loads(body))).encode(),
                    ("Content-Type", "application/x-amz-json-1.0"),
                )
            except Refused as refused:
                self.send(400, json.dumps(refused.body).encode(), ("Content-Type", "application/x-amz-json-1.0"))
        else:
            self.store.requests[f"S3 {method}"] += 1
            await self.s3(
                method,
                urllib.parse.unquote(path).split("/", 2)[2],
                dict(urllib.parse.parse_qsl(query, keep_blank_values=True)),
                headers,
                body,
            )

    def send(self, status, body=b"", *headers, length=None):
        lines = [f"HTTP/1.1 {status} -", f"Content-Length: {len(body) if length is None else length}"]
        lines += [f"{name}: {value}" for name, value in headers]
        self.writer.write("\r\n".join([*lines, "", ""]).encode() + body)

    # S3

    async def s3(self, method, key, query, headers, body):
        if method in ("GET", "HEAD") and key in self.store.files:
            await self.read(method, self.store.files[key], headers)
        elif method == "POST" and "uploads" in query:
            self.send(
                200,
                (
                    f"<InitiateMultipartUploadResult><Key>{key}</Key><UploadId>1</UploadId>"
                    "</InitiateMultipartUploadResult>"
                ).encode(),
            )
        elif method == "POST" and "uploadId" in query:
            self.send(
                200,
                (
                    f"<CompleteMultipartUploadResult><Key>{key}</Key><ETag>1</ETag></CompleteMultipartUploadResult>"
                ).encode(),
            )
        elif method == "PUT":
            self.store.kept[key] += len(body)
            self.send(200, b"", ("ETag", '"1"'))
        elif method == "DELETE":
            self.send(204)
        else:
            self.send(404, b"<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message></Error>")

    async def read(self, method, path, headers):
        size, first = os.path.getsize(path), 0
        last = size - 1
        status, more = (
            200,
            [
                ("ETag", '"0123456789abcdef0123456789abcdef"'),
                ("Content-Type", "text/csv"),
                ("Last-Modified", "Wed, 01 Jan 2025 00:00:00 GMT"),
            ],
        )
        if asked := headers.get("range"):
            start, _, end = asked.removeprefix("bytes=").partition("-")
            first, last = int(start), min(int(end or last), last)
            status, more = 206, [*more, ("Content-Range", f"bytes {first}-{last}/{size}")]
        self.send(status, b"", *more, length=last - first + 1)
        if method == "HEAD":
            return
        with open(path, "rb") as file:  # noqa: ASYNC230 - the disk is local, and one client reads at a time
            file.seek(first)
            left = last - first + 1
            while left and (chunk := file.read(min(CHUNK, left))):
                left -= len(chunk)
                self.writer.write(chunk)
                await self.writer.drain()


async def main(port):
    store = Store()
    server = await asyncio.start_server(
        lambda reader, writer: Connection(store, reader, writer).serve(), "127.0.0.1", port, limit=1 << 20
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
