#!/usr/bin/env bash
# Asks a stack on AWS whether it is alive: STACK=waybill-dev local/smoke.sh. It changes nothing.
set -euo pipefail

fail() {
  echo "waybill: $*" >&2
  exit 1
}

[ -n "${STACK:-}" ] || fail "STACK is missing: STACK=waybill-dev local/smoke.sh"
url=$(aws cloudformation describe-stacks --stack-name "$STACK" --output text \
  --query "Stacks[0].Outputs[?OutputKey=='ApiUrl'].OutputValue")
answer=$(mktemp)
trap 'rm -f "$answer"' EXIT

# Expects a status and a code from a call: asks STATUS CODE METHOD PATH [BODY]
asks() {
  local status
  status=$(curl -sS --max-time 30 --retry 5 --retry-connrefused -o "$answer" -w '%{http_code}' -X "$3" \
    -H 'Content-Type: application/json' ${5:+--data "$5"} "$url$4")
  { [ "$status" = "$1" ] && grep -q "\"code\":\"$2\"" "$answer"; } ||
    fail "$3 $4 answered $status and not $1 with the code $2: $(cat "$answer")"
  echo "$3 $4: $status $2"
}

# The gateway, and its authorizer.
asks 404 not_found GET /no-such-call
asks 401 unauthorized GET /me
# A function, and Cognito behind it. Nobody has this address.
asks 401 invalid_credentials POST /login '{"email": "smoke@waybill.invalid", "password": "Not-A-Password-1"}'

# The sweep: the tables and the queue.
failure=$(aws lambda invoke --function-name "$STACK-SweepPendingOrders" --query FunctionError --output text "$answer")
[ "$failure" = None ] || fail "the sweep failed: $(cat "$answer")"
echo "sweep: done"
