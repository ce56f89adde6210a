"""The clean-up of every night: drafts, sessions and notifications that are kept no longer."""

from collections.abc import Callable
from datetime import UTC, datetime

import structlog
from sqlalchemy import Connection, Engine, Row, delete, select
from temporalio import activity
from temporalio.exceptions import ApplicationError

from portal.background.checks import kept
from portal.config import Settings
from portal.domain.people.organisation import SETTINGS, Part
from portal.domain.proof.acts import ActKind, ActRecord
from portal.domain.request.events import SYSTEM
from portal.models import Attachment, Draft, Notification, Organisation, UserSession
from portal.models.acts import record_act
from portal.models.columns import new_id
from portal.models.retention import over
from portal.services.file_store import StoreAway, store_of
from portal.workflows.ports import Cleaner

CLEANING = "cleaning"
AT_ONCE = 2_000
TABLES: dict[str, type[Draft] | type[UserSession] | type[Notification]] = {
    "drafts_days": Draft,
    "sessions_days": UserSession,
    "notifications_days": Notification,
}

log = structlog.get_logger("portal.worker")


class CleaningActivity(Cleaner):
    """The clean-up in PostgreSQL, and of the files of drafts."""

    def __init__(self, settings: Settings, engine: Engine) -> None:
        self._settings = settings
        self._engine = engine

    @activity.defn(name="clean_up")
    def clean_up(self) -> None:
        """Delete what is over (see the port)."""
        clean_up(self._engine, self._settings, _go_on)


def clean_up(engine: Engine, settings: Settings, alive: Callable[[], None]) -> dict[str, int]:
    """Delete what is over, a part at a time; how much of each. The act of it is recorded where
    there was anything."""
    with kept(engine, CLEANING) as keep, engine.connect() as connection:
        row = _wanted(connection)
        connection.rollback()
        gone = {name: 0 for name in TABLES if row is not None and getattr(row, name)}
        for name in gone:
            while count := _delete(engine, settings, name, getattr(row, name)):
                gone[name] += count
                alive()
        if any(gone.values()):
            _record(engine, gone, row)
        keep(gone)
        log.info("cleaned_up", **gone)
    return gone


def _wanted(connection: Connection) -> Row[tuple[int | None, ...]] | None:
    columns = [getattr(Organisation, name) for name in SETTINGS[Part.RETENTION]]
    return connection.execute(select(*columns)).one_or_none()


def _delete(engine: Engine, settings: Settings, name: str, days: int) -> int:
    """A part of what is over; how much it was."""
    table = TABLES[name]
    with engine.begin() as connection:
        part = over(name, days).limit(AT_ONCE).with_for_update(skip_locked=True, of=table)
        ids = list(connection.scalars(part))
        files = _files_of(connection, ids) if table is Draft else []
        connection.execute(delete(table).where(table.id.in_(ids)))
    for each in files:
        try:
            store_of(settings).delete(each)
        except StoreAway as away:
            log.warning("attachments.left_behind", attachment=each, error=str(away))
    return len(ids)


def _files_of(connection: Connection, drafts: list[str]) -> list[str]:
    """Forget the files of drafts; which they were."""
    unsent = Attachment.form_id.in_(drafts) & Attachment.request_id.is_(None)
    return list(connection.scalars(delete(Attachment).where(unsent).returning(Attachment.id)))


def _record(engine: Engine, gone: dict[str, int], row: Row[tuple[int | None, ...]] | None) -> None:
    data = {
        name.removesuffix("_days"): {"deleted": count, "days": getattr(row, name)}
        for name, count in gone.items()
        if count
    }
    act = ActRecord(
        id=new_id(), at=datetime.now(UTC), kind=ActKind.RECORDS_DROPPED, actor=SYSTEM, data=data
    )
    with engine.begin() as connection:
        record_act(connection, act)


def _go_on() -> None:
    """Say that it is under way. A worker that stops leaves it to another."""
    if activity.is_worker_shutdown():
        raise ApplicationError("The worker is stopping.", type="Stopping")
    activity.heartbeat()
