"""People from a file: kept, read as somebody says, looked at, and imported in one transaction."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import and_, bindparam, delete, func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as insert_or_not

from portal.directory.planner import BEFORE_A_CHANGE
from portal.domain.people.absence import ChangeKind, ReviewScope
from portal.domain.people.importing import Column, House, Known, Line, Outcome, Plan, Verdict, plan
from portal.domain.people.permissions import Permission, Role, permissions_of
from portal.domain.request.state import Status
from portal.extensions import db
from portal.models import (
    Calendar,
    Department,
    Group,
    GroupMember,
    PeopleChange,
    PeopleImport,
    PeopleReview,
    Request,
    Task,
    User,
)
from portal.models.columns import new_id
from portal.services import accounts, people
from portal.services.accounts import AccountRefused
from portal.services.people import Act, Change, PeopleRefused
from portal.services.people_sheet import LIKELIEST, EncodingUnknown, Row, Sheet, read
from portal.services.preferences import time_digests
from portal.services.staff import LONGEST_NUMBER, LONGEST_TITLE
from portal.translation import _

KEPT = timedelta(days=2)
CHUNK = 500
# What columns are usually called, in lower case.
USUAL: dict[Column, tuple[str, ...]] = {
    Column.NUMBER: ("employee_no", "employee number", "number", "no", "personnel number", "id"),
    Column.EMAIL: ("email", "e-mail", "mail", "email address", "e-mail address"),
    Column.NAME: ("name", "full name", "display name"),
    Column.TITLE: ("title", "job title", "position", "job_title"),
    Column.DEPARTMENT: ("department", "department code", "cost centre", "cost center"),
    Column.MANAGER: ("manager", "manager email", "manager number", "reports to"),
    Column.PLACE: ("place", "location", "site", "calendar"),
    Column.ZONE: ("time zone", "time_zone", "timezone"),
    Column.LANGUAGE: ("language", "locale"),
    Column.GROUPS: ("groups", "group"),
    Column.LEFT: ("leaving date", "left on", "left_on", "end date", "last day"),
}
LIMITS = {Column.NUMBER: LONGEST_NUMBER, Column.TITLE: LONGEST_TITLE}
# What is kept of a person beside the manager, by the column of the table.
FIELDS = {
    Column.NUMBER: "employee_no",
    Column.EMAIL: "email",
    Column.NAME: "name",
    Column.TITLE: "job_title",
    Column.ZONE: "time_zone",
    Column.LANGUAGE: "locale",
}


class ImportGone(Exception):
    """There is no such import, or it was imported already."""


class ImportMoved(Exception):
    """People changed since the preview was drawn: it has to be looked at again."""


@dataclass(frozen=True, slots=True)
class Choices:
    """How a file is read. `columns`: what each of its columns says; None: nothing."""

    encoding: str = ""
    separator: str = ""
    columns: tuple[Column | None, ...] = ()

    def as_data(self) -> dict[str, Any]:
        """As the row keeps it."""
        columns = [each and each.value for each in self.columns]
        return {"encoding": self.encoding, "separator": self.separator, "columns": columns}


def choices_of(data: Mapping[str, Any]) -> Choices:
    """From what a row keeps."""
    columns = tuple(Column(each) if each else None for each in data.get("columns", ()))
    return Choices(data.get("encoding", ""), data.get("separator", ""), columns)


@dataclass(frozen=True, slots=True)
class Preview:
    """What would be imported. `moving`: open tasks and requests of a person that would be looked at
    anew, by id. `mark` tells this preview from another."""

    plan: Plan
    moving: Mapping[str, int]
    mark: str = ""
    everybody: int = 0


def keep(import_id: str, actor_id: str, file_name: str, content: bytes) -> None:
    """Keep an uploaded file. Raises SheetRefused; text whose encoding is not known is kept, too.
    Files that nobody went on with are forgotten after two days."""
    try:
        sheet = read(content)
    except EncodingUnknown:
        sheet = read(content, LIKELIEST)
        sheet = replace(sheet, encoding="")
    old = (PeopleImport.applied_at.is_(None), PeopleImport.created_at < func.now() - KEPT)
    db.session.execute(delete(PeopleImport).where(*old))
    row = {
        "id": import_id,
        "actor_id": actor_id,
        "file_name": file_name[:200],
        "digest": sha256(content).hexdigest(),
        "content": content,
        "headers": list(sheet.headers),
        "choices": Choices(sheet.encoding, sheet.separator, _usual(sheet.headers)).as_data(),
    }
    db.session.execute(insert_or_not(PeopleImport).values(row).on_conflict_do_nothing())
    db.session.commit()


def _usual(headers: Sequence[str]) -> tuple[Column | None, ...]:
    """What the columns were said to be last time, where they have the same names; else what they
    are usually called."""
    last = db.session.scalar(
        select(PeopleImport.choices)
        .where(PeopleImport.applied_at.is_not(None), PeopleImport.headers == list(headers))
        .order_by(PeopleImport.applied_at.desc())
        .limit(1)
    )
    if last is not None:
        return choices_of(last).columns
    left = dict(USUAL)
    found: list[Column | None] = []
    for header in headers:
        words = header.strip().lower().replace("_", " ")
        names = (c for c, called in left.items() if words in {n.replace("_", " ") for n in called})
        column = next(names, None)
        left.pop(column, None)  # type: ignore[arg-type]
        found.append(column)
    return tuple(found)


def sheet_of(import_id: str, choices: Choices | None = None) -> tuple[PeopleImport, Sheet]:
    """The import and its rows, read as its choices (or these) say. Raises ImportGone, SheetRefused
    and EncodingUnknown."""
    row = db.session.get(PeopleImport, import_id)
    if row is None or row.content is None:
        raise ImportGone
    how = choices or choices_of(row.choices)
    return row, read(row.content, how.encoding, how.separator)


def choose(import_id: str, choices: Choices) -> None:
    """Keep how the file is to be read. Raises what `sheet_of` does."""
    row, sheet = sheet_of(import_id, choices)
    row.choices = replace(choices, encoding=sheet.encoding, separator=sheet.separator).as_data()
    row.headers = list(sheet.headers)
    db.session.commit()


def preview(import_id: str, actor_id: str, languages: Sequence[str]) -> Preview:
    """What it would change. Raises what `sheet_of` does, and PeopleRefused."""
    row, sheet = sheet_of(import_id)
    found = _planned(sheet, choices_of(row.choices), _house(actor_id, languages))
    return replace(found, moving=_moving(found.plan))


def apply(import_id: str, actor_id: str, seen: str, languages: Sequence[str]) -> None:
    """Import what the preview with this mark showed, all of it or nothing. Raises ImportGone,
    ImportMoved, PeopleRefused and what `sheet_of` does. The file is read before anybody waits."""
    row, sheet = sheet_of(import_id)
    read_as = row.choices
    db.session.execute(BEFORE_A_CHANGE)
    kept = db.session.get(PeopleImport, import_id, populate_existing=True, with_for_update=True)
    if kept is None or kept.content is None:
        raise ImportGone
    if kept.choices != read_as:
        raise ImportMoved
    found = _planned(sheet, choices_of(read_as), _house(actor_id, languages))
    if found.mark != seen:
        raise ImportMoved
    writer = _Writer(actor_id, _("Import of %(file)s", file=row.file_name))
    writer.write(found.plan)
    counts = {verdict.value: len(found.plan.of(verdict)) for verdict in Verdict}
    refused = [
        {"line": each.line.number, "problem": each.problem, "cells": list(_shown(each))}
        for each in found.plan.of(Verdict.REFUSED)[:CHUNK]
    ]
    row.report = {"counts": counts, "missing": len(found.plan.missing), "refused": refused}
    row.content, row.applied_at = None, datetime.now(UTC)
    db.session.commit()


def _shown(outcome: Outcome) -> tuple[str, str, str]:
    cells = outcome.line.cells
    return (
        cells.get(Column.NUMBER, ""), cells.get(Column.NAME, ""), cells.get(Column.EMAIL, ""),
    )  # fmt: skip


def _planned(sheet: Sheet, choices: Choices, house: House) -> Preview:
    lines = [_line(row, choices.columns) for row in sheet.rows]
    found = plan(lines, house, datetime.now(UTC).date())
    told = repr([
        (each.line.number, each.verdict, each.person_id, sorted(each.changes.items()), each.manager)
        for each in found.outcomes
    ])  # fmt: skip
    mark = sha256(told.encode()).hexdigest()[:16]
    return Preview(found, {}, mark, sum(each.is_active for each in house.people))


def _line(row: Row, columns: Sequence[Column | None]) -> Line:
    cells = {
        column: text
        for column, text in zip(columns, row.cells, strict=False)
        if column is not None and text
    }
    broken = ""
    if row.formulas:
        broken = _(
            "Cell %(cells)s holds a formula. Paste its value.", cells=", ".join(row.formulas[:3])
        )
    return _checked(Line(row.number, cells, broken))


def _checked(line: Line) -> Line:
    """The line with its address as it is kept; broken where address, name or a length cannot be."""
    cells = dict(line.cells)
    try:
        if cells.get(Column.EMAIL, "-") != "-":
            cells[Column.EMAIL] = accounts.checked_email(cells[Column.EMAIL])
        if cells.get(Column.NAME, "-") != "-":
            cells[Column.NAME] = accounts.checked_name(cells[Column.NAME])
    except AccountRefused as refused:
        return replace(line, broken=line.broken or str(refused))
    long = any(len(cells.get(column, "")) > most for column, most in LIMITS.items())
    problem = _("The number or the title is too long.") if long else ""
    return replace(line, cells=cells, broken=line.broken or problem)


def _house(actor_id: str, languages: Sequence[str]) -> House:
    """Everybody and everything that a line may name."""
    roles = db.session.scalar(select(User.roles).where(User.id == actor_id)) or []
    rights = permissions_of(frozenset(role for role in Role if role.value in roles))
    if Permission.MANAGE_PEOPLE not in rights:
        raise PeopleRefused(_("Only an administrator can do this."))
    departments = db.session.scalars(select(Department.code)).all()
    groups = db.session.scalars(select(Group.code)).all()
    places = db.session.scalars(select(Calendar.name)).all()
    return House(
        people=_everybody(),
        departments=_by_lower(departments),
        groups=_by_lower(groups),
        places=_by_lower(places),
        zones=_by_lower(accounts.time_zones()),
        languages=_by_lower(languages),
        may_change_admins=Permission.ADMINISTER in rights,
    )


def _by_lower(texts: Iterable[str]) -> dict[str, str]:
    return {text.lower(): text for text in texts}


def _everybody() -> tuple[Known, ...]:
    member = (
        select(GroupMember.user_id, func.string_agg(Group.code, ", ").label("codes"))
        .join(Group, Group.id == GroupMember.group_id)
        .group_by(GroupMember.user_id)
        .subquery()
    )
    rows = db.session.execute(
        select(
            User.id, User.employee_no, User.email, User.name, User.job_title, User.time_zone,
            User.locale, User.manager_id, User.is_active, User.roles,
            Department.code.label("department"), Calendar.name.label("place"), member.c.codes,
        )
        .outerjoin(Department, Department.id == User.department_id)
        .outerjoin(Calendar, Calendar.id == User.calendar_id)
        .outerjoin(member, member.c.user_id == User.id)
    ).all()  # fmt: skip
    called = {row.id: row.employee_no or row.email or "" for row in rows}
    return tuple(
        Known(
            id=row.id,
            values={
                **{column: getattr(row, name) or "" for column, name in FIELDS.items()},
                Column.DEPARTMENT: row.department or "",
                Column.PLACE: row.place or "",
                Column.GROUPS: ", ".join(sorted((row.codes or "").split(", "))),
                Column.MANAGER: called.get(row.manager_id, ""),
            },
            manager_id=row.manager_id,
            is_active=row.is_active,
            is_admin=Role.ADMIN.value in row.roles,
            is_above=bool({Role.ADMIN.value, Role.AUDITOR.value} & set(row.roles)),
        )
        for row in rows
    )


def _moving(found: Plan) -> dict[str, int]:
    """How much of somebody's open work would be looked at anew: tasks of whoever leaves a group or
    the house, requests of whoever gets another manager or department."""
    tasks = [each.person_id for each in found.outcomes if _loses(each)]
    asks = [
        each.person_id
        for each in found.outcomes
        if each.person_id and {Column.MANAGER, Column.DEPARTMENT} & set(each.changes)
    ]
    waiting = (
        select(Task.assignee_id, func.count())
        .where(Task.assignee_id.in_(tasks), Task.status == "OPEN")
        .group_by(Task.assignee_id)
    )
    asked = (
        select(Request.requester_id, func.count())
        .where(Request.requester_id.in_(asks), Request.status == Status.PENDING)
        .group_by(Request.requester_id)
    )
    moving: dict[str, int] = {}
    for person_id, count in (*db.session.execute(waiting), *db.session.execute(asked)):
        moving[person_id] = moving.get(person_id, 0) + count
    return moving


def _loses(outcome: Outcome) -> bool:
    before, after = outcome.changes.get(Column.GROUPS, ("", ""))
    return outcome.verdict is Verdict.LEAVES or bool(_codes(before) - _codes(after))


def _codes(text: str) -> set[str]:
    return {code for code in text.split(", ") if code}


@dataclass
class _Writer:
    """Writes a plan, many rows with each statement. What is to be noted and looked at is gathered
    and written at last."""

    actor_id: str
    words: str
    notes: list[dict[str, Any]] = field(default_factory=list)
    reviews: list[dict[str, Any]] = field(default_factory=list)
    zones: list[str] = field(default_factory=list)

    def write(self, found: Plan) -> None:
        """All that the plan says."""
        self.departments = _ids(Department.code, Department.id)
        self.names = _ids(Department.code, Department.name)
        self.groups = _ids(Group.code, Group.id)
        self.places = {
            row.name: (row.id, row.time_zone)
            for row in db.session.execute(select(Calendar.id, Calendar.name, Calendar.time_zone))
        }
        self.ids = {each.key: new_id() for each in found.of(Verdict.NEW)}
        self._add(found.of(Verdict.NEW))
        known = (*found.of(Verdict.CHANGED), *found.of(Verdict.BACK))
        self._rewrite(known)
        self._managers((*found.of(Verdict.NEW), *known))
        self._members((*found.of(Verdict.NEW), *known))
        self._flush()
        for each in found.of(Verdict.LEAVES):
            people.apply(
                Change(
                    person_id=str(each.person_id), act=Act.DEACTIVATE, actor_id=self.actor_id,
                    reason=self.words,
                )
            )  # fmt: skip
        for person_id in self.zones:
            time_digests(person_id)

    def _add(self, outcomes: Sequence[Outcome]) -> None:
        rows = []
        for each in outcomes:
            after = {column: sides[1] for column, sides in each.changes.items()}
            values = {name: after.get(column) or None for column, name in FIELDS.items()}
            place = self.places.get(after.get(Column.PLACE, ""))
            zone = values["time_zone"] or (place[1] if place else "UTC")
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
        for chunk in _chunks(rows):
            db.session.execute(insert(User), chunk)
        if rows:
            self._review(rows[0]["id"], ReviewScope.STUCK)

    def _rewrite(self, outcomes: Sequence[Outcome]) -> None:
        rows = []
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
            if each.verdict is Verdict.BACK:
                values["is_active"] = True
                self._note(person_id, ChangeKind.ACTIVATED, {})
                self._review(person_id, ReviewScope.STUCK)
            if "time_zone" in values:
                self.zones.append(person_id)
            if values:
                rows.append({"person": person_id, **values})
        _update_each(rows)

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
        rows = []
        for each in given:
            person_id = each.person_id or self.ids[each.key]
            manager_id = self.ids.get(each.manager or "", each.manager)
            rows.append({"person": person_id, "manager_id": manager_id})
            data = {"before": before.get(person_id), "after": manager_id}
            self._note(person_id, ChangeKind.MANAGER, data)
            if each.person_id:
                self._review(person_id, ReviewScope.REQUESTS)
        _update_each(rows)

    def _members(self, outcomes: Sequence[Outcome]) -> None:
        """Who joins and who leaves which group; a cell names all groups of a person."""
        joined: list[dict[str, Any]] = []
        left: list[Any] = []
        for each in outcomes:
            person_id = each.person_id or self.ids[each.key]
            before, after = map(_codes, each.changes.get(Column.GROUPS, ("", "")))
            for code in sorted(after - before):
                joined.append({"group_id": self.groups[code], "user_id": person_id})
                self._note(person_id, ChangeKind.GROUP_JOINED, {"group": code})
            for code in sorted(before - after):
                left.append(_is_member(self.groups[code], person_id))
                self._note(person_id, ChangeKind.GROUP_LEFT, {"group": code})
            if before - after:
                self._review(person_id, ReviewScope.TASKS)
        self._store_members(joined, left)

    def _store_members(self, joined: Sequence[dict[str, Any]], left: Sequence[Any]) -> None:
        for chunk in _chunks(joined):
            db.session.execute(insert_or_not(GroupMember).on_conflict_do_nothing(), chunk)
        for which in _chunks(left):
            db.session.execute(delete(GroupMember).where(or_(*which)))
        if joined:
            self._review(joined[0]["user_id"], ReviewScope.STUCK)

    def _note(self, person_id: str, kind: ChangeKind, data: dict[str, Any]) -> None:
        self.notes.append(
            {
                "id": new_id(), "person_id": person_id, "kind": kind.value, "data": data,
                "actor_id": self.actor_id, "note": self.words,
            }
        )  # fmt: skip

    def _review(self, person_id: str, scope: ReviewScope) -> None:
        row = {"id": new_id(), "person_id": person_id, "scope": scope.value, "cause": self.words}
        self.reviews.append(row)

    def _flush(self) -> None:
        now = db.session.scalar(select(func.clock_timestamp()))
        for chunk in _chunks(self.notes):
            db.session.execute(insert(PeopleChange), [{**each, "at": now} for each in chunk])
        for chunk in _chunks(self.reviews):
            db.session.execute(insert(PeopleReview), chunk)


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
