"""Where a local stack has its things, and what its processes and clients are told."""

import os
import platform
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
TOOLS = ROOT / ".venv" / "bin"
STACK_NAME = "waybill"
# Any would do, but for the older ones `aws sqs` goes to AWS itself, whatever AWS_ENDPOINT_URL says.
REGION = "eu-central-2"

# One stack per port, so that the tests have theirs beside the one of `make up`.
PORT = int(os.environ.get("PORT") or 4566)
ENDPOINT = f"http://127.0.0.1:{PORT}"
STATE = ROOT / "local" / "state" / str(PORT)
BUILD = STATE / "build"
# Which function asked MiniStack for which action on which resource, since MiniStack was started.
CALLS = STATE / "calls.jsonl"


class Problem(Exception):
    """What stops us, in one line that says what to do."""


def say(text):
    print(f"==> {text}", flush=True)


def architecture():
    """The functions run as processes of this machine, so they are built for it."""
    return {"aarch64": "arm64", "arm64": "arm64"}.get(platform.machine(), "x86_64")


def client_environment():
    """What any AWS client needs to talk to the stack. MiniStack takes `test` for the account's root."""
    return {
        "AWS_ENDPOINT_URL": ENDPOINT,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }


def build_environment():
    """Makes `sam build` use cargo's dev profile and the machine's own linker: minutes less than what is shipped takes."""
    return {"SAM_BUILD_MODE": "debug", "CARGO_LAMBDA_COMPILER": "cargo", "SAM_CLI_TELEMETRY": "0"}


def watch_environment():
    """Makes plain cargo, and so `cargo lambda watch`, share what `cargo lambda build` has compiled with --target."""
    return {"CARGO_BUILD_TARGET": f"{platform.machine()}-unknown-linux-gnu"}


def environment():
    """For the tools that we call: only this stack, whatever account the shell points at."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    path = f"{TOOLS}{os.pathsep}{inherited.get('PATH', '')}"
    return inherited | client_environment() | build_environment() | {"PATH": path}
