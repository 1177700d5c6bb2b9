#!/usr/bin/env bash
# Installs the tools of package-lock.json into node_modules. The npm of .venv does it, so that nobody needs Node.js.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

echo "==> Installing the tools of local/contract/package-lock.json" >&2
npm ci --silent || {
  echo "waybill: the tools could not be installed: check the connection to the package index and try again" >&2
  exit 1
}
touch node_modules/ready
