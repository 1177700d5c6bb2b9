"""Runs a function's binary as Lambda does, one event after the other, and measures its process."""

import json
import os
import queue
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "local")]

from runtime_api import Listening, Quiet

TICKS = os.sysconf("SC_CLK_TCK")


class Broke(Exception):
    """The function answered with an error, or its process ended."""


@dataclass
class Taken:
    """The CPU time and the memory of a process since it began."""

    cpu_s: float
    peak_mb: float


def taken_by(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    status = Path(f"/proc/{pid}/status").read_text()
    peak_kb = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    return Taken((int(fields[11]) + int(fields[12])) / TICKS, peak_kb / 1024)


class Host:
    """One execution environment. A `with` statement begins and ends it."""

    def __init__(self, binary, settings, endpoint, log, timeout_s, memory_mb):
        self.binary, self.settings, self.endpoint, self.log = binary, settings, endpoint, log
        self.timeout_s, self.memory_mb = timeout_s, memory_mb
        self.events, self.answers = queue.Queue(), queue.Queue()

    def __enter__(self):
        self.api = Listening(self._runtime_api())
        self.api.__enter__()
        told = {name: value for name, value in os.environ.items() if name.startswith("AWS_") or name == "PATH"}
        told |= self.settings | {
            "AWS_LAMBDA_RUNTIME_API": self.api.address,
            "AWS_LAMBDA_FUNCTION_NAME": self.binary.name,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(self.memory_mb),
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_LOG_GROUP_NAME": self.binary.name,
            "AWS_LAMBDA_LOG_STREAM_NAME": "bench",
            "AWS_ENDPOINT_URL": self.endpoint,
        }
        with open(self.log, "ab") as output:
            self.process = subprocess.Popen([self.binary], env=told, stdout=output, stderr=output)
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait(10)
        self.events.put(None)
        self.api.__exit__()

    def invoke(self, event):
        """The function's answer to an event."""
        self.events.put(event)
        deadline = time.monotonic() + self.timeout_s
        while True:
            try:
                kind, told = self.answers.get(timeout=1)
            except queue.Empty:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise Broke(
                        f"{self.binary.name} ended or took more than {self.timeout_s} s; its log: {self.log}"
                    ) from None
                continue
            if kind == "error":
                raise Broke(f"{self.binary.name}: {told[:500]}{self.said()}")
            return json.loads(told)

    def said(self):
        """The end of its log, for an error message."""
        return "; it said: " + Path(self.log).read_text(errors="replace")[-1500:]

    def taken(self):
        return taken_by(self.process.pid)

    def _runtime_api(host):
        class Handler(Quiet):
            def do_GET(self):
                event = host.events.get()
                if event is None:
                    self.close_connection = True
                    return
                headers = [
                    ("Lambda-Runtime-Aws-Request-Id", str(uuid.uuid4())),
                    ("Lambda-Runtime-Deadline-Ms", str(int((time.time() + host.timeout_s) * 1000))),
                    ("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:000000000000:function:bench"),
                    ("Content-Type", "application/json"),
                ]
                self.answer(200, headers, json.dumps(event).encode())

            def do_POST(self):
                told = self.body().decode()
                self.answer(202)
                host.answers.put(("answer" if self.path.endswith("/response") else "error", told))

        return Handler
