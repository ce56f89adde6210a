"""What people, groups, departments, delegations and types were, and from when until when.

Triggers write a row with every change of the table beside (migration 0065), and an EXCLUDE
constraint sees to it that of one thing no two rows hold at one moment. What one transaction does to
a thing is one change.
"""

import re
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ColumnElement,
    DateTime,
    Integer,
    Text,
    Uuid,
    bindparam,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Base
from portal.models.columns import Time

# The history of each table.
HISTORIES = {
    "users": "user_history",
    "departments": "department_history",
    "groups": "group_history",
    "group_members": "group_member_history",
    "delegations": "delegation_history",
    "request_types": "type_history",
}
_NAMED = re.compile(rf"\bportal\.({'|'.join(HISTORIES)})\b")


def as_it_stood(statement: str) -> str:
    """A statement that reads these tables, each under another name, as one that reads them as they
    stood at the moment `:at`."""
    # Raw: a table's name cannot be a value.
    then = "(SELECT * FROM portal.{} WHERE during @> CAST(:at AS timestamptz))"
    return _NAMED.sub(lambda found: then.format(HISTORIES[found[1]]), statement)


def _rules(table: str, *keys: str) -> tuple[ExcludeConstraint, CheckConstraint]:
    """Of one thing no two rows hold at one moment, and none holds at no moment."""
    numbers = [func.uuid_hash_extended(text(key), 0) for key in keys]
    same = [(func.int8range(each, each, "[]"), "&&") for each in numbers]
    return (
        ExcludeConstraint(*same, ("during", "&&"), name=f"ex_{table}_during", using="gist"),
        CheckConstraint("NOT isempty(during)", name="not_empty"),
    )


class _Validity:
    """`during`: from when until before when it was so; no end: it is. `known_since`: the row was
    there when the history began, and from then on it is known; before, it is taken to be so.
    """

    during: Mapped[Range[datetime]] = mapped_column(TSTZRANGE, primary_key=True)
    known_since: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    written_by: Mapped[int] = mapped_column(BigInteger, server_default=func.txid_current())

    @classmethod
    def held(cls) -> ColumnElement[bool]:
        """Whether the row held at the moment `at` of the statement's values."""
        moment = bindparam("at", type_=DateTime(timezone=True))
        return cls.during.contains(moment)


class UserHistory(_Validity, Base):
    """A person as they were."""

    __tablename__ = "user_history"
    __table_args__ = _rules("user_history", "id")

    id: Mapped[str] = mapped_column(Uuid(as_uuid=False), primary_key=True)
    email: Mapped[str | None] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    employee_no: Mapped[str | None] = mapped_column(Text)
    department_id: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    manager_id: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    job_title: Mapped[str | None] = mapped_column(Text)
    time_zone: Mapped[str] = mapped_column(Text)
    calendar_id: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    locale: Mapped[str] = mapped_column(Text)
    roles: Mapped[list[str]] = mapped_column(ARRAY(Text))
    is_active: Mapped[bool]


class DepartmentHistory(_Validity, Base):
    """A department as it was."""

    __tablename__ = "department_history"
    __table_args__ = _rules("department_history", "id")

    id: Mapped[str] = mapped_column(Uuid(as_uuid=False), primary_key=True)
    code: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    school: Mapped[str | None] = mapped_column(Text)
    parent_id: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    head_id: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))


class GroupHistory(_Validity, Base):
    """A group as it was."""

    __tablename__ = "group_history"
    __table_args__ = _rules("group_history", "id")

    id: Mapped[str] = mapped_column(Uuid(as_uuid=False), primary_key=True)
    code: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    purpose: Mapped[str] = mapped_column(Text)


class GroupMemberHistory(_Validity, Base):
    """That a person was in a group."""

    __tablename__ = "group_member_history"
    __table_args__ = _rules("group_member_history", "group_id", "user_id")

    group_id: Mapped[str] = mapped_column(Uuid(as_uuid=False), primary_key=True)
    user_id: Mapped[str] = mapped_column(Uuid(as_uuid=False), primary_key=True)


class DelegationHistory(_Validity, Base):
    """A delegation as it was: moved, or ended early."""

    __tablename__ = "delegation_history"
    __table_args__ = _rules("delegation_history", "id")

    id: Mapped[str] = mapped_column(Uuid(as_uuid=False), primary_key=True)
    delegator_id: Mapped[str] = mapped_column(Uuid(as_uuid=False))
    delegate_id: Mapped[str] = mapped_column(Uuid(as_uuid=False))
    type_codes: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    starts_at: Mapped[Time]
    ends_at: Mapped[Time]
    reason: Mapped[str] = mapped_column(Text)
    max_amount: Mapped[int | None] = mapped_column(BigInteger)
    currency: Mapped[str | None] = mapped_column(Text)
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    revoked_by: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))


class TypeHistory(_Validity, Base):
    """A request type as it was, with the version that was in force."""

    __tablename__ = "type_history"
    __table_args__ = _rules("type_history", "id")

    id: Mapped[str] = mapped_column(Uuid(as_uuid=False), primary_key=True)
    code: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text)
    prefix: Mapped[str] = mapped_column(Text)
    workflow: Mapped[str] = mapped_column(Text)
    calendar_id: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    policy_version_id: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    default_priority: Mapped[str] = mapped_column(Text)
    module: Mapped[str | None] = mapped_column(Text)
    is_active: Mapped[bool]
    target_minutes: Mapped[int | None] = mapped_column(Integer)
