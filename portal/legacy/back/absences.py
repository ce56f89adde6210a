"""Absences that began or ended here: `approval_delegations` is others' as well, so it stays."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

Driver = psycopg.Connection[Any]

# Those that are not over, made here; and those that came over and were ended here before their end.
CHANGED = """
SELECT d.id::text, d.legacy_id, owner.name, delegate.name, d.starts_at, d.ends_at
FROM portal.delegations d JOIN portal.users owner ON owner.id = d.delegator_id
JOIN portal.users delegate ON delegate.id = d.delegate_id
WHERE d.ends_at > now() AND (d.legacy_id IS NULL) = (d.revoked_at IS NULL)
ORDER BY d.ends_at, d.id
"""


@dataclass(frozen=True)
class Absence:
    """One absence that a person has to see to in the old system. `legacy_id`: its row there."""

    id: str
    legacy_id: str | None
    owner: str
    delegate: str
    start: datetime
    end: datetime

    @property
    def sentence(self) -> str:
        """What is to be done."""
        span = f"from {self.start:%Y-%m-%d} to {self.end:%Y-%m-%d}"
        if self.legacy_id is None:
            return f"{self.delegate} decides for {self.owner} {span}: make it in the old system."
        return f"{self.delegate} decided for {self.owner} {span}, and does not any more: end it."


def to_be_seen_to(driver: Driver) -> Iterator[Absence]:
    """The absences that differ from the old system's."""
    for row in driver.execute(CHANGED):
        yield Absence(*row)
