#!/usr/bin/env bash
# Checks docs/openapi.yaml: two linters, and whether two generators of clients understand every call.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

contract=../../docs/openapi.yaml
out=out/generated
# No tool tells anybody that it ran.
export REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true
rm -rf "$out"
mkdir -p "$out"

quietly() {
  "$@" >"$out/log" 2>&1 || {
    cat "$out/log" >&2
    echo "waybill: $1 refuses docs/openapi.yaml" >&2
    exit 1
  }
}

quietly node_modules/.bin/redocly lint "$contract" --format stylish --config redocly.yaml
quietly node_modules/.bin/spectral lint "$contract" --ruleset spectral.yaml --fail-severity hint
quietly openapi-python-client generate --path "$contract" --output-path "$out/python" --meta none --fail-on-warning \
  --config python-client.yaml
quietly node_modules/.bin/openapi-typescript "$contract" -o "$out/waybill.d.ts"
quietly node_modules/.bin/tsc --noEmit --strict "$out/waybill.d.ts"
# A generator that cannot read a call may leave it out and say nothing.
python3 every_call.py "$contract" "$out"
