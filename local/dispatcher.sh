#!/usr/bin/env bash
# Creates a dispatcher: on the local stack, or with STACK=<stack name> on AWS with the credentials of the shell.
# A dispatcher is a member of the group. The first log-in writes the record of the user.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

fail() {
  echo "waybill: $*" >&2
  exit 1
}

[ -n "${EMAIL:-}" ] || fail "EMAIL is missing: make dispatcher EMAIL=you@example.com"
if [ -n "${STACK:-}" ]; then
  USER_POOL_ID=$(aws cloudformation describe-stacks --stack-name "$STACK" --output text \
    --query "Stacks[0].Outputs[?OutputKey=='UserPoolId'].OutputValue") ||
    fail "there is no stack $STACK: check AWS_PROFILE and AWS_REGION"
else
  variables=$(.venv/bin/python local/stack env) || exit 1
  eval "$variables"
fi
if [ -z "${PASSWORD:-}" ]; then
  [ -t 0 ] || fail "PASSWORD is missing, and there is no terminal to ask for it"
  read -rsp "Password for $EMAIL (10 characters or more: lower case, upper case and digit): " PASSWORD
  echo
fi

cognito() {
  aws cognito-idp "$1" --user-pool-id "$USER_POOL_ID" --username "$EMAIL" "${@:2}"
}

groups=$(cognito admin-list-groups-for-user --query 'Groups[].GroupName' --output text 2>/dev/null) || groups=none
case "$groups" in
  none)
    cognito admin-create-user --message-action SUPPRESS --user-attributes \
      "Name=email,Value=$EMAIL" Name=email_verified,Value=true "Name=name,Value=${NAME:-Dispatcher}" >/dev/null
    cognito admin-add-user-to-group --group-name dispatcher
    ;;
  dispatcher) ;;
  *) fail "$EMAIL already has an account as ${groups:-a user without a role}: use another address" ;;
esac
# The password goes into a file that only we can read. Every user of the machine can read the arguments of a command.
request=$(mktemp)
trap 'rm -f "$request"' EXIT
export EMAIL PASSWORD USER_POOL_ID
python3 - >"$request" <<'PYTHON'
import json, os

names = {"UserPoolId": "USER_POOL_ID", "Username": "EMAIL", "Password": "PASSWORD"}
print(json.dumps({name: os.environ[variable] for name, variable in names.items()} | {"Permanent": True}))
PYTHON
aws cognito-idp admin-set-user-password --cli-input-json "file://$request" ||
  fail "Cognito refused the password (see above): try another one"
echo "$EMAIL is a dispatcher and can log in."
