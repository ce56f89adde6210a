"""What every command needs: the settings, a connection for long work, and failures as sentences."""

from collections.abc import Iterator
from contextlib import contextmanager

import click
from flask import current_app
from sqlalchemy import Connection, create_engine
from sqlalchemy.exc import DBAPIError
from temporalio.service import RPCError

from portal.config import Settings
from portal.services import accounts, people
from portal.temporal.client import is_unreachable


@contextmanager
def batch() -> Iterator[Connection]:
    """A connection for long work, without the short time limits that pages have."""
    engine = create_engine(settings().sqlalchemy_url, hide_parameters=True)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


@contextmanager
def explained() -> Iterator[None]:
    """Say in one sentence what went wrong, and exit with 1."""
    try:
        yield
    except (accounts.AccountRefused, people.PeopleRefused) as refused:
        raise click.ClickException(str(refused)) from refused
    except DBAPIError as error:
        reason = " ".join(str(error.orig).split())
        raise click.ClickException(f"The database refused: {reason}") from error
    except RPCError as error:
        raise click.ClickException(f"Temporal refused: {error}") from error
    except RuntimeError as error:
        if not is_unreachable(error):
            raise
        place = settings().temporal_address
        raise click.ClickException(f"Temporal does not answer at {place}.") from error


def settings() -> Settings:
    """The settings of the application that the command runs in."""
    found: Settings = current_app.config["SETTINGS"]
    return found
