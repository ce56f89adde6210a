"""Could a process that read its settings now work with them? Asked before one begins anew.

gunicorn asks in a process of its own (`python -m portal.doctor.reloading`), so that the master
keeps nothing of this code, and reads the answer: nothing, or what is wrong.
"""

import asyncio
import sys

from portal.config import ConfigurationError, Settings
from portal.doctor import database
from portal.temporal import client as clients
from portal.temporal.client import NotYet

NEEDED = {
    "database.away", "database.empty", "database.schema", "database.standby", "database.read-only",
}  # fmt: skip


def refusal(*, temporal: bool) -> str | None:
    """Why not, in a sentence without secrets; None where nothing speaks against it. A worker needs
    Temporal, the pages do without."""
    try:
        settings = Settings.from_environment()
        for found in database.examine(settings):
            if found.code in NEEDED:
                return found.said
        if temporal:
            asyncio.run(_reach(settings))
    except ConfigurationError as error:
        return " ".join(str(error).split())
    except NotYet as why:
        return f"Temporal cannot be used: {why}"
    return None


async def _reach(settings: Settings) -> None:
    await clients.connect_now(settings)


if __name__ == "__main__":
    sys.stdout.write(refusal(temporal=False) or "")
