"""The processes of a session, found in /proc: MiniStack starts one, and the functions that it runs are in it too."""

import os
import signal
import time
from pathlib import Path


def _stat(pid):
    """The fields of /proc/<pid>/stat from the third on (state, parent, group, session, …), or None if it has ended."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    return None if fields[0] == "Z" else fields


def started_at(pid):
    """When a process was started. Together with the pid this names it for good: pids come round again."""
    fields = _stat(pid)
    return fields and int(fields[19])


def of_session(session, since):
    """The living processes of a session that began no earlier than `since`."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            fields = _stat(entry.name)
            if fields and int(fields[3]) == session and int(fields[19]) >= since:
                found.append(int(entry.name))
    return found


def end(session, since, patience=10):
    """Asks the leader to stop, then whoever remains, and does not ask the last ones any more."""
    for step, who in ((signal.SIGTERM, [session]), (signal.SIGTERM, None), (signal.SIGKILL, None)):
        for pid in of_session(session, since):
            if who is None or pid in who:
                try:
                    os.kill(pid, step)
                except ProcessLookupError:
                    pass
        deadline = time.monotonic() + patience
        while of_session(session, since):
            if time.monotonic() > deadline or (who and session not in of_session(session, since)):
                break
            time.sleep(0.05)
        else:
            return
