"""The record of what happened: its roles, its log, and whether it is whole; from the shell."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
from flask.cli import AppGroup, with_appcontext
from sqlalchemy import Connection, Engine, select

from portal.background import sealing as background
from portal.cli.running import batch, explained, settings
from portal.domain.proof import notes
from portal.domain.proof.acts import ActKind
from portal.models import Request
from portal.proof import beginning, keys, pack, rights, roles, sealing, verifying
from portal.proof.keys import NoKey
from portal.proof.packed import PackedPeriod
from portal.proof.sealing import NotSealed
from portal.proof.tiles import LogBroken, LogFiles
from portal.proof.verifying import Outside, Verification
from portal.services import acts

audit = AppGroup("audit", help="The record of what happened.")


@audit.command("verify")
@click.option("--request", "number", help="Only the request with this number, such as PR-2052.")
@click.option(
    "--checkpoint",
    "files",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A checkpoint that was kept outside; as often as you like.",
)
@click.option("--key", "key", help="The key to check signatures with: name+hash+key.")
def verify(number: str | None, files: tuple[Path, ...], key: str | None) -> None:
    """Look whether the record is what was recorded: every hash, the log and its checkpoints, what
    pages show of it, and whether the database still guards it. Exits with 1 and names what is not.
    """
    with explained(), batch() as connection:
        request_id = _request_id(connection, number)
        engine = connection.engine
        found = verifying.verify(engine, _outside(files, key), request_id)
    for problem in found.problems:
        click.echo(str(problem))
    _say(found)
    sys.exit(1 if found.problems else 0)


def _say(found: Verification) -> None:
    for remark in found.remarks:
        click.echo(f"Note: {remark}")
    counted = ", ".join(f"{number} {name}" for name, number in sorted(found.counts.items()))
    click.echo(f"Looked at: {counted or 'nothing'}.")
    problems = len(found.problems)
    click.echo(f"{problems} problems found." if problems else "The record is whole.")


def _outside(files: tuple[Path, ...], key: str | None) -> Outside:
    """The log's files, and every checkpoint that can be reached from here."""
    known = background.outside(settings())
    given = [(str(file), file.read_text(encoding="utf-8", errors="replace")) for file in files]
    try:
        verifier = known.key if key is None else notes.verifier_key(key)
    except notes.Unreadable as error:
        raise click.ClickException(str(error)) from error
    return replace(known, checkpoints=[*known.checkpoints, *given], key=verifier)


def _log() -> LogFiles:
    try:
        log = beginning.current(settings().audit_log_dir)
    except LogBroken as error:
        raise click.ClickException(str(error)) from error
    if log is None:
        raise click.ClickException("No log was begun: flask portal audit begin.")
    return log


def _signer(log: LogFiles) -> keys.Signer:
    return beginning.signer_of(log, settings().audit_key_file, settings().public_url)


@audit.command("begin")
@click.option("--if-needed", is_flag=True, help="Do nothing where a log was begun already.")
def begin(if_needed: bool) -> None:
    """Begin the log: everything recorded so far is taken into it, by one act that says so.

    After an older backup was restored, the same begins the next log, which quotes the last
    checkpoint of the one before.
    """
    folder, key = settings().audit_log_dir, settings().audit_key_file
    if if_needed and beginning.current(folder) is not None:
        return
    with explained(), _sealers() as engine:
        log = beginning.begin(engine, folder, key)
        sealed = sealing.seal(engine, log, _signer(log))
    click.echo(f"Log {log.folder.name} has begun in {log.folder}, with {sealed.added} leaves.")
    click.echo(f"Its key, for whoever checks it: {_signer(log).verifier}")


@audit.command("seal")
def seal() -> None:
    """Seal what waits now; a worker does so every minute."""
    log = _log()
    with explained(), _sealers() as engine:
        sealed = sealing.seal(engine, log, _signer(log))
    click.echo(f"{sealed.added} leaves were added.")


@audit.command("pack")
@click.argument("number")
@click.argument("file", type=click.Path(dir_okay=False, writable=True, path_type=Path))
def evidence(number: str, file: Path) -> None:
    """Write the evidence pack of the request NUMBER into FILE, a ZIP archive."""
    log = _log()
    with explained(), batch() as connection:
        request_id = _request_id(connection, number)
        assert request_id is not None
        try:
            body = pack.pack(connection, log, request_id)
        except pack.NotSealedYet as error:
            raise click.ClickException(NOT_YET) from error
        except LogBroken as error:
            raise click.ClickException(str(error)) from error
    file.write_bytes(body)
    click.echo(f"{file} holds the evidence for {number}.")


@audit.command("pack-period")
@click.argument("first", type=click.DateTime(["%Y-%m-%d"]))
@click.argument("last", type=click.DateTime(["%Y-%m-%d"]))
@click.argument("file", type=click.Path(dir_okay=False, writable=True, path_type=Path))
def evidence_of_period(first: datetime, last: datetime, file: Path) -> None:
    """Write the evidence pack of the days FIRST to LAST (2026-11-01, by UTC, both included) into
    FILE, a ZIP archive: every entry of the log between them, however many."""
    log = _log()
    until = last.replace(tzinfo=UTC) + timedelta(days=1)
    with explained(), batch() as connection:
        try:
            period = PackedPeriod(first.replace(tzinfo=UTC), until)
            body, found = pack.pack_period(connection, log, period)
        except pack.NothingThere as error:
            raise click.ClickException("Nothing was recorded on these days.") from error
        except pack.NotSealedYet as error:
            raise click.ClickException(NOT_YET) from error
        except LogBroken as error:
            raise click.ClickException(str(error)) from error
    file.write_bytes(body)
    acts.keep(ActKind.EXPORTED, "evidence.zip", **pack.told(found, body))
    click.echo(f"{file} holds {len(found.leaves)} entries of {len(found.requests)} requests.")


NOT_YET = "Not all of it is sealed yet: try again in a minute."


@audit.command("key")
def key() -> None:
    """Print the key by which others check this portal's checkpoints."""
    log = _log()
    with explained():
        click.echo(str(_signer(log).verifier))


@contextmanager
def _sealers() -> Iterator[Engine]:
    try:
        with background.sealers(settings()) as engine:
            yield engine
    except (NoKey, NotSealed, LogBroken) as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        said = f"{error.filename}: {error.strerror}. Only the sealer's user may."
        raise click.ClickException(said) from error


@click.command("roles")
@click.option("--sql", is_flag=True, help="Print the statements for the database's administrator.")
@with_appcontext
def parted(sql: bool) -> None:
    """Say whether the database's roles are parted, so that the portal cannot rewrite its record."""
    with explained(), batch() as connection:
        wrong = rights.wrong(connection)
        former = rights.owner_of(connection)
        lines = list(rights.parting_statements(connection)) if sql else []
        if sql and rights.is_superuser(connection, former):
            raise click.ClickException(NOT_FROM_SUPERUSER % former)
    if sql:
        said = roles.THEN.format(former=former)
        click.echo("".join(f"{each};\n" for each in lines) + said, nl=False)
        return
    for each in wrong:
        click.echo(each)
    click.echo("The roles are not parted." if wrong else "The roles are parted.")
    sys.exit(1 if wrong else 0)


NOT_FROM_SUPERUSER = (
    "The tables belong to %s, a superuser, whose things cannot be handed over. Make a database as "
    "docs/deployment.md says, and move there by scripts/backup and scripts/restore."
)


@audit.command("signatures")
@click.option("--request", "number", help="Only the request with this number, such as PR-2052.")
def verify_signatures(number: str | None) -> None:
    """Check every signed decision anew. Exits with 1, naming what does not hold."""
    from portal.services import signatures

    signed = wrong = weaker = 0
    with explained(), batch() as connection:
        for each in signatures.examine(connection, _request_id(connection, number)):
            signed, weaker = signed + each.is_signed, weaker + (not each.is_signed)
            if each.trouble:
                wrong += 1
                click.echo(f"request {each.request_id}, event {each.seq}: {each.trouble}")
    click.echo(f"{signed} signatures by passkey, {weaker} weaker proofs, {wrong} wrong.")
    sys.exit(1 if wrong else 0)


def _request_id(connection: Connection, number: str | None) -> str | None:
    if number is None:
        return None
    found = connection.scalar(select(Request.id).where(Request.number == number))
    if found is None:
        raise click.ClickException(f"There is no request {number}.")
    return found


COMMANDS = (audit, parted)
