"""Attached files, for whoever may see the request (or filled in the form)."""

from typing import IO
from uuid import UUID

from flask import Blueprint, abort, send_file
from flask.typing import ResponseReturnValue

from portal.domain.people.permissions import Permission
from portal.domain.request.files import KeptFile
from portal.pages.requests.request_form_io import store
from portal.queries import attachments
from portal.queries.readers import Reader
from portal.security.guards import requires
from portal.security.identity import me
from portal.services.attachments import FileChanged, fetched
from portal.services.file_store import FileGone, StoreAway

blueprint = Blueprint("attachments", __name__)

# Whatever is in the file, a browser neither runs nor shows it as a page of ours.
SANDBOX = "sandbox; default-src 'none'; frame-ancestors 'none'"


@blueprint.get("/attachments/<uuid:attachment_id>")
@requires(Permission.READ_INVOLVED)
def download(attachment_id: UUID) -> ResponseReturnValue:
    """The bytes, always to be saved and never to be shown in place."""
    reader = Reader(me().id, me().may(Permission.READ_ALL))
    file = attachments.find(str(attachment_id), reader)
    if file is None:
        abort(404)
    response = send_file(
        _bytes_of(file),
        mimetype=file.content_type,
        as_attachment=True,
        download_name=file.name,
        etag=file.sha256,
        conditional=False,
        max_age=0,
    )
    response.content_length = file.size
    response.headers["Content-Security-Policy"] = SANDBOX
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _bytes_of(file: KeptFile) -> IO[bytes]:
    """The file, as it was recorded; else the answer that says why not."""
    try:
        return fetched(store().files, file)
    except FileGone:
        abort(404)
    except FileChanged:
        abort(
            409, "This file is not what it was when it was attached. The administrators were told."
        )
    except StoreAway:
        abort(503, "The place where files are kept does not answer. Try again in a moment.")
