"""Paths, ports and environment variables of a local stack."""

import os
import platform
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
TOOLS = ROOT / ".venv" / "bin"
STACK_NAME = "waybill"
# In older regions `aws sqs` ignores AWS_ENDPOINT_URL and calls AWS itself.
REGION = "eu-central-2"

# One stack per port: the tests start a second one beside that of `make up`.
PORT = int(os.environ.get("PORT") or 4566)
ENDPOINT = f"http://127.0.0.1:{PORT}"
STATE = ROOT / "local" / "state" / str(PORT)
BUILD = STATE / "build"
# Which function asked MiniStack for which action on which resource, since MiniStack was started.
CALLS = STATE / "calls.jsonl"
# What AWS would bill, since MiniStack was started with METER=1.
METER = STATE / "meter.json"
# The local stack runs cargo's dev profile. PROFILE=release is for measurements.
IS_RELEASE = os.environ.get("PROFILE") == "release"


class Problem(Exception):
    """An error that ends the command. One line says what to do."""


def say(text):
    print(f"==> {text}", flush=True)


def architecture():
    """The architecture of this machine. The functions run here as processes."""
    return {"aarch64": "arm64", "arm64": "arm64"}.get(platform.machine(), "x86_64")


def client_environment():
    """The variables that an AWS client needs to call the stack. For MiniStack, `test` is the root of the account."""
    return {
        "AWS_ENDPOINT_URL": ENDPOINT,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }


def build_environment():
    """Makes `sam build` use the dev profile and this machine's linker. That is minutes faster than a release build."""
    mode = {} if IS_RELEASE else {"SAM_BUILD_MODE": "debug"}
    return mode | {"CARGO_LAMBDA_COMPILER": "cargo", "SAM_CLI_TELEMETRY": "0"}


def watch_environment():
    """Makes `cargo lambda watch` reuse the crates that `cargo lambda build` compiled with --target."""
    return {"CARGO_BUILD_TARGET": f"{platform.machine()}-unknown-linux-gnu"}


def environment():
    """The environment of the tools that we call. They see only this stack, not the AWS account of the shell."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    path = f"{TOOLS}{os.pathsep}{inherited.get('PATH', '')}"
    return inherited | client_environment() | build_environment() | {"PATH": path}
