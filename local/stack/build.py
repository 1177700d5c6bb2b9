"""Builds the functions and prepares them for a deployment with `sam build`."""

import re
import shutil
import subprocess
import sys

from settings import BUILD, IS_RELEASE, ROOT, STATE, Problem, architecture, environment, say


def build():
    binaries = re.findall(r"Binary: ([a-z-]+)", (ROOT / "template.yaml").read_text())
    if not shutil.which("cargo"):
        raise Problem("Rust is missing: install rustup. It installs the version in rust-toolchain.toml")
    # One cargo run builds all functions and shows its progress. SAM builds them one by one and then finds them ready.
    say(f"Building {len(binaries)} functions (the first build takes some minutes)")
    command = ["cargo", "lambda", "build"]
    if architecture() == "arm64":
        command.append("--arm64")
    if IS_RELEASE:
        command.append("--release")
    for name in binaries:
        command += ["--bin", name]
    if subprocess.run(command, check=False, cwd=ROOT, env=environment()).returncode:
        raise Problem("the functions do not build: fix the errors above and try again")
    _lay_out()


def _lay_out():
    log = STATE / "sam-build.log"
    command = ["sam", "build", "--parallel", "--build-dir", BUILD]
    command += ["--parameter-overrides", f"Architecture={architecture()}"]
    with log.open("w") as output:
        failed = subprocess.run(
            command, check=False, cwd=ROOT, env=environment(), stdout=output, stderr=output
        ).returncode
    if failed:
        sys.stderr.write(log.read_text())
        raise Problem("`sam build` failed: its output is above")
