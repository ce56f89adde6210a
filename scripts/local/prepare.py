"""Bring the database and Temporal to what this version needs: one interpreter for all of it.

Prints ``migrated`` as soon as worker and web may start, then registers search attributes, and
loads the demo organisation when it is called with ``--demo``, and makes an old engine with requests
to move with ``--with-legacy``. With ``--own-temporal`` the server is ours, and we say how long it
keeps histories.
"""

import asyncio
import os
import sys

import click
from flask.cli import FlaskGroup

from portal.config import ConfigurationError
from scripts.local.processes import leave
from scripts.local.temporal import keep_histories

KEEP_DAYS = 30


def prepare(arguments: list[str]) -> None:
    """Run the portal's own commands in turn. Raises what they raise where one refuses."""
    from portal.app import create_app

    app = create_app()
    commands = FlaskGroup(create_app=lambda: app, load_dotenv=False)

    def run(*words: str) -> None:
        code = commands.main(list(words), standalone_mode=False)
        if isinstance(code, int) and code:
            raise click.ClickException(f"{' '.join(words)} ended with code {code}.")

    run("db", "upgrade")
    print("migrated", flush=True)
    if os.environ.get("DATABASE_SEAL_URL"):
        run("portal", "audit", "begin", "--if-needed")
    run("portal", "register-search-attributes")
    if "--own-temporal" in arguments:
        asyncio.run(keep_histories(os.environ["TEMPORAL_ADDRESS"], KEEP_DAYS))
    if "--demo" in arguments:
        run("portal", "load-demo", "--quiet")  # what is said here stays in a log
    if "--with-legacy" in arguments:
        from scripts.legacy.beside import beside  # the mover's rooms: not for every start

        beside(os.environ.get("DATABASE_MIGRATION_URL") or os.environ["DATABASE_URL"])


def main(arguments: list[str]) -> int:
    """Prepare; 1 with a sentence where that is refused, else 0."""
    try:
        prepare(arguments)
    except click.ClickException as refusal:
        refusal.show()
        return 1
    except ConfigurationError as refusal:
        print(refusal, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    leave(main(sys.argv[1:]))
