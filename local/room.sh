#!/usr/bin/env bash
# Stops if the disk has less free space than a first build needs: room.sh GB. A compiler would fail after minutes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

needed=$1
# An earlier build has its space already.
[ ! -d "${CARGO_TARGET_DIR:-target}/lambda" ] || exit 0
free=$(python3 -c 'import shutil; print(shutil.disk_usage(".").free // 10**9)')
[ "$free" -ge "$needed" ] || {
  echo "waybill: the disk has $free GB free, and the first build needs $needed GB: free some space and try again" >&2
  exit 1
}
