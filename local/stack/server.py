"""Starts and stops MiniStack."""

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.request

import processes
from settings import CALLS, ENDPOINT, METER, PORT, REGION, ROOT, STATE, TOOLS, Problem, environment, say

RECORD = STATE / "process.json"
LOG = STATE / "ministack.log"


def running():
    """The pid of this stack's MiniStack, or None if it does not run."""
    record = _record()
    if record and processes.started_at(record["pid"]) == record["started_at"]:
        return record["pid"]
    return None


def refuse_taken_port():
    with socket.socket() as probe:
        if not running() and probe.connect_ex(("127.0.0.1", PORT)) == 0:
            other = PORT + 1
            raise Problem(
                f"port {PORT} is in use: stop the program that uses it, or choose another port: PORT={other} make up"
            )


def start():
    if running():
        return
    # A MiniStack that crashed may have left processes and files.
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
            # A session of its own includes the functions, so that `stop` finds all of them.
            start_new_session=True,
        )
    RECORD.write_text(json.dumps({"pid": process.pid, "started_at": processes.started_at(process.pid)}))
    deadline = time.monotonic() + 30
    while not _answers():
        if process.poll() is not None or time.monotonic() > deadline:
            stop()
            raise Problem(f"MiniStack did not start: see {LOG}")
        time.sleep(0.1)


def stop():
    """Ends the processes that `start` started, and no others. Returns whether there were any."""
    record = _record()
    if not record:
        return False
    processes.end(record["pid"], record["started_at"])
    RECORD.unlink(missing_ok=True)
    shutil.rmtree(STATE / "tmp", ignore_errors=True)
    return True


def _settings(scratch):
    meter = {"METER_FILE": str(METER)} if os.environ.get("METER") else {}
    return meter | {
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(PORT),
        # The host in URLs from MiniStack, such as those of queues.
        "MINISTACK_HOST": "127.0.0.1",
        "MINISTACK_REGION": REGION,
        # Checks codes, tokens and the IAM role of each function, as AWS does.
        "AUTH": "true",
        # Waybill does not use these listeners, and their ports may be in use.
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
