"""Whom a step asks, worked out apart from the mover: rules in few lines over plain sets."""

from typing import TYPE_CHECKING, Any

from scripts.legacy.verify_tables import Connection, OldTables

if TYPE_CHECKING:
    from scripts.legacy.verify_stages import OldStep

ACTIVE = "SELECT id FROM {profiles} p WHERE is_active"
ROLES = """
SELECT r.code, coalesce(array_agg(u.user_profile_id) FILTER (WHERE u.id IS NOT NULL), '{{}}')
FROM {roles} r LEFT JOIN {user_roles} u ON u.role_id = r.id AND r.is_active
    AND u.is_active AND u.valid_from <= %(at)s AND (u.valid_until IS NULL OR u.valid_until > %(at)s)
GROUP BY 1
"""
HOLDERS = """
SELECT p.id, p.code, coalesce(array_agg(u.user_profile_id) FILTER (WHERE u.id IS NOT NULL), '{{}}')
FROM {positions} p LEFT JOIN {user_positions} u ON u.position_id = p.id
    AND p.is_active AND u.is_active AND u.start_date <= %(at)s
    AND (u.end_date IS NULL OR u.end_date > %(at)s)
GROUP BY 1, 2
"""
POSTS = """
SELECT user_profile_id, position_id, is_active AND (end_date IS NULL OR end_date > %(at)s)
FROM {user_positions} u WHERE start_date <= %(at)s
ORDER BY user_profile_id, coalesce(end_date, '9999-01-01') DESC, start_date DESC
"""
ABOVE = "SELECT position_id, reports_to_id FROM {hierarchy} h"
MAKERS = "SELECT id, created_by FROM {workflows} w"
SHORT = {
    "profiles": "user_profiles", "roles": "roles", "user_roles": "user_roles",
    "positions": "positions", "user_positions": "user_positions",
    "hierarchy": "position_hierarchy", "workflows": "workflows",
}  # fmt: skip


class Organisation:
    """The old organisation as it was at the move."""

    def __init__(self, connection: Connection, at: Any, tables: OldTables) -> None:
        def rows(question: str) -> list[tuple[Any, ...]]:
            return connection.execute(tables.fill(question, SHORT), {"at": at}).fetchall()

        self.active = {row[0] for row in rows(ACTIVE)}
        self.roles = {row[0]: set(row[1]) for row in rows(ROLES)}
        held = rows(HOLDERS)
        self.codes = {code: id_ for id_, code, _ in held}
        self.holders = {id_: set(people) for id_, _, people in held}
        self.above: dict[str, str | None] = {row[0]: row[1] for row in rows(ABOVE)}
        self.posts: dict[str, list[tuple[str, bool]]] = {}
        for person, position, now in rows(POSTS):
            self.posts.setdefault(person, []).append((position, now))
        self.makers: dict[str, str | None] = {row[0]: row[1] for row in rows(MAKERS)}

    def asked(self, step: "OldStep", initiator: str, workflow: str) -> set[str]:
        """The profiles a step asks."""
        able = self.active - {initiator}
        config = step.definition.get("config") or {}
        person = step.owner(able)
        if person is None and isinstance(config.get("assigneeId"), str):
            person = config["assigneeId"].strip() or None
        if person is not None:
            if person in able:
                return {person}
            return self._instead(self._places(person), able, workflow)
        if config.get("assigneeRole"):
            holders = self.roles.get(config["assigneeRole"], set())
            places = {place for each in holders for place in self._places(each)}
            return holders & able or self._instead(places, able, workflow)
        position = self.codes.get(config.get("assigneePosition"), "")
        holders = self.holders.get(position, set())
        places = {place for each in holders for place in self._places(each)} or {position}
        return holders & able or self._instead(places, able, workflow)

    def _places(self, person: str) -> set[str]:
        posts = self.posts.get(person, [])
        return {place for place, now in posts if now} or {place for place, _ in posts[:1]}

    def _instead(self, places: set[str], able: set[str], workflow: str) -> set[str]:
        found: set[str] = set()
        for place in places:
            seen, up = {place}, self.above.get(place)
            while up is not None and up not in seen and not self.holders.get(up, set()) & able:
                seen.add(up)
                up = self.above.get(up)
            if up is not None and up not in seen:
                found |= self.holders.get(up, set()) & able
        maker = self.makers.get(workflow)
        return found or ({maker} & able if maker else set())
