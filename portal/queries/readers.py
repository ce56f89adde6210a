"""Who reads, and what they may see: the one rule for pages, lists and exports."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Uuid, exists, literal, or_, true

from portal.models import Participant, Request


@dataclass(frozen=True, slots=True)
class Reader:
    """A signed-in person. `reads_all`: auditors and admins."""

    id: str
    reads_all: bool = False


def may_see(reader: Reader) -> ColumnElement[bool]:
    """True for a row of `Request` that the reader may see: theirs, on their behalf, or asked."""
    return visible(literal(reader.id, Uuid(as_uuid=False)), reads_all=reader.reads_all)


def visible(person: ColumnElement[str], *, reads_all: bool) -> ColumnElement[bool]:
    """The same for a person's id that may be bound later, for statements that are made once."""
    if reads_all:
        return true()
    asked = exists().where(Participant.request_id == Request.id, Participant.user_id == person)
    return or_(Request.requester_id == person, Request.on_behalf_of == person, asked)
