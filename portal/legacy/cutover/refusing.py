"""What speaks against a cutover: instances that would be left behind, and what must be ready."""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, text

from portal.legacy.cutover import chain, recording
from portal.legacy.cutover.chain import (
    REVISION,
    CutoverRefused,
    engine_enums,
    engine_tables,
    is_there,
    revision_of,
)
from portal.legacy.cutover.recording import find_ties
from portal.legacy.tables import ACTIVE_STATES, ARCHIVE, OPS

MOST_SHOWN = 1_000

NOT_MOVED = """
FROM gloria_ops.workflow_instances i
LEFT JOIN portal.legacy_moves m ON m.instance_id = i.id AND m.rolled_back_at IS NULL
WHERE coalesce(i.state::text, '') = ANY(:active)
    AND (m.instance_id IS NULL OR m.result IN ('needs_person', 'failed')
        OR (m.result IN ('moved', 'on_hold') AND m.started_at IS NULL))
    AND NOT i.id = ANY(:accepted)
"""
"""Active instances that did not move. A move without a started workflow is none."""

NOT_IMPORTED = """
FROM portal.legacy_moves m JOIN gloria_ops.workflow_instances i ON i.id = m.instance_id
WHERE m.result IN ('needs_person', 'failed') AND m.rolled_back_at IS NULL
    AND NOT coalesce(i.state::text, '') = ANY(:active) AND NOT i.id = ANY(:accepted)
"""
"""Finished instances that the mover could not import by itself."""

WRITTEN_SINCE = "AND age(i.xmin) <= age(CAST(CAST(:since AS xid8) AS xid))"
SHOWN = "SELECT i.id, i.request_id, i.state::text, m.result, m.reasons "
# The way back needs the right on gloria_ops, so that it is asked for before the way there.
LACKING = """
SELECT CASE WHEN NOT has_schema_privilege(:ops, 'CREATE') THEN 'schema ' || :ops
    WHEN to_regnamespace(:archive) IS NULL
        AND NOT has_database_privilege(current_database(), 'CREATE') THEN 'this database'
    WHEN to_regnamespace(:archive) IS NOT NULL
        AND NOT has_schema_privilege(to_regnamespace(:archive)::oid, 'CREATE')
        THEN 'schema ' || :archive END
"""
FOREIGN = """
SELECT format('%I.%I (%s)', n.nspname, c.relname, pg_get_userbyid(c.relowner))
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = :schema AND c.relname = ANY(:tables) AND NOT pg_has_role(c.relowner, 'USAGE')
UNION ALL
SELECT format('%I.%I (%s)', n.nspname, t.typname, pg_get_userbyid(t.typowner))
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
WHERE n.nspname = :schema AND t.typname = ANY(:enums) AND NOT pg_has_role(t.typowner, 'USAGE')
ORDER BY 1
"""


@dataclass(frozen=True)
class LeftBehind:
    """An instance that would be left behind, and why."""

    instance_id: str
    request_id: str
    state: str
    why: str

    def __str__(self) -> str:
        return f"{self.instance_id}  {self.request_id}  {self.state}  {self.why}"


def require_ready(connection: Connection) -> None:
    """Raise CutoverRefused unless there is an old engine to cut over, and everything of ours."""
    _require_engine(connection)
    if revision_of(connection) != chain.newest():
        raise CutoverRefused(
            "The portal's tables are not the newest: run `flask db upgrade` first."
        )
    tables = [*engine_tables(connection), *(tie.table for tie in find_ties(connection))]
    given = {"schema": OPS, "tables": tables, "enums": list(engine_enums(connection))}
    foreign = list(connection.scalars(text(FOREIGN), given))
    if foreign:
        raise CutoverRefused(
            "Only their owners, named in brackets, may move these. Make the role of DATABASE_URL a "
            f"member of those roles first: {', '.join(foreign)}."
        )
    lacking = connection.scalar(text(LACKING), {"ops": OPS, "archive": ARCHIVE})
    if lacking is not None:
        raise CutoverRefused(
            f"The role of DATABASE_URL lacks the right to create in {lacking}: grant it first."
        )
    taken = engine_tables(connection, ARCHIVE)
    if taken:
        raise CutoverRefused(
            f"{ARCHIVE} holds {', '.join(taken)} already: rename that schema, then run it again."
        )


def left_behind(
    connection: Connection, accepted: Sequence[str], most: int = MOST_SHOWN
) -> tuple[int, list[LeftBehind]]:
    """How many instances would be left behind without anybody's consent, and the first of them."""
    given = {"active": list(ACTIVE_STATES), "accepted": list(accepted)}
    number = 0
    found: list[LeftBehind] = []
    if not is_there(connection, f"{OPS}.workflow_instances"):
        return 0, []
    for which in (NOT_MOVED, NOT_IMPORTED):
        number += connection.scalar(text(f"SELECT count(*) {which}"), given) or 0
        statement = text(f"{SHOWN} {which} ORDER BY i.id LIMIT :most")
        rows = connection.execute(statement, given | {"most": most - len(found)})
        found += [
            LeftBehind(id_, str(request), state, _why(result, reasons))
            for id_, request, state, result, reasons in rows
        ]
    return number, found


def moment(connection: Connection) -> str:
    """The oldest transaction that may not be seen yet, for a later `recheck`."""
    xid: str = connection.scalar(text("SELECT pg_snapshot_xmin(pg_current_snapshot())::text"))
    return xid


def recheck(connection: Connection, accepted: Sequence[str], since: str) -> None:
    """Look again while nobody can write: a request made since the first look is not lost.

    Only rows written since that `moment` are looked at, by their transaction: a single pass, so
    that the lock stays short with millions of rows.
    """
    if not is_there(connection, f"{OPS}.workflow_instances"):
        return
    given = {"active": list(ACTIVE_STATES), "accepted": list(accepted), "since": since}
    number = connection.scalar(text(f"SELECT count(*) {NOT_MOVED} {WRITTEN_SINCE}"), given)
    if number:
        raise CutoverRefused(
            f"Not moved, and new since the check: {instances(number)}. The old engine is still "
            "used: stop it, move them and run this again; nothing was changed."
        )


def instances(number: int) -> str:
    """So many instances, in words."""
    return f"{number:,} instance{'' if number == 1 else 's'}"


def not_imported(connection: Connection, schema: str, accepted: Sequence[str] = ()) -> int:
    """How many instances of the engine in this schema never came over, without consent."""
    if not is_there(connection, f"{schema}.workflow_instances"):
        return 0
    statement = f"""
    SELECT count(*) FROM {schema}.workflow_instances i WHERE NOT EXISTS (
        SELECT FROM portal.legacy_moves m WHERE m.instance_id = i.id AND m.rolled_back_at IS NULL
            AND m.result IN ('moved', 'on_hold', 'history')) AND NOT i.id = ANY(:accepted)
    """  # noqa: S608 - one of our two schemas
    return connection.scalar(text(statement), {"accepted": list(accepted)}) or 0


def accepted_in(connection: Connection, file: Path | None) -> tuple[str, ...]:
    """The ids of the instances that the file accepts: one a line, by its id or its request's.

    What follows the id on its line, empty lines and lines that begin with # are for people; lines
    of the mover's report will do. Raises CutoverRefused where a line names no instance.
    """
    if file is None:
        return ()
    try:
        lines = [line.strip() for line in file.read_text(encoding="utf-8-sig").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise CutoverRefused(f"The file {file} cannot be read as text.") from error
    lines = [line for line in lines if line and not line.startswith("#")]
    known = _instances(connection, [name for line in lines for name in _names(line)])
    named = {line: next(filter(None, map(known.get, _names(line))), None) for line in lines}
    unknown = [line for line, id_ in named.items() if id_ is None]
    if unknown:
        raise CutoverRefused(
            f"The file {file} names what is no instance of the old engine: "
            f"{', '.join(unknown[:5])}{', ...' if len(unknown) > 5 else ''}."
        )
    return tuple(dict.fromkeys(id_ for id_ in named.values() if id_ is not None))


def _names(line: str) -> list[str]:
    """What a line may name, the likeliest first; a request's id may hold spaces."""
    if "\x00" in line:
        return []
    if line.startswith("{"):
        with suppress(ValueError):
            return [str(json.loads(line).get("key"))]
    words = line.replace(",", " ").split()
    return words[1:2] if words[:1] == ["workflow_instances"] else [line, *words[:1]]


def _instances(connection: Connection, names: list[str]) -> dict[str, str]:
    """The instances that have these ids or request ids, by the name that was given."""
    if not is_there(connection, f"{OPS}.workflow_instances"):
        return {}
    statement = """
    SELECT id, request_id FROM gloria_ops.workflow_instances
    WHERE id = ANY(:names) OR request_id = ANY(:names)
    """
    rows = connection.execute(text(statement), {"names": names}).all()
    return {name: row[0] for row in rows for name in (row[1], row[0])}


def _require_engine(connection: Connection) -> None:
    standing = recording.standing(connection) if is_there(connection, "portal.cutovers") else None
    if standing is not None:
        raise CutoverRefused(
            f"The cutover was made on {standing.made_at:%Y-%m-%d %H:%M} by {standing.made_by}."
        )
    if not engine_tables(connection):
        raise CutoverRefused("There is no old engine in gloria_ops: nothing has to be cut over.")
    if revision_of(connection) == REVISION:
        raise CutoverRefused(
            "The old engine came after the portal: run `flask db downgrade` once, then this again."
        )


def _why(result: str | None, reasons: list[str] | None) -> str:
    if result is None:
        return "has not moved"
    if result in ("moved", "on_hold"):
        return "is recorded here, but its workflow was not started"
    words = "needs a person" if result == "needs_person" else "failed to move"
    return f"{words}: {'; '.join(reasons)}" if reasons else words
