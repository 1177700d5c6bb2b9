#!/usr/bin/env bash
# Makes a dispatcher: on the local stack, or with STACK=<stack name> on AWS with the credentials of the shell.
# Being in the group is what makes one; the first log-in writes their record.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

fail() {
  echo "waybill: $*" >&2
  exit 1
}

[ -n "${EMAIL:-}" ] || fail "whose? make dispatcher EMAIL=you@example.com"
if [ -n "${STACK:-}" ]; then
  USER_POOL_ID=$(aws cloudformation describe-stacks --stack-name "$STACK" --output text \
    --query "Stacks[0].Outputs[?OutputKey=='UserPoolId'].OutputValue") || fail "no stack $STACK here: see AWS_PROFILE and AWS_REGION"
else
  variables=$(.venv/bin/python local/stack env) || exit 1
  eval "$variables"
fi
if [ -z "${PASSWORD:-}" ]; then
  [ -t 0 ] || fail "PASSWORD is needed where nobody can be asked for it"
  read -rsp "Password for $EMAIL (10 characters or more; small, large, digit): " PASSWORD
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
  *) fail "$EMAIL has an account already, as ${groups:-a user without a role}: take another address" ;;
esac
# From a file that only we can read, since a command's arguments can be read by everybody on the machine.
request=$(mktemp)
trap 'rm -f "$request"' EXIT
export EMAIL PASSWORD USER_POOL_ID
python3 - >"$request" <<'PYTHON'
import json, os

names = {"UserPoolId": "USER_POOL_ID", "Username": "EMAIL", "Password": "PASSWORD"}
print(json.dumps({name: os.environ[variable] for name, variable in names.items()} | {"Permanent": True}))
PYTHON
aws cognito-idp admin-set-user-password --cli-input-json "file://$request" ||
  fail "the password was not taken (above is why): try again with another one"
echo "$EMAIL is a dispatcher and can log in."
