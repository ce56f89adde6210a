"""The demonstration from the shell."""

from pathlib import Path

import click
from flask.cli import with_appcontext

from portal.cli.running import batch, explained, settings
from portal.config import ROOT

DEMO_ACCOUNTS = ROOT / "var" / "demo-accounts.txt"


@click.command("load-demo")
@click.option("--accounts-file", type=click.Path(path_type=Path), default=DEMO_ACCOUNTS)
@click.option("--quiet", is_flag=True, help="Do not print the accounts with their passwords.")
@with_appcontext
def load_demo(accounts_file: Path, quiet: bool) -> None:
    """Load the demonstration and start the workflows of its open requests. Safe to repeat."""
    from portal.background import reconcile as room
    from portal.demo.load import load_demo as load

    if settings().is_production:
        raise click.ClickException("A demonstration does not belong into production.")
    with explained(), batch() as connection:
        lines = load(connection.engine, accounts_file)
        room.reconcile(settings(), connection.engine, again=0)
    click.echo(f"{len(lines)} accounts." if quiet else "\n".join(lines))


COMMANDS = (load_demo,)
