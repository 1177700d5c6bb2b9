"""Stand-ins for the providers outside, as child processes: they end with whoever started them.

What they are and how their bad days are asked for is in `local/providers/`.
"""

import contextlib
import json
import subprocess
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent
PROVIDERS = ROOT / "local" / "providers"
PYTHON = PROVIDERS / ".venv" / "bin" / "python"
ORS_KEY = "local-ors-key"
GOOGLE_PROJECT = "waybill-local"


class StandIn:
    """A provider on this machine, from `with` on until its end."""

    def __init__(self, script, *arguments):
        if not PYTHON.exists():
            raise FileNotFoundError(f"{PYTHON} is missing: make local/providers/.venv/ready")
        self._command = [PYTHON, PROVIDERS / script, "--child", *arguments]
        self._start(port=0)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._end()

    @contextlib.contextmanager
    def gone(self):
        """Nobody listens meanwhile; then it is back at its address, with the keys that it had."""
        self._end()
        try:
            yield
        finally:
            self._start(port=urlsplit(self.url).port)

    def _start(self, port):
        command = [*self._command, "--port", str(port)]
        # It ends when our end of its standard input is closed, and so with us, however we end.
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        ready = self._process.stdout.readline()
        if not ready:
            raise RuntimeError(f"{self._command[1].name} did not start: above is what it said")
        self.url = json.loads(ready)["url"]

    def _end(self):
        self._process.stdin.close()
        self._process.wait(timeout=10)
        self._process.stdout.close()

    def day(self, mode, **more):
        """Sets the failure: `hang`, `429`, `broken_window` and so on, or `none`. Also forgets the requests so far."""
        self._control({"mode": mode, "forget": True, **more})

    def requests(self, path=None):
        """What it was asked since the day began, with the status of each answer."""
        with urllib.request.urlopen(f"{self.url}/_control", timeout=10) as answer:
            found = json.load(answer)["requests"]
        return [request for request in found if path in (None, request["path"])]

    def _control(self, wish):
        request = urllib.request.Request(f"{self.url}/_control", json.dumps(wish).encode())
        urllib.request.urlopen(request, timeout=10).close()


def ors(*arguments):
    return StandIn("ors_server.py", "--key", ORS_KEY, *arguments)


def google(account_file):
    """Writes the key of its service account to a file, or takes the one that is there."""
    return StandIn("google_server.py", "--project", GOOGLE_PROJECT, "--service-account", str(account_file))
