"""What Temporal has to know, and requests whose workflow is missing there."""

import asyncio
import sys

import click
from flask.cli import with_appcontext

from portal.cli.running import batch, explained, settings


@click.command("register-search-attributes")
@with_appcontext
def register_search_attributes() -> None:
    """Tell Temporal which search attributes the workflows set. Safe to repeat."""
    from portal.temporal import client, search_attributes

    async def register() -> tuple[str, ...]:
        return await search_attributes.register(await client.connect(settings()))

    with explained():
        names = asyncio.run(register())
    click.echo(f"Registered: {', '.join(names)}." if names else "All were registered already.")


@click.command("reconcile")
@click.option("--dry-run", is_flag=True, help="Only report.")
@with_appcontext
def reconcile(dry_run: bool) -> None:
    """Start the workflow of every open request that has none. Exits with 1 if one cannot."""
    from portal.background import reconcile as room

    with explained(), batch() as connection:
        report = room.reconcile(settings(), connection.engine, dry_run=dry_run)
    click.echo(f"{report.open} open requests, {len(report.missing)} without a workflow.")
    for number in report.missing:
        outcome = "started" if number in report.started else report.failed.get(number, "missing")
        click.echo(f"{number}: {outcome}")
    sys.exit(1 if report.failed else 0)


COMMANDS = (register_search_attributes, reconcile)
