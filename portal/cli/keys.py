"""A change of the SECRET_KEY, from the shell."""

import sys

import click
from flask.cli import with_appcontext

from portal.cli.running import explained, settings
from portal.services import channels, second_factors, streams, webhooks


@click.command("reseal")
@with_appcontext
def reseal() -> None:
    """Seal what was sealed with SECRET_KEY_PREVIOUS with SECRET_KEY. May be run again. Exits with 1
    where something was sealed with neither."""
    with explained():
        done, lost = channels.reseal(*settings().secret_keys)
        hooks, unread = webhooks.reseal(*settings().secret_keys)
        sent, shut = streams.reseal(*settings().secret_keys)
        apps, closed = second_factors.reseal(*settings().secret_keys)
    click.echo(f"{done} addresses of chat channels are sealed with SECRET_KEY.")
    if lost:
        click.echo(f"{lost} cannot be read with these keys: give them again at /admin/channels.")
    click.echo(f"{hooks} secrets of webhooks are sealed with SECRET_KEY.")
    if unread:
        click.echo(f"{unread} cannot be read with these keys: rotate them at /admin/webhooks.")
    click.echo(f"{sent} secrets of audit streams are sealed with SECRET_KEY.")
    if shut:
        click.echo(f"{shut} cannot be read with these keys: rotate them at /admin/streams.")
    click.echo(f"{apps} keys of authenticator apps are sealed with SECRET_KEY.")
    if closed:
        click.echo(f"{closed} cannot be read: reset the second factor of their people.")
    sys.exit(1 if lost or closed or unread or shut else 0)


COMMANDS = (reseal,)
