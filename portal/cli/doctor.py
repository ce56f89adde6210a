"""`flask portal doctor`: what is wrong around the portal, and what to do."""

import json
import sys
from dataclasses import asdict

import click
from flask.cli import with_appcontext

from portal import doctor as clinic
from portal.cli.running import settings
from portal.doctor.finding import Finding, Level, exit_code


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, for programs.")
@with_appcontext
def doctor(as_json: bool) -> None:
    """Examine settings, clock, database, Temporal, workers, mail, files, disk and proxy.

    Changes nothing but a file of its own that it deletes. Exits with 0 where all is well, 3 where
    there are warnings, 1 where there is a fault; settings that cannot be used end it with 4.
    """
    found = []
    for finding in clinic.examine(settings()):
        found.append(finding)
        click.echo(json.dumps(asdict(finding)) if as_json else shown(finding))
    if not as_json:
        click.echo(summary(found))
    sys.exit(exit_code(found))


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
