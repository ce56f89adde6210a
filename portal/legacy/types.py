"""Request types and policy versions made of the old definitions."""

import json
import re
from typing import Any

import psycopg

from portal.domain import codec
from portal.domain.policy.policy import Policy, StageKind
from portal.legacy.engine import Definition
from portal.legacy.live import digest, general_policy
from portal.legacy.setting import NewType, Setting
from portal.legacy.values import new_key, text
from portal.legacy.votes import STRATEGIES

Connection = psycopg.Connection[Any]
LONGEST_PREFIX = 5
MOST_KEPT = 5000


def plan_types(connection: Connection, definitions: dict[str, Definition]) -> dict[str, NewType]:
    """The type of every definition: the one it has, or the one it will get. Writes nothing."""
    made = connection.execute(
        "SELECT l.workflow_id, t.id::text, t.code, t.name, t.prefix FROM portal.legacy_types l"
        " JOIN portal.request_types t ON t.id = l.request_type_id"
    ).fetchall()
    known = {row[0]: NewType(*row[1:]) for row in made}
    taken = connection.execute("SELECT code, prefix FROM portal.request_types").fetchall()
    codes, prefixes = {row[0] for row in taken}, {row[1] for row in taken}
    for id_ in sorted(definitions.keys() - known.keys()):
        definition = definitions[id_]
        code = _free(definition.code, codes, "{0}-old", "{0}-old-{1}")
        prefix = _free(_prefix(definition.code), prefixes, "{0}X", "{0}{1}")
        codes.add(code)
        prefixes.add(prefix)
        known[id_] = NewType(new_key(f"type {id_}"), code, definition.name, prefix)
    return known


def _free(wanted: str, taken: set[str], second: str, later: str) -> str:
    """The name, or the first variant of it that is free."""
    name, number = wanted, 2
    while name in taken:
        name = second.format(wanted) if number == 2 else later.format(wanted, number)
        number += 1
    return name


def _prefix(code: str) -> str:
    """A short prefix for numbers people quote: the initials of a code, or its first letters."""
    words = re.findall(r"[A-Za-z0-9]+", code.upper())
    if not words:
        return "OLD"
    joined = "".join(word[0] for word in words) if len(words) > 1 else words[0][:3]
    prefix = joined[:LONGEST_PREFIX]
    return prefix if prefix[0].isalpha() else f"W{prefix}"[:LONGEST_PREFIX]


class Types:
    """Makes types and policy versions where they are missing, in the caller's transaction."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._types: set[str] = set()
        self._policies: set[str] = set()

    def forget(self) -> None:
        """A transaction failed: what it had made is not there."""
        self._types.clear()
        self._policies.clear()

    def make(
        self, connection: Connection, definition: Definition, policy: Policy, policy_id: str
    ) -> None:
        """The definition's type, with its general route, and this policy's version."""
        kind = self._setting.type_of(definition)
        if kind.id not in self._types:
            self._make_type(connection, kind, definition)
            self._types.add(kind.id)
        self._make_policy(connection, kind, policy, policy_id, "Made for old requests.")

    def numbers(self, connection: Connection, kind: NewType, count: int) -> list[str]:
        """The next numbers of a type, in order."""
        row = connection.execute(
            "UPDATE portal.request_types SET next_number = next_number + %s WHERE id = %s"
            " RETURNING next_number",
            [count, kind.id],
        ).fetchone()
        assert row is not None
        return [f"{kind.prefix}-{number}" for number in range(row[0] - count, row[0])]

    def _make_type(self, connection: Connection, kind: NewType, definition: Definition) -> None:
        made = connection.execute(
            "INSERT INTO portal.request_types (id, code, name, description, prefix, module,"
            " is_active, position) VALUES (%s, %s, %s, %s, %s, %s, false, 1000)"
            " ON CONFLICT (id) DO NOTHING",
            [
                kind.id, kind.code, kind.name, text(definition.row.get("description")) or "",
                kind.prefix, text(definition.row.get("module")),
            ],
        ).rowcount  # fmt: skip
        if not made:
            return
        connection.execute(
            "INSERT INTO portal.legacy_types (workflow_id, request_type_id) VALUES (%s, %s)"
            " ON CONFLICT DO NOTHING",
            [definition.id, kind.id],
        )
        policy, policy_id = general_policy(definition, self._setting)
        note = f"The route of the old workflow {definition.code}."
        self._make_policy(connection, kind, policy, policy_id, note)
        connection.execute(
            "UPDATE portal.request_types SET policy_version_id = %s, is_active = %s WHERE id = %s",
            [policy_id, _is_usable(definition, policy), kind.id],
        )

    def _make_policy(
        self, connection: Connection, kind: NewType, policy: Policy, id_: str, note: str
    ) -> None:
        if id_ in self._policies:
            return
        connection.execute(
            "INSERT INTO portal.policy_versions"
            " (id, request_type_id, version, name, description, definition, note, published_at)"
            " SELECT %s, t.id, coalesce(max(v.version), 0) + 1, t.name, t.description, %s::jsonb,"
            " %s, now() FROM portal.request_types t LEFT JOIN portal.policy_versions v"
            " ON v.request_type_id = t.id WHERE t.id = %s GROUP BY t.id"
            " ON CONFLICT (id) DO NOTHING",
            [id_, json.dumps(codec.encode(policy)), note, kind.id],
        )
        connection.execute(
            "INSERT INTO portal.legacy_policies (request_type_id, digest, policy_version_id)"
            " VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
            [kind.id, digest(policy), id_],
        )
        if len(self._policies) >= MOST_KEPT:
            self._policies.clear()
        self._policies.add(id_)


def _is_usable(definition: Definition, policy: Policy) -> bool:
    """Whether new requests can be made of it: in force, without conditions, everybody found."""
    row = definition.row
    in_force = row.get("status") == "ACTIVE" and row.get("is_active") is not False
    plain = all(
        step.get("type") in ("APPROVAL", "NOTIFICATION")
        and step.get("approvalStrategy") in (None, *STRATEGIES)
        for step in definition.steps
    )
    approvals = [stage for stage in policy.stages if stage.kind is StageKind.APPROVAL]
    found = bool(approvals) and all(stage.rules for stage in approvals)
    return in_force and row.get("deleted_at") is None and plain and found
