"""Giving requests back, one after the other: each in a savepoint, so that none stops the rest."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Any

import psycopg
from sqlalchemy import Connection

from portal.domain.request.apply import evolve, fold, tick
from portal.domain.request.events import Event, RequestHeld, RequestImported, RequestResumed
from portal.domain.request.state import Approval, Status
from portal.legacy.answers import read_answers
from portal.legacy.back import selecting
from portal.legacy.back.instances import begin_instance, close_instance, go_on, seat
from portal.legacy.back.rows import EngineTables, OldRows, RowGone
from portal.legacy.back.selecting import Began, MovedOne
from portal.legacy.back.teller import Teller, places_of, places_of_new
from portal.legacy.back.telling import SILENT, tell
from portal.legacy.engine import Definition, Instance
from portal.legacy.outcome import InstanceResult
from portal.legacy.preparing import Prepared, prepare
from portal.legacy.runs import EXIT_DONE, EXIT_FAILED, EXIT_NEEDS_PERSON, RunReport
from portal.legacy.setting import OperatorAnswer, RejectedRunning, Setting
from portal.legacy.tables import FINISHED_STATES
from portal.models.recorded import recorded_events


class WayBack(StrEnum):
    """What became of a request. LISTED: it has no way back by itself."""

    WRITTEN = "written back"
    UNCHANGED = "unchanged"
    CREATED = "created"
    LISTED = "listed"
    FAILED = "failed"


@dataclass
class BackTotals:
    """Counts of requests. `problems`: written, and something about them is for a person.

    `waiting`: commands that were recorded and never applied. `absences`: to be made or ended in
    the old system by hand. `there`: given back by an earlier run.
    """

    results: Counter[str] = field(default_factory=Counter)
    there: int = 0
    problems: int = 0
    waiting: int = 0
    absences: int = 0

    @property
    def exit_code(self) -> int:
        """1 if anything failed, else 3 if anything is left for a person, else 0."""
        if self.results[WayBack.FAILED]:
            return EXIT_FAILED
        left = self.results[WayBack.LISTED] or self.problems or self.waiting or self.absences
        return EXIT_NEEDS_PERSON if left else EXIT_DONE

    def as_dict(self) -> dict[str, int]:
        """The totals by name, as they are kept and shown."""
        return {
            **{each.value: self.results[each] for each in WayBack},
            "already given back": self.there,
            "written, with something to look at": self.problems,
            "commands never applied": self.waiting,
            "absences to see to": self.absences,
        }

    def lines(self) -> list[str]:
        """The totals for people, one a line."""
        return [f"{name + ':':<36}{number:>10,}" for name, number in self.as_dict().items()]


Profile = Callable[[str], str]


@dataclass(frozen=True)
class WrittenInstance:
    """An instance as it is to be written. `problems`: what a person should know, or do.

    `lost`: it went through stages that the old workflow has not.
    """

    rows: OldRows
    state: Approval
    problems: list[str] = field(default_factory=list)
    lost: bool = False


def give_back(
    instance: Instance,
    events: list[Event],
    moved_to: int | None,
    profile: Profile,
    setting: Setting,
    answer: OperatorAnswer | None = None,
) -> WrittenInstance:
    """What was decided about a moved request since the move, in its old rows.

    `events` are all of its record, `moved_to` the number of the last one that the mover wrote.
    Rows of a request to which nothing happened stay as they are.
    """
    state = fold(events[0].request_id, events)
    settled = tick_settled(state)
    last = max(n for n, each in enumerate(events) if isinstance(each, RequestImported))
    told = [*events[last:], *settled]
    known = moved_to or _moved_to(told)
    rows = OldRows(instance)
    state = _after(state, settled)
    if instance.state in FINISHED_STATES:
        late = [each for each in told if each.seq > known and not isinstance(each, SILENT)]
        words = "It was finished in the old engine as well; what happened here is not written."
        return WrittenInstance(rows, state, [words] if late else [])
    if state.is_open and not any(_matters(each) for each in told if each.seq > known):
        return WrittenInstance(rows, state)
    places = places_of(instance, setting, answer)
    teller = Teller(rows, places, profile, state.number, known)
    return _told(teller, told, state)


def give_new(
    definition: Definition, events: list[Event], profile: Profile, setting: Setting
) -> WrittenInstance:
    """A request that began here, as a new instance. What is `lost` is not to be written."""
    state = fold(events[0].request_id, events)
    settled = tick_settled(state)
    state = _after(state, settled)
    instance = begin_instance(definition, events[0], state, profile)
    places = places_of_new(instance, definition, setting)
    teller = Teller(OldRows(instance), places, profile, state.number, 0)
    return _told(teller, [*events, *settled], state)


def _told(teller: Teller, events: list[Event], state: Approval) -> WrittenInstance:
    for event in events:
        tell(teller, event)
    if state.is_open:
        seat(teller)
        go_on(teller, state, events[-1].at)
    else:
        close_instance(teller, state, events)
    return WrittenInstance(teller.rows, state, teller.problems, teller.lost)


def tick_settled(state: Approval) -> list[Event]:
    """What follows when the undo window that is running ends: nobody can undo any more."""
    stage = state.stage
    if state.status is not Status.PENDING or stage is None or stage.settles_at is None:
        return []
    return tick(state, stage.settles_at)


def _after(state: Approval, events: list[Event]) -> Approval:
    for event in events:
        state = evolve(state, event)
    return state


def _matters(event: Event) -> bool:
    """Whether it leaves a trace in the old rows."""
    return not isinstance(event, SILENT)


def _moved_to(told: list[Event]) -> int:
    """The last event of the move, where it was not noted: those of one moment, up to the first
    that somebody caused."""
    arrived = told[0].at
    for event in told[1:]:
        if event.at > arrived or isinstance(event, RequestResumed):
            return event.seq - 1
        if isinstance(event, RequestHeld) and event.command_id is not None:
            return event.seq - 1
    return told[-1].seq


NO_TYPE = "The old engine has no workflow for the type {}; it stays here."
GONE = "The old instance is not there any more."
Progress = Callable[[BackTotals], None]


class Returner:
    """Writes requests into the old tables. A dry run writes nothing and says the same."""

    def __init__(self, connection: Connection, report: RunReport, *, dry_run: bool) -> None:
        self._connection = connection
        self._driver = _driver(connection)
        self._report = report
        self._dry_run = dry_run
        self.totals = BackTotals()
        # The old organisation as it is now; raises Unusable where there is no old engine.
        self._prepared: Prepared = prepare(
            self._driver, datetime.now(UTC), timedelta(0), RejectedRunning.HOLD, None
        )
        self._store = EngineTables(self._driver, self._prepared.engine.schema)
        self._answers: dict[str, OperatorAnswer] = {}
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
            self._tell(each, WayBack.FAILED, [_reason(error)])

    def _moved(self, moved: MovedOne, instance: Instance | None) -> None:
        if instance is None:
            self._mark(moved)
            self._tell(moved, WayBack.LISTED, [GONE])
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
        self._tell(
            moved,
            WayBack.WRITTEN if given.rows.is_changed else WayBack.UNCHANGED,
            given.problems,
            given,
        )

    def _began(self, began: Began) -> None:
        definition = self._prepared.definitions.get(began.workflow_id or "")
        if definition is None:
            if began.is_open or began.is_new:
                self._tell(began, WayBack.LISTED, [NO_TYPE.format(began.type_name)])
            return
        self._lock(began.request_id)
        events = recorded_events(self._connection, began.request_id)
        given = give_new(definition, events, self._profile, self._prepared.setting)
        if given.lost:
            self._tell(began, WayBack.LISTED, given.problems)
            return
        if not self._dry_run:
            self._store.insert(given.rows)
            result = InstanceResult.MOVED if given.state.is_open else InstanceResult.HISTORY
            selecting.keep_new(
                self._driver, self._prepared.engine.schema, began, given.rows.before.id,
                result.value, events,
            )  # fmt: skip
        self._tell(began, WayBack.CREATED, given.problems, given)

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
        self,
        each: MovedOne | Began,
        result: WayBack,
        reasons: list[str],
        given: WrittenInstance | None = None,
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
