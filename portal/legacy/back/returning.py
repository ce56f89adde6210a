"""Giving requests back, one after the other: each in a savepoint, so that none stops the rest."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import psycopg
from sqlalchemy import Connection

from portal.legacy.answers import read_answers
from portal.legacy.back import selecting
from portal.legacy.back.giving import Given, give_back, give_new
from portal.legacy.back.selecting import Began, MovedOne
from portal.legacy.back.storing import RowGone, Store
from portal.legacy.back.totals import Back, BackTotals
from portal.legacy.outcome import Result
from portal.legacy.preparing import Prepared, prepare
from portal.legacy.records import Instance
from portal.legacy.report import Report
from portal.legacy.setting import Answer, RejectedRunning
from portal.models.recorded import recorded_events

NO_TYPE = "The old engine has no workflow for the type {}; it stays here."
GONE = "The old instance is not there any more."
Progress = Callable[[BackTotals], None]


class Returner:
    """Writes requests into the old tables. A dry run writes nothing and says the same."""

    def __init__(self, connection: Connection, report: Report, *, dry_run: bool) -> None:
        self._connection = connection
        self._driver = _driver(connection)
        self._report = report
        self._dry_run = dry_run
        self.totals = BackTotals()
        # The old organisation as it is now; raises Unusable where there is no old engine.
        self._prepared: Prepared = prepare(
            self._driver, datetime.now(UTC), timedelta(0), RejectedRunning.HOLD, None
        )
        self._store = Store(self._driver, self._prepared.engine.schema)
        self._answers: dict[str, Answer] = {}
        self._profiles = selecting.profiles(self._driver)

    def run(self, progress: Progress) -> BackTotals:
        """Give back everything that is here; what an earlier run gave back is left alone."""
        self.totals.there = selecting.given_back(self._driver)
        for moved in selecting.moved(self._driver):
            ids = [each.instance_id for each in moved]
            there = {
                each.id: each
                for each in self._prepared.engine.some(ids, self._prepared.definitions)
            }
            self._answers = read_answers(
                self._driver, self._prepared.setting, self._prepared.accounts, ids
            )
            for each in moved:
                self._one(each, partial(self._moved, each, there.get(each.instance_id)))
            self._commit()
            progress(self.totals)
        for began in selecting.began(self._driver):
            for new in began:
                self._one(new, partial(self._began, new))
            self._commit()
            progress(self.totals)
        return self.totals

    def _one(self, each: MovedOne | Began, work: Callable[[], None]) -> None:
        """One request; whatever goes wrong with it is its own failure."""
        try:
            with self._connection.begin_nested():
                work()
        except Exception as error:
            if self._connection.invalidated or self._driver.closed:
                raise
            self._tell(each, Back.FAILED, [_reason(error)])

    def _moved(self, moved: MovedOne, instance: Instance | None) -> None:
        if instance is None:
            self._mark(moved)
            self._tell(moved, Back.LISTED, [GONE])
            return
        self._lock(moved.request_id)
        events = recorded_events(self._connection, moved.request_id)
        given = give_back(
            instance, events, moved.last_seq, self._profile, self._prepared.setting,
            self._answers.get(instance.id),
        )  # fmt: skip
        if not self._dry_run:
            self._store.update(given.rows)
        self._mark(moved)
        self._tell(moved, Back.WRITTEN if given.rows.is_changed else Back.UNCHANGED, given.problems,
                   given)  # fmt: skip

    def _began(self, began: Began) -> None:
        definition = self._prepared.definitions.get(began.workflow_id or "")
        if definition is None:
            if began.is_open or began.is_new:
                self._tell(began, Back.LISTED, [NO_TYPE.format(began.type_name)])
            return
        self._lock(began.request_id)
        events = recorded_events(self._connection, began.request_id)
        given = give_new(definition, events, self._profile, self._prepared.setting)
        if given.lost:
            self._tell(began, Back.LISTED, given.problems)
            return
        if not self._dry_run:
            self._store.insert(given.rows)
            result = Result.MOVED if given.state.is_open else Result.HISTORY
            selecting.keep_new(
                self._driver, self._prepared.engine.schema, began, given.rows.before.id,
                result.value, events,
            )  # fmt: skip
        self._tell(began, Back.CREATED, given.problems, given)

    def _lock(self, request_id: str) -> None:
        """Wait for a batch of events that is just being recorded."""
        if not self._dry_run:
            selecting.lock(self._driver, request_id)

    def _mark(self, moved: MovedOne) -> None:
        if not self._dry_run:
            selecting.mark(self._driver, moved.instance_id)

    def _commit(self) -> None:
        if self._dry_run:
            self._connection.rollback()
        else:
            self._connection.commit()

    def _profile(self, user_id: str) -> str:
        """The old id of a user; who has none appears under the id they have here."""
        return self._profiles.get(user_id) or user_id

    def _tell(
        self, each: MovedOne | Began, result: Back, reasons: list[str], given: Given | None = None
    ) -> None:
        self.totals.results[result] += 1
        self.totals.problems += bool(reasons) and given is not None
        self._report.line(
            table="workflow_instances" if isinstance(each, MovedOne) else "portal.requests",
            key=each.key,
            request_id=each.old_request_id,
            workflow_code=each.code,
            state=None if given is None else given.rows.instance.get("state"),
            result=result.value,
            number=each.number,
            status=each.status,
            new_request_id=each.request_id,
            reasons=reasons,
            remarks=[],
        )


def _driver(connection: Connection) -> psycopg.Connection[Any]:
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    return driver


def _reason(error: Exception) -> str:
    if isinstance(error, RowGone):
        return str(error)
    cause = getattr(error, "orig", None) or error
    # The database's details quote whole rows.
    said = cause.diag.message_primary if isinstance(cause, psycopg.Error) else str(cause)
    return f"It could not be written: {type(cause).__name__}: {said}"[:300]
