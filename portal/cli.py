"""The `flask portal ...` commands: each a few lines over a service."""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup
from sqlalchemy import Connection, create_engine, select
from sqlalchemy.exc import DBAPIError
from temporalio.service import RPCError

from portal.config import ROOT, Settings
from portal.legacy import commands as legacy
from portal.models import Request
from portal.services import accounts, people

portal = AppGroup("portal", help="Accounts, the demonstration, and checks of the record.")
audit = AppGroup("audit", help="The record of what happened.")
portal.add_command(audit)
group = AppGroup("group", help="Who is in which group.")
portal.add_command(group)
for each in legacy.COMMANDS:
    portal.add_command(each)

DEMO_ACCOUNTS = ROOT / "var" / "demo-accounts.txt"


@portal.command("create-admin")
@click.option("--email", prompt="E-mail address")
@click.option("--name", prompt="Full name")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def create_admin(email: str, name: str, password_stdin: bool) -> None:
    """Make an account for an administrator."""
    password = _password(password_stdin)
    with explained():
        accounts.create_admin(email, name, password)
    click.echo(f"{email} can sign in now.")


@portal.command("set-password")
@click.argument("email")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def set_password(email: str, password_stdin: bool) -> None:
    """Give the person with this address a password; they are signed out everywhere."""
    with explained():
        person_id = people.by_email(email)
        accounts.set_password(person_id, _password(password_stdin))
    click.echo(f"{email} can sign in with it now.")


@portal.command("deactivate")
@click.argument("email")
@click.option("--reason", default="", help="Kept with the change.")
def deactivate(email: str, reason: str) -> None:
    """Deactivate the account with this address. Open tasks of theirs are routed anew."""
    _change(email, people.Act.DEACTIVATE, reason=reason)


@portal.command("activate")
@click.argument("email")
@click.option("--reason", default="", help="Kept with the change.")
def activate(email: str, reason: str) -> None:
    """Activate the account with this address again."""
    _change(email, people.Act.ACTIVATE, reason=reason)


@group.command("add")
@click.argument("code")
@click.argument("email")
def add_to_group(code: str, email: str) -> None:
    """Add the person with this address to the group of that code."""
    _change(email, people.Act.JOIN, code)


@group.command("remove")
@click.argument("code")
@click.argument("email")
def remove_from_group(code: str, email: str) -> None:
    """Take the person with this address out of the group. Open tasks are routed anew."""
    _change(email, people.Act.LEAVE, code)


@portal.command("register-search-attributes")
def register_search_attributes() -> None:
    """Tell Temporal which search attributes the workflows set. Safe to repeat."""
    from portal.temporal import client, search_attributes

    async def register() -> tuple[str, ...]:
        return await search_attributes.register(await client.connect(_settings()))

    with explained():
        names = asyncio.run(register())
    click.echo(f"Registered: {', '.join(names)}." if names else "All were registered already.")


@portal.command("load-demo")
@click.option("--accounts-file", type=click.Path(path_type=Path), default=DEMO_ACCOUNTS)
@click.option("--quiet", is_flag=True, help="Do not print the accounts with their passwords.")
def load_demo(accounts_file: Path, quiet: bool) -> None:
    """Load the demonstration and start the workflows of its open requests. Safe to repeat."""
    from portal.background import reconcile as room
    from portal.demo.load import load_demo as load

    if _settings().is_production:
        raise click.ClickException("A demonstration does not belong into production.")
    with explained(), batch() as connection:
        lines = load(connection.engine, accounts_file)
        room.reconcile(_settings(), connection.engine)
    click.echo(f"{len(lines)} accounts." if quiet else "\n".join(lines))


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


@portal.command("reconcile")
@click.option("--dry-run", is_flag=True, help="Only report.")
def reconcile(dry_run: bool) -> None:
    """Start the workflow of every open request that has none. Exits with 1 if one cannot."""
    from portal.background import reconcile as room

    with explained(), batch() as connection:
        report = room.reconcile(_settings(), connection.engine, dry_run=dry_run)
    click.echo(f"{report.open} open requests, {len(report.missing)} without a workflow.")
    for number in report.missing:
        outcome = "started" if number in report.started else report.failed.get(number, "missing")
        click.echo(f"{number}: {outcome}")
    sys.exit(1 if report.failed else 0)


@contextmanager
def batch() -> Iterator[Connection]:
    """A connection for long work, without the short time limits that pages have."""
    engine = create_engine(_settings().sqlalchemy_url, hide_parameters=True)
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
    except (RPCError, RuntimeError) as error:
        raise click.ClickException(f"Temporal refused: {error}") from error


def _change(email: str, act: people.Act, value: str = "", reason: str = "") -> None:
    with explained():
        person_id = people.by_email(email)
        wish = people.Change(person_id=person_id, act=act, value=value, reason=reason)
        made = people.change(wish)
    click.echo(f"{email}: done." if made else f"{email}: it was so already.")


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    typed: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return typed


def _request_id(connection: Connection, number: str | None) -> str | None:
    if number is None:
        return None
    found = connection.scalar(select(Request.id).where(Request.number == number))
    if found is None:
        raise click.ClickException(f"There is no request {number}.")
    return found


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings
