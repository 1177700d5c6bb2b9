#!/usr/bin/env bash
# Creates .venv from local/requirements.txt, or another environment: venv.sh DIRECTORY REQUIREMENTS. `make` calls this
# script when the file has changed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

venv=${1:-.venv}
requirements=${2:-local/requirements.txt}

fail() {
  echo "waybill: $*" >&2
  exit 1
}

python=""
for candidate in python3 python3.14 python3.13 python3.12 python3.11; do
  if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    python=$candidate
    break
  fi
done
[ -n "$python" ] || fail "Python 3.11 or newer is missing: install it as python3"
"$python" -c 'import ensurepip, venv' 2>/dev/null ||
  fail "$python cannot create virtual environments: install its venv module (Debian: apt install python3-venv)"

# make may have put the environment's own Python first on the path. The environment is removed below, so use the Python
# behind it.
python=$("$python" -c 'import os, sys; print(os.path.realpath(sys.executable))')
echo "==> Installing the tools of $requirements into $venv" >&2
rm -rf "$venv"
"$python" -m venv "$venv" || fail "$venv could not be created (see above)"
# uv installs the same packages in a tenth of the time. If uv cannot reach the package index, pip may have settings for
# it. RUST_LOG is meant for the functions, and uv would write its steps.
"$venv/bin/pip" install --quiet --disable-pip-version-check uv==0.13.9 >&2 &&
  env -u RUST_LOG "$venv/bin/uv" pip install --quiet --python "$venv/bin/python" --requirement "$requirements" >&2 ||
  "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$requirements" >&2 ||
  fail "the tools could not be installed (see above): check the connection to the package index and try again"
touch "$venv/ready"
