"""Files: those that a program uploads for a request before it asks, and those of a request."""

from typing import IO

import structlog
from flask import send_file
from pydantic import Field

from portal.api.acts import WHO, speaker
from portal.api.approvals import found
from portal.api.asking import ExternalId
from portal.api.endpoints import Answer, Input, Output, endpoint
from portal.api.people import actor_of
from portal.domain.people.tokens import Scope
from portal.domain.request.files import ENCLOSED, KeptFile
from portal.forms.fields import uuid_of
from portal.presentation.problems import InputError, ProblemRaised
from portal.queries import attachments, commands
from portal.queries.attachments import FileOfForm
from portal.queries.request import Reader
from portal.security import callers
from portal.security.sessions import current_settings
from portal.services import api_calls
from portal.services import attachments as service
from portal.services.api_calls import Call
from portal.services.attachments import FileChanged, NotNow, Upload, fetched
from portal.services.file_kinds import Unfit
from portal.services.file_store import FileGone, StoreAway, store_of
from portal.translation import _

log = structlog.get_logger("portal.attachments")


class FileItem(Output):
    """A file. `sha256`: of its bytes, as it was recorded when it was attached."""

    id: str
    name: str
    content_type: str
    size: int
    sha256: str


class FilePage(Output):
    """All files of a request, the oldest first; there is one page."""

    items: list[FileItem]
    next: str | None


class UploadsQuery(Input):
    """For which request."""

    request_id: str = ExternalId
    user_id: str | None = Field(
        None, min_length=1, max_length=300,
        description="Who asks, as in POST /approvals. Needed with a service's token.",
    )  # fmt: skip


class UploadQuery(UploadsQuery):
    """For which request and field, and what the file is called."""

    field: str = Field(
        min_length=1, max_length=200, examples=["offers"],
        description="The field of the type's form. In a line of a table: the table's field, the"
        " line's place from 0 and the column, such as “items-0-receipt”.",
    )  # fmt: skip
    name: str = Field(
        min_length=1, max_length=300, examples=["offer.pdf"],
        description="The file's name. Its ending has to agree with its content.",
    )  # fmt: skip


class UploadedFile(FileItem):
    """A file that waits for its request."""

    field: str


class UploadPage(Output):
    """All files that wait for a request, the oldest first; there is one page."""

    items: list[UploadedFile]
    next: str | None


@endpoint(
    "POST", "/files", Scope.APPROVALS_WRITE, query=UploadQuery, takes_file=True,
    answers={201: UploadedFile, 200: UploadedFile}, refuses=(409,), summary="Upload a file",
)  # fmt: skip
def upload_file(query: UploadQuery, file: IO[bytes]) -> Answer:
    """Before you ask: send the bytes as the body, with the requestId and userId that POST
    /approvals will have; it takes the file along. The same file again is answered with the first
    one (200), also behind the request; another one then is 409. What is never asked for is deleted
    after a while, as drafts are."""
    with file:
        call, owner = _call_of(query), _owner_of(query)
        upload = Upload(query.field, query.name, file)
        known = service.known(call.command_id, owner, upload)
        if known is not None:
            return Answer(body=_uploaded(FileOfForm(query.field, known)))
        _refuse_made(call)
        kept = FileOfForm(query.field, _kept(call.command_id, owner, upload))
    _require_taken(call, owner, kept.file)
    return Answer(body=_uploaded(kept), status=201)


def _kept(form_id: str, owner: str, upload: Upload, request_id: str | None = None) -> KeptFile:
    try:
        store = service.store_of_settings(current_settings())
        return service.keep_one(store, form_id, owner, upload, request_id)
    except NotNow as away:
        raise ProblemRaised("unavailable", _(away.text, **away.values)) from None
    except Unfit as unfit:
        wrong = InputError("", _(unfit.text, **unfit.values))
        raise ProblemRaised("invalid", errors=(wrong,)) from None


def _require_taken(call: Call, owner: str, kept: KeptFile) -> None:
    """Raise a problem where the request was made meanwhile without the file, which goes then."""
    if api_calls.is_made(call) and service.drop(
        store_of(current_settings()), call.command_id, owner, [kept.id]
    ):
        raise ProblemRaised("request-exists")


@endpoint("GET", "/files", Scope.APPROVALS_WRITE, query=UploadsQuery, answers={200: UploadPage},
          summary="List uploaded files")  # fmt: skip
def list_uploads(query: UploadsQuery) -> Answer:
    """Those that wait for a request which you did not ask for yet."""
    waiting = attachments.of_form(_call_of(query).command_id, _owner_of(query))
    return Answer(body=UploadPage(items=[_uploaded(each) for each in waiting], next=None))


@endpoint("DELETE", "/files/{fileId}", Scope.APPROVALS_WRITE, query=UploadsQuery,
          answers={204: None}, refuses=(404, 409), summary="Delete an uploaded file")  # fmt: skip
def delete_upload(file_id: str, query: UploadsQuery) -> Answer:
    """As long as its request was not asked for."""
    call, owner, known = _call_of(query), _owner_of(query), uuid_of(file_id)
    _refuse_made(call)
    gone = known and service.drop(store_of(current_settings()), call.command_id, owner, [known])
    if not gone:
        _refuse_made(call)
        raise ProblemRaised("not-found")
    return Answer(body=None, status=204)


def _call_of(query: UploadsQuery) -> Call:
    """The call by which the request will be asked for."""
    return api_calls.asking(callers.caller().token_id, query.request_id, {})


def _owner_of(query: UploadsQuery) -> str:
    return actor_of(query.user_id, callers.caller(), "?userId")[0]


def _refuse_made(call: Call) -> None:
    if api_calls.is_made(call):
        raise ProblemRaised("request-exists")


def _item(file: KeptFile) -> FileItem:
    return FileItem(
        id=file.id, name=file.name, content_type=file.content_type, size=file.size,
        sha256=file.sha256,
    )  # fmt: skip


def _uploaded(each: FileOfForm) -> UploadedFile:
    file = each.file
    return UploadedFile(
        id=file.id, name=file.name, content_type=file.content_type, size=file.size,
        sha256=file.sha256, field=each.field,
    )  # fmt: skip


class EnclosedQuery(Input):
    """What the file is called, and whose comment or decision it comes with."""

    name: str = Field(
        min_length=1, max_length=300, examples=["offer.pdf"],
        description="The file's name. Its ending has to agree with its content.",
    )  # fmt: skip
    user_id: str | None = Field(None, min_length=1, max_length=300, description=WHO)


@endpoint(
    "POST", "/approvals/{workflowId}/files", Scope.APPROVALS_WRITE, query=EnclosedQuery,
    takes_file=True, keyed=True, answers={201: FileItem, 200: FileItem}, refuses=(403, 404, 410),
    summary="Upload a file of a comment",
)  # fmt: skip
def upload_enclosed(
    workflow_id: str, command_id: str, query: EnclosedQuery, file: IO[bytes]
) -> Answer:
    """Before you comment or decide: send the bytes as the body, with the Idempotency-Key that the
    comment (or decision) will have; it takes the file along. The same file again is answered with
    the first one (200). What is never commented with is deleted after a while, as drafts are."""
    with file:
        record, actor = speaker(workflow_id, query.user_id, "?userId")
        upload = Upload(ENCLOSED, query.name, file)
        known = service.known(command_id, actor, upload)
        if known is not None:
            return Answer(body=_item(known))
        if commands.find(command_id, Reader(actor)) is not None:
            raise ProblemRaised("idempotency-key-used")
        return Answer(body=_item(_kept(command_id, actor, upload, record.id)), status=201)


@endpoint("GET", "/approvals/{workflowId}/files", Scope.APPROVALS_READ, answers={200: FilePage},
          refuses=(404, 410), summary="List files")  # fmt: skip
def list_files(workflow_id: str) -> Answer:
    """Those of its form, and those that came with comments and decisions."""
    items = [_item(each) for each in attachments.of_request(found(workflow_id).id)]
    return Answer(body=FilePage(items=items, next=None))


@endpoint(
    "GET", "/approvals/{workflowId}/files/{fileId}", Scope.APPROVALS_READ, answers={200: None},
    refuses=(404, 409, 410, 503), summary="Download a file", is_file=True,
)  # fmt: skip
def download_file(workflow_id: str, file_id: str) -> Answer:
    """Its bytes, checked against what was recorded."""
    files = attachments.of_request(found(workflow_id).id)
    file = next((each for each in files if each.id == file_id), None)
    if file is None:
        raise ProblemRaised("not-found")
    try:
        stream = fetched(store_of(current_settings()), file)
    except FileGone:
        log.error("attachments.missing", attachment=file.id, alarm=True)
        words = _("This file is missing here. Tell an administrator: a backup may have it.")
        raise ProblemRaised("not-found", words) from None
    except FileChanged:
        words = _("This file was changed after it was attached. Tell an administrator.")
        raise ProblemRaised("conflict", words) from None
    except StoreAway:
        raise ProblemRaised("unavailable") from None
    response = send_file(
        stream, mimetype=file.content_type, as_attachment=True, download_name=file.name,
        etag=file.sha256, conditional=False, max_age=0,
    )  # fmt: skip
    response.content_length = file.size
    response.headers["Cache-Control"] = "private, no-store"
    return Answer(body=None, file=response)
