"""The kinds of request that people can make, and how long each usually takes."""

from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

from sqlalchemy import Interval, Select, bindparam, case, func, select

from portal.domain.codec import decode
from portal.domain.policy.forms import FormField
from portal.extensions import db
from portal.models import PolicyVersion, Request, RequestType

# The newest requests of a type tell its usual duration, if enough of them are closed.
LOOKED_AT = 200
ENOUGH = 5


@dataclass(frozen=True, slots=True)
class TypeChoice:
    """A type as the first page offers it. `typical`: the median time to the outcome, None where
    too few are closed to say."""

    code: str
    name: str
    description: str
    module: str | None
    typical: timedelta | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeRecord:
    """A type with the form of the version in force."""

    code: str
    name: str
    description: str
    prefix: str
    workflow: str
    form: tuple[FormField, ...]
    policy_version_id: str
    default_priority: str
    module: str | None


def choices() -> tuple[TypeChoice, ...]:
    """The types that can be asked for, in their order."""
    return tuple(TypeChoice(*row) for row in db.session.execute(_choices()))


def find(code: str) -> TypeRecord | None:
    """The type of that code, if requests of it can be made."""
    row = db.session.execute(_one(), {"code": code}).one_or_none()
    if row is None:
        return None
    values = dict(row._mapping)
    values["form"] = tuple(decode(FormField, entry) for entry in values["form"])
    return TypeRecord(**values)


def _usable() -> tuple[Any, ...]:
    return RequestType.is_active, RequestType.policy_version_id.is_not(None)


@cache
def _choices() -> Select[*tuple[Any, ...]]:
    # A range of one, not an equal: else the planner may walk through the requests of all types.
    newest = (
        select((Request.closed_at - Request.submitted_at).label("took"))
        .where(Request.type_code >= RequestType.code, Request.type_code <= RequestType.code)
        .order_by(Request.type_code.desc(), Request.submitted_at.desc(), Request.id.desc())
        .limit(LOOKED_AT)
        .correlate(RequestType)
        .subquery()
    )
    middle = func.percentile_cont(0.5).within_group(newest.c.took.asc())
    typical = select(case((func.count(newest.c.took) >= ENOUGH, middle)).cast(Interval))
    return (
        select(
            RequestType.code,
            RequestType.name,
            RequestType.description,
            RequestType.module,
            typical.select_from(newest).scalar_subquery(),
        )
        .where(*_usable())
        .order_by(RequestType.position, RequestType.name)
    )


@cache
def _one() -> Select[*tuple[Any, ...]]:
    statement = select(
        RequestType.code, RequestType.name, RequestType.description, RequestType.prefix,
        RequestType.workflow, PolicyVersion.form, RequestType.policy_version_id,
        RequestType.default_priority, RequestType.module,
    )  # fmt: skip
    statement = statement.join(PolicyVersion, PolicyVersion.id == RequestType.policy_version_id)
    return statement.where(RequestType.code == bindparam("code"), *_usable())
