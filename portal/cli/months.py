"""Months of the record from the shell: what stands against removing one, and removing it."""

import hashlib
from pathlib import Path

import click
from flask.cli import AppGroup, with_appcontext
from sqlalchemy import create_engine

from portal.background.cleaning import go_on as go_on_removing
from portal.cli.running import batch, explained, settings
from portal.domain.proof.acts import ActKind
from portal.domain.proof.removal import Month, MonthSeen
from portal.domain.proof.retention import LONGEST_REASON
from portal.presenters.removals import state_words, why_not
from portal.proof import beginning, pack
from portal.proof.packed import PackedPeriod
from portal.proof.removing import OLDEST
from portal.proof.tiles import LogBroken
from portal.services import acts, people
from portal.services import removals as service

group = AppGroup("months", help="Months of the record, which go with all their requests.")


@group.command("list")
@with_appcontext
def show() -> None:
    """The oldest months: how many requests each has, what becomes of it, and why it stays."""
    with explained():
        for each in service.oldest():
            said = " ".join(why_not(each))
            count = each.kept.requests.total()
            click.echo(f"{each.kept.month}  {count} requests  {state_words(each)}. {said}".rstrip())
        click.echo(f"Up to {OLDEST} months are listed, the oldest: others once these are gone.")
        for gone in service.gone():
            click.echo(f"{gone.month}  removed")


@group.command("remove")
@click.argument("month")
@click.option(
    "--pack", "file", required=True, help="Where its evidence pack is written first.",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
)  # fmt: skip
@click.option("--reason", required=True, help="Administrators and auditors read it.")
@click.option("--as", "email", required=True, help="The address of the administrator who does it.")
@with_appcontext
def remove(month: str, file: Path, reason: str, email: str) -> None:
    """Write the evidence pack of MONTH (2024-01, by UTC) into FILE, and say that it is to go with
    all its requests. It goes by `go-on`, or with the nightly clean-up, once an anchor has that."""
    if not 0 < len(reason.strip()) <= LONGEST_REASON or "\x00" in reason:
        raise click.UsageError(f"--reason takes 1 to {LONGEST_REASON} characters.")
    with explained():
        actor = people.by_email(email)
        seen = _month(month)
        if seen.begun is not None:
            raise click.ClickException(f"That was said already. {state_words(seen)}.")
        if seen.bars:
            raise click.ClickException(" ".join(why_not(seen)))
        digest = _packed(seen.kept.month, file)
        try:
            count = service.begin(seen.kept.month, reason.strip(), actor)
        except service.MonthStays as stays:
            raise click.ClickException(" ".join(why_not(_month(month)))) from stays
    click.echo(f"{file} holds its evidence, SHA-256 {digest}.")
    click.echo(f"{month} is to go with {count} requests, once an anchor has the act.")


@group.command("go-on")
@with_appcontext
def go_on() -> None:
    """Remove the requests of months that are to go, and these months, as far as an anchor has the
    acts and nothing holds them. It may break off and be done again."""
    engine = create_engine(settings().sqlalchemy_url, hide_parameters=True)
    with explained():
        done = go_on_removing(engine, settings(), lambda: None)
    engine.dispose()
    click.echo(f"{done.requests} requests and {done.months} months were removed.")
    if done.failed:
        raise click.ClickException(f"{done.failed} stay for now: flask portal months list.")


def _packed(month: Month, file: Path) -> str:
    """Write the evidence pack of a month, with the act of it; its hash."""
    log = beginning.current(settings().audit_log_dir)
    if log is None:
        raise click.ClickException("No log was begun: flask portal audit begin.")
    with batch() as connection:
        try:
            body, found = pack.pack_period(connection, log, PackedPeriod(month.begins, month.ends))
        except (pack.NothingThere, pack.NotSealedYet) as error:
            raise click.ClickException("Not all of it is sealed yet.") from error
        except LogBroken as error:
            raise click.ClickException(str(error)) from error
    file.write_bytes(body)
    acts.keep(ActKind.EXPORTED, "evidence.zip", **pack.told(found, body))
    return hashlib.sha256(body).hexdigest()


def _month(name: str) -> MonthSeen:
    try:
        found = service.examine(Month.named(name))
    except ValueError:
        found = None
    if found is None:
        raise click.ClickException(f"The record has no month {name}: they look like 2024-01.")
    return found


COMMANDS = (group,)
