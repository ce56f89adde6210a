#!/usr/bin/env bash
# The whole way there and back on generated data, on servers of its own; see --help.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
install lock
cd "$root"
exec "$venv/bin/python" -m scripts.drill "$@"
