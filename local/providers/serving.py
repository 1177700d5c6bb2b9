"""An HTTP server on this machine that stands in for a provider. It records its requests and has bad days on demand.

A stand-in gives its calls to `serve`: `(method, path pattern) -> function(Call) -> Answer`. This module has
everything else: the control, the bad days that do not depend on the answer, and the end together with the parent.
"""

import json
import os
import re
import sys
import threading
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

# These answer at once, in the provider's own form. The stand-ins know the forms.
STATUSES = ("401", "403", "429", "500", "503")
# These spoil a good answer. The stand-in applies the first two, and this module applies the last.
MODES = ("none", "hang", *STATUSES, "broken_window", "missing_order", "half")
KEPT = 200
# No function waits as long as this.
HANGS_S = 120


@dataclass
class Call:
    """One request, and the bad day that applies to it."""

    method: str
    path: str
    query: dict
    headers: dict
    raw: bytes
    mode: str = "none"
    parts: dict = field(default_factory=dict)

    def json(self):
        return json.loads(self.raw)


@dataclass
class Answer:
    status: int
    body: object
    headers: dict = field(default_factory=dict)


class Refused(Exception):
    """The answer to a request that the stand-in refuses."""

    def __init__(self, status, body, headers=None):
        super().__init__(status)
        self.answer = Answer(status, body, headers or {})


class Day:
    """The bad day of the provider, and its recorded requests."""

    def __init__(self):
        self._lock = threading.Lock()
        self.over = threading.Event()
        self.requests = deque(maxlen=KEPT)
        self._set("none", None, None, None)

    def _set(self, mode, times, retry_after, paths):
        self.mode, self.times, self.retry_after, self.paths = mode, times, retry_after, paths

    def control(self, wish):
        unknown = wish.keys() - {"mode", "times", "retry_after", "paths", "forget"}
        if unknown or wish.get("mode", "none") not in MODES:
            return Answer(
                400, {"error": f"unknown: {', '.join(unknown) or wish['mode']}; modes are {', '.join(MODES)}"}
            )
        with self._lock:
            if wish.get("forget"):
                self.requests.clear()
            if "mode" in wish:
                self._set(wish["mode"], wish.get("times"), wish.get("retry_after"), wish.get("paths"))
                # Requests that hang may end.
                self.over.set()
                self.over = threading.Event()
        return self.told()

    def told(self):
        with self._lock:
            return Answer(200, {"mode": self.mode, "requests": list(self.requests)})

    def mode_for(self, path):
        """The mode for this request. If the mode is limited to a number of requests, this request uses one of them."""
        with self._lock:
            if self.mode == "none" or (self.paths and path not in self.paths):
                return "none", None
            mode, retry_after = self.mode, self.retry_after
            if self.times is not None:
                self.times -= 1
                if self.times <= 0:
                    self._set("none", None, None, None)
            return mode, retry_after

    def keep(self, call, status):
        try:
            body = call.json() if call.raw else None
        except ValueError:
            body = call.raw.decode(errors="replace")
        authorized = bool(call.headers.get("authorization") or call.query.get("api_key"))
        shown = {name: value for name, value in call.query.items() if name != "api_key"}
        kept = {"method": call.method, "path": call.path, "query": shown, "body": body}
        self.requests.append(kept | {"status": status, "mode": call.mode, "authorized": authorized})


def handler_of(calls, bad_answer, day, spared):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            self._handle()

        def do_POST(self):
            self._handle()

        def log_message(self, *_):
            pass

        def _handle(self):
            url = urlsplit(self.path)
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            query = {name: values[-1] for name, values in parse_qs(url.query, keep_blank_values=True).items()}
            headers = {name.lower(): value for name, value in self.headers.items()}
            call = Call(self.command, url.path, query, headers, raw)
            if url.path == "/_control":
                self._send(day.control(call.json()) if self.command == "POST" else day.told())
                return
            retry_after = None
            if url.path not in spared:
                call.mode, retry_after = day.mode_for(url.path)
            over = day.over
            if call.mode == "hang":
                day.keep(call, None)
                over.wait(HANGS_S)
                self.close_connection = True
                return
            answer = self._answer(call, retry_after)
            day.keep(call, answer.status)
            self._send(answer, half=call.mode == "half")

        def _answer(self, call, retry_after):
            if call.mode in STATUSES:
                headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
                return Answer(int(call.mode), bad_answer(int(call.mode), call), headers)
            try:
                for (method, pattern), function in calls.items():
                    found = re.fullmatch(pattern, call.path)
                    if found and method == call.method:
                        call.parts = found.groupdict()
                        return function(call)
                return Answer(404, bad_answer(404, call))
            except Refused as refused:
                return refused.answer
            # A defect of the stand-in must not look like a requested failure.
            except Exception as broken:  # noqa: BLE001
                print(f"{call.method} {call.path}: {type(broken).__name__}: {broken}", file=sys.stderr, flush=True)
                return Answer(500, {"error": f"the stand-in is broken: {type(broken).__name__}: {broken}"})

        def _send(self, answer, half=False):
            body = json.dumps(answer.body, ensure_ascii=False).encode()
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2] if half else body)
            if half:
                self.close_connection = True

    return Handler


def listen(port):
    """Opens the socket first, so that its port is known before the calls are made."""
    server = ThreadingHTTPServer(("127.0.0.1", port), BaseHTTPRequestHandler)
    server.daemon_threads = True
    return server, f"http://127.0.0.1:{server.server_address[1]}"


def serve(server, url, calls, bad_answer, child, spared=()):
    """Serves until a signal ends it. As a child process, it also ends when its parent closes its standard input."""
    server.RequestHandlerClass = handler_of(calls, bad_answer, Day(), spared)
    if child:
        threading.Thread(target=_end_with_parent, daemon=True).start()
    print(json.dumps({"url": url}), flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


def _end_with_parent():
    while sys.stdin.buffer.read(4096):
        pass
    os._exit(0)
