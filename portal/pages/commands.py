"""What became of a command: recorded and being applied, applied, or refused."""

from uuid import UUID

from flask import Blueprint, abort, jsonify, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from portal.domain.errors import REFUSAL_SENTENCES
from portal.domain.people.permissions import Permission
from portal.presentation.labels import command_name
from portal.presenters.answer import reader
from portal.queries import commands
from portal.queries.commands import CommandRecord
from portal.security.guards import requires

blueprint = Blueprint("commands", __name__)


@blueprint.get("/commands/<uuid:command_id>")
@requires(Permission.READ_INVOLVED)
def show(command_id: UUID) -> ResponseReturnValue:
    """An honest page while it waits; then the request's page, or why it had no effect."""
    command = _find(command_id)
    if command.outcome == "applied":
        return redirect(url_for("requests.show", number=command.number), 303)
    refusal = command.refusal
    return render_template(
        "pages/command/show.html",
        command=command,
        name=command_name(command.kind),
        sentence=REFUSAL_SENTENCES[refusal] if refusal else "",
    )


@blueprint.get("/commands/<uuid:command_id>/state")
@requires(Permission.READ_INVOLVED)
def state(command_id: UUID) -> ResponseReturnValue:
    """Whether it is done, as JSON, for pages that become the result by themselves."""
    command = _find(command_id)
    applied = command.outcome == "applied"
    number, key = command.number, command.id
    return jsonify(
        done=command.outcome is not None,
        location=url_for("requests.show", number=number)
        if applied
        else url_for("commands.show", command_id=key),
    )


def _find(command_id: UUID) -> CommandRecord:
    command = commands.find(str(command_id), reader())
    if command is None:
        abort(404)
    return command
