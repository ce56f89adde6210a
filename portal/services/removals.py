"""Months of the record that go with their requests, as administrators say it, and the evidence
packs that are taken before."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from portal.domain.proof.removal import KeptMonth, Month, MonthBar, MonthBegun, MonthSeen
from portal.extensions import db
from portal.proof import removing
from portal.proof.erasing import ErasedBy
from portal.services import acts


class MonthStays(Exception):
    """The month is not to go; `bars` says why, none where its evidence pack was not taken yet."""

    def __init__(self, bars: Iterable[MonthBar] = ()) -> None:
        super().__init__(", ".join(bars))
        self.bars = tuple(bars)


def oldest() -> list[MonthSeen]:
    """The oldest months that hold anything."""
    connection, now = db.session.connection(), datetime.now(UTC)
    said = {each.month: each for each in removing.begun(connection) if not each.is_dropped}
    return [_seen(connection, each, said, now) for each in removing.oldest(connection)]


def gone() -> list[MonthBegun]:
    """The months that were dropped, the newest first."""
    found = removing.begun(db.session.connection())
    return sorted((each for each in found if each.is_dropped), key=lambda x: x.month, reverse=True)


def examine(month: Month) -> MonthSeen | None:
    """A month; None for one that the record does not have."""
    connection, now = db.session.connection(), datetime.now(UTC)
    if month not in removing.months(connection):
        return None
    said = {each.month: each for each in removing.begun(connection) if not each.is_dropped}
    return _seen(connection, removing.examine(connection, month), said, now)


def begin(month: Month, reason: str, actor: str | None = None) -> int:
    """Say that a month is to go with all its requests, for a reason; how many, 0 where that
    was said before. `actor`: where it is not whoever is signed in. Raises MonthStays."""
    here = acts.origin()
    by = ErasedBy(actor or here.actor, "asked", reason, here.session_id, here.address)
    connection = db.session.connection()
    try:
        count = removing.begin(connection, month, by, datetime.now(UTC))
    except removing.NotRemovable as error:
        db.session.rollback()
        raise MonthStays(error.bars) from error
    except removing.NoPack as error:
        db.session.rollback()
        raise MonthStays from error
    db.session.commit()
    return count


def _seen(
    connection: Any, kept: KeptMonth, said: dict[Month, MonthBegun], now: datetime
) -> MonthSeen:
    pack = removing.packed(connection, kept.month)
    packed_at = None if pack is None else pack["at"]
    return MonthSeen(kept, kept.bars(now), packed_at, said.get(kept.month))
