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
@click.option("--dry-run", is_flag=True, help="Look in the same way, and only report.")
@click.option("--every", is_flag=True, help="Ask about each open request: slower, for doubts.")
@with_appcontext
def reconcile(dry_run: bool, every: bool) -> None:
    """Compare the record with Temporal, and put right what differs.

    Every open request without a workflow gets one; a workflow that is ahead of the record, behind
    it, or runs for a closed request is ended and started again where the record is. What differs
    is looked at twice, half a minute apart. Exits with 1 if something cannot be put right.
    """
    from portal.background import reconcile as room

    with explained(), batch() as connection:
        report = room.reconcile(settings(), connection.engine, dry_run=dry_run, every=every)
    if report.is_closed:
        click.echo("The portal is closed for a rollback: nothing was compared.")
        return
    click.echo(
        f"{report.open} open requests, {len(report.missing)} without a workflow;"
        f" {report.running} workflows run, {len(report.findings)} differences."
    )
    if report.untold:
        click.echo(f"{report.untold} workflows do not say how far they are: started long ago.")
    for each in report.findings:
        click.echo(f"{each.number}: {each.sentence} {each.outcome or 'nothing was done'}")
    sys.exit(1 if report.failed else 0)


COMMANDS = (register_search_attributes, reconcile)
