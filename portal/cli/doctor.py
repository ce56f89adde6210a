"""`flask portal doctor`: what is wrong around the portal, and what to do."""

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from itertools import chain

import click
from flask.cli import with_appcontext
from sqlalchemy.exc import DBAPIError
from temporalio.service import RPCError

from portal import doctor as clinic
from portal.background import reconcile
from portal.cli.running import batch, settings
from portal.doctor.finding import Finding, Level, exit_code, fault, well
from portal.legacy.cutover import success
from portal.queries import audit_chain


@click.command("doctor")
@click.option("--after-cutover", is_flag=True, help="Also: has the old engine been left well?")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, for programs.")
@with_appcontext
def doctor(as_json: bool, after_cutover: bool) -> None:
    """Examine settings, clock, database, Temporal, workers, mail, files, disk and proxy.

    Changes nothing but a file of its own that it deletes. Exits with 0 where all is well, 3 where
    there are warnings, 1 where there is a fault; settings that cannot be used end it with 4.
    """
    found = []
    findings = clinic.examine(settings())
    for finding in chain(findings, _after_cutover()) if after_cutover else findings:
        found.append(finding)
        click.echo(json.dumps(asdict(finding)) if as_json else shown(finding))
    if not as_json:
        click.echo(summary(found))
    sys.exit(exit_code(found))


def _after_cutover() -> Iterator[Finding]:
    """What the cutover should have come to: tables, rows, workflows, the record."""
    try:
        with batch() as connection:
            yield from success.criteria(connection)
            problems = audit_chain.verify(connection)
            engine = connection.engine
            connection.rollback()
            said = "problems in the record's hash chain"
            yield _none(len(problems), "cutover.record", said, "flask portal audit verify")
            findings = reconcile.reconcile(settings(), engine, dry_run=True).findings
            said = "requests whose workflow is missing or differs"
            yield _none(len(findings), "cutover.workflows", said, "flask portal reconcile")
    except (DBAPIError, RPCError, RuntimeError) as error:
        said = f"the rest cannot be asked: {' '.join(str(error).split())[:200]}"
        yield fault("cutover.away", said, "mend what is named above, then ask again")


def _none(number: int, code: str, said: str, todo: str) -> Finding:
    if number:
        return Finding(Level.FAULT, code, f"{number} {said}", todo)
    return well("cutover", f"0 {said}")


def shown(finding: Finding) -> str:
    """One line, and beneath it what to do; the code in brackets stands in troubleshooting.md."""
    line = f"{finding.level:<8} {finding.part:<9} {finding.said}"
    if finding.level is Level.OK:
        return line
    return f"{line} [{finding.code}]\n{'':<19}-> {finding.todo}"


def summary(found: list[Finding]) -> str:
    """How many of which kind."""
    counts = {level: sum(each.level is level for each in found) for level in Level}
    well, warned, faults = counts[Level.OK], counts[Level.WARNING], counts[Level.FAULT]
    line = f"{well} well, {warned} to look at, {faults} to mend."
    return line if warned + faults == 0 else f"{line} docs/troubleshooting.md says more."


COMMANDS = (doctor,)
