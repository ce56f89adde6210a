"""Active people by name, for forms: suggested, and found by what was typed."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, func, select

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

    @property
    def label(self) -> str:
        """Name and department, which tells namesakes apart."""
        return f"{self.name}, {self.department}" if self.department else self.name


def suggested(but: str) -> tuple[str, ...]:
    """Labels of active people in the order of their names, without the person `but`."""
    rows = db.session.execute(_rows().order_by(func.lower(User.name)).limit(SUGGESTED + 1))
    return tuple(PersonRecord(*row).label for row in rows if row.id != but)[:SUGGESTED]


def called(text: str) -> tuple[PersonRecord, ...]:
    """Whom a label or a name means, whatever its capitals. Several only for namesakes."""
    wanted = " ".join(text.split()).lower()
    names = {wanted} | {wanted[:at] for at, sign in enumerate(wanted) if sign == ","}
    rows = db.session.execute(_called(), {"names": sorted(names)})
    found = tuple(PersonRecord(*row) for row in rows)
    exact = tuple(person for person in found if person.label.lower() == wanted)
    return exact or tuple(person for person in found if person.name.lower() == wanted)


def find(person_id: str) -> PersonRecord | None:
    """The person of that id, active or not."""
    row = db.session.execute(_columns().where(User.id == person_id)).one_or_none()
    return None if row is None else PersonRecord(*row)


def _columns() -> Select[*tuple[Any, ...]]:
    return select(User.id, User.name, Department.name.label("department")).outerjoin(
        Department, Department.id == User.department_id
    )


def _rows() -> Select[*tuple[Any, ...]]:
    return _columns().where(User.is_active)


@cache
def _called() -> Select[*tuple[Any, ...]]:
    names: Any = bindparam("names", expanding=True)
    return _rows().where(func.lower(User.name).in_(names)).order_by(User.id).limit(NAMESAKES)
