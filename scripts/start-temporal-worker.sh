#!/usr/bin/env bash
# Start one more Temporal worker with the settings of the environment, .env, or ./scripts/run.
# Any number may run, on any machine. Signals go to the worker itself, which finishes what it does;
# the exit code is the worker's, or 2 where a setting is missing.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
install runtime
cd "$root"

answers=0
"$venv/bin/python" -m scripts.local.clone -m scripts.local.worker_check || answers=$?
case "$answers" in
  0) ;;
  3)
    if [[ -t 0 && -t 1 ]]; then
      read -r -p "Start the worker and let it wait for the server? [Y/n] " reply
      [[ "$reply" != [nN]* ]] || exit 0
    else
      echo "The worker starts and waits for the server."
    fi
    ;;
  *) exit "$answers" ;;
esac
exec "$venv/bin/python" -m scripts.local.clone worker.py "$@"
