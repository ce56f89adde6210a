"""Request types, their versions, and the calendars their clocks run by."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Base
from portal.models.columns import Id, Json, Key, Now, Time, UserKey


class Calendar(Base):
    """Working time: `hours` maps ISO weekday ("1" = Monday) to [["09:00", "17:00"], ...].

    `closed_days`: what is closed beside public holidays, names by ISO date. `worked_days`: ISO
    dates that are worked although they are holidays. `version` grows with each change.
    """

    __tablename__ = "calendars"

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(Text, unique=True)
    time_zone: Mapped[str] = mapped_column(Text)
    hours: Mapped[Json]
    country: Mapped[str | None] = mapped_column(Text)
    subdivision: Mapped[str | None] = mapped_column(Text)
    closed_days: Mapped[Json]
    worked_days: Mapped[list[str]] = mapped_column(JSONB, server_default="[]")
    version: Mapped[int] = mapped_column(server_default="1")


class CalendarChange(Base):
    """One change to a calendar, or to what uses it; a trigger refuses to alter the rows.

    `kind`: a `portal.domain.calendars.CalendarChangeKind`; `data`: before and after. The calendar
    may be gone meanwhile: `name` is what it was called.
    """

    __tablename__ = "calendar_changes"
    __table_args__ = (Index("ix_calendar_changes_calendar_id", "calendar_id", "id"),)

    id: Mapped[Id]
    calendar_id: Mapped[Key]
    name: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    actor_id: Mapped[UserKey]
    data: Mapped[Json]
    at: Mapped[Now]


class RequestType(Base):
    """A kind of request: its number prefix, and the version in force for new requests.

    `name` and `description` are those of the version in force. `target_minutes`: within how much
    working time its requests should be decided. `texts_days`, `files_days`: how long texts and
    files of a closed request are kept, `requests_days`: the whole of it; NULL: for ever.
    """

    __tablename__ = "request_types"
    __table_args__ = (
        CheckConstraint("workflow IN ('approval', 'simple')", name="workflow"),
        CheckConstraint("texts_days > 0 AND files_days > 0", name="days"),
        CheckConstraint("requests_days > 0", name="requests_days"),
    )

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text, server_default="")
    prefix: Mapped[str] = mapped_column(Text, unique=True)
    next_number: Mapped[int] = mapped_column(server_default="1001")
    workflow: Mapped[str] = mapped_column(Text, server_default="approval")
    calendar_id: Mapped[str | None] = mapped_column(
        Uuid(as_uuid=False), ForeignKey("portal.calendars.id")
    )
    policy_version_id: Mapped[str | None] = mapped_column(
        Uuid(as_uuid=False), ForeignKey("portal.policy_versions.id", use_alter=True)
    )
    default_priority: Mapped[str] = mapped_column(Text, server_default="MEDIUM")
    module: Mapped[str | None] = mapped_column(Text)
    is_active: Mapped[bool] = mapped_column(server_default="true")
    position: Mapped[int] = mapped_column(server_default="0")
    target_minutes: Mapped[int | None]
    texts_days: Mapped[int | None]
    files_days: Mapped[int | None]
    requests_days: Mapped[int | None]


class PolicyVersion(Base):
    """One numbered version of a type: its texts, form and policy (`definition`), and what the texts
    are in other languages (`translations`: by the original and the language's code).

    A trigger forbids changing it once published: a request keeps the form that it was made with.
    """

    __tablename__ = "policy_versions"
    __table_args__ = (UniqueConstraint("request_type_id", "version"),)

    id: Mapped[Id]
    request_type_id: Mapped[Key] = mapped_column(
        Uuid(as_uuid=False), ForeignKey("portal.request_types.id")
    )
    version: Mapped[int]
    name: Mapped[str] = mapped_column(Text, server_default="")
    description: Mapped[str] = mapped_column(Text, server_default="")
    form: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default="[]")
    definition: Mapped[Json]
    translations: Mapped[Json]
    note: Mapped[str] = mapped_column(Text, server_default="")
    created_at: Mapped[Now]
    published_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    published_by: Mapped[str | None] = mapped_column(
        Uuid(as_uuid=False), ForeignKey("portal.users.id")
    )


class TypeDraft(Base):
    """The one version of a type that is being made. `content`: a `TypeContent`; `revision` grows
    with each change. `editors`: who changed it. A review holds for `reviewed_mark` alone: an edit
    voids it. `updated_by` is null where no person did it. `reasons`:
    why each warning is accepted, by its code. `publish_at`: when a worker
    publishes it in the name of `publish_by`; an edit takes that back, too.
    """

    __tablename__ = "type_drafts"

    request_type_id: Mapped[str] = mapped_column(
        Uuid(as_uuid=False), ForeignKey("portal.request_types.id"), primary_key=True
    )
    revision: Mapped[int] = mapped_column(server_default="1")
    content: Mapped[Json]
    editors: Mapped[list[str]] = mapped_column(JSONB, server_default="[]")
    reasons: Mapped[Json]
    reviewed_mark: Mapped[str | None] = mapped_column(Text)
    sent_by: Mapped[str | None] = mapped_column(Uuid(as_uuid=False), ForeignKey("portal.users.id"))
    approved_by: Mapped[str | None] = mapped_column(
        Uuid(as_uuid=False), ForeignKey("portal.users.id")
    )
    updated_by: Mapped[str | None] = mapped_column(
        Uuid(as_uuid=False), ForeignKey("portal.users.id")
    )
    updated_at: Mapped[Now]
    publish_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    publish_by: Mapped[str | None] = mapped_column(
        Uuid(as_uuid=False), ForeignKey("portal.users.id")
    )


class TypeBackTest(Base):
    """Past requests by a draft beside the version in force, as it was asked for: `content` is the
    draft's then, `mark` its hash. A worker does what takes long: `seen_at` is its sign of life,
    `done` how many of `total` it has. `result`: a `portal.domain.routing.backtest.BackTest`.
    """

    __tablename__ = "type_back_tests"
    __table_args__ = (
        Index("ix_type_back_tests_request_type_id", "request_type_id", "asked_at"),
        Index(
            "ix_type_back_tests_waiting", "asked_at", postgresql_where=text("finished_at IS NULL")
        ),
    )

    id: Mapped[Id]
    request_type_id: Mapped[str] = mapped_column(
        Uuid(as_uuid=False), ForeignKey("portal.request_types.id", ondelete="CASCADE")
    )
    live_version_id: Mapped[str] = mapped_column(
        Uuid(as_uuid=False), ForeignKey("portal.policy_versions.id")
    )
    content: Mapped[Json]
    mark: Mapped[str] = mapped_column(Text)
    revision: Mapped[int]
    since: Mapped[Time]
    until: Mapped[Time]
    total: Mapped[int]
    done: Mapped[int] = mapped_column(server_default="0")
    asked_by: Mapped[UserKey]
    asked_at: Mapped[Now]
    seen_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    trouble: Mapped[str | None] = mapped_column(Text)
    result: Mapped[Json]


class TypeReader(Base):
    """A group whose members see all requests of a type, whoever asked and whoever decides."""

    __tablename__ = "type_readers"

    type_code: Mapped[str] = mapped_column(
        Text, ForeignKey("portal.request_types.code"), primary_key=True
    )
    group_id: Mapped[Key] = mapped_column(
        Uuid(as_uuid=False), ForeignKey("portal.groups.id"), primary_key=True, index=True
    )


class TypeChange(Base):
    """One thing that was done to a type; a trigger refuses to alter the rows.

    `kind`: a `portal.domain.policy.types.TypeChangeKind`; `data`: what it was about. The id is the
    form's one-time key: the same form again is the same change. `name` is what the type was called.
    `actor_id` is null where no person did it; then the data say what did (`by`).
    """

    __tablename__ = "type_changes"
    __table_args__ = (Index("ix_type_changes_request_type_id", "request_type_id", "at"),)

    id: Mapped[Id]
    request_type_id: Mapped[Key]
    name: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    actor_id: Mapped[str | None] = mapped_column(Uuid(as_uuid=False), ForeignKey("portal.users.id"))
    data: Mapped[Json]
    at: Mapped[Now]
