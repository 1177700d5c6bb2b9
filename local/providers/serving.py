"""An HTTP server on this machine that stands in for a provider, keeps what it was asked, and has bad days on demand.

A stand-in hands `serve` its calls: `(method, path pattern) -> function(Call) -> Answer`. Everything else is here:
the control, the bad days that need no knowledge of what is answered, and the end together with the parent.
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

# These answer at once and in the provider's own shape; the stand-ins know the shapes.
STATUSES = ("401", "403", "429", "500", "503")
# These spoil a good answer: the first two are told to the stand-in, the last is done here.
MODES = ("none", "hang", *STATUSES, "broken_window", "missing_order", "half")
KEPT = 200
# Longer than any function waits.
HANGS_S = 120


@dataclass
class Call:
    """One request, and how the day is."""

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
    """What a stand-in refuses, as it answers it."""

    def __init__(self, status, body, headers=None):
        super().__init__(status)
        self.answer = Answer(status, body, headers or {})


class Day:
    """How the provider feels, and what it was asked."""

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
            return Answer(400, {"error": f"unknown: {', '.join(unknown) or wish['mode']}; modes are {', '.join(MODES)}"})
        with self._lock:
            if wish.get("forget"):
                self.requests.clear()
            if "mode" in wish:
                self._set(wish["mode"], wish.get("times"), wish.get("retry_after"), wish.get("paths"))
                # Whoever hangs is let go.
                self.over.set()
                self.over = threading.Event()
        return self.told()

    def told(self):
        with self._lock:
            return Answer(200, {"mode": self.mode, "requests": list(self.requests)})

    def mode_for(self, path):
        """The mode that this request meets. One of a number of times is used up by it."""
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
            except Exception as broken:  # a defect of the stand-in must not look like a bad day that was asked for
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
    """The socket first: its port is known before the calls are made."""
    server = ThreadingHTTPServer(("127.0.0.1", port), BaseHTTPRequestHandler)
    server.daemon_threads = True
    return server, f"http://127.0.0.1:{server.server_address[1]}"


def serve(server, url, calls, bad_answer, child, spared=()):
    """Serves until it is ended: by a signal, or, as a child, when its parent lets go of its standard input."""
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
