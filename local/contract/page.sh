#!/usr/bin/env bash
# Makes a page of docs/openapi.yaml. The page is one file, and loads nothing from other servers.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

export REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true
mkdir -p out
node_modules/.bin/redocly build-docs ../../docs/openapi.yaml --output out/index.html --config redocly.yaml \
  --inlineBundle --openapi.disableGoogleFont >out/log 2>&1 || {
  cat out/log >&2
  exit 1
}
echo "local/contract/out/index.html"
