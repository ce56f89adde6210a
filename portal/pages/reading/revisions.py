"""What a new round changed, from the contents that the audit record kept."""

import json
from collections.abc import Mapping

from portal.domain.codec import decode
from portal.domain.errors import CannotDecode
from portal.domain.request import Content
from portal.pages.reading import facts
from portal.presentation.parts import Change
from portal.queries import audit
from portal.queries.audit import EventRecord
from portal.queries.request import RequestRecord

SUBMISSIONS = ("RequestSubmitted", "RequestResubmitted")


def changes_of(
    record: RequestRecord, events: tuple[EventRecord, ...], names: Mapping[str, str]
) -> tuple[Change, ...]:
    """Before and after of the last change; nothing where the older text was erased."""
    sent = [event.seq for event in events if event.kind in SUBMISSIONS]
    if len(sent) < 2:
        return ()
    before = content_of(record.id, sent[-2])
    if before is None:
        return ()
    after = Content(
        title=record.title, fields=record.fields, amount=record.amount, currency=record.currency
    )
    return facts.changes(record.form, before, after, names)


def content_of(request_id: str, seq: int) -> Content | None:
    """The content that was submitted with the event of that number."""
    text = audit.texts_of(request_id, [seq]).get((seq, "content"))
    try:
        return decode(Content, json.loads(text)) if text else None
    except (json.JSONDecodeError, CannotDecode):
        return None
