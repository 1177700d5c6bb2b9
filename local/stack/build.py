"""Builds the functions and has SAM lay them out for a deployment."""

import re
import shutil
import subprocess
import sys

from settings import BUILD, ROOT, STATE, Problem, architecture, environment, say


def build():
    binaries = re.findall(r"Binary: ([a-z-]+)", (ROOT / "template.yaml").read_text())
    if not shutil.which("cargo"):
        raise Problem("Rust is needed: install rustup, and it fetches the version that rust-toolchain.toml names")
    # All at once and with cargo's progress to be seen. SAM, which builds one after the other, then finds them made.
    say(f"Building {len(binaries)} functions (the first time takes some minutes)")
    command = ["cargo", "lambda", "build"]
    if architecture() == "arm64":
        command.append("--arm64")
    for name in binaries:
        command += ["--bin", name]
    if subprocess.run(command, cwd=ROOT, env=environment()).returncode:
        raise Problem("the functions do not build: mend what cargo names above, and try again")
    _lay_out()


def _lay_out():
    log = STATE / "sam-build.log"
    command = ["sam", "build", "--build-dir", BUILD, "--parameter-overrides", f"Architecture={architecture()}"]
    with log.open("w") as output:
        failed = subprocess.run(command, cwd=ROOT, env=environment(), stdout=output, stderr=output).returncode
    if failed:
        sys.stderr.write(log.read_text())
        raise Problem("`sam build` failed: above is what it said")
