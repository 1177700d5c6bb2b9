#!/usr/bin/env bash
# What can be said of the code without running it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

step() { printf '\n==> %s\n' "$*"; }

step "cargo fmt --check"
cargo fmt --all --check || {
  echo "waybill: not formatted: cargo fmt --all" >&2
  exit 1
}
step "cargo clippy"
cargo clippy --workspace --all-targets -- -D warnings
step "sam validate --lint"
AWS_DEFAULT_REGION=us-east-1 sam validate --lint
