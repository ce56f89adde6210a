"""What absences make of open tasks: whatever is not as the clock says gets a command.

Nothing here remembers where it was: a task that should be with a delegate and is not, or the other
way round, is found again in every turn until it is as it should be. So a turn that was missed only
makes it late, two at a time do the same, and by the database's clock nothing comes early.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, TextClause, text

from portal.background.own_commands import OwnCommand, give, id_of
from portal.directory.receivers import reach
from portal.domain.deciding.decide import can_change, find_task
from portal.domain.errors import InvalidPolicy
from portal.domain.policy.policy import Reach
from portal.domain.request.commands import EndDelegation, StartDelegation
from portal.domain.request.events import SYSTEM
from portal.domain.request.reasons import Code, Reason, reason
from portal.domain.request.state import Approval, Via
from portal.domain.routing.approvers import until_kept
from portal.models.states import kept_states

PAGE = 500

# Names in braces are parts that stand in both statements; see `_statement`.
PARTS = {
    "in_force": "{0}.starts_at <= now() AND {0}.ends_at > now() AND {0}.revoked_at IS NULL",
    "covers": """({0}.type_codes IS NULL OR r.type_code = ANY({0}.type_codes))
        AND ({0}.max_amount IS NULL OR r.amount IS NULL
            OR (r.currency = {0}.currency AND r.amount <= {0}.max_amount))""",
    "given": f"""FROM portal.commands c WHERE c.request_id = r.id AND c.task_id = t.id
        AND c.kind IN ('{StartDelegation.__name__}', '{EndDelegation.__name__}')
        AND c.payload ->> 'delegation_id' = d.id::text""",
    "columns": """d.id AS delegation_id, d.delegator_id, d.delegate_id, d.ends_at, t.id AS task_id,
        r.id AS request_id, r.number, r.workflow, delegator.name AS delegator,
        delegator.time_zone AS zone, delegate.name AS delegate""",
}
# No chains: a delegate who is away too, as far as this request goes, acts for nobody.
AWAY_TOO = """EXISTS (SELECT 1 FROM portal.delegations other
    WHERE other.delegator_id = d.delegate_id AND {other_in_force} AND {other_covers})"""


def _statement(words: str) -> TextClause:
    parts = {name: part.format("d") for name, part in PARTS.items()}
    other = {f"other_{name}": part.format("other") for name, part in PARTS.items()}
    return text(words.format(**parts, away_too=AWAY_TOO.format(**other), page=PAGE))


# Raw: both are put together from the same parts of a statement.
STARTING = _statement("""
SELECT {columns}, (SELECT count(*) {given}) AS times
FROM portal.delegations d
JOIN portal.users delegator ON delegator.id = d.delegator_id
JOIN portal.users delegate ON delegate.id = d.delegate_id AND delegate.is_active
JOIN portal.tasks t ON t.assignee_id = d.delegator_id AND t.status = 'OPEN'
    AND t.acting_for IS NULL
JOIN portal.requests r ON r.id = t.request_id
WHERE {in_force} AND {covers} AND r.settles_at IS NULL AND NOT {away_too}
    AND NOT EXISTS (SELECT 1 {given} AND (c.applied_at IS NULL OR c.outcome = 'refused'))
ORDER BY d.created_at, d.id, t.id LIMIT {page}
""")
ENDING = _statement("""
SELECT {columns}, (SELECT count(*) {given}) AS times, d.ends_at <= now() AS is_over,
    d.revoked_at IS NOT NULL AS is_revoked, delegate.is_active AS may_act
FROM portal.tasks t
JOIN portal.delegations d ON d.id = t.delegation_id
JOIN portal.users delegator ON delegator.id = d.delegator_id
JOIN portal.users delegate ON delegate.id = d.delegate_id
JOIN portal.requests r ON r.id = t.request_id
WHERE t.status = 'OPEN' AND t.acting_for IS NOT NULL
    AND (d.ends_at <= now() OR d.revoked_at IS NOT NULL OR NOT delegate.is_active OR {away_too})
    AND NOT EXISTS (SELECT 1 {given} AND c.applied_at IS NULL)
ORDER BY t.id LIMIT {page}
""")


def follow(connection: Connection) -> int:
    """Give the commands that are due, a page of each, in the caller's transaction; how many."""
    now = datetime.now(UTC)
    ending = give(connection, (_end(row, now) for row in connection.execute(ENDING)))
    rows = connection.execute(STARTING).all()
    states = kept_states(connection, {str(row.request_id) for row in rows})
    given = [
        _start(row, _reach(connection, states[str(row.request_id)], row, now), now)
        for row in rows
        if _is_needed(states.get(str(row.request_id)), str(row.task_id))
    ]
    return ending + give(connection, given)


def _is_needed(state: Approval | None, task_id: str) -> bool:
    """Whether a vote on the task can still change something: else it is taken back in a moment."""
    found = None if state is None else find_task(state, task_id)
    return found is not None and can_change(*found)


def _reach(connection: Connection, state: Approval, row: Row[Any], now: datetime) -> Reach | None:
    """How near the delegate is to the stage; None where nobody can say."""
    try:
        return reach(connection, state, str(row.task_id), str(row.delegate_id), now)
    except InvalidPolicy:
        return None


def _start(row: Row[Any], near: Reach | None, now: datetime) -> OwnCommand:
    until = until_kept(row.ends_at, row.zone)
    command = StartDelegation(
        **_given(row, "start", now),
        on_behalf_of=str(row.delegator_id),
        delegate_id=str(row.delegate_id),
        until=row.ends_at,
        why=reason(Code.ACTS_FOR, name=row.delegator, until=until),
        to_reach=near,
    )
    return OwnCommand(command=command, number=row.number, workflow=row.workflow)


def _end(row: Row[Any], now: datetime) -> OwnCommand:
    command = EndDelegation(**_given(row, "end", now), reason=next(_reasons(row)))
    return OwnCommand(command=command, number=row.number, workflow=row.workflow)


def _given(row: Row[Any], what: str, now: datetime) -> dict[str, Any]:
    task_id, delegation_id = str(row.task_id), str(row.delegation_id)
    return {
        "command_id": id_of(delegation_id, f"{what}:{task_id}:{row.times}"),
        "request_id": str(row.request_id),
        "actor_id": SYSTEM,
        "at": now,
        "via": Via.SYSTEM,
        "task_id": task_id,
        "delegation_id": delegation_id,
    }


def _reasons(row: Row[Any]) -> Iterator[Reason]:
    if row.is_revoked:
        yield reason(Code.DELEGATION_ENDED, name=row.delegate)
    if row.is_over:
        yield reason(Code.DELEGATION_OVER, name=row.delegate)
    if not row.may_act:
        yield reason(Code.MAY_NOT_DECIDE, name=row.delegate, why=reason(Code.NO_LONGER_ACTIVE))
    yield reason(Code.MAY_NOT_DECIDE, name=row.delegate, why=reason(Code.AWAY_TOO))
