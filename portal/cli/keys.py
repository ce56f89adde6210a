"""A change of the SECRET_KEY, from the shell."""

import sys

import click
from flask.cli import with_appcontext

from portal.cli.running import explained, settings
from portal.services import channels


@click.command("reseal")
@with_appcontext
def reseal() -> None:
    """Seal what was sealed with SECRET_KEY_PREVIOUS with SECRET_KEY. May be run again. Exits with 1
    where an address was sealed with neither."""
    with explained():
        done, lost = channels.reseal(*settings().secret_keys)
    click.echo(f"{done} addresses of chat channels are sealed with SECRET_KEY.")
    if lost:
        click.echo(f"{lost} cannot be read with these keys: give them again at /admin/channels.")
    sys.exit(1 if lost else 0)


COMMANDS = (reseal,)
