"""Old request ids that would be one request here: every request has one instance."""

from collections.abc import Iterable
from typing import Any

import psycopg

from portal.legacy.outcome import Item, Mapped, Result
from portal.legacy.reading import OldEngine

Driver = psycopg.Connection[Any]

# One UUID can be written in several ways, which are several texts.
SAME = """
SELECT lower(replace(request_id, '-', ''))::uuid::text FROM {} WHERE length(request_id) IN (32, 36)
    AND lower(request_id) ~ '^[0-9a-f]{{8}}-?([0-9a-f]{{4}}-?){{3}}[0-9a-f]{{12}}$'
GROUP BY 1 HAVING count(*) > 1
"""


def refuse_twice(driver: Driver, items: Iterable[Item], before: frozenset[str]) -> set[str]:
    """Make those FAILED whose request is recorded, or is among `before`; returns all their ids."""
    new = [i for i in items if i.mapped.state is not None and not i.again]
    ids = [i.mapped.state.request_id for i in new if i.mapped.state is not None]
    found = driver.execute(
        "SELECT id::text FROM portal.requests WHERE id = ANY(%s::uuid[])", [ids]
    ).fetchall()
    taken = {row[0] for row in found} | before
    for item in new:
        assert item.mapped.state is not None
        id_ = item.mapped.state.request_id
        if id_ in taken:
            reason = f"The request id {item.instance.request_id} belongs to another request."
            item.mapped = Mapped(item.instance.id, Result.FAILED, reasons=[reason])
        taken.add(id_)
    return set(ids)


class DryClashes:
    """Finds them in a dry run, which writes nothing that could be found again."""

    def __init__(self, driver: Driver, engine: OldEngine) -> None:
        self._driver = driver
        query = psycopg.sql.SQL(SAME).format(engine.table("workflow_instances"))
        self._same = {row[0] for row in driver.execute(query).fetchall()}
        self._seen: frozenset[str] = frozenset()

    def refuse(self, items: list[Item]) -> None:
        """Make those FAILED that the real run would refuse."""
        ids = refuse_twice(self._driver, items, self._seen)
        self._seen |= ids & self._same
