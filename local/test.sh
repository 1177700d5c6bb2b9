#!/usr/bin/env bash
# All checks and tests. The fast ones come first.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Each stage ends with its time.
stage="" stage_began=0
step() {
  step_done
  stage=$* stage_began=$SECONDS
  printf '\n==> %s\n' "$stage"
}
step_done() {
  [ -z "$stage" ] || printf '    %s: %s s\n' "$stage" "$((SECONDS - stage_began))"
  stage=""
}

# The stack builds with --target. The same target here avoids a second compilation.
CARGO_BUILD_TARGET=$(rustc -vV | sed -n 's/^host: //p')
export CARGO_BUILD_TARGET

step "make lint"
local/lint.sh
step "cargo test"
cargo test --workspace

# The tests have their own stack on a free port. The trap stops this stack in every case.
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
step "A local stack"
.venv/bin/python local/stack up
eval "$(.venv/bin/python local/stack env)"

step "The ports' contract against the stack"
# For the whole workspace, as above. For one package alone cargo would compile every SDK again with other features.
cargo test --workspace --features adapters/stack --test contract

step "The stand-ins for the external providers"
make -s local/providers/.venv/ready
step "pytest tests"
.venv/bin/python -m pytest tests
step_done
printf '\n==> All checks and tests passed after %s s\n' "$SECONDS"
