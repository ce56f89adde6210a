"""Tokens of the JSON API from the shell."""

from collections.abc import Iterator
from contextlib import contextmanager

import click
from flask.cli import AppGroup

from portal.cli.running import explained, settings
from portal.domain.people.tokens import USUAL_DAYS, Scope, TokenWish
from portal.queries import api_tokens as tokens
from portal.services import api_tokens, people

group = AppGroup("token", help="Tokens by which programs use the JSON API.")
SCOPES = click.Choice([scope.value for scope in Scope])


@group.command("create")
@click.argument("name")
@click.option("--scope", "scopes", multiple=True, required=True, type=SCOPES)
@click.option("--module", "modules", multiple=True, help="Only requests of this module.")
@click.option("--days", default=USUAL_DAYS, show_default=True, help="Until it expires.")
@click.option("--for", "email", default="", help="Acts for the person with this address.")
def create(
    name: str, scopes: tuple[str, ...], modules: tuple[str, ...], days: int, email: str
) -> None:
    """Make a token and print its secret, once. Without --for it is a service's."""
    granted = frozenset(Scope(each) for each in scopes)
    prefix = settings().api_token_prefix
    wish = TokenWish(name=name, scopes=granted, days=days, modules=modules, prefix=prefix)
    with explained(), _sentences():
        if email:
            owner = people.by_email(email)
            token_id, secret = api_tokens.make_personal(wish, owner, None)
        else:
            token_id, secret = api_tokens.make_service(wish, None)
    click.echo(f"id {token_id}", err=True)
    click.echo(secret)


@group.command("list")
def show() -> None:
    """Every token: id, kind, name, scopes, when it expires and when it was last used."""
    for each in tokens.listed():
        state = "in use" if each.is_in_use else "ended"
        used = each.last_used_at.isoformat(timespec="seconds") if each.last_used_at else "never"
        scopes, ends = ",".join(each.scopes), f"{each.expires_at:%Y-%m-%d}"
        click.echo(
            f"{each.id}  {each.kind:8}  {state:6}  {ends}  used {used}  {scopes}  {each.name}"
        )


@group.command("rotate")
@click.argument("token_id", type=click.UUID)
def rotate(token_id: object) -> None:
    """Print another secret for a token; the one before is good for a day."""
    with explained(), _sentences():
        prefix = settings().api_token_prefix
        click.echo(api_tokens.rotate(str(token_id), None, prefix=prefix))


@group.command("revoke")
@click.argument("token_id", type=click.UUID)
def revoke(token_id: object) -> None:
    """End a token at once."""
    with explained(), _sentences():
        api_tokens.revoke(str(token_id), None)
    click.echo("Revoked.")


@contextmanager
def _sentences() -> Iterator[None]:
    """Say in one sentence why a token could not be made or changed."""
    try:
        yield
    except api_tokens.TokenRejected as error:
        raise click.ClickException(str(error)) from error
    except api_tokens.TokenGone as error:
        raise click.ClickException("There is no such token in use.") from error


COMMANDS = (group,)
