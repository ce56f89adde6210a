"""What policies say about deciding many at once; each process reads a version only once."""

from collections.abc import Iterable, Mapping
from threading import Lock

from sqlalchemy import select

from portal.domain.codec import decode
from portal.domain.policy.policy import Bulk
from portal.extensions import db
from portal.models import PolicyVersion

MOST_KEPT = 500
# Published versions never change: a trigger holds that.
_published: dict[str, Bulk | None] = {}
_lock = Lock()


def rules(version_ids: Iterable[str]) -> Mapping[str, Bulk | None]:
    """The rule of each policy version; None where its requests are decided one by one."""
    wanted = set(version_ids)
    found = {each: _published[each] for each in wanted if each in _published}
    missing = wanted - found.keys()
    return found | _read(missing) if missing else found


def _read(version_ids: set[str]) -> dict[str, Bulk | None]:
    statement = select(
        PolicyVersion.id, PolicyVersion.definition["bulk"].label("bulk"), PolicyVersion.published_at
    ).where(PolicyVersion.id.in_(version_ids))
    found = {}
    for row in db.session.execute(statement):
        found[row.id] = decode(Bulk, row.bulk) if row.bulk else None
        if row.published_at is not None:
            with _lock:
                if len(_published) >= MOST_KEPT:
                    _published.clear()
                _published[row.id] = found[row.id]
    return found
