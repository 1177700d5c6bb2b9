"""Runs the deployed binary of a function on this machine, so that a test can end it in the middle of its work.

The binary comes from the stack itself. It gets its one event from the test's own Runtime API. It reaches AWS through a
proxy that sees every request.
"""

import http.client
import io
import json
import os
import subprocess
import sys
import threading
import time
import urllib.parse
import uuid
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import requests

from waybill_client import claims


class Quiet(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        """Logs nothing. The tests report failures, and a line per request would be too much."""

    def answer(self, status, headers=(), body=b""):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        if self.command != "HEAD":
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def body(self):
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            chunks = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                chunks.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(chunks)
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """Ignores the open connections of a function that was ended. All other errors are printed."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class Listening:
    """A server on a free port of this machine, during a `with` statement."""

    def __init__(self, handler):
        self.server = Server(("127.0.0.1", 0), handler)
        self.address = f"127.0.0.1:{self.server.server_address[1]}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def runtime_api(event, outcome, timeout_s, deadline_s):
    """The part of Lambda's Runtime API that a function needs for one event."""

    class Handler(Quiet):
        def do_GET(self):
            if outcome.served.is_set():
                # There is no second event. The function waits here until it is ended, as in a frozen environment.
                outcome.over.wait(timeout_s)
                return
            outcome.served.set()
            deadline = int((time.time() + deadline_s) * 1000)
            headers = [
                ("Lambda-Runtime-Aws-Request-Id", str(uuid.uuid4())),
                ("Lambda-Runtime-Deadline-Ms", str(deadline)),
                ("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:000000000000:function:under-test"),
                ("Content-Type", "application/json"),
            ]
            self.answer(200, headers, json.dumps(event).encode())

        def do_POST(self):
            told = self.body().decode()
            if self.path.endswith("/response"):
                outcome.answer = json.loads(told)
            else:
                outcome.error = told
            self.answer(202)
            outcome.over.set()

    return Handler


# The other outcomes of a request, if it is neither passed on nor answered by the test: (status, headers, body).
END_BEFORE = "the function is ended before the request has arrived"
LOSE_ANSWER = "the request arrives, and its answer is lost"


def proxy(endpoint, stop_at, meddle, outcome):
    """Passes every request on. Ends the function when the answer to the chosen request has come.

    `meddle` gets the action and the body of each request, and may decide otherwise.
    """
    upstream = urllib.parse.urlsplit(endpoint)

    class Handler(Quiet):
        def do_POST(self):
            body = self.body()
            # DynamoDB and SQS name the action. For S3 the method is the action.
            action = self.headers.get("X-Amz-Target", "").rpartition(".")[2] or f"S3 {self.command}"
            wanted = meddle(action, body) if meddle else None
            if wanted == END_BEFORE:
                self.end_function()
                return
            if wanted and wanted != LOSE_ANSWER:
                outcome.calls.append((action, wanted[0]))
                self.answer(*wanted)
                return
            connection = http.client.HTTPConnection(upstream.hostname, upstream.port, timeout=60)
            # The headers do not change, also not the host, because the signature covers them.
            connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() not in ("transfer-encoding", "content-length", "connection"):
                    connection.putheader(name, value)
            connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            found = connection.getresponse()
            content = found.read()
            outcome.calls.append((action, found.status))
            if wanted == LOSE_ANSWER:
                self.close_connection = True
                return
            if action == stop_at and found.status == 200 and not outcome.killed:
                self.end_function()
                return
            hop = ("transfer-encoding", "connection") + (() if self.command == "HEAD" else ("content-length",))
            self.answer(found.status, [(n, v) for n, v in found.getheaders() if n.lower() not in hop], content)

        def end_function(self):
            outcome.killed = True
            outcome.process.kill()
            outcome.over.set()
            self.close_connection = True

        do_GET = do_HEAD = do_PUT = do_DELETE = do_POST

    return Handler


class Outcome:
    """The result of a function that ran here."""

    def __init__(self):
        self.served, self.over = threading.Event(), threading.Event()
        self.answer = self.error = self.process = None
        self.killed, self.calls = False, []


def bootstrap(functions, function, folder):
    """The deployed binary of a function, in `folder`."""
    found = functions.stack.aws("lambda").get_function(FunctionName=functions.name_of(function))
    package = requests.get(found["Code"]["Location"], timeout=60)
    assert package.status_code == 200, f"the package of {function} cannot be fetched: {package.status_code}"
    path = folder / f"{function}-bootstrap"
    path.write_bytes(zipfile.ZipFile(io.BytesIO(package.content)).read("bootstrap"))
    path.chmod(0o755)
    return path


def run(functions, function, event, folder, stop_at=None, meddle=None, timeout_s=30, deadline_s=None):
    """Runs a function on one event until it has answered, or until the answer to `stop_at` is on its way.

    `meddle` decides about each request on its way. `deadline_s` is the time that the function believes to have. The
    default is `timeout_s`.
    """
    endpoint = os.environ["AWS_ENDPOINT_URL"]
    outcome = Outcome()
    log = folder / f"{function}.log"
    asked = runtime_api(event, outcome, timeout_s, deadline_s or timeout_s)
    with Listening(asked) as api, Listening(proxy(endpoint, stop_at, meddle, outcome)) as aws:
        told = {name: value for name, value in os.environ.items() if name.startswith("AWS_") or name == "PATH"}
        told |= functions.credentials_of(function)
        told |= functions.settings_of(function) | {
            "AWS_LAMBDA_RUNTIME_API": api.address,
            "AWS_LAMBDA_FUNCTION_NAME": function,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_LOG_GROUP_NAME": function,
            "AWS_LAMBDA_LOG_STREAM_NAME": "test",
            "AWS_ENDPOINT_URL": f"http://{aws.address}",
        }
        with log.open("wb") as output:
            outcome.process = subprocess.Popen(
                [bootstrap(functions, function, folder)], env=told, stdout=output, stderr=output, cwd=folder
            )
        try:
            ended = outcome.over.wait(timeout_s)
        finally:
            outcome.process.kill()
            outcome.process.wait(10)
            outcome.over.set()
    said = log.read_text(errors="replace")[-2000:]
    assert ended, f"{function} neither answered nor reached {stop_at}; its calls: {outcome.calls}; it said: {said}"
    assert outcome.error is None, f"{function} reported {outcome.error}; it said: {said}"
    return outcome


def rest_event(person, method, resource, path_parameters, body, headers):
    """A request in the form that API Gateway gives to a function."""
    path = resource.format(**path_parameters)
    # The gateway gives every claim as text, and lists in brackets.
    told = {
        name: f"[{' '.join(value)}]" if isinstance(value, list) else str(value)
        for name, value in claims(person.token).items()
    }
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {person.token}", **headers}
    return {
        "resource": resource,
        "path": path,
        "httpMethod": method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": path_parameters or None,
        "stageVariables": None,
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "test",
            "authorizer": {"claims": told},
            "domainName": "localhost",
            "httpMethod": method,
            "identity": {"sourceIp": "127.0.0.1", "userAgent": "tests"},
            "path": f"/v1{path}",
            "protocol": "HTTP/1.1",
            "requestId": str(uuid.uuid4()),
            "requestTimeEpoch": int(time.time() * 1000),
            "resourceId": "test",
            "resourcePath": resource,
            "stage": "v1",
        },
        "body": body,
        "isBase64Encoded": False,
    }
