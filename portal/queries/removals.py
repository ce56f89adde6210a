"""Requests that were removed after their retention, for pages that name them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, or_, select

from portal.extensions import db
from portal.models import AuditIndex, GroupMember, Request, RequestType, TypeReader
from portal.models.removals import Removal, removals, removals_numbered
from portal.queries import own_texts
from portal.queries.people import names_of
from portal.queries.request import Reader


@dataclass(frozen=True, slots=True)
class RemovedRequest:
    """A request that was removed. `type_name`: "" of a submission that was refused; `by`: who said
    that its month is to go, "" for a command on the server."""

    id: str
    number: str
    type_name: str
    at: datetime
    by: str
    reason: str


def numbered(number: str, reader: Reader) -> RemovedRequest | None:
    """The removed request of that number, for those who read all, who took part in it, or whose
    group sees all of its type; None for others, as for one that never was."""
    return _told(removals_numbered(db.session.connection(), number), reader)


def of_id(request_id: str, reader: Reader) -> RemovedRequest | None:
    """The same by its id."""
    return _told(removals(db.session.connection(), [request_id]).get(request_id, []), reader)


def removed(request_ids: Iterable[str]) -> Mapping[str, RemovedRequest]:
    """Those of these requests that were removed, by their ids."""
    found = removals(db.session.connection(), request_ids)
    return _named([said[0] for said in found.values()])


def count_of_person(person_id: str) -> int:
    """How many requests were removed in which somebody did something."""
    mine = or_(AuditIndex.actor == person_id, AuditIndex.on_behalf_of == person_id)
    there = exists().where(Request.id == AuditIndex.subject_id)
    ids = select(AuditIndex.subject_id).where(mine, AuditIndex.seq > 0, ~there).distinct()
    return len(removed(db.session.scalars(ids)))


def _told(said: list[Removal], reader: Reader) -> RemovedRequest | None:
    if not said or not (reader.reads_all or _took_part(said[0], reader.id)):
        return None
    return _named([said[0]]).get(said[0].request_id)


def _took_part(said: Removal, person_id: str) -> bool:
    mine = or_(AuditIndex.actor == person_id, AuditIndex.on_behalf_of == person_id)
    acted = exists().where(AuditIndex.subject_id == said.request_id, AuditIndex.seq > 0, mine)
    reads = exists().where(
        TypeReader.type_code == said.type_code, TypeReader.group_id == GroupMember.group_id,
        GroupMember.user_id == person_id,
    )  # fmt: skip
    return bool(db.session.scalar(select(acted | reads)))


def _named(said: list[Removal]) -> dict[str, RemovedRequest]:
    """With the names of types and people; but for requests that are still there."""
    ids = [each.request_id for each in said]
    there = set(db.session.scalars(select(Request.id).where(Request.id.in_(ids))))
    codes = select(RequestType.code, RequestType.policy_version_id, RequestType.name).where(
        RequestType.code.in_({each.type_code for each in said})
    )
    types = {
        code: own_texts.told(version, name) for code, version, name in db.session.execute(codes)
    }
    names = names_of({each.actor for each in said if len(each.actor) == 36})
    return {
        each.request_id: RemovedRequest(
            each.request_id, each.number, types.get(each.type_code, each.type_code), each.at,
            names.get(each.actor, ""), each.reason,
        )
        for each in said if each.request_id not in there
    }  # fmt: skip


def request_numbered(number: str) -> str | None:
    """The id of a removed request."""
    said = removals_numbered(db.session.connection(), number)
    return said[0].request_id if said else None
