"""Starts and stops MiniStack."""

import json
import shutil
import socket
import subprocess
import time
import urllib.request

import processes
from settings import CALLS, ENDPOINT, PORT, REGION, ROOT, STATE, TOOLS, Problem, environment, say

RECORD = STATE / "process.json"
LOG = STATE / "ministack.log"


def running():
    """The pid of this stack's MiniStack, or None."""
    record = _record()
    if record and processes.started_at(record["pid"]) == record["started_at"]:
        return record["pid"]
    return None


def refuse_taken_port():
    with socket.socket() as probe:
        if not running() and probe.connect_ex(("127.0.0.1", PORT)) == 0:
            other = PORT + 1
            raise Problem(f"port {PORT} is taken: stop what listens there, or take another, as in PORT={other} make up")


def start():
    if running():
        return
    # What a MiniStack that died left behind.
    stop()
    say(f"Starting MiniStack on {ENDPOINT}")
    scratch = STATE / "tmp"
    scratch.mkdir(parents=True, exist_ok=True)
    with LOG.open("w") as log:
        process = subprocess.Popen(
            # -P: the files beside the recorder are no modules of MiniStack's.
            [TOOLS / "python", "-P", ROOT / "local" / "stack" / "recorder.py"],
            cwd=STATE,
            env=environment() | _settings(scratch),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            # A session of its own: the functions are in it too, and so none of them is lost when it is ended.
            start_new_session=True,
        )
    RECORD.write_text(json.dumps({"pid": process.pid, "started_at": processes.started_at(process.pid)}))
    deadline = time.monotonic() + 30
    while not _answers():
        if process.poll() is not None or time.monotonic() > deadline:
            stop()
            raise Problem(f"MiniStack did not start: {LOG} says why")
        time.sleep(0.1)


def stop():
    """Ends what `start` started and nothing else. True if there was something to end."""
    record = _record()
    if not record:
        return False
    processes.end(record["pid"], record["started_at"])
    RECORD.unlink(missing_ok=True)
    shutil.rmtree(STATE / "tmp", ignore_errors=True)
    return True


def _settings(scratch):
    return {
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(PORT),
        # The host in the URLs that it hands out, such as those of queues.
        "MINISTACK_HOST": "127.0.0.1",
        "MINISTACK_REGION": REGION,
        # Check codes, tokens and each function's IAM role, as AWS does.
        "AUTH": "true",
        # Listeners that nothing here needs, on ports that may be taken.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        # Where the recorder writes which function asked for which action.
        "CALLS_FILE": str(CALLS),
        "TMPDIR": str(scratch),
        "STATE_DIR": str(scratch),
        "S3_DATA_DIR": str(scratch),
    }


def _record():
    try:
        return json.loads(RECORD.read_text())
    except FileNotFoundError:
        return None


def _answers():
    try:
        with urllib.request.urlopen(f"{ENDPOINT}/_ministack/health", timeout=2) as answer:
            return answer.status == 200
    except OSError:
        return False
