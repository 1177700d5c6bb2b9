#!/usr/bin/env bash
# Stops where the disk has no room for what is about to be built: room.sh GB. A compiler finds that out after minutes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

needed=$1
# What was built before has its room already.
[ ! -d "${CARGO_TARGET_DIR:-target}/lambda" ] || exit 0
free=$(python3 -c 'import shutil; print(shutil.disk_usage(".").free // 10**9)')
[ "$free" -ge "$needed" ] || {
  echo "waybill: the disk has $free GB left, and the first build takes $needed GB: make room on it, and try again" >&2
  exit 1
}
