"""Attached files: where they are kept, downloading them, and those that come with a comment or a
decision."""

import re
from dataclasses import dataclass
from typing import IO
from uuid import UUID

import structlog
from flask import abort, request, send_file
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import FileStorage

from portal.domain.people.permissions import Permission
from portal.domain.request.files import ENCLOSED, KeptFile
from portal.forms.fields import uuid_of
from portal.pages.requests import blueprint
from portal.queries import attachments, commands
from portal.queries.request import Reader
from portal.security.guards import requires
from portal.security.sessions import current_settings, me
from portal.services import attachments as service
from portal.services.attachments import FileChanged, Store, Upload, fetched
from portal.services.file_store import FileGone, StoreAway
from portal.translation import _

log = structlog.get_logger("portal.attachments")

# Whatever is in the file, a browser neither runs nor shows it as a page of ours.
SANDBOX = "sandbox; default-src 'none'; frame-ancestors 'none'"
_FILE_NAME = re.compile(r';\s*filename="(.*)"')


@blueprint.get("/attachments/<uuid:attachment_id>")
@requires(Permission.READ_INVOLVED)
def download(attachment_id: UUID) -> ResponseReturnValue:
    """The bytes, always to be saved and never to be shown in place."""
    reader = Reader(me().id, me().may(Permission.READ_ALL))
    file = attachments.find(str(attachment_id), reader)
    if file is None and attachments.find(str(attachment_id), reader, erased=True):
        abort(410, _("This file was erased. The record says when, by whom and why."))
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
        log.error("attachments.missing", attachment=file.id, alarm=True)
        abort(410, _("This file is missing here. Tell an administrator: a backup may have it."))
    except FileChanged:
        abort(409, _("This file was changed after it was attached. Tell an administrator."))
    except StoreAway:
        abort(503, _("File storage is not available. Try again in a moment."))


def store() -> Store:
    """Where this installation keeps files, and its limits."""
    return service.store_of_settings(current_settings())


def sent_name(file: FileStorage) -> str:
    """The name of an uploaded file as the browser wrote it. Werkzeug takes a backslash for an
    escape and drops it; browsers write it as it is (WHATWG, "multipart/form-data"), and only a
    quotation mark may have one before it."""
    written = _FILE_NAME.search(file.headers.get("Content-Disposition", ""))
    if written is None or "\\" not in written[1]:
        return file.filename or ""
    return written[1].replace('\\"', '"').replace("%22", '"')


@dataclass(frozen=True, slots=True)
class Enclosed:
    """The files kept for a form of that key, and sentences about those that could not be taken."""

    key: str = ""
    kept: tuple[KeptFile, ...] = ()
    problems: tuple[str, ...] = ()


def enclose(key: str, request_id: str) -> Enclosed:
    """Store what came with the present post. A form that was sent already brings nothing new."""
    uploads = [each for each in request.files.getlist("files") if each.filename]
    if not uploads and "kept" not in request.form:
        return Enclosed(key)
    person = me().id
    if commands.find(key, Reader(person)) is not None:
        return Enclosed(key)
    removed = [found for text in request.form.getlist("remove") if (found := uuid_of(text))]
    if removed:
        service.drop(store().files, key, person, removed)
    brought = [Upload(ENCLOSED, sent_name(each), each.stream) for each in uploads]
    problems = service.keep(store(), key, person, brought, request_id)
    kept = tuple(each.file for each in attachments.of_form(key, person))
    return Enclosed(key, kept, tuple(words for _, words in problems))


def hand_over(enclosed: Enclosed, next_key: str) -> Enclosed:
    """Give the files to the form that is shown in place of the one that failed."""
    if enclosed.kept:
        service.hand_on(enclosed.key, me().id, next_key)
    return enclosed
