"""Attached files, for whoever may see the request (or filled in the form)."""

from uuid import UUID

from flask import Blueprint, abort, send_file
from flask.typing import ResponseReturnValue

from portal.domain.permissions import Permission
from portal.pages.filling import store
from portal.queries import attachments
from portal.queries.readers import Reader
from portal.security.guards import requires
from portal.security.identity import me

blueprint = Blueprint("attachments", __name__)

# Whatever is in the file, a browser neither runs nor shows it as a page of ours.
SANDBOX = "sandbox; default-src 'none'; frame-ancestors 'none'"


@blueprint.get("/attachments/<uuid:attachment_id>")
@requires(Permission.READ_INVOLVED)
def download(attachment_id: UUID) -> ResponseReturnValue:
    """The bytes, always to be saved and never to be shown in place."""
    reader = Reader(me().id, me().may(Permission.READ_ALL))
    file = attachments.find(str(attachment_id), reader)
    path = store().path(str(attachment_id))
    if file is None or not path.is_file():
        abort(404)
    response = send_file(
        path,
        mimetype=file.content_type,
        as_attachment=True,
        download_name=file.name,
        etag=file.sha256,
        conditional=False,
        max_age=0,
    )
    response.headers["Content-Security-Policy"] = SANDBOX
    response.headers["Cache-Control"] = "private, no-store"
    return response
