"""People from a file: kept, read as somebody says, looked at, and imported in one transaction: a
few at once, many beside the pages, which tell meanwhile how far it is."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from threading import Thread
from typing import Any

import structlog
from flask import Flask, current_app
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert as insert_or_not
from sqlalchemy.exc import IntegrityError

from portal.directory.planner import BEFORE_A_CHANGE
from portal.domain.people.importing import (
    Column,
    FileLine,
    House,
    Known,
    LineVerdict,
    Outcome,
    Plan,
    Spellings,
    plan,
)
from portal.domain.people.permissions import Permission, Role, may_change, permissions_of, roles_in
from portal.domain.request.files import shown_name
from portal.domain.request.state import Status
from portal.extensions import db
from portal.models import (
    Calendar,
    Department,
    Group,
    GroupMember,
    OrganisationChange,
    PeopleChange,
    PeopleImport,
    Request,
    Task,
    User,
)
from portal.queries import gaps
from portal.services import accounts, acts
from portal.services.accounts import AccountRefused
from portal.services.import_writer import FIELDS, ImportWriter, codes_of
from portal.services.people import PeopleRefused
from portal.services.people_sheet import (
    LIKELIEST,
    PACKED,
    EncodingUnknown,
    Sheet,
    SheetRefused,
    SheetRow,
    packed,
    read,
    unpacked,
)
from portal.services.staff import LONGEST_NUMBER, LONGEST_TITLE
from portal.translation import _, speaking

log = structlog.get_logger("portal.web")

# Raw: a lock that belongs to no table.
ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtext('portal.people_imports'))")
KEPT = timedelta(days=2)
# An import of more lines than these is done beside the pages, which tell how far it is.
LARGE = 500
# One that has said nothing for so long has died, and changed nothing.
SILENT = timedelta(seconds=90)
TELL_EVERY = 0.4
REPORTED = 500
REMEMBERED = 20
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
    anew, by id; `ties`: how many people somebody who goes manages, which departments they head, and
    of which groups they are the only active member. `mark` tells this preview from another;
    `whole`: the file is the whole list."""

    plan: Plan
    moving: Mapping[str, int]
    ties: Mapping[str, tuple[int, tuple[str, ...], tuple[str, ...]]] = field(default_factory=dict)
    mark: str = ""
    everybody: int = 0
    whole: bool = False

    @property
    def going(self) -> tuple[Known, ...]:
        """Who is deactivated for not being in the file."""
        return self.plan.going if self.whole else ()


def keep(import_id: str, actor_id: str, file_name: str, content: bytes) -> None:
    """Keep an uploaded file. Raises SheetRefused; text whose encoding is not known is kept, too.
    Files that nobody went on with are forgotten after two days, and so are refused lines."""
    try:
        sheet = read(content)
    except EncodingUnknown:
        sheet = read(content, LIKELIEST)
        sheet = replace(sheet, encoding="")
    old = (PeopleImport.applied_at.is_(None), PeopleImport.created_at < func.now() - KEPT)
    db.session.execute(delete(PeopleImport).where(*old))
    done = PeopleImport.applied_at < func.now() - KEPT
    db.session.execute(update(PeopleImport).where(done).values(refused=[]))
    row = {
        "id": import_id,
        "actor_id": actor_id,
        "file_name": shown_name(file_name),
        "digest": sha256(content).hexdigest(),
        # Unpacking a workbook takes long: what was read of it is kept instead.
        "content": content if sheet.separator else packed(sheet),
        "headers": list(sheet.headers),
        "choices": Choices(sheet.encoding, sheet.separator, _usual(sheet.headers)).as_data(),
        "progress": {"lines": len(sheet.rows)},
    }
    db.session.execute(insert_or_not(PeopleImport).values(row).on_conflict_do_nothing())
    db.session.commit()


def _usual(headers: Sequence[str]) -> tuple[Column | None, ...]:
    """What columns of the same names were said to be last time; else what they are usually called.
    None twice."""
    latest = (
        select(PeopleImport.headers, PeopleImport.choices)
        .where(PeopleImport.applied_at.is_not(None))
        .order_by(PeopleImport.applied_at.desc())
        .limit(REMEMBERED)
    )
    said: dict[str, Column | None] = {}
    for names, choices in reversed(db.session.execute(latest).all()):
        said |= zip(names, choices_of(choices).columns, strict=False)
    found: list[Column | None] = []
    for header in headers:
        words = header.strip().lower().replace("_", " ")
        usual = (c for c, called in USUAL.items() if words in {n.replace("_", " ") for n in called})
        column = said[header] if header in said else next(usual, None)
        found.append(None if column in found else column)
    return tuple(found)


def sheet_of(import_id: str, choices: Choices | None = None) -> tuple[PeopleImport, Sheet]:
    """The import and its rows, read as its choices (or these) say. Raises ImportGone, SheetRefused
    and EncodingUnknown."""
    row = db.session.get(PeopleImport, import_id)
    if row is None or row.content is None:
        raise ImportGone
    if row.content.startswith(PACKED):
        return row, unpacked(row.content)
    how = choices or choices_of(row.choices)
    return row, read(row.content, how.encoding, how.separator)


def choose(import_id: str, choices: Choices) -> None:
    """Keep how the file is to be read. Raises what `sheet_of` does."""
    row, sheet = sheet_of(import_id, choices)
    row.choices = replace(choices, encoding=sheet.encoding, separator=sheet.separator).as_data()
    row.headers = list(sheet.headers)
    row.progress = {"lines": len(sheet.rows)}
    db.session.commit()


def preview(
    import_id: str, actor_id: str, languages: Sequence[str], *, whole: bool = False
) -> Preview:
    """What it would change; `whole`: by deactivating who is missing, too. Raises what `sheet_of`
    does, and PeopleRefused."""
    row, sheet = sheet_of(import_id)
    found = _planned(sheet, choices_of(row.choices), _house(actor_id, languages), whole)
    leaving = [str(each.person_id) for each in found.plan.of(LineVerdict.LEAVES)]
    leaving += [each.id for each in found.going]
    return replace(found, moving=_moving(found), ties=gaps.ties_of_many(leaving))


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOrder:
    """What somebody wants imported: what the preview with the mark `seen` showed. `whole`: the file
    is the whole list, and who is missing is deactivated. `by`: from where, beside the request."""

    import_id: str
    actor_id: str
    seen: str
    languages: tuple[str, ...]
    whole: bool = False
    by: acts.Origin | None = None


def _nobody(_share: float) -> None:
    """Nobody asked how far it is."""


def apply(order: ImportOrder, tell: Callable[[float], None] = _nobody) -> None:
    """Import it, all of it or nothing; `tell` hears how far it is. Raises ImportGone, ImportMoved,
    PeopleRefused and what `sheet_of` does.

    Commands wait for a large one only while it changes people who are there already: the file is
    read, looked at, and new people are written before.
    """
    row, sheet = sheet_of(order.import_id)
    read_as, file_name, at_once = row.choices, row.file_name, not is_large(row)
    db.session.execute(BEFORE_A_CHANGE if at_once else ONE_AT_A_TIME)
    _still(order.import_id, read_as)
    before = _changes_noted()
    house = _house(order.actor_id, order.languages)
    found = _planned(sheet, choices_of(read_as), house, order.whole)
    if found.mark != order.seen:
        raise ImportMoved
    if order.whole and found.plan.stop:
        raise PeopleRefused(_(found.plan.stop))
    tell(0.1)
    by = order.by or acts.origin()
    writer = ImportWriter(
        replace(by, actor=order.actor_id),
        _("Import of %(file)s", file=file_name),
        lambda part: tell(0.1 + 0.9 * part),
    )
    try:
        _write(writer, found, before, waited=at_once)
    except (IntegrityError, ImportMoved) as error:
        db.session.rollback()
        raise ImportMoved from error
    row = _still(order.import_id, read_as, lock=True)
    row.report = _report(found)
    row.refused = refused_of(found.plan, sheet)
    row.content, row.applied_at = None, datetime.now(UTC)
    db.session.commit()


def _write(writer: ImportWriter, found: Preview, before: int, *, waited: bool) -> None:
    """Raise ImportMoved where people were changed since so many changes were noted `before`."""
    writer.write_new(found.plan)
    writer.gather_known(found.plan)
    if not waited:
        db.session.execute(BEFORE_A_CHANGE)
        if _changes_noted() != before + writer.noted:
            raise ImportMoved
    writer.write_known(found.plan, [each.id for each in found.going])


def _changes_noted() -> int:
    """How many changes of people, departments and groups there ever were."""
    counts = (select(func.count()).select_from(t) for t in (PeopleChange, OrganisationChange))
    return sum(db.session.scalar(each) or 0 for each in counts)


def _still(import_id: str, read_as: Mapping[str, Any], *, lock: bool = False) -> PeopleImport:
    """The import, while nobody imported it or had it read otherwise."""
    row = db.session.get(PeopleImport, import_id, populate_existing=True, with_for_update=lock)
    if row is None or row.content is None:
        raise ImportGone
    if row.choices != read_as:
        raise ImportMoved
    return row


def _report(found: Preview) -> dict[str, Any]:
    counts = {verdict.value: len(found.plan.of(verdict)) for verdict in LineVerdict}
    refused = [
        {"line": each.line.number, "problem": each.problem, "cells": list(_shown(each))}
        for each in found.plan.of(LineVerdict.REFUSED)[:REPORTED]
    ]
    missing, gone = len(found.plan.missing), len(found.going)
    return {"counts": counts, "missing": missing, "gone": gone, "refused": refused}


def refused_of(found: Plan, sheet: Sheet) -> list[list[str]]:
    """The refused lines, cell by cell as the file has them, and at last why."""
    width, rows = len(sheet.headers), {row.number: row.cells for row in sheet.rows}
    lines = []
    for each in found.of(LineVerdict.REFUSED):
        cells = list(rows[each.line.number][:width])
        lines.append([*cells, *[""] * (width - len(cells)), _(each.problem)])
    return lines


def refused_now(import_id: str, actor_id: str, languages: Sequence[str]) -> list[list[str]]:
    """The lines that would be refused. Raises what `preview` does."""
    found = preview(import_id, actor_id, languages)
    return refused_of(found.plan, sheet_of(import_id)[1])


def is_large(row: Any) -> bool:
    """Whether an import is done beside the pages."""
    return int(row.progress.get("lines", 0)) > LARGE


def is_under_way(row: Any) -> bool:
    """Whether it is being imported: it said something a short while ago."""
    at = row.progress.get("at")
    is_open = row.applied_at is None and "said" not in row.progress
    return is_open and at is not None and datetime.now(UTC) - datetime.fromisoformat(at) < SILENT


def begin(order: ImportOrder, language: str) -> bool:
    """Import it beside the pages, in this process; False where that is going on already. What came
    of it stands in the row: the report, or why nothing was changed."""
    row = db.session.get(PeopleImport, order.import_id, with_for_update=True)
    if row is None or row.content is None:
        raise ImportGone
    begins = not is_under_way(row)
    if begins:
        row.progress = {"lines": row.progress.get("lines", 0), **_now(0.0)}
    lines = row.progress["lines"]
    db.session.commit()
    if begins:
        app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
        name, order = f"import {order.import_id}", replace(order, by=acts.origin())
        Thread(target=_run, args=(app, order, language, lines), name=name, daemon=True).start()
    return begins


def _now(share: float) -> dict[str, Any]:
    return {"share": round(share, 3), "at": datetime.now(UTC).isoformat()}


def _run(app: Flask, order: ImportOrder, language: str, lines: int) -> None:
    """The import, to its end; it tells on a connection of its own, for nothing of it holds yet."""
    told = time.monotonic()

    def say(**progress: Any) -> None:
        with db.engine.begin() as own:
            change = update(PeopleImport).where(PeopleImport.id == order.import_id)
            own.execute(change.values(progress={"lines": lines, **progress}))

    def tell(share: float) -> None:
        nonlocal told
        if time.monotonic() - told > TELL_EVERY:
            say(**_now(share))
            told = time.monotonic()

    with app.app_context(), speaking(language), _saying_why_not(order, say):
        return apply(order, tell)


@contextmanager
def _saying_why_not(order: ImportOrder, say: Callable[..., None]) -> Iterator[None]:
    """Say why the import that is tried inside was not done."""
    said = ""
    try:
        yield
    except ImportGone:
        log.info("imported already", import_id=order.import_id)
    except ImportMoved:
        said = _("People changed since this page was drawn. Check again, then import.")
    except (PeopleRefused, SheetRefused) as refused:
        said = str(refused)
    except Exception:  # on a thread, where nobody else would say so to who waits
        log.exception("import of people failed", import_id=order.import_id)
        said = _("The import could not be completed. Nothing was changed. Try again.")
    if said:
        db.session.rollback()
        say(said=said)


def _shown(outcome: Outcome) -> tuple[str, str, str]:
    cells = outcome.line.cells
    return (
        cells.get(Column.NUMBER, ""), cells.get(Column.NAME, ""), cells.get(Column.EMAIL, ""),
    )  # fmt: skip


def _planned(sheet: Sheet, choices: Choices, house: House, whole: bool) -> Preview:
    lines = [_line(row, choices.columns) for row in sheet.rows]
    found = plan(lines, house, datetime.now(UTC).date())
    told = repr([
        (each.line.number, each.verdict, each.person_id, sorted(each.changes.items()), each.manager)
        for each in found.outcomes
    ] + [each.id for each in found.going if whole])  # fmt: skip
    mark = sha256(told.encode()).hexdigest()[:16]
    everybody = sum(each.is_active for each in house.people)
    return Preview(found, {}, {}, mark, everybody, whole)


def _line(row: SheetRow, columns: Sequence[Column | None]) -> FileLine:
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
    return _checked(FileLine(row.number, cells, broken))


def _checked(line: FileLine) -> FileLine:
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
    rights = permissions_of(roles_in(roles))
    if Permission.MANAGE_PEOPLE not in rights:
        raise PeopleRefused(_("Only an administrator can do this."))
    departments = db.session.scalars(select(Department.code)).all()
    groups = db.session.scalars(select(Group.code)).all()
    places = db.session.scalars(select(Calendar.name)).all()
    return House(
        people=_everybody(),
        departments=Spellings(departments),
        groups=Spellings(groups),
        places=Spellings(places),
        zones=Spellings(accounts.time_zones()),
        languages=Spellings(languages),
        may_change_admins=Permission.ADMINISTER in rights,
        actor_id=actor_id,
    )


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
            is_above=not may_change(frozenset({Role.PEOPLE_ADMIN}), roles_in(row.roles)),
        )
        for row in rows
    )


def _moving(found: Preview) -> dict[str, int]:
    """How much of somebody's open work would be looked at anew: tasks of whoever leaves a group or
    the house, requests of whoever gets another manager or department."""
    outcomes = found.plan.outcomes
    tasks = [each.person_id for each in outcomes if _loses(each)]
    tasks += [each.id for each in found.going]
    asks = [
        each.person_id
        for each in outcomes
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
    return outcome.verdict is LineVerdict.LEAVES or bool(codes_of(before) - codes_of(after))
