#!/usr/bin/env bash
# Sends generated calls to the local stack, and checks each answer with docs/openapi.yaml: make fuzz CASES=20000.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

cases=${CASES:-2000}
# Each call of the contract gets as many cases. The examples and the limits of each field come on top.
each=$((cases / $(grep -c operationId docs/openapi.yaml)))
DISPATCHER=fuzz-$(date +%s)@example.com
export DISPATCHER DISPATCHER_PASSWORD=Correct-horse-42-battery
EMAIL=$DISPATCHER PASSWORD=$DISPATCHER_PASSWORD local/dispatcher.sh
mkdir -p local/contract/out
export SCHEMATHESIS_HOOKS=fuzzing PYTHONPATH=local/contract
exec schemathesis --config-file local/contract/schemathesis.toml run docs/openapi.yaml --url "$API_URL" \
  --max-examples "$each" "$@"
