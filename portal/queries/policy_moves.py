"""Open requests that follow an older version of their policy than new ones do."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import aliased

from portal.domain.request.state import OPEN
from portal.extensions import db
from portal.models import PolicyVersion, Request, RequestType
from portal.queries import own_texts

SHOWN = 100


@dataclass(frozen=True, slots=True)
class OnOlderVersion:
    """A request, the version it follows, and the newest."""

    number: str
    title: str
    type_name: str
    requester_name: str
    stage_name: str | None
    submitted_at: datetime
    version_id: str
    version: int
    newest_id: str
    newest: int


def behind() -> tuple[OnOlderVersion, ...]:
    """The oldest first; up to `SHOWN`. Reads the index of statuses."""
    return _found(_rows().limit(SHOWN))


def chosen(numbers: Sequence[str]) -> tuple[OnOlderVersion, ...]:
    """Those of these numbers that are behind."""
    return _found(_rows().where(Request.number.in_(numbers)))


def _found(statement: Select[*tuple[Any, ...]]) -> tuple[OnOlderVersion, ...]:
    rows = (OnOlderVersion(*row) for row in db.session.execute(statement))
    return tuple(_read(row) for row in rows)


def _read(row: OnOlderVersion) -> OnOlderVersion:
    say = own_texts.say_of(row.version_id)
    stage = row.stage_name and say(row.stage_name)
    return replace(row, type_name=say(row.type_name), stage_name=stage)


def _rows() -> Select[*tuple[Any, ...]]:
    newest = aliased(PolicyVersion)
    return (
        select(
            Request.number, Request.title, Request.type_name, Request.requester_name,
            Request.stage_name, Request.submitted_at, PolicyVersion.id, PolicyVersion.version,
            newest.id, newest.version,
        )
        .join(PolicyVersion, PolicyVersion.id == Request.policy_version_id)
        .join(RequestType, RequestType.id == PolicyVersion.request_type_id)
        .join(newest, newest.id == RequestType.policy_version_id)
        .where(
            Request.status.in_([status.value for status in sorted(OPEN)]),
            PolicyVersion.version < newest.version,
        )
        .order_by(Request.submitted_at, Request.id)
    )  # fmt: skip
