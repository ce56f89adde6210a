"""Writing a chunk of mapped instances: all of it in one transaction, by COPY where it is new."""

import json
from collections import defaultdict
from typing import Any

import psycopg
from sqlalchemy import Connection, Engine

from portal.activities.record import record_batch
from portal.domain.codec import encode
from portal.domain.policy.policy import WorkflowKind
from portal.domain.request.events import kind_of
from portal.legacy import copying, rows
from portal.legacy.accounts import Accounts
from portal.legacy.clashes import refuse_twice
from portal.legacy.outcome import FINAL, Item, Mapped, Result
from portal.legacy.setting import Setting
from portal.legacy.tables import ACTIVE_STATES
from portal.legacy.types import Types
from portal.workflows.messages import RecordBatch, RecordedEvent
from portal.workflows.names import workflow_type

LOCK = 7_043_022_187
"""Two movers at once take turns in writing, by this advisory lock."""

DONE = """
SELECT instance_id FROM portal.legacy_moves WHERE instance_id = ANY(%s)
    AND result IN ('moved', 'on_hold', 'history') AND rolled_back_at IS NULL
"""
KEEP = """
INSERT INTO portal.legacy_moves AS old (instance_id, request_id, new_request_id, workflow_id,
    workflow_code, old_state, kind, result, status, number, reasons, questions, remarks,
    workflow_ref, run_id, last_seq)
SELECT instance_id, request_id, new_request_id, workflow_id, workflow_code, old_state, kind, result,
    status, number, reasons, questions, remarks, workflow_ref, run_id, last_seq
FROM jsonb_populate_recordset(NULL::portal.legacy_moves, %s::jsonb) new
ON CONFLICT (instance_id) DO UPDATE SET
    (request_id, new_request_id, workflow_id, workflow_code, old_state, kind, result, status,
        number, reasons, questions, remarks, workflow_ref, run_id, last_seq, run_ref, moved_at,
        started_at, told_at, rolled_back_at)
    = (excluded.request_id, coalesce(excluded.new_request_id, old.new_request_id),
        excluded.workflow_id, excluded.workflow_code, excluded.old_state, excluded.kind,
        excluded.result, excluded.status, coalesce(excluded.number, old.number), excluded.reasons,
        excluded.questions, excluded.remarks, excluded.workflow_ref, excluded.run_id,
        excluded.last_seq, NULL, now(), NULL, NULL,
        CASE WHEN excluded.result IN ('moved', 'on_hold', 'history') THEN NULL
            ELSE old.rolled_back_at END)
"""


class Writer:
    """Writes chunks in transactions of their own; one bad row never stops the rest."""

    def __init__(self, engine: Engine, setting: Setting, accounts: Accounts, run_id: str) -> None:
        self._engine = engine
        self._setting = setting
        self._accounts = accounts
        self._types = Types(setting)
        self._run_id = run_id
        self._history = ""
        self.rows = 0

    def write(self, items: list[Item]) -> list[Item]:
        """Write what another mover has not written meanwhile; the answer leaves that out.

        A chunk that the database refuses is halved until the bad rows stand alone; these are
        FAILED. Raises OperationalError where the database is away.
        """
        try:
            with self._engine.begin() as connection:
                written = self._write(connection, items)
        except Exception as error:  # one bad row must not stop the rest
            self._accounts.forget()
            self._types.forget()
            if _is_away(error):
                raise
            if len(items) > 1:
                half = len(items) // 2
                return self.write(items[:half]) + self.write(items[half:])
            return self._failed(items[0], error)
        return written

    def _failed(self, item: Item, error: Exception) -> list[Item]:
        cause = getattr(error, "orig", None) or error
        reason = f"It could not be written: {' '.join(str(cause).split())[:300]}"
        item.mapped = Mapped(item.instance.id, Result.FAILED, reasons=[reason])
        with self._engine.begin() as connection:
            self._keep(_driver(connection), [item])
        return [item]

    def _write(self, connection: Connection, items: list[Item]) -> list[Item]:
        driver = _driver(connection)
        driver.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        ids = [item.instance.id for item in items]
        done = {row[0] for row in driver.execute(DONE, [ids]).fetchall()}
        fresh = [item for item in items if item.instance.id not in done]
        refuse_twice(driver, fresh, frozenset())
        final = [item for item in fresh if item.mapped.result in FINAL]
        self._prepare(driver, final)
        self._copy(driver, [item for item in final if not item.again])
        for item in final:
            if item.again:
                self._append(connection, item)
        self._keep(driver, fresh)
        return fresh

    def _prepare(self, driver: copying.Connection, items: list[Item]) -> None:
        """Accounts, types, policies and numbers."""
        profiles: set[str] = set()
        by_type: dict[str, list[Item]] = defaultdict(list)
        for item in items:
            definition, mapped = item.instance.definition, item.mapped
            assert definition is not None
            assert mapped.state is not None
            assert mapped.policy is not None
            profiles |= mapped.profiles | self._setting.definition_people.get(definition.id, set())
            self._types.make(driver, definition, mapped.policy, mapped.state.policy_version_id)
            if not item.again:
                by_type[definition.id].append(item)
        self._accounts.make(driver, profiles)
        for id_, wanting in sorted(by_type.items()):
            given = self._types.numbers(driver, self._setting.types[id_], len(wanting))
            for item, number in zip(wanting, given, strict=True):
                rows.number(item.mapped, number)

    def _copy(self, driver: copying.Connection, items: list[Item]) -> None:
        batch = rows.Batch()
        for item in items:
            definition = item.instance.definition
            assert definition is not None
            kind = self._setting.type_of(definition)
            rows.add(batch, item.mapped, item.instance, kind, self._setting)
        if not items:
            return
        self._history = self._history or copying.history_name(driver)
        copying.REQUESTS.copy(driver, batch.requests)
        copying.TASKS.copy(driver, batch.tasks)
        copying.PARTICIPANTS.copy(driver, batch.participants)
        copying.COMMENTS.copy(driver, batch.comments)
        copying.STATES.copy(driver, batch.states)
        copying.TEXTS.copy(driver, batch.texts)
        copying.EVENTS.copy(driver, batch.events)
        copying.HISTORY.copy(driver, batch.history, self._history)
        self.rows += batch.count

    def _append(self, connection: Connection, item: Item) -> None:
        """A request that was given back and comes again: its record goes on. Nobody is told."""
        mapped = item.mapped
        assert mapped.state is not None
        first = mapped.events[0].seq
        record_batch(
            connection,
            RecordBatch(
                request_id=mapped.state.request_id,
                workflow_id=rows.workflow_ref(item.instance),
                run_id="",
                workflow_type=workflow_type(WorkflowKind.APPROVAL),
                events=[RecordedEvent(kind_of(each), encode(each)) for each in mapped.events],
                state=encode(mapped.state),
            ),
        )
        driver = _driver(connection)
        key = [mapped.state.request_id]
        driver.execute(
            "UPDATE portal.requests SET policy_version_id = %s WHERE id = %s",
            [mapped.state.policy_version_id, *key],
        )
        driver.execute(
            "DELETE FROM portal.notifications WHERE request_id = %s AND seq >= %s", [*key, first]
        )

    def _keep(self, driver: copying.Connection, items: list[Item]) -> None:
        """What became of each, in portal.legacy_moves."""
        kept = [self._move(item) for item in items]
        driver.execute(KEEP, [json.dumps(kept)])

    def _move(self, item: Item) -> dict[str, Any]:
        instance, mapped, state = item.instance, item.mapped, item.mapped.state
        runs = mapped.result in (Result.MOVED, Result.ON_HOLD)
        return {
            "instance_id": instance.id,
            "request_id": instance.request_id,
            "new_request_id": None if state is None else state.request_id,
            "workflow_id": instance.row.get("workflow_id"),
            "workflow_code": None if instance.definition is None else instance.definition.code,
            "old_state": instance.state,
            "kind": "active" if instance.state in ACTIVE_STATES else "finished",
            "result": mapped.result.value,
            "status": None if state is None else state.status.value,
            "number": None if state is None else state.number,
            "reasons": mapped.reasons,
            "questions": mapped.questions,
            "remarks": mapped.remarks,
            "workflow_ref": rows.workflow_ref(instance) if runs else None,
            "run_id": self._run_id,
            "last_seq": None if state is None else state.seq,
        }


def _driver(connection: Connection) -> copying.Connection:
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    return driver


def _is_away(error: Exception) -> bool:
    """Whether the database itself is gone, and not only one statement refused."""
    cause = getattr(error, "orig", None) or error
    return isinstance(cause, psycopg.OperationalError) and cause.sqlstate is None
