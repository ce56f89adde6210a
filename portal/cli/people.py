"""Accounts and groups from the shell."""

import sys

import click
from flask import current_app
from flask.cli import AppGroup, with_appcontext

from portal.cli.running import explained
from portal.queries import gaps
from portal.services import accounts, password_links, people

group = AppGroup("group", help="Who is in which group.")


@click.command("create-admin")
@click.option("--email", prompt="E-mail address")
@click.option("--name", prompt="Full name")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@with_appcontext
def create_admin(email: str, name: str, password_stdin: bool) -> None:
    """Make an account for an administrator."""
    password = _password(password_stdin)
    with explained():
        accounts.create_admin(email, name, password)
    click.echo(f"{email} can sign in now.")


@click.command("first-link")
@with_appcontext
def first_link() -> None:
    """Print a link by which the first administrator's account is made: it works once, for a day."""
    settings = current_app.config["SETTINGS"]
    with explained():
        token = password_links.make_first(settings.secret_key)
    if token is None:
        raise click.ClickException("There is an administrator already: sign in, or set-password.")
    click.echo(f"{settings.public_url}/p/{token}")


@click.command("set-password")
@click.argument("email")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@with_appcontext
def set_password(email: str, password_stdin: bool) -> None:
    """Give the person with this address a password; they are signed out everywhere."""
    with explained():
        person_id = people.by_email(email)
        accounts.set_password(person_id, _password(password_stdin))
    click.echo(f"{email} can sign in with it now.")


@click.command("deactivate")
@click.argument("email")
@click.option("--reason", default="", help="Kept with the change.")
@with_appcontext
def deactivate(email: str, reason: str) -> None:
    """Deactivate the account with this address. Open tasks of theirs are routed anew; what else
    depends on them is named."""
    _change(email, people.PersonAct.DEACTIVATE, reason=reason)
    ties = gaps.ties_of(people.by_email(email))
    for words, names in (
        ("Without a head now:", ties.heads),
        ("Without an active manager now:", ties.managed),
        ("Groups without an active member now:", ties.only_member_of),
        ("Named by the policies of:", ties.named_in),
    ):
        if names:
            click.echo(f"{words} {', '.join(names)}")


@click.command("activate")
@click.argument("email")
@click.option("--reason", default="", help="Kept with the change.")
@with_appcontext
def activate(email: str, reason: str) -> None:
    """Activate the account with this address again."""
    _change(email, people.PersonAct.ACTIVATE, reason=reason)


@group.command("add")
@click.argument("code")
@click.argument("email")
def add_to_group(code: str, email: str) -> None:
    """Add the person with this address to the group of that code."""
    _change(email, people.PersonAct.JOIN, code)


@group.command("remove")
@click.argument("code")
@click.argument("email")
def remove_from_group(code: str, email: str) -> None:
    """Take the person with this address out of the group. Open tasks are routed anew."""
    _change(email, people.PersonAct.LEAVE, code)


def _change(email: str, act: people.PersonAct, value: str = "", reason: str = "") -> None:
    with explained():
        person_id = people.by_email(email)
        wish = people.PersonChange(person_id=person_id, act=act, value=value, reason=reason)
        made = people.change(wish)
    click.echo(f"{email}: done." if made else f"{email}: it was so already.")


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    typed: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return typed


COMMANDS = (create_admin, first_link, set_password, deactivate, activate, group)
