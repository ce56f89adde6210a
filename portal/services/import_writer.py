"""Writing what an import of people would change, many rows with each statement."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import and_, bindparam, delete, func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as insert_or_not

from portal.domain.people.absence import ChangeKind, ReviewScope
from portal.domain.people.importing import Column, LineVerdict, Outcome, Plan
from portal.domain.proof.acts import ActKind
from portal.extensions import db
from portal.models import (
    Calendar,
    Department,
    Group,
    GroupMember,
    PeopleChange,
    PeopleReview,
    User,
)
from portal.models.columns import new_id
from portal.services import acts, organisation_settings, people
from portal.services.acts import Origin
from portal.services.people import PersonAct, PersonChange
from portal.services.preferences import time_digests

CHUNK = 500
# What is kept of a person beside the manager, by the column of the table.
FIELDS = {
    Column.NUMBER: "employee_no",
    Column.EMAIL: "email",
    Column.NAME: "name",
    Column.TITLE: "job_title",
    Column.ZONE: "time_zone",
    Column.LANGUAGE: "locale",
}


def codes_of(text: str) -> set[str]:
    """The codes that a cell of groups holds, as the portal writes it."""
    return {code for code in text.split(", ") if code}


@dataclass
class ImportWriter:
    """Writes a plan, many rows with each statement. What is to be changed, noted and looked at is
    gathered, then written. `tell` hears how much of it is written, from 0 to 1; `noted`: so many
    changes of people are noted.

    New people are written first: nobody's rights end by that, so commands need not wait for it.
    Then what changes about others is gathered (`gather_known`), and written at last.
    """

    by: Origin
    words: str
    tell: Callable[[float], None]
    notes: list[dict[str, Any]] = field(default_factory=list)
    reviews: list[dict[str, Any]] = field(default_factory=list)
    zones: list[str] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    joined: list[dict[str, Any]] = field(default_factory=list)
    left: list[Any] = field(default_factory=list)
    noted: int = 0

    def write_new(self, found: Plan) -> None:
        """Everybody who is new, with managers and groups."""
        self.departments = _ids(Department.code, Department.id)
        self.names = _ids(Department.code, Department.name)
        self.groups = _ids(Group.code, Group.id)
        self.places = {
            row.name: (row.id, row.time_zone)
            for row in db.session.execute(select(Calendar.id, Calendar.name, Calendar.time_zone))
        }
        self.ids = {each.key: new_id() for each in found.of(LineVerdict.NEW)}
        self._add(found.of(LineVerdict.NEW))
        self.tell(0.3)
        self._managers(found.of(LineVerdict.NEW))
        self._members(found.of(LineVerdict.NEW))
        self._note_acts(from_share=0.3)
        self._store(from_share=0.45)

    def gather_known(self, found: Plan) -> None:
        """What changes about others, and the acts of it; nothing of them is changed yet."""
        known = (*found.of(LineVerdict.CHANGED), *found.of(LineVerdict.BACK))
        self._rewrite(known)
        self._managers(known)
        self._members(known)
        self._note_acts(from_share=0.6)

    def write_known(self, found: Plan, leaving: Sequence[str]) -> None:
        """What was gathered, and who leaves; `leaving`: who is deactivated beside the plan."""
        self._store(from_share=0.75)
        for person_id in (
            *(str(each.person_id) for each in found.of(LineVerdict.LEAVES)),
            *leaving,
        ):
            people.apply(
                PersonChange(
                    person_id=person_id, act=PersonAct.DEACTIVATE, actor_id=self.by.actor,
                    reason=self.words,
                )
            )  # fmt: skip
        for person_id in self.zones:
            time_digests(person_id)

    def _add(self, outcomes: Sequence[Outcome]) -> None:
        rows, usual = [], organisation_settings.of_new_people()
        for each in outcomes:
            after = {column: sides[1] for column, sides in each.changes.items()}
            values = {name: after.get(column) or None for column, name in FIELDS.items()}
            place = self.places.get(after.get(Column.PLACE, "") or usual["place"])
            zone = values["time_zone"] or (place[1] if place else usual["time_zone"])
            rows.append(
                values
                | {
                    "id": self.ids[each.key],
                    "time_zone": zone,
                    "locale": values["locale"] or "",
                    "department_id": self.departments.get(after.get(Column.DEPARTMENT, "")),
                    "calendar_id": place and place[0],
                }
            )
            noted = values | {"department": self.names.get(after.get(Column.DEPARTMENT, ""))}
            self._note(self.ids[each.key], ChangeKind.ADDED, {"after": noted})
        for number, chunk in enumerate(_chunks(rows)):
            db.session.execute(insert(User), chunk)
            self.tell(0.3 * number * CHUNK / len(rows))
        if rows:
            self._review(rows[0]["id"], ReviewScope.STUCK)

    def _rewrite(self, outcomes: Sequence[Outcome]) -> None:
        for each in outcomes:
            person_id = str(each.person_id)
            values: dict[str, Any] = {
                FIELDS[column]: after or None
                for column, (_before, after) in each.changes.items()
                if column in FIELDS
            }
            self._note_details(person_id, each)
            if Column.DEPARTMENT in each.changes:
                code = each.changes[Column.DEPARTMENT][1]
                values["department_id"] = self.departments.get(code)
                self._review(person_id, ReviewScope.REQUESTS)
            if Column.PLACE in each.changes:
                values |= self._place(person_id, each)
            if each.verdict is LineVerdict.BACK:
                values["is_active"] = True
                self._note(person_id, ChangeKind.ACTIVATED, {})
                self._review(person_id, ReviewScope.STUCK)
            if "time_zone" in values:
                self.zones.append(person_id)
            if values:
                self.rows.append({"person": person_id, **values})

    def _place(self, person_id: str, outcome: Outcome) -> dict[str, Any]:
        """Another place, whose clock the person follows where the file names no zone."""
        before, after = outcome.changes[Column.PLACE]
        place = self.places.get(after)
        data = {"place_before": before or None, "place_after": after or None}
        self._note(person_id, ChangeKind.PLACE, data)
        values: dict[str, Any] = {"calendar_id": place and place[0]}
        if place and Column.ZONE not in outcome.changes:
            values["time_zone"] = place[1]
        return values

    def _note_details(self, person_id: str, outcome: Outcome) -> None:
        told = {FIELDS[c]: sides for c, sides in outcome.changes.items() if c in FIELDS}
        if Column.DEPARTMENT in outcome.changes:
            before, after = outcome.changes[Column.DEPARTMENT]
            told["department"] = (self.names.get(before, ""), self.names.get(after, ""))
        if told:
            data = {
                "before": {name: before or None for name, (before, _after) in told.items()},
                "after": {name: after or None for name, (_before, after) in told.items()},
            }
            self._note(person_id, ChangeKind.DETAILS, data)

    def _managers(self, outcomes: Sequence[Outcome]) -> None:
        """In a second pass: managers may stand below their people."""
        given = [each for each in outcomes if Column.MANAGER in each.changes]
        ids = [each.person_id for each in given if each.person_id]
        before = {
            row.id: row.manager_id
            for row in db.session.execute(select(User.id, User.manager_id).where(User.id.in_(ids)))
        }
        for each in given:
            person_id = each.person_id or self.ids[each.key]
            manager_id = self.ids.get(each.manager or "", each.manager)
            self.rows.append({"person": person_id, "manager_id": manager_id})
            data = {"before": before.get(person_id), "after": manager_id}
            self._note(person_id, ChangeKind.MANAGER, data)
            if each.person_id:
                self._review(person_id, ReviewScope.REQUESTS)

    def _members(self, outcomes: Sequence[Outcome]) -> None:
        """Who joins and who leaves which group; a cell names all groups of a person."""
        for each in outcomes:
            person_id = each.person_id or self.ids[each.key]
            before, after = map(codes_of, each.changes.get(Column.GROUPS, ("", "")))
            for code in sorted(after - before):
                self.joined.append({"group_id": self.groups[code], "user_id": person_id})
                self._note(person_id, ChangeKind.GROUP_JOINED, {"group": code})
            for code in sorted(before - after):
                self.left.append(_is_member(self.groups[code], person_id))
                self._note(person_id, ChangeKind.GROUP_LEFT, {"group": code})
            if before - after:
                self._review(person_id, ReviewScope.TASKS)
        if self.joined:
            self._review(self.joined[0]["user_id"], ReviewScope.STUCK)

    def _note(self, person_id: str, kind: ChangeKind, data: dict[str, Any]) -> None:
        self.notes.append(
            {
                "id": new_id(), "person_id": person_id, "kind": kind.value, "data": data,
                "actor_id": self.by.actor, "note": self.words,
            }
        )  # fmt: skip

    def _review(self, person_id: str, scope: ReviewScope) -> None:
        row = {"id": new_id(), "person_id": person_id, "scope": scope.value, "cause": self.words}
        self.reviews.append(row)

    def _note_acts(self, from_share: float) -> None:
        """An act for each change that was gathered."""
        for number, chunk in enumerate(_chunks(self.notes)):
            acts.note_many(ActKind.PERSON_CHANGED, map(_said, chunk), self.by)
            self.tell(from_share + 0.15 * number * CHUNK / len(self.notes))

    def _store(self, from_share: float) -> None:
        """Make the changes that were gathered, note them, and have looked at what they concern."""
        _update_each(self.rows)
        self.tell(from_share + 0.05)
        for chunk in _chunks(self.joined):
            db.session.execute(insert_or_not(GroupMember).on_conflict_do_nothing(), chunk)
        for which in _chunks(self.left):
            db.session.execute(delete(GroupMember).where(or_(*which)))
        now = db.session.scalar(select(func.clock_timestamp()))
        for chunk in _chunks(self.notes):
            db.session.execute(insert(PeopleChange), [{**each, "at": now} for each in chunk])
        self.tell(from_share + 0.1)
        for chunk in _chunks(self.reviews):
            db.session.execute(insert(PeopleReview), chunk)
        self.noted += len(self.notes)
        self.rows, self.joined, self.left, self.notes, self.reviews = [], [], [], [], []


def _said(note: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """A noted change as the act of it says it."""
    return note["person_id"], {"change": note["kind"], **note["data"], "note": note["note"]}


def _is_member(group_id: str, person_id: str) -> Any:
    return and_(GroupMember.group_id == group_id, GroupMember.user_id == person_id)


def _ids(code: Any, value: Any) -> dict[str, str]:
    return {row[0]: row[1] for row in db.session.execute(select(code, value))}


def _chunks(rows: Sequence[Any]) -> Iterable[Sequence[Any]]:
    return (rows[at : at + CHUNK] for at in range(0, len(rows), CHUNK))


def _update_each(rows: Sequence[dict[str, Any]]) -> None:
    """Update people row by row; rows of the same columns go together."""
    alike: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in rows:
        alike.setdefault(tuple(sorted(row)), []).append(row)
    connection = db.session.connection()
    for names, same in alike.items():
        columns = [name for name in names if name != "person"]
        values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in columns}
        change = update(User.__table__).where(User.__table__.c.id == bindparam("person"))  # type: ignore[arg-type]
        for chunk in _chunks(same):
            given = [
                {"person": row["person"], **{f"new_{n}": row[n] for n in columns}} for row in chunk
            ]
            connection.execute(change.values(**values), given)
