"""People, groups and departments."""

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Base
from portal.models.columns import Id, Now, by_name


class Department(Base):
    """A part of the organisation, with its head; `code` serves as the cost centre."""

    __tablename__ = "departments"

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)
    school: Mapped[str | None] = mapped_column(Text)
    parent_id: Mapped[str | None] = mapped_column(
        Uuid(as_uuid=False), ForeignKey("portal.departments.id")
    )
    head_id: Mapped[str | None] = mapped_column(
        Uuid(as_uuid=False), ForeignKey("portal.users.id", use_alter=True)
    )


class User(Base):
    """A person. Without a password hash nobody signs in; inactive people stay for the record.

    `calendar_id`: the working time of their place; null: that of whatever they are asked.
    `erased_at`: when the personal data of somebody who left were erased; `former_no`: the number in
    the label that stands in place of their name.
    """

    __tablename__ = "users"
    __table_args__ = (
        Index("ix_users_roles", "roles", postgresql_using="gin"),
        CheckConstraint(
            "(erased_at IS NULL) = (former_no IS NULL) AND (erased_at IS NULL OR NOT is_active)",
            name="erased",
        ),
        Index(
            "uq_users_former_no",
            "former_no",
            unique=True,
            postgresql_where=text("former_no IS NOT NULL"),
        ),
        Index("ix_users_inactive", "id", postgresql_where=text("NOT is_active")),
        Index(
            "ix_users_calendar_id", "calendar_id", postgresql_where=text("calendar_id IS NOT NULL")
        ),
    )

    id: Mapped[Id]
    email: Mapped[str | None] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    employee_no: Mapped[str | None] = mapped_column(Text, unique=True)
    department_id: Mapped[str | None] = mapped_column(
        Uuid(as_uuid=False), ForeignKey("portal.departments.id"), index=True
    )
    manager_id: Mapped[str | None] = mapped_column(
        Uuid(as_uuid=False), ForeignKey("portal.users.id"), index=True
    )
    job_title: Mapped[str | None] = mapped_column(Text)
    time_zone: Mapped[str] = mapped_column(Text, server_default="UTC")
    calendar_id: Mapped[str | None] = mapped_column(
        Uuid(as_uuid=False), ForeignKey("portal.calendars.id")
    )
    locale: Mapped[str] = mapped_column(Text, server_default="")
    roles: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    password_hash: Mapped[str | None] = mapped_column(Text)
    is_active: Mapped[bool] = mapped_column(server_default="true")
    legacy_profile_id: Mapped[str | None] = mapped_column(Text, unique=True)
    created_at: Mapped[Now]
    erased_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    former_no: Mapped[int | None] = mapped_column(Integer)


Index("uq_users_email_lower", func.lower(User.email), unique=True)
Index("ix_users_name_lower", func.lower(User.name))
Index("ix_users_by_name", by_name(User.name))
# Names are looked for without their marks; the function stands in the migration of the search.
Index(
    "ix_users_name",
    func.portal.plain(User.name).label("plain"),
    postgresql_using="gin",
    postgresql_ops={"plain": "gin_trgm_ops"},
)


class Group(Base):
    """A named set of people, such as Finance; `purpose` says what they are asked about."""

    __tablename__ = "groups"

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)
    purpose: Mapped[str] = mapped_column(Text, server_default="")


class GroupMember(Base):
    """A person's membership of a group."""

    __tablename__ = "group_members"

    group_id: Mapped[str] = mapped_column(
        Uuid(as_uuid=False), ForeignKey("portal.groups.id"), primary_key=True
    )
    user_id: Mapped[str] = mapped_column(
        Uuid(as_uuid=False), ForeignKey("portal.users.id"), primary_key=True, index=True
    )
    added_at: Mapped[Now]
