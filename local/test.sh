#!/usr/bin/env bash
# Everything that must hold, the cheapest first.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

step() { printf '\n==> %s\n' "$*"; }

# The stack builds with --target. With the same one here, what it needs is compiled once.
CARGO_BUILD_TARGET=$(rustc -vV | sed -n 's/^host: //p')
export CARGO_BUILD_TARGET

local/lint.sh
step "cargo test"
cargo test --workspace

# A stack of our own on a free port, whatever runs beside it. It is taken down however this ends.
PORT=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
export PORT
finish() {
  local result=$?
  if [ "$result" -ne 0 ] && [ -f "local/state/$PORT/ministack.log" ]; then
    step "The end of local/state/failed/ministack.log"
    tail -n 40 "local/state/$PORT/ministack.log"
    rm -rf local/state/failed
    cp -r "local/state/$PORT" local/state/failed
  fi
  .venv/bin/python local/stack down
  rm -rf "local/state/$PORT"
  exit "$result"
}
trap finish EXIT
.venv/bin/python local/stack up
eval "$(.venv/bin/python local/stack env)"

step "The ports' contract against the stack"
# Of the whole workspace, as above: of one package alone, cargo would compile every SDK again for other features.
cargo test --workspace --features adapters/stack --test contract

step "The stand-ins for the providers outside"
make -s local/providers/.venv/ready
step "pytest tests"
.venv/bin/python -m pytest tests
