"""Where time goes, of what a reader may see, with texts as the reader reads them.

The figures themselves are `portal.directory.insights`, which the monthly mail asks, too.
"""

from sqlalchemy import func, select

from portal.directory import facts
from portal.directory import insights as figures
from portal.directory.insights import (
    FigureScope,
    GroupLoad,
    HastyFigure,
    Middles,
    OpenAge,
    StageFigure,
    Totals,
    WeekFigure,
    midnight,
    scope_of_month,
)
from portal.extensions import db
from portal.models import Department, FactsDue, RequestType, User
from portal.models.columns import by_name
from portal.queries import own_texts

__all__ = [
    "FigureScope",
    "GroupLoad",
    "HastyFigure",
    "Middles",
    "OpenAge",
    "StageFigure",
    "Totals",
    "WeekFigure",
    "midnight",
    "scope_of_month",
]


def totals(scope: FigureScope) -> Totals:
    """The figures of the closed requests."""
    return figures.totals(db.session.connection(), scope)


def middles(scope: FigureScope) -> Middles:
    """Of the totals what a period is compared by."""
    return figures.middles(db.session.connection(), scope)


def slowest_stages(scope: FigureScope) -> tuple[StageFigure, ...]:
    """The stages whose median is longest."""
    found = figures.slowest_stages(db.session.connection(), scope)
    return tuple(own_texts.as_read(each, "type_name", "stage_name") for each in found)


def weeks(scope: FigureScope) -> tuple[WeekFigure, ...]:
    """Decisions by week; a week without any is left out."""
    return figures.weeks(db.session.connection(), scope)


def load_by_group(scope: FigureScope) -> tuple[GroupLoad, ...]:
    """Open tasks by the group that is asked, now."""
    return figures.load_by_group(db.session.connection(), scope)


def open_by_age(scope: FigureScope) -> OpenAge:
    """Open requests by age, now."""
    return figures.open_by_age(db.session.connection(), scope)


def hasty(scope: FigureScope) -> tuple[HastyFigure, ...]:
    """Decisions taken unopened, by type and group of five people or more."""
    found = figures.hasty(db.session.connection(), scope)
    return tuple(own_texts.as_read(each, "type_name") for each in found)


def catch_up() -> None:
    """Count first what was closed a moment ago, so that the figures are right to the last commit.
    Where that fails they are shown without, and `due` says how many are missing."""
    if due():
        facts.catch_up(db.engine, turns=1)


def due() -> int:
    """How many closed requests are not counted yet."""
    return db.session.execute(select(func.count()).select_from(FactsDue)).scalar_one()


def reports_of(manager_id: str) -> tuple[str, ...]:
    """Whoever reports to somebody, at whatever distance."""
    return figures.reports_of(db.session.connection(), manager_id)


def types() -> dict[str, str]:
    """Names of all types by code, in the order of the names as the reader reads them."""
    statement = select(RequestType.code, RequestType.name, RequestType.policy_version_id)
    rows = db.session.execute(statement)
    return own_texts.in_order({row[0]: own_texts.told(row[2], row[1]) for row in rows})


def departments(people: tuple[str, ...] | None) -> dict[str, str]:
    """Names of departments by id; where `people` are given, of theirs."""
    statement = select(Department.id, Department.name).order_by(by_name(Department.name))
    if people is not None:
        theirs = select(User.department_id).where(User.id.in_(people))
        statement = statement.where(Department.id.in_(theirs))
    return {row[0]: row[1] for row in db.session.execute(statement)}


def targets() -> dict[str, int | None]:
    """Each type's target in working minutes, by code."""
    rows = db.session.execute(select(RequestType.code, RequestType.target_minutes))
    return {row[0]: row[1] for row in rows}
