"""The newest back-test of a type."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from portal.domain.codec import decode
from portal.domain.routing.backtest import BackTest
from portal.extensions import db
from portal.models import PolicyVersion, TypeBackTest


@dataclass(frozen=True, slots=True, kw_only=True)
class BackTestRecord:
    """A back-test as it was asked for; `result` is None until it is done. `live`: the number of the
    version that it compares the draft with."""

    id: str
    mark: str
    revision: int
    since: datetime
    until: datetime
    total: int
    done: int
    live: int
    trouble: str | None
    result: BackTest | None

    @property
    def days(self) -> int:
        """The length of the time that was looked at."""
        return round((self.until - self.since).total_seconds() / 86_400)


def newest(type_id: str) -> BackTestRecord | None:
    """The one that was asked for last."""
    row = db.session.execute(
        select(
            TypeBackTest.id, TypeBackTest.mark, TypeBackTest.revision, TypeBackTest.since,
            TypeBackTest.until, TypeBackTest.total, TypeBackTest.done, TypeBackTest.trouble,
            TypeBackTest.result, TypeBackTest.finished_at, PolicyVersion.version.label("live"),
        )
        .join(PolicyVersion, PolicyVersion.id == TypeBackTest.live_version_id)
        .where(TypeBackTest.request_type_id == type_id)
        .order_by(TypeBackTest.asked_at.desc(), TypeBackTest.id.desc())
        .limit(1)
    ).one_or_none()  # fmt: skip
    if row is None:
        return None
    values = dict(row._mapping)
    finished, found = values.pop("finished_at"), values.pop("result")
    done = finished is not None and not row.trouble
    return BackTestRecord(**values, result=decode(BackTest, found) if done else None)
