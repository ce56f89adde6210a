"""What a change of a request changed, from the contents that the audit record kept."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from portal.domain.codec import decode
from portal.domain.errors import CannotDecode
from portal.domain.request.state import Content
from portal.presentation.parts import Change
from portal.presenters import facts
from portal.queries import audit
from portal.queries.request import RequestRecord, TaskRecord

SUBMISSIONS = ("RequestSubmitted", "RequestResubmitted", "RequestAmended")


@dataclass(frozen=True, slots=True)
class Revision:
    """What differs between the version `since` and today's: in words, and the fields' names.

    `changes` is empty where the older text was erased.
    """

    since: int
    changes: tuple[Change, ...]
    fields: tuple[str, ...]


def revision_of(record: RequestRecord, names: Mapping[str, str], since: int) -> Revision | None:
    """Before and after of what changed since that version; None where nothing can have."""
    if not 1 <= since < record.content_version:
        return None
    sent = {
        int(event.data.get("content_version", 1)): event.seq
        for event in audit.course_of(record.id, record.submitted_at)
        if event.kind in SUBMISSIONS
    }
    before = content_of(record.id, sent[since]) if since in sent else None
    if before is None:
        return Revision(since, (), tuple(record.changed_fields))
    changes = facts.changes(record.form, before, record.content, names)
    return Revision(since, changes, record.content.changed_from(before))


def seen_version(record: RequestRecord, mine: Iterable[TaskRecord]) -> int:
    """The last version that a person decided or was asked about before today's; else the one
    before it."""
    earlier = [task.content_version for task in mine]
    return max(
        (version for version in earlier if version < record.content_version),
        default=record.content_version - 1,
    )


def content_of(request_id: str, seq: int) -> Content | None:
    """The content that was submitted with the event of that number."""
    text = audit.texts_of(request_id, [seq]).get((seq, "content"))
    try:
        return decode(Content, json.loads(text)) if text else None
    except (json.JSONDecodeError, CannotDecode):
        return None
