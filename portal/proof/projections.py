"""The rows that pages read, compared with what the events say they are."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping, text

from portal.activities.projection import request_columns
from portal.activities.texts import project
from portal.domain.codec import decode_text, encode
from portal.domain.errors import CannotDecode, DomainError
from portal.domain.request.events import Event
from portal.domain.request.state import Approval
from portal.models.recorded import event_of
from portal.models.states import SHAPE

Wanted = Callable[[str, datetime], bool]
"""Whether the rows of a request are compared: by its id, and when its last event was."""

# Names of people, which may have changed since, and what only the policy's row says.
NOT_COMPARED = {"updated_at", "returned_by", "questions", "waiting_for", "policy_version_id"}
# Where a text was erased, the events do not say any more what was written.
FROM_TEXTS = {"title", "fields", "amount", "currency", "hold_reason", "attention", "changed_fields"}
OF_TASKS = ("status", "assignee_id", "acting_for", "decision", "decided_by", "decided_at", "round")
OF_COMMENTS = ("about", "author_id", "text")

# Raw: rows as they stand, with their columns by name.
REQUESTS = text(
    "SELECT r.*, id::text AS id FROM portal.requests r WHERE id = ANY(CAST(:ids AS uuid[]))"
)
TASKS = text("SELECT t.* FROM portal.tasks t WHERE request_id = ANY(CAST(:ids AS uuid[]))")
COMMENTS = text("SELECT c.* FROM portal.comments c WHERE request_id = ANY(CAST(:ids AS uuid[]))")
STATES = text("""
SELECT request_id::text, seq, shape, CAST(state AS text) AS state FROM portal.request_states
WHERE request_id = ANY(CAST(:ids AS uuid[]))
""")


def EVERY(_request_id: str, _last: datetime) -> bool:  # noqa: N802 - a constant that is called
    """All of them."""
    return True


def some(now: datetime) -> Wanted:
    """What changed since the day before, and a seventh of the rest: all within a week."""
    since, part = now - timedelta(days=1), now.toordinal() % 7
    return lambda request_id, last: last >= since or UUID(request_id).int % 7 == part


@dataclass(frozen=True)
class KeptRows:
    """The rows of some requests, by request."""

    requests: dict[str, RowMapping]
    tasks: dict[str, dict[str, RowMapping]]
    comments: dict[str, dict[int, RowMapping]]
    states: dict[str, RowMapping]


def kept(connection: Connection, ids: list[str]) -> KeptRows:
    """The rows of these requests, in the caller's snapshot."""
    given = {"ids": ids}
    tasks: dict[str, dict[str, RowMapping]] = {}
    for row in connection.execute(TASKS, given).mappings():
        tasks.setdefault(str(row["request_id"]), {})[str(row["id"])] = row
    comments: dict[str, dict[int, RowMapping]] = {}
    for row in connection.execute(COMMENTS, given).mappings():
        comments.setdefault(str(row["request_id"]), {})[row["seq"]] = row
    requests = {str(row["id"]): row for row in connection.execute(REQUESTS, given).mappings()}
    states = {row["request_id"]: row for row in connection.execute(STATES, given).mappings()}
    return KeptRows(requests, tasks, comments, states)


def differences(
    request_id: str, chain: Iterable[RowMapping], rows: KeptRows
) -> Iterator[tuple[str, str]]:
    """What the rows say otherwise than the events: its kind, and a sentence."""
    try:
        events = [_typed(row) for row in chain]
        found, state = project(Approval(request_id=request_id), events)
    except (CannotDecode, DomainError, KeyError, ValueError):
        yield "unreadable", "its events cannot be put together: one was changed or slipped in."
        return
    if not state.round:
        return
    row = rows.requests.get(request_id)
    if row is None:
        yield "row_gone", "its row is gone from the requests."
        return
    is_erased = lacks_text(chain)
    yield from _of_request(state, row, is_erased)
    yield from _of_tasks(found.tasks, rows.tasks.get(request_id, {}))
    if not is_erased:
        yield from _of_comments(found.comments, rows.comments.get(request_id, {}))
        yield from _of_state(state, rows.states.get(request_id))


def left_behind(request_id: str, rows: KeptRows) -> Iterator[tuple[str, str]]:
    """What is there of a request that was removed after its retention."""
    kinds: dict[str, Mapping[str, object]] = {
        "task": rows.tasks, "comment": rows.comments, "kept state": rows.states,
    }  # fmt: skip
    for name, there in kinds.items():
        if there.get(request_id):
            yield "row_added", f"it was removed, and a {name} of it is there."


def lacks_text(chain: Iterable[RowMapping]) -> bool:
    """Whether a text of these events was erased."""
    return any(words is None for row in chain for _, words in (row["texts"] or {}).values())


def _of_request(state: Approval, row: RowMapping, is_erased: bool) -> Iterator[tuple[str, str]]:
    left_out = NOT_COMPARED | (FROM_TEXTS if is_erased else set())
    for name, value in request_columns(state, {}, datetime.now(UTC)).items():
        if name not in left_out and not _same(value, row[name]):
            yield "row_changed", f"“{name}” is {row[name]!r}, and by its events {_plain(value)!r}."
    if str(row["requester_id"]) != state.requester_id:
        yield "row_changed", "it names another requester than its events."


def _of_tasks(
    expected: dict[str, dict[str, Any]], there: dict[str, RowMapping]
) -> Iterator[tuple[str, str]]:
    for task_id, task in expected.items():
        row = there.get(task_id)
        if row is None:
            yield "row_gone", f"its task {task_id} is gone."
            continue
        for name in OF_TASKS:
            if not _same(task.get(name), row[name]):
                said = f"of the task {task_id}, “{name}” is {_shown(row[name])}"
                yield "row_changed", f"{said}, and by its events {_plain(task.get(name))!r}."
    for task_id in there.keys() - expected.keys():
        yield "row_added", f"no event says anything of its task {task_id}."


def _of_comments(
    expected: list[dict[str, Any]], there: dict[int, RowMapping]
) -> Iterator[tuple[str, str]]:
    by_seq = {each["seq"]: each for each in expected}
    for seq, comment in by_seq.items():
        row = there.get(seq)
        if row is None:
            yield "row_gone", f"the comment of event {seq} is gone."
        elif any(not _same(comment[name], row[name]) for name in OF_COMMENTS):
            yield "row_changed", f"the comment of event {seq} was changed."
    for seq in there.keys() - by_seq.keys():
        yield "row_added", f"a comment says that it is of event {seq}, which has none."


def _of_state(state: Approval, row: RowMapping | None) -> Iterator[tuple[str, str]]:
    if row is None or (row["seq"], row["shape"]) != (state.seq, SHAPE):
        return  # it is folded anew before anybody reads it
    try:
        same = decode_text(Approval, row["state"]) == state
    except CannotDecode:
        same = False
    if not same:
        yield "state_changed", "its kept state is not what its events give."


def _typed(row: RowMapping) -> Event:
    common = {
        name: row[name]
        for name in ("request_id", "seq", "at", "actor", "on_behalf_of", "command_id")
    }
    texts = {name: words for name, (_, words) in (row["texts"] or {}).items()}
    return event_of(row["kind"], common, row["data"], texts)


def _plain(value: Any) -> Any:
    return encode(value)


def _shown(value: Any) -> str:
    return repr(value if isinstance(value, str | int | None) else str(value))


def _same(expected: Any, there: Any) -> bool:
    """Whether a column has the value: ids as text, what was stored as JSON by what it says."""
    if isinstance(there, UUID):
        there = str(there)
    if isinstance(expected, datetime) or isinstance(there, datetime):
        return bool(expected == there)
    plain = encode(expected)
    if isinstance(plain, dict) and isinstance(there, str):
        return bool(there.startswith("{") and json.loads(there) == plain)
    return bool(plain == there)
