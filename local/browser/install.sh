#!/usr/bin/env bash
# Installs a headless Chromium and the rules of axe into node_modules, from packages alone: no root is needed. The npm
# of .venv does it, so that nobody needs Node.js.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

echo "==> Installing the browser of local/browser/package-lock.json" >&2
install() {
  npm ci --silent &&
    node unpack.mjs "$PWD/node_modules/chromium"
}
install || {
  echo "waybill: the browser could not be installed: check the connection to the package index and try again" >&2
  exit 1
}
touch node_modules/ready
