"""Absences that began or ended here: `approval_delegations` is others' as well, so it stays."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg
from sqlalchemy import Connection, Engine, create_engine, text

from portal.background.reconcile import Report as Reconciled
from portal.background.reconcile import reconcile
from portal.config import Settings
from portal.legacy.back import closures
from portal.legacy.back.returning import BackTotals, Returner
from portal.legacy.cutover import recording, running
from portal.legacy.cutover.chain import is_there
from portal.legacy.preparing import Unusable, old_engine
from portal.legacy.runs import RunReport
from portal.temporal import ending

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
class AbsenceLeft:
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


def to_be_seen_to(driver: Driver) -> Iterator[AbsenceLeft]:
    """The absences that differ from the old system's."""
    for row in driver.execute(CHANGED):
        yield AbsenceLeft(*row)


Say = Callable[[str], None]

REASON = "Given back to the old engine (flask portal rollback)."
LAST_BATCHES = 2.0
"""Seconds that a worker has to finish the batch that it is just recording."""

SECONDS_BETWEEN_LINES = 5.0


@dataclass(frozen=True)
class RollbackOptions:
    """What the command line says. `drain`: how long what was recorded is waited for."""

    dry_run: bool = False
    words: str = closures.WORDS
    drain: timedelta = timedelta(seconds=60)
    in_flight: int = ending.IN_FLIGHT


class Rollback:
    """One run. `say` hears what people should read."""

    def __init__(
        self, settings: Settings, options: RollbackOptions, report: RunReport, say: Say
    ) -> None:
        self._settings = settings
        self._options = options
        self._report = report
        self._say = say
        self._said = time.monotonic()

    def run(self) -> BackTotals:
        """Roll back, or with `dry_run` only look.

        Raises Unusable where there is no old engine or a workflow does not end, NotClosed,
        CutoverRefused, RPCError or RuntimeError where Temporal is away, and the database's errors.
        What was done until then stands, and the next run goes on.
        """
        engine = create_engine(self._settings.owner_sqlalchemy_url, hide_parameters=True)
        try:
            with psycopg.connect(self._settings.owner_url, autocommit=True) as driver:
                old_engine(driver)
                if self._options.dry_run:
                    return self._look(engine, driver)
                self._close(driver)
                self._end(driver, engine)
                self._put_back(engine)
                totals = self._give_back(engine, driver)
                closures.reached(driver, "returned_at")
                closures.keep_totals(driver, totals.as_dict())
                return totals
        finally:
            engine.dispose()

    def _look(self, engine: Engine, driver: psycopg.Connection[Any]) -> BackTotals:
        self._say("A dry run: nothing is touched, and everybody goes on working.")
        with engine.connect() as connection:
            connection.execute(text("SET default_transaction_read_only = on"))
            connection.commit()
            if _was_cut(connection):
                self._say("The old tables are in the archive; they would be put back first.")
            connection.rollback()
            totals = Returner(connection, self._report, dry_run=True).run(lambda _: None)
        return self._with_left_over(driver, totals)

    def _close(self, driver: psycopg.Connection[Any]) -> None:
        closures.close(driver, self._options.words)
        self._say("Closed: commands are refused, and every page says so.")
        left = closures.drain(driver, self._options.drain)
        closures.reached(driver, "drained_at")
        self._say(
            f"{left:,} commands were recorded and not applied; the report lists them."
            if left
            else "Everything that was recorded is applied."
        )

    def _end(self, driver: psycopg.Connection[Any], engine: Engine) -> None:
        ended = ending.end_all(self._settings, engine, REASON, in_flight=self._options.in_flight)
        if ended.failed:
            number, why = next(iter(ended.failed.items()))
            raise Unusable(f"{len(ended.failed):,} workflows do not end, {number} first: {why}.")
        if ended.ended:
            time.sleep(LAST_BATCHES)
        closures.reached(driver, "ended_at")
        self._say(f"{ended.ended:,} workflows ended, {ended.gone:,} did not run any more.")

    def _put_back(self, engine: Engine) -> None:
        with engine.connect() as connection:
            if _was_cut(connection):
                connection.rollback()
                running.take_back(connection)
                self._say("The old tables are back in gloria_ops.")
            else:
                self._say("The old tables are where they were: there was no cutover.")

    def _give_back(self, engine: Engine, driver: psycopg.Connection[Any]) -> BackTotals:
        with engine.connect() as connection:
            totals = Returner(connection, self._report, dry_run=False).run(self._progress)
        return self._with_left_over(driver, totals)

    def _progress(self, totals: BackTotals) -> None:
        if time.monotonic() - self._said > SECONDS_BETWEEN_LINES:
            self._said = time.monotonic()
            self._say(f"{sum(totals.results.values()):,} requests looked at.")

    def _with_left_over(self, driver: psycopg.Connection[Any], totals: BackTotals) -> BackTotals:
        for each in closures.left_over(driver):
            totals.waiting += 1
            self._report.line(
                table="portal.commands", key=each.id, request_id=each.request_id,
                number=each.number, result="never applied", reasons=[each.sentence],
            )  # fmt: skip
        for absence in to_be_seen_to(driver):
            totals.absences += 1
            self._report.line(
                table="portal.delegations", key=absence.id, result="listed",
                reasons=[absence.sentence],
            )  # fmt: skip
        return totals


def reopen(settings: Settings, say: Say) -> Reconciled:
    """Open the portal again, and start the workflows of what is still here."""
    engine = create_engine(settings.owner_sqlalchemy_url, hide_parameters=True)
    try:
        with psycopg.connect(settings.owner_url, autocommit=True) as driver:
            opened = closures.reopen(driver)
        say("The portal is open again." if opened else "The portal was open.")
        return reconcile(settings, engine, every=True, again=0)
    finally:
        engine.dispose()


def _was_cut(connection: Connection) -> bool:
    return is_there(connection, "portal.cutovers") and recording.standing(connection) is not None
