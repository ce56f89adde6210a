"""What lies ahead of an open request: those who are asked, and when it may be finished."""

from collections.abc import Mapping
from datetime import datetime

from portal.pages.reading.course import UnderWay
from portal.pages.reading.who import Reading, Who, is_asking, open_ones, who
from portal.queries import asked
from portal.queries.request import RequestRecord


def who_is_asked(
    record: RequestRecord,
    stage: UnderWay | None,
    names: Mapping[str, str],
    me: str,
    now: datetime,
) -> Who | None:
    """The people asked now; None while nobody is."""
    tasks = open_ones(stage.tasks) if stage is not None and is_asking(record) else []
    if stage is None or not tasks:
        return None
    away = asked.absences([task.assignee_id for task in tasks], stage.at)
    return who(record, stage.plan, stage.at, tasks, away, names, Reading(me, now))
