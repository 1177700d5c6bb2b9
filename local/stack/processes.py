"""The processes of a session, from /proc. MiniStack leads a session, and its functions belong to it too."""

import os
import signal
import time
from pathlib import Path


def _stat(pid):
    """The fields of /proc/<pid>/stat from the third on (state, parent, group, session, …), or None if there is none."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    return text.rpartition(")")[2].split()


def started_at(pid):
    """The start time of a process. The system reuses pids, but a pid and a start time together are unique."""
    fields = _stat(pid)
    return int(fields[19]) if fields and fields[0] != "Z" else None


def of_session(session, since, zombies=False):
    """The processes of a session that started at `since` or later."""
    found = []
    for entry in Path("/proc").iterdir():
        fields = _stat(entry.name) if entry.name.isdigit() else None
        if fields and int(fields[3]) == session and int(fields[19]) >= since and (zombies or fields[0] != "Z"):
            found.append(int(entry.name))
    return found


def end(session, since):
    """Asks the leader to stop, then the remaining processes, and then kills the rest."""
    _signal(signal.SIGTERM, [session] if session in of_session(session, since) else [])
    _wait(10, lambda: session not in of_session(session, since))
    for request in (signal.SIGTERM, signal.SIGKILL):
        _signal(request, of_session(session, since))
        _wait(5, lambda: not of_session(session, since))
    # An ended process stays in the list until its parent collects it. The parent is now the machine's first process.
    _wait(3, lambda: not of_session(session, since, zombies=True))


def _signal(request, pids):
    for pid in pids:
        try:
            os.kill(pid, request)
        except ProcessLookupError:
            pass


def _wait(seconds, done):
    deadline = time.monotonic() + seconds
    while not done() and time.monotonic() < deadline:
        time.sleep(0.05)
