"""Files of a request, for programs that read it."""

import structlog
from flask import send_file

from portal.api.approvals import found
from portal.api.endpoints import Answer, Output, endpoint
from portal.domain.people.tokens import Scope
from portal.presentation.problems import ProblemRaised
from portal.queries import attachments
from portal.security.sessions import current_settings
from portal.services.attachments import FileChanged, fetched
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


@endpoint("GET", "/approvals/{workflowId}/files", Scope.APPROVALS_READ, answers={200: FilePage},
          refuses=(404,), summary="List files")  # fmt: skip
def list_files(workflow_id: str) -> Answer:
    """Those of its form, and those that came with comments and decisions."""
    items = [
        FileItem(
            id=each.id, name=each.name, content_type=each.content_type, size=each.size,
            sha256=each.sha256,
        )
        for each in attachments.of_request(found(workflow_id).id)
    ]  # fmt: skip
    return Answer(body=FilePage(items=items, next=None))


@endpoint(
    "GET", "/approvals/{workflowId}/files/{fileId}", Scope.APPROVALS_READ, answers={200: None},
    refuses=(404, 409, 503), summary="Download a file", is_file=True,
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
