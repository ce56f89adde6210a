"""Active people by name, for forms: suggested, and found by what was typed.

Names are compared without marks and capitals (`portal.plain`): "Muller" finds Müller.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Uuid,
    bindparam,
    func,
    literal,
    null,
    or_,
    select,
    tuple_,
)

from portal.domain.people.permissions import Role
from portal.domain.policy.types import is_id
from portal.extensions import Question, db
from portal.models import Department, User
from portal.models.columns import by_name

# More names than this would make a page heavy; they are found by typing just the same.
SUGGESTED = 500
NAMESAKES = 20
MOST_WORDS = 8


@dataclass(frozen=True, slots=True)
class PersonRecord:
    """Somebody active."""

    id: str
    name: str
    department: str | None
    job_title: str | None = None

    @property
    def label(self) -> str:
        """Name and department, which tells namesakes apart."""
        return f"{self.name}, {self.department}" if self.department else self.name


def suggested(
    but: str, *others: str, deciding: bool = False, among: Collection[str] | None = None
) -> tuple[str, ...]:
    """Labels of active people in the order of their names, without the person `but` and `others`.

    `deciding`: also without those who may only read. `among`: only these, by id.
    """
    statement = _rows()
    if among is not None:
        statement = statement.where(User.id.in_(sorted(among)))
    if deciding:
        statement = statement.where(~User.roles.contains([Role.AUDITOR.value]))
    without = {but, *others}
    most = SUGGESTED + len(without)
    rows = db.session.execute(statement.order_by(by_name(User.name)).limit(most))
    return tuple(PersonRecord(*row).label for row in rows if row.id not in without)[:SUGGESTED]


def called(text: str) -> tuple[PersonRecord, ...]:
    """Whom a label, a name or a mail address means, whatever its capitals and marks. Several only
    for namesakes; who is written just so comes before whoever is written alike."""
    wanted = " ".join(text.split()).lower()
    if "@" in wanted:
        rows = db.session.execute(_rows().where(func.lower(User.email) == wanted))
        return tuple(PersonRecord(*row) for row in rows)
    names = {wanted} | {wanted[:at] for at, sign in enumerate(wanted) if sign == ","}
    named = db.session.execute(_called(sorted(names)[:MOST_WORDS], wanted))
    found = tuple((PersonRecord(*row[:-2]), row.is_label, row.is_name) for row in named)
    for fits in (
        tuple(person for person, _, _ in found if person.label.lower() == wanted),
        tuple(person for person, _, _ in found if person.name.lower() == wanted),
        tuple(person for person, is_label, _ in found if is_label),
    ):
        if fits:
            return fits
    return tuple(person for person, _, is_name in found if is_name)


def like(text: str) -> tuple[PersonRecord, ...]:
    """Up to `NAMESAKES` active people with a name or mail address in which each word begins one."""
    found = _rows().where(*begins(text, User.name, User.email))
    rows = db.session.execute(found.order_by(by_name(User.name), User.id).limit(NAMESAKES))
    return tuple(PersonRecord(*row) for row in rows)


def beginning(word: str) -> tuple[str, ...]:
    """Ids of up to `NAMESAKES` people, active or not, with a name that the word begins."""
    rows = select(User.id).where(*begins(word, User.name)).order_by(User.id).limit(NAMESAKES)
    return tuple(db.session.scalars(rows))


def begins(text: str, name: Any, *others: Any) -> list[ColumnElement[bool]]:
    """Each word of the text begins one of the name, or one of the other texts as a whole; without
    marks and capitals."""
    fits = []
    for word in text.split()[:MOST_WORDS]:
        start = func.portal.plain(re.sub(r"([\\%_])", r"\\\1", word.strip(",")))
        plain = func.portal.plain(name)
        fits.append(
            or_(
                plain.like(start.concat("%")),
                plain.like(literal("% ").concat(start).concat("%")),
                *(func.lower(each).like(start.concat("%")) for each in others),
            )
        )
    return fits


def referred(text: str) -> PersonRecord | None:
    """Somebody active, as programs name people: by id, "employeeNo:..." or "email:..."."""
    kind, colon, value = text.partition(":")
    if colon and kind == "employeeNo":
        named = _by_number()
    elif colon and kind == "email":
        named, value = _by_address(), value.strip().lower()
    elif is_id(text.lower()):
        named, value = _by_id(), text.lower()
    else:
        return None
    row = named.one_or_none(db.session.connection(), {"value": value})
    return None if row is None else PersonRecord(*row)


@cache
def _by_number() -> Question:
    return Question(_rows().where(User.employee_no == bindparam("value")))


@cache
def _by_address() -> Question:
    return Question(_rows().where(func.lower(User.email) == bindparam("value")))


@cache
def _by_id() -> Question:
    return Question(_rows().where(User.id == bindparam("value", type_=Uuid(as_uuid=False))))


@dataclass(frozen=True, slots=True)
class DirectoryEntry:
    """Somebody active as programs look them up. `email`: only for those who may know it."""

    id: str
    name: str
    employee_no: str | None
    department: str | None
    job_title: str | None
    email: str | None


def directory(
    text: str, limit: int, after: tuple[str, str] | None, *, with_email: bool
) -> tuple[tuple[DirectoryEntry, ...], tuple[str, str] | None]:
    """Active people in the order of their names whose names the words begin, and where the next
    page begins: behind a name in small letters and an id."""
    name = func.lower(User.name)
    email = User.email if with_email else null()
    statement = (
        select(User.id, User.name, User.employee_no, Department.name, User.job_title, email, name)
        .outerjoin(Department, Department.id == User.department_id)
        .where(User.is_active, *begins(text, User.name))
        .order_by(name, User.id)
        .limit(limit + 1)
    )
    if after is not None:
        shown = literal(after[0]), literal(after[1], Uuid(as_uuid=False))
        statement = statement.where(tuple_(name, User.id) > tuple_(*shown))
    rows = db.session.execute(statement).all()
    entries = tuple(DirectoryEntry(*row[:-1]) for row in rows[:limit])
    last = rows[limit - 1] if len(rows) > limit else None
    return entries, None if last is None else (last[-1], last.id)


def find(person_id: str) -> PersonRecord | None:
    """The person of that id, active or not."""
    row = db.session.execute(_columns().where(User.id == person_id)).one_or_none()
    return None if row is None else PersonRecord(*row)


def _columns() -> Select[*tuple[Any, ...]]:
    return select(
        User.id, User.name, Department.name.label("department"), User.job_title
    ).outerjoin(Department, Department.id == User.department_id)


def _rows() -> Select[*tuple[Any, ...]]:
    return _columns().where(User.is_active)


def _called(names: list[str], wanted: str) -> Select[*tuple[Any, ...]]:
    """Each name is looked up in the index (`ix_users_name`) by itself."""
    plain = func.portal.plain
    label = func.concat_ws(", ", User.name, Department.name)
    return (
        _rows()
        .add_columns(
            (plain(label) == plain(wanted)).label("is_label"),
            (plain(User.name) == plain(wanted)).label("is_name"),
        )
        .where(or_(*(plain(User.name) == plain(name) for name in names)))
        .order_by(User.id)
        .limit(NAMESAKES)
    )


def names_of(ids: set[str]) -> dict[str, str]:
    """Full names of people by id, and names of departments by code. Unknown ones are left out."""
    people = {each for each in ids if is_id(each)}
    found: dict[str, str] = {}
    if people:
        rows = db.session.execute(select(User.id, User.name).where(User.id.in_(people)))
        found |= {row.id: row.name for row in rows}
    if codes := ids - people:
        named = select(Department.code, Department.name).where(Department.code.in_(codes))
        found |= {row.code: row.name for row in db.session.execute(named)}
    return found
