"""Active people by name, for forms: suggested, and found by what was typed."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, func, or_, select

from portal.domain.people.permissions import Role
from portal.extensions import db
from portal.models import Department, User

# More names than this would make a page heavy; they are found by typing just the same.
SUGGESTED = 500
NAMESAKES = 20


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
    rows = db.session.execute(statement.order_by(func.lower(User.name)).limit(most))
    return tuple(PersonRecord(*row).label for row in rows if row.id not in without)[:SUGGESTED]


def called(text: str) -> tuple[PersonRecord, ...]:
    """Whom a label, a name or a mail address means, whatever its capitals. Several only for
    namesakes."""
    wanted = " ".join(text.split()).lower()
    if "@" in wanted:
        rows = db.session.execute(_rows().where(func.lower(User.email) == wanted))
        return tuple(PersonRecord(*row) for row in rows)
    names = {wanted} | {wanted[:at] for at, sign in enumerate(wanted) if sign == ","}
    rows = db.session.execute(_called(), {"names": sorted(names)})
    found = tuple(PersonRecord(*row) for row in rows)
    exact = tuple(person for person in found if person.label.lower() == wanted)
    return exact or tuple(person for person in found if person.name.lower() == wanted)


def like(text: str) -> tuple[PersonRecord, ...]:
    """Up to `NAMESAKES` active people with a name or mail address in which each word begins one."""
    found = _rows()
    for word in text.lower().split():
        start = re.sub(r"([\\%_])", r"\\\1", word.strip(","))
        name, mail = func.lower(User.name), func.lower(User.email)
        found = found.where(
            or_(name.like(f"{start}%"), name.like(f"% {start}%"), mail.like(f"{start}%"))
        )
    rows = db.session.execute(found.order_by(func.lower(User.name), User.id).limit(NAMESAKES))
    return tuple(PersonRecord(*row) for row in rows)


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


@cache
def _called() -> Select[*tuple[Any, ...]]:
    names: Any = bindparam("names", expanding=True)
    return _rows().where(func.lower(User.name).in_(names)).order_by(User.id).limit(NAMESAKES)
