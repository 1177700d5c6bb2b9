#!/usr/bin/env bash
# Makes .venv as local/requirements.txt has it, or another one: venv.sh DIRECTORY REQUIREMENTS. `make` calls this when that
# file has changed.
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
[ -n "$python" ] || fail "Python 3.11 or newer is needed: install it, so that python3 runs it"
"$python" -c 'import ensurepip, venv' 2>/dev/null ||
  fail "$python cannot make virtual environments: install its venv module (Debian: apt install python3-venv)"

# The environment's own, if make has put that first on the path: it goes with the environment.
python=$("$python" -c 'import os, sys; print(os.path.realpath(sys.executable))')
echo "==> Installing the tools of $requirements into $venv" >&2
rm -rf "$venv"
"$python" -m venv "$venv" || fail "$venv could not be made (above is why)"
"$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$requirements" >&2 ||
  fail "the tools could not be installed (above is why): see that the package index can be reached, and try again"
touch "$venv/ready"
