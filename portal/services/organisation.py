"""Departments and groups: made and changed, each change noted with before and after. Who belongs to
one and who heads it is changed about the person, in `services.people`.
"""

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import func, insert, select, update

from portal.directory.planner import BEFORE_A_CHANGE
from portal.domain.people.organisation import (
    CODE_RULE,
    UnitChangeKind,
    UnitKind,
    circles,
    is_code,
)
from portal.domain.proof.acts import ActKind
from portal.domain.request.events import SYSTEM
from portal.extensions import db
from portal.models import Department, Group, OrganisationChange
from portal.services import acts
from portal.services.organisation_settings import mark_of
from portal.services.people import require_power
from portal.translation import _

TABLES: dict[UnitKind, type[Department] | type[Group]] = {
    UnitKind.DEPARTMENT: Department,
    UnitKind.GROUP: Group,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DepartmentDetails:
    """What is written about a department; `parent_id`: the one that it is part of."""

    name: str
    parent_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupDetails:
    """What is written about a group."""

    name: str
    purpose: str = ""


class UnitMoved(Exception):
    """Somebody else changed it since the form was drawn."""


class UnitRefused(Exception):
    """What cannot be; `field` names the value, the message is a sentence for people."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


Details = DepartmentDetails | GroupDetails


def kind_of(details: Details) -> UnitKind:
    """Of which kind what they are written about is."""
    is_group = isinstance(details, GroupDetails)
    return UnitKind.GROUP if is_group else UnitKind.DEPARTMENT


def add(unit_id: str, code: str, details: Details, actor_id: str) -> None:
    """Make a department or group; the same form sent again makes none. Raises UnitRefused, and
    PeopleRefused where the actor may not."""
    db.session.execute(BEFORE_A_CHANGE)
    require_power(actor_id, ())
    insert_unit(unit_id, code, details, actor_id)
    db.session.commit()


def insert_unit(unit_id: str, code: str, details: Details, actor_id: str | None) -> None:
    """The same in the caller's transaction."""
    table = TABLES[kind_of(details)]
    if db.session.get(table, unit_id) is not None:
        return
    if not is_code(code):
        raise UnitRefused("code", _(CODE_RULE))
    taken = select(table.name).where(func.lower(table.code) == code.lower())
    if name := db.session.scalar(taken):
        raise UnitRefused("code", _("%(name)s has this code already.", name=name))
    db.session.execute(insert(table).values(id=unit_id, code=code, **asdict(details)))
    after = {"code": code, **_shown(details)}
    _note(details, unit_id, UnitChangeKind.ADDED, actor_id, {"after": after})


def change(unit_id: str, details: Details, seen: str | None, actor_id: str) -> bool:
    """Write something else about one that was seen with the mark `seen` (None: whatever it says);
    False if it says so already. Raises UnitRefused, UnitMoved, LookupError and PeopleRefused."""
    db.session.execute(BEFORE_A_CHANGE)
    require_power(actor_id, ())
    made = rewrite_unit(unit_id, details, actor_id, seen)
    db.session.commit()
    return made


def rewrite_unit(
    unit_id: str, details: Details, actor_id: str | None, seen: str | None = None
) -> bool:
    """The same in the caller's transaction."""
    table = TABLES[kind_of(details)]
    unit = db.session.get(table, unit_id, with_for_update={"key_share": True})
    if unit is None:
        raise LookupError(unit_id)
    before = type(details)(**{name: getattr(unit, name) for name in asdict(details)})
    if before != details:
        if seen not in (None, mark_of(asdict(before))):
            raise UnitMoved
        _check(unit_id, details)
        sides = {"before": _shown(before), "after": _shown(details)}
        _note(details, unit_id, UnitChangeKind.CHANGED, actor_id, sides)
        db.session.execute(update(table).where(table.id == unit_id).values(**asdict(details)))
    return before != details


def _keep(row: dict[str, Any]) -> None:
    """Note a change, and the act of it."""
    db.session.execute(insert(OrganisationChange).values(row))
    said = {"unit": row["subject"], "change": row["kind"], **row["data"]}
    acts.note(ActKind.UNIT_CHANGED, row["subject_id"], said, actor=row["actor_id"] or SYSTEM)


def _check(unit_id: str, details: Details) -> None:
    """No department is part of itself, over however many others."""
    if not isinstance(details, DepartmentDetails) or details.parent_id is None:
        return
    rows = db.session.execute(select(Department.id, Department.parent_id)).all()
    above = {row.id: row.parent_id for row in rows} | {unit_id: details.parent_id}
    if details.parent_id not in above:
        raise UnitRefused("parent_id", _("This department no longer exists. Choose another one."))
    if circles(above):
        raise UnitRefused(
            "parent_id", _("A department cannot be part of itself or of its own parts.")
        )


def _shown(details: Details) -> dict[str, str | None]:
    """The details as they are noted: a department by its name."""
    shown = asdict(details)
    if "parent_id" in shown:
        parent = shown.pop("parent_id")
        name = parent and db.session.scalar(select(Department.name).where(Department.id == parent))
        shown["parent"] = name
    return shown


def _note(
    details: Details,
    unit_id: str,
    kind: UnitChangeKind,
    actor_id: str | None,
    data: dict[str, Any],
) -> None:
    row: dict[str, Any] = {
        "subject": kind_of(details),
        "subject_id": unit_id,
        "kind": kind,
        "actor_id": actor_id,
        "data": data,
        "at": func.clock_timestamp(),
    }
    _keep(row)
