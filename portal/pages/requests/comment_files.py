"""Files that go with a comment or a decision: taken from the post, kept when it fails."""

from dataclasses import dataclass

from flask import request

from portal.domain.request.files import KeptFile
from portal.pages.requests.request_form_io import store, uuid_of
from portal.queries import attachments as attached
from portal.queries import commands
from portal.queries.attachments import ENCLOSED
from portal.queries.readers import Reader
from portal.security.identity import me
from portal.services import attachments
from portal.services.attachments import Upload


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
        attachments.drop(store().files, key, person, removed)
    brought = [Upload(ENCLOSED, each.filename or "", each.stream) for each in uploads]
    problems = attachments.keep(store(), key, person, brought, request_id)
    kept = tuple(each.file for each in attached.of_form(key, person))
    return Enclosed(key, kept, tuple(words for _, words in problems))


def hand_over(enclosed: Enclosed, next_key: str) -> Enclosed:
    """Give the files to the form that is shown in place of the one that failed."""
    if enclosed.kept:
        attachments.hand_on(enclosed.key, me().id, next_key)
    return enclosed
