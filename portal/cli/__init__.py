"""The `flask portal ...` commands, by noun: each a few lines over a service."""

from flask.cli import AppGroup

from portal.cli import (
    api_tokens,
    audit,
    demo,
    doctor,
    files,
    holds,
    keys,
    months,
    people,
    types,
    workflows,
)
from portal.legacy import commands as legacy

portal = AppGroup("portal", help="Accounts, the demonstration, and checks of the record.")

for each in (
    *people.COMMANDS,
    *audit.COMMANDS,
    *workflows.COMMANDS,
    *demo.COMMANDS,
    *doctor.COMMANDS,
    *files.COMMANDS,
    *holds.COMMANDS,
    *months.COMMANDS,
    *keys.COMMANDS,
    *types.COMMANDS,
    *api_tokens.COMMANDS,
    *legacy.COMMANDS,
):
    portal.add_command(each)
