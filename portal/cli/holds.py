"""Legal holds from the shell: what is held, and placing and lifting one."""

from datetime import UTC, datetime

import click
from flask.cli import AppGroup, with_appcontext

from portal.cli.running import explained
from portal.domain.proof.retention import LONGEST_REASON, HoldScope
from portal.models.columns import new_id
from portal.queries import retention as queries
from portal.services import people
from portal.services import retention as service

group = AppGroup("holds", help="Legal holds, which stop every erasure of what they are on.")
AS = click.option(
    "--as", "email", required=True, help="The address of the administrator who does it."
)
REASON = click.option("--reason", required=True, help="Administrators and auditors read it.")


@group.command("list")
@click.option("--ended", is_flag=True, help="Those that ended, instead of those that stand.")
@with_appcontext
def show(ended: bool) -> None:
    """Every hold: id, what it is on, when and by whom it was placed, until when, and why."""
    for each in queries.holds(standing=not ended):
        until = "until lifted" if each.until is None else f"until {each.until:%Y-%m-%d}"
        placed = f"{each.placed_at:%Y-%m-%d} by {each.placed_by}"
        click.echo(f"{each.id}  {each.scope} {each.label}  {placed}  {until}  {each.reason}")


@group.command("place")
@click.option("--request", "number", help="Hold the request with this number.")
@click.option("--person", help="Hold everything that the person with this address takes part in.")
@click.option("--type", "code", help="Hold every request of the type with this code.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="It ends then by itself (UTC).")
@REASON
@AS
@with_appcontext
def place(
    number: str | None,
    person: str | None,
    code: str | None,
    until: datetime | None,
    reason: str,
    email: str,
) -> None:
    """Place a hold on a request, a person or a type."""
    given = {HoldScope.REQUEST: number, HoldScope.PERSON: person, HoldScope.TYPE: code}
    chosen = [(scope, text) for scope, text in given.items() if text is not None]
    if len(chosen) != 1:
        raise click.UsageError("Give one of --request, --person and --type.")
    (scope, typed), key = chosen[0], new_id()
    with explained():
        actor = people.by_email(email)
        typed = people.by_email(typed) if scope is HoldScope.PERSON else typed
        ends = None if until is None else until.replace(tzinfo=UTC)
        try:
            service.place(service.NewHold(scope, typed, _reason(reason), ends), key, actor)
        except service.HoldRejected as rejected:
            raise click.ClickException(str(rejected)) from rejected
    click.echo(key)


@group.command("lift")
@click.argument("hold_id", type=click.UUID)
@REASON
@AS
@with_appcontext
def lift(hold_id: object, reason: str, email: str) -> None:
    """Lift a hold: from now on retention goes on."""
    with explained():
        actor = people.by_email(email)
        try:
            service.lift(str(hold_id), _reason(reason), actor)
        except service.HoldGone as gone:
            raise click.ClickException("There is no such hold, or it was lifted.") from gone
    click.echo("Lifted.")


def _reason(text: str) -> str:
    """A reason as a page takes it."""
    reason = text.strip()
    if not 0 < len(reason) <= LONGEST_REASON or "\x00" in reason:
        raise click.UsageError(f"--reason takes 1 to {LONGEST_REASON} characters.")
    return reason


COMMANDS = (group,)
