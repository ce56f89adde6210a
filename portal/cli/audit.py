"""The record of what happened, examined from the shell."""

import sys

import click
from flask.cli import AppGroup
from sqlalchemy import Connection, select

from portal.cli.running import batch, explained
from portal.models import Request

audit = AppGroup("audit", help="The record of what happened.")


@audit.command("verify")
@click.option("--request", "number", help="Only the request with this number, such as PR-2052.")
def verify(number: str | None) -> None:
    """Compute every hash anew. Exits with 1, naming what is wrong, if anything was changed."""
    from portal.queries import audit_chain

    with explained(), batch() as connection:
        problems = audit_chain.verify(connection, request_id=_request_id(connection, number))
    for problem in problems:
        click.echo(str(problem))
    click.echo(f"{len(problems)} problems found." if problems else "The record is whole.")
    sys.exit(1 if problems else 0)


def _request_id(connection: Connection, number: str | None) -> str | None:
    if number is None:
        return None
    found = connection.scalar(select(Request.id).where(Request.number == number))
    if found is None:
        raise click.ClickException(f"There is no request {number}.")
    return found


COMMANDS = (audit,)
