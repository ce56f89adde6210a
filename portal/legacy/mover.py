"""The mover: reads the old engine in chunks, maps, writes, and starts workflows; safe to repeat.

The record is written first, in one transaction for each chunk, and the workflows are started from
it. A run that died in between left rows without a start; the next run starts these first.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Engine, create_engine

from portal.config import Settings
from portal.legacy import messages
from portal.legacy.accounts import make_delegations, read_delegations
from portal.legacy.answers import read_answers
from portal.legacy.choices import RequestCourse
from portal.legacy.engine import CHUNK, Instance
from portal.legacy.mapping import map_instance
from portal.legacy.outcome import FINAL, InstanceResult, Mapped
from portal.legacy.preparing import (
    Prepared,
    make_partitions,
    missing_tables,
    prepare,
    recorded_before,
    require_rights,
)
from portal.legacy.runs import EXIT_UNUSABLE, RunReport, RunRow, RunTotals
from portal.legacy.setting import RejectedRunning, Setting
from portal.legacy.starting import StartedInstance, Starter, Starts
from portal.legacy.writing import DryClashes, MovingItem, Writer, refused


@dataclass(frozen=True)
class MoveOptions:
    """What the command line says."""

    dry_run: bool = False
    only: str | None = None
    limit: int | None = None
    concurrency: int = 8
    report: Path | None = None
    grace: timedelta = timedelta(hours=24)
    rejected_running: RejectedRunning = RejectedRunning.HOLD
    chunk: int = CHUNK

    def as_dict(self) -> dict[str, Any]:
        """As it is kept with the run."""
        kept = {**asdict(self), "grace": self.grace.total_seconds()}
        return kept | {"report": str(self.report) if self.report else None}


MOST_KEPT = 200
Progress = Callable[[RunTotals], None]


class Mover:
    """One run. `progress` hears the totals after every chunk.

    `unsettled`: the report's first lines of what needs a person or failed. `missing`: tables that
    this database lacks, which were read as empty.
    """

    def __init__(
        self, settings: Settings, options: MoveOptions, report: RunReport, progress: Progress
    ) -> None:
        self._settings = settings
        self._options = options
        self._report = report
        self._progress = progress
        self.totals = RunTotals()
        self.listed: list[dict[str, str]] = []
        self.unsettled: list[dict[str, Any]] = []
        self.missing: tuple[str, ...] = ()

    def run(self) -> int:
        """Move; returns the exit code.

        Raises Unusable, TemporalAway, or the driver's OperationalError where it cannot go on.
        """
        starter = Starter(self._settings, self._options.concurrency)
        engine = create_engine(self._settings.owner_sqlalchemy_url, hide_parameters=True)
        try:
            with psycopg.connect(self._settings.owner_url, autocommit=True) as driver:
                starter.require_server(register=not self._options.dry_run)
                if self._options.dry_run:
                    driver.execute("SET default_transaction_read_only = on")
                    return self._look(driver, engine)
                return self._move(driver, engine, starter)
        finally:
            starter.close()
            engine.dispose()

    def _look(self, driver: psycopg.Connection[Any], engine: Engine) -> int:
        """A dry run: everything but the writing and the starting."""
        prepared = self._prepare(driver)
        _, self.listed = read_delegations(driver, prepared.setting, prepared.definitions)
        clashes = DryClashes(driver, prepared.engine)
        for items in self._chunks(prepared, engine, driver):
            clashes.refuse(items)
            prepared.accounts.look_at(
                profile
                for item in items
                if item.mapped.result in FINAL
                for profile in item.mapped.profiles
            )
            self._account_for(items)
        self._list(prepared)
        return self.totals.exit_code

    def _move(self, driver: psycopg.Connection[Any], engine: Engine, starter: Starter) -> int:
        prepared = self._prepare(driver)
        make_partitions(driver, prepared.engine, prepared.setting.now)
        run = RunRow(driver, self._options.as_dict(), self.totals)
        try:
            self._move_all(prepared, driver, engine, starter, run)
        except BaseException:
            with suppress(psycopg.Error):
                run.end(self.totals, self.listed, EXIT_UNUSABLE)
            raise
        self._list(prepared)
        run.end(self.totals, self.listed, self.totals.exit_code)
        return self.totals.exit_code

    def _move_all(
        self, prepared: Prepared, driver: psycopg.Connection[Any], engine: Engine,
        starter: Starter, run: RunRow,
    ) -> None:  # fmt: skip
        writer = Writer(engine, prepared.setting, prepared.accounts, run.id)
        starts = Starts(driver, engine, starter)
        for each in starts.left_over():
            self.totals.there -= 1
            self._report_not_started(each)
        for items, written in _written(self._chunks(prepared, engine, driver), writer):
            # Another mover may have been quicker with some of them.
            self.totals.there += len(items) - len(written)
            starts.begin(written)
            self._account_for(written, starts.collect())
            run.keep(self.totals)
        self._not_started(starts.collect(everything=True))
        coming, self.listed = read_delegations(driver, prepared.setting, prepared.definitions)
        with engine.begin() as connection:
            accounts = prepared.accounts
            self.listed += make_delegations(connection, coming, prepared.setting, accounts)
        messages.tell(engine)

    def _prepare(self, driver: psycopg.Connection[Any]) -> Prepared:
        options = self._options
        prepared = prepare(
            driver, datetime.now(UTC), options.grace, options.rejected_running, options.only
        )
        require_rights(driver)
        self.missing = missing_tables(driver, prepared.engine)
        for selection in prepared.selections:
            self.totals.to_do += prepared.engine.count(selection)
            self.totals.there += prepared.engine.count(selection, done=True)
        self.totals.found = self.totals.to_do + self.totals.there
        if options.limit is not None:
            self.totals.to_do = min(self.totals.to_do, options.limit)
        self._progress(self.totals)
        return prepared

    def _chunks(
        self, prepared: Prepared, engine: Engine, driver: psycopg.Connection[Any]
    ) -> Iterator[list[MovingItem]]:
        """Every chunk mapped, active instances first, up to the limit."""
        left = self.totals.to_do
        for selection in prepared.selections:
            chunks = prepared.engine.instances(selection, prepared.definitions, self._options.chunk)
            for chunk in chunks:
                ids = [each.id for each in chunk]
                with engine.connect() as connection:
                    prepared.setting.before = recorded_before(connection, ids)
                prepared.setting.choices = read_answers(
                    driver, prepared.setting, prepared.accounts, ids
                )
                taken = chunk if self._options.limit is None else chunk[:left]
                left -= len(taken)
                yield [mapped(each, prepared.setting) for each in taken]
                if self._options.limit is not None and left <= 0:
                    return

    def _account_for(
        self, items: list[MovingItem], failures: Sequence[StartedInstance] = ()
    ) -> None:
        for item in items:
            found = item.mapped
            self.totals.results[found.result] += 1
            self.totals.left += item.stays and found.result is InstanceResult.NEEDS_PERSON
            state = found.state
            line = {
                "table": "workflow_instances",
                "key": item.instance.id,
                "request_id": item.instance.request_id,
                "workflow_code": item.instance.definition and item.instance.definition.code,
                "state": item.instance.state,
                "result": found.result.value,
                "number": None if state is None else state.number or None,
                "status": None if state is None else state.status.value,
                "new_request_id": None if state is None else state.request_id,
                "reasons": found.reasons,
                "remarks": found.remarks,
            }
            self._report.line(**line)
            if found.result not in FINAL and len(self.unsettled) < MOST_KEPT:
                self.unsettled.append(line)
        self._not_started(failures)
        self._progress(self.totals)

    def _not_started(self, failures: Sequence[StartedInstance]) -> None:
        """Recorded, and without a workflow: the next run starts it."""
        for each in failures:
            self.totals.results[
                InstanceResult.ON_HOLD if each.on_hold else InstanceResult.MOVED
            ] -= 1
            self._report_not_started(each)

    def _report_not_started(self, start: StartedInstance) -> None:
        self.totals.results[InstanceResult.FAILED] += 1
        self._report.line(
            table="workflow_instances", key=start.instance_id, result=InstanceResult.FAILED.value,
            reasons=[f"It is recorded, and its workflow was not started. {start.error}"],
        )  # fmt: skip

    def _list(self, prepared: Prepared) -> None:
        self.listed += prepared.accounts.listed
        self.listed += [
            {"table": name, "key": "", "reason": "The table is missing: read as empty."}
            for name in self.missing
        ]
        for entry in self.listed:
            self._report.line(
                table=entry["table"], key=entry["key"], result="listed", reasons=[entry["reason"]]
            )


def _written(
    chunks: Iterator[list[MovingItem]], writer: Writer
) -> Iterator[tuple[list[MovingItem], list[MovingItem]]]:
    """Each chunk, and what was written of it; one is written while the next is read and mapped."""
    with ThreadPoolExecutor(1) as pool:
        under_way: tuple[list[MovingItem], Future[list[MovingItem]]] | None = None
        for items in chunks:
            if under_way is not None:
                yield under_way[0], under_way[1].result()
            under_way = (items, pool.submit(writer.write, items))
        if under_way is not None:
            yield under_way[0], under_way[1].result()


def mapped(instance: Instance, setting: Setting) -> MovingItem:
    """An instance with what it becomes; whatever goes wrong with it is its own failure."""
    setting.seen = set()
    try:
        item = MovingItem(instance, map_instance(instance, setting), instance.id in setting.before)
        reason = refused(item, setting) if instance.odd else None
    except Exception as error:  # noqa: BLE001 - one bad row must not stop the rest
        reason = f"It cannot be read: {type(error).__name__}: {error}"[:400]
    if reason is not None:
        item = MovingItem(instance, Mapped(instance.id, InstanceResult.FAILED, reasons=[reason]))
    item.mapped.profiles = setting.seen
    answer = setting.choices.get(instance.id)
    item.stays = answer is not None and answer.choice.kind is RequestCourse.LEAVE
    return item
