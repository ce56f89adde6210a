"""Says what a worker is about to connect to, and whether the server answers there."""

import asyncio
import sys

from portal.config import ConfigurationError, Settings
from portal.temporal import client as clients
from scripts.local.processes import leave

ANSWERS, REFUSED, SILENT = 0, 2, 3


def main() -> int:
    """Print address, namespace and queue. Returns 0 (answers), 2 (bad setting) or 3 (silent)."""
    try:
        settings = Settings.from_environment()
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return REFUSED
    print(f"Temporal server  {settings.temporal_address}")
    print(f"Namespace        {settings.temporal_namespace}")
    print(f"Task queue       {settings.temporal_task_queue}")
    sys.stdout.flush()
    try:
        asyncio.run(clients.connect_now(settings))
    except clients.NotYet as reason:
        print(f"The server does not serve us (yet): {reason}.", flush=True)
        return SILENT
    return ANSWERS


if __name__ == "__main__":
    leave(main())
