"""The clean-up of every night: what is kept no longer, unless a legal hold keeps it.

Drafts, sessions and notifications go as the organisation wants, and so do the personal data of
people who left; texts and files of closed requests as their types do, and whole requests once an
administrator said that their month is to go.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial

import structlog
from sqlalchemy import Connection, Engine, Row, delete, func, select, update
from temporalio import activity
from temporalio.exceptions import ApplicationError

from portal.background.checks import kept
from portal.config import Settings
from portal.domain.people.organisation import SETTINGS, OrganisationPart
from portal.domain.proof.acts import ActKind, ActRecord
from portal.domain.proof.retention import Kept
from portal.domain.request.events import SYSTEM
from portal.models import Attachment, Draft, Notification, Organisation, UserSession
from portal.models.acts import record_act
from portal.models.columns import new_id
from portal.models.retention import due_requests, never_sent, over
from portal.proof import erasing, forgetting, removing
from portal.services.file_store import StoreAway, store_of
from portal.workflows.ports import Cleaner

CLEANING = "cleaning"
AT_ONCE = 2_000
MOST_FILES = 20_000
BY_RETENTION = erasing.ErasedBy(SYSTEM, "retention")
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
    there was anything. `failed`: requests that could not be erased, `left`: files whose store
    did not answer; both are tried again in the next night."""
    with kept(engine, CLEANING) as keep, engine.connect() as connection:
        row = _wanted(connection)
        connection.rollback()
        gone = {name: 0 for name in TABLES if row is not None and getattr(row, name)}
        former_days = None if row is None else row.former_days
        for name in gone:
            while count := _delete(engine, settings, name, getattr(row, name)):
                gone[name] += count
                alive()
        if "drafts_days" in gone and row is not None:
            gone["drafts_days"] += _delete_unsent(engine, settings, row.drafts_days, alive)
        if any(gone.values()):
            _record(engine, gone, row)
        gone |= _erase(engine, alive)
        failed, gone["people"] = _forget(engine, settings, former_days, alive)
        gone["failed"] += failed
        gone["left"] = remove_files(engine, settings, alive)
        removed = go_on(engine, settings, alive)
        gone |= {"requests": removed.requests, "months": removed.months}
        gone["failed"] += removed.failed
        keep(gone)
        log.info("cleaned_up", **gone)
    return gone


def go_on(engine: Engine, settings: Settings, alive: Callable[[], None]) -> removing.Gone:
    """Remove the requests of months that are to go, and these months."""
    files = partial(remove_files, engine, settings, alive)
    return removing.go_on(engine, BY_RETENTION, files, alive)


def _wanted(connection: Connection) -> Row[tuple[int | None, ...]] | None:
    columns = [getattr(Organisation, name) for name in SETTINGS[OrganisationPart.RETENTION]]
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
        _remove(settings, each)
    return len(ids)


def _delete_unsent(engine: Engine, settings: Settings, days: int, alive: Callable[[], None]) -> int:
    """Files of comments, changes and programs' requests that were never sent; how many."""
    gone = 0
    while True:
        with engine.begin() as connection:
            part = never_sent(days).limit(AT_ONCE).with_for_update(skip_locked=True, of=Attachment)
            mine = Attachment.id.in_(list(connection.scalars(part)))
            files = list(
                connection.scalars(delete(Attachment).where(mine).returning(Attachment.id))
            )
        for each in files:
            _remove(settings, each)
            alive()
        gone += len(files)
        if len(files) < AT_ONCE:
            return gone


def _remove(settings: Settings, attachment_id: str) -> bool:
    """Remove the bytes of a file; False where the store does not answer."""
    try:
        store_of(settings).delete(attachment_id)
    except StoreAway as away:
        log.warning("attachments.left_behind", attachment=attachment_id, error=str(away))
        return False
    return True


def _erase(engine: Engine, alive: Callable[[], None]) -> dict[str, int]:
    """Erase what is over by the retention of types: of how many requests, and how many failed."""
    found = {"texts": 0, "files": 0, "failed": 0}
    for what in Kept:
        for request_id in _due(engine, what):
            alive()
            try:
                with engine.begin() as connection:
                    erased = erasing.erase_due(connection, request_id, BY_RETENTION)
            except Exception:  # of one request: the others are erased all the same
                log.exception("erasing.failed", request=request_id)
                found["failed"] += 1
            else:
                found["texts"] += bool(erased.texts)
                found["files"] += bool(erased.files)
    return found


def _forget(
    engine: Engine, settings: Settings, days: int | None, alive: Callable[[], None]
) -> tuple[int, int]:
    """Erase the personal data of people who left so long ago: of how many it failed, and went."""
    failed = done = 0
    with engine.connect() as connection:
        ids = [] if days is None else list(connection.scalars(over("former_days", days)))
    for person_id in ids:
        alive()
        try:
            with engine.begin() as connection:
                found = forgetting.forget(
                    connection, person_id, new_id(), BY_RETENTION, settings.languages
                )
        except forgetting.NotForgettable:
            continue  # a hold was placed meanwhile, or they are back
        except Exception:  # of one person: the others are erased all the same
            log.exception("erasing.failed", person=person_id)
            failed += 1
        else:
            done += found is not None
    return failed, done


def _due(engine: Engine, what: Kept) -> Iterator[str]:
    after: str | None = None
    while True:
        with engine.connect() as connection:
            ids = list(connection.scalars(due_requests(what, after, AT_ONCE)))
        yield from ids
        if len(ids) < AT_ONCE:
            return
        after = ids[-1]


def remove_files(engine: Engine, settings: Settings, alive: Callable[[], None]) -> int:
    """Remove the bytes of erased files; how many are left since the store does not answer."""
    waits = Attachment.erased_at.is_not(None) & Attachment.removed_at.is_(None)
    with engine.connect() as connection:
        ids = list(connection.scalars(select(Attachment.id).where(waits).limit(MOST_FILES)))
    left = 0
    for each in ids:
        alive()
        if _remove(settings, each):
            with engine.begin() as connection:
                gone = update(Attachment).where(Attachment.id == each)
                connection.execute(gone.values(removed_at=func.now()))
        else:
            left += 1
    return left


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
