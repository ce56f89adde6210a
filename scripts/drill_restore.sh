#!/usr/bin/env bash
# A backup and its restore beside an empty Temporal, on servers of its own.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
install lock
cd "$root"
exec "$venv/bin/python" -m scripts.backups.drill "$@"
