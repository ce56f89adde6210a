"""The old organisation, and whom a step asks as of the move: nobody is guessed, nobody dropped."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import psycopg
from psycopg import sql

from portal.legacy.choices import ReasonQuestion
from portal.legacy.engine import (
    Definition,
    EngineDelegation,
    EngineStep,
    MappingFinding,
    Row,
    person_in,
)
from portal.legacy.tables import MASTER, OPS
from portal.legacy.values import FIRST, LAST, bound, name_in, row_in, text


@dataclass(frozen=True)
class Profile:
    """A row of user_profiles, with name and mail from the employee register."""

    id: str
    nip: str | None
    name: str
    mail: str | None
    is_active: bool


@dataclass(frozen=True)
class HeldPosition:
    """A row of user_positions: a person in a position, for a time. Acting holders count too."""

    person: str
    position: str
    start: datetime | None
    end: datetime | None
    is_active: bool

    def is_in_force(self, now: datetime) -> bool:
        """Whether the person holds it now."""
        return self.is_active and within(self.start, self.end, now)


@dataclass(frozen=True)
class Position:
    """A position; `above` is the one it reports to."""

    id: str
    code: str | None
    name: str
    is_active: bool
    above: str | None


def within(start: datetime | None, end: datetime | None, now: datetime) -> bool:
    """start <= now < end, where a missing end never comes."""
    return (start is None or start <= now) and (end is None or now < end)


@dataclass
class OldDirectory:
    """The organisation at `now`. `role_holders`: profile ids in force, by the role's code."""

    now: datetime
    profiles: dict[str, Profile] = field(default_factory=dict)
    role_holders: dict[str, tuple[str, ...]] = field(default_factory=dict)
    positions: dict[str, Position] = field(default_factory=dict)
    position_codes: dict[str, str] = field(default_factory=dict)
    posts: dict[str, list[HeldPosition]] = field(default_factory=dict)
    holders: dict[str, list[str]] = field(default_factory=dict)

    def add_posts(self, posts: Iterable[HeldPosition]) -> None:
        """Take in who holds or held which position."""
        for post in posts:
            self.posts.setdefault(post.person, []).append(post)
            if post.is_in_force(self.now):
                held = self.holders.setdefault(post.position, [])
                if post.person not in held:
                    held.append(post.person)

    def is_active(self, person: str) -> bool:
        """Whether there is such a profile, and it is active."""
        profile = self.profiles.get(person)
        return profile is not None and profile.is_active

    def name(self, person: str | None) -> str:
        """A person's name, or what can be said without one."""
        if person is None:
            return "nobody"
        profile = self.profiles.get(person)
        return f"a person without a profile ({person})" if profile is None else profile.name

    def posts_of(self, person: str) -> list[str]:
        """The positions a person holds in force, else the one they held last."""
        posts = self.posts.get(person, [])
        in_force = [post.position for post in posts if post.is_in_force(self.now)]
        if in_force:
            return list(dict.fromkeys(in_force))
        # Posts that are still to begin were never held.
        past = [post for post in posts if post.start is None or post.start <= self.now]
        return [max(past, key=_last).position] if past else []

    def holders_of(self, position_id: str) -> list[str]:
        """Who holds an active position in force, active or not; nobody for an inactive one."""
        position = self.positions.get(position_id)
        if position is None or not position.is_active:
            return []
        return self.holders.get(position_id, [])

    def above(self, position_id: str) -> Iterator[str]:
        """The positions above one, nearest first, each once."""
        seen = {position_id}
        position = self.positions.get(position_id)
        while position is not None and position.above is not None and position.above not in seen:
            seen.add(position.above)
            yield position.above
            position = self.positions.get(position.above)


def _last(post: HeldPosition) -> tuple[datetime, datetime]:
    return (post.end or LAST, post.start or FIRST)


Driver = psycopg.Connection[Any]
OWN_REGISTER = sql.SQL("i.nip IN (SELECT nip FROM gloria_ops.user_profiles)")


def read_directory(connection: Driver, now: datetime) -> OldDirectory:
    """The organisation as it is at `now`. A table that is missing is empty."""
    register = {str(row.get("nip")).strip(): row for row in _register(connection)}
    profiles = [_profile(row, register) for row in rows_of(connection, OPS, "user_profiles")]
    positions = {each.id: each for each in _positions(connection)}
    directory = OldDirectory(
        now,
        profiles={profile.id: profile for profile in profiles},
        role_holders=_role_holders(connection, now),
        positions=positions,
        position_codes={each.code: each.id for each in positions.values() if each.code},
    )
    directory.add_posts(_post(row) for row in rows_of(connection, OPS, "user_positions"))
    return directory


def rows_of(
    connection: Driver, schema: str, table: str, where: sql.Composable | None = None
) -> list[Row]:
    """A table's rows as JSON, in the order of their keys; none where the table is missing."""
    known = connection.execute("SELECT to_regclass(%s)", [f"{schema}.{table}"]).fetchone()
    if known is None or known[0] is None:
        return []
    query = sql.SQL("SELECT row_to_json(i)::text FROM {} i WHERE {}").format(
        sql.Identifier(schema, table), where or sql.SQL("true")
    )
    rows = [row_in(row[0]) for row in connection.execute(query).fetchall()]
    return sorted(rows, key=lambda row: str(row.get("id")))


def _register(connection: Driver) -> list[Row]:
    known = connection.execute("SELECT to_regclass('gloria_ops.user_profiles')").fetchone()
    if known is None or known[0] is None:
        return []
    return rows_of(connection, MASTER, "data_karyawan", OWN_REGISTER)


def _profile(row: Row, register: dict[str, Row]) -> Profile:
    nip = text(row.get("nip"))
    person = register.get(nip or "", {})
    id_ = str(row.get("id"))
    return Profile(
        id_,
        nip,
        name_in(person.get("nama")) or nip or id_,
        text(person.get("email")),
        row.get("is_active") is not False,
    )


def _role_holders(connection: Driver, now: datetime) -> dict[str, tuple[str, ...]]:
    holders: dict[str, list[str]] = {}
    for row in rows_of(connection, OPS, "user_roles"):
        valid = within(bound(row.get("valid_from")), bound(row.get("valid_until")), now)
        if valid and row.get("is_active") is not False:
            holders.setdefault(str(row.get("role_id")), []).append(str(row.get("user_profile_id")))
    found = {}
    for role in rows_of(connection, OPS, "roles"):
        code, active = text(role.get("code")), role.get("is_active") is not False
        if code is not None:
            people = holders.get(str(role.get("id")), []) if active else []
            found[code] = tuple(dict.fromkeys(people))
    return found


def _positions(connection: Driver) -> list[Position]:
    above = {
        str(row.get("position_id")): text(row.get("reports_to_id"))
        for row in rows_of(connection, OPS, "position_hierarchy")
    }
    return [
        Position(
            id_ := str(row.get("id")),
            text(row.get("code")),
            name_in(row.get("name")) or id_,
            row.get("is_active") is not False,
            above.get(id_),
        )
        for row in rows_of(connection, OPS, "positions")
    ]


def _post(row: Row) -> HeldPosition:
    return HeldPosition(
        str(row.get("user_profile_id")),
        str(row.get("position_id")),
        bound(row.get("start_date")),
        bound(row.get("end_date")),
        row.get("is_active") is not False,
    )


def _given_at(link: EngineDelegation) -> tuple[float, str]:
    """Sorts delegations by time, then id; one without a time comes first."""
    return (0.0 if link.at is None else link.at.timestamp(), link.id)


@dataclass(frozen=True)
class StepApprovers:
    """The people a step asks (profile ids in a stable order), and a sentence for each.

    `is_replaced`: nobody of those whom the step names can be asked; any of these decides instead.
    """

    people: tuple[str, ...] = ()
    why: str = ""
    is_replaced: bool = False


@dataclass(frozen=True)
class People:
    """Finds the people of one instance's steps.

    `requester` is treated like an inactive person wherever they would be asked.
    """

    directory: OldDirectory
    definition: Definition
    requester: str | None

    def of_step(self, step: EngineStep, finding: MappingFinding) -> StepApprovers:
        """Whom an approval step asks; without anybody, why is added to the finding's reasons."""
        where = f"The step “{step.name}”"
        if step.config.get("requiredRole") or step.config.get("requiredPosition"):
            finding.remark(f"{where} has a requiredRole or requiredPosition; these name nobody.")
        assignee = self._owner(step, finding) or person_in(step.config.get("assigneeId"))
        if assignee is not None:
            return self._checked(where, self._person(assignee), finding)
        role, position = (text(step.config.get(n)) for n in ("assigneeRole", "assigneePosition"))
        if role is not None:
            return self._of_role(where, role, finding)
        if position is not None:
            return self._of_position(where, position, finding)
        finding.needs(f"{where} has no assignee and no rule that names one.", ReasonQuestion.PEOPLE)
        return StepApprovers()

    def above(self, people: Iterable[str]) -> tuple[str, ...]:
        """The active holders of the positions above these people: who an escalation goes to."""
        asked = set(people)
        found = self._chain([post for each in asked for post in self.directory.posts_of(each)])
        return tuple(person for person in found if person not in asked)

    def can_be_asked(self, person: str) -> bool:
        """Whether the person is active, and somebody else than who asks."""
        return self.directory.is_active(person) and person != self.requester

    def _owner(self, step: EngineStep, finding: MappingFinding) -> str | None:
        """The assignee, or who gave the work to them if that is over or of no use.

        Who gave it may have had it from somebody whose delegation is over as well, and so on.
        """
        owner = step.assignee
        for link in sorted(step.delegations, key=_given_at, reverse=True):
            if owner is None or link.to_id != owner or link.from_id is None:
                continue
            if link.is_in_force(self.directory.now) and self.can_be_asked(owner):
                return owner
            back = self.directory.name(link.from_id)
            finding.remark(
                f"The delegation of “{step.name}” to {self.directory.name(owner)} is over or cannot"
                f" be used; the work is {back}'s again."
            )
            owner = link.from_id
        return owner

    def _person(self, person: str) -> StepApprovers:
        name = self.directory.name(person)
        if self.can_be_asked(person):
            return StepApprovers((person,), "The old engine had assigned this to you.")
        state = "asked for this" if person == self.requester else "is not active any more"
        return self._instead(self.directory.posts_of(person), f"{name} {state}")

    def _of_role(self, where: str, code: str, finding: MappingFinding) -> StepApprovers:
        holders = self.directory.role_holders.get(code)
        if holders is None:
            finding.needs(
                f"{where} asks the role {code}, which does not exist.", ReasonQuestion.PEOPLE
            )
            return StepApprovers()
        able = tuple(person for person in holders if self.can_be_asked(person))
        if able:
            return StepApprovers(able, f"You hold the role {code}.")
        posts = [post for person in holders for post in self.directory.posts_of(person)]
        asked = self._instead(posts, f"nobody who holds the role {code} can be asked")
        return self._checked(where, asked, finding)

    def _of_position(self, where: str, code: str, finding: MappingFinding) -> StepApprovers:
        position = self.directory.position_codes.get(code)
        if position is None:
            reason = f"{where} asks the position {code}, which does not exist."
            finding.needs(reason, ReasonQuestion.PEOPLE)
            return StepApprovers()
        holders = self.directory.holders_of(position)
        able = tuple(person for person in holders if self.can_be_asked(person))
        if able:
            return StepApprovers(able, f"You hold the position {code}.")
        posts = [post for person in holders for post in self.directory.posts_of(person)]
        asked = self._instead(posts or [position], f"nobody in the position {code} can be asked")
        return self._checked(where, asked, finding)

    def _instead(self, posts: list[str], because: str) -> StepApprovers:
        """The holders of the nearest position above, then who made the definition, then nobody."""
        above = self._chain(posts)
        if above:
            return StepApprovers(above, f"You are above in the organisation: {because}.", True)
        maker = self.definition.created_by
        if maker is not None and self.can_be_asked(maker):
            return StepApprovers((maker,), f"You made this kind of request: {because}.", True)
        return StepApprovers(why=because, is_replaced=True)

    def _chain(self, posts: Iterable[str]) -> tuple[str, ...]:
        """From each post up to the first position with somebody who can be asked."""
        found: dict[str, None] = {}
        for post in posts:
            for position in self.directory.above(post):
                holders = self.directory.holders_of(position)
                able = [person for person in holders if self.can_be_asked(person)]
                if able:
                    found.update(dict.fromkeys(able))
                    break
        return tuple(found)

    def _checked(self, where: str, asked: StepApprovers, finding: MappingFinding) -> StepApprovers:
        if not asked.people:
            reason = f"{where} has nobody to ask: {asked.why}, and nobody is above."
            finding.needs(reason, ReasonQuestion.PEOPLE)
        elif asked.is_replaced:
            names = ", ".join(self.directory.name(each) for each in asked.people)
            finding.remark(f"{where} now asks {names}. {asked.why}")
        return asked
