"""What was changed about people, departments and groups, for ever; and what it leaves to do."""

from datetime import datetime

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, Text, Uuid, text
from sqlalchemy.dialects.postgresql import BYTEA, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Base
from portal.models.columns import Id, Json, Key, Now, UserKey


class PeopleChange(Base):
    """One change to a person; a trigger refuses to alter the rows.

    `kind`: a `portal.domain.people.ChangeKind`; `data`: before and after. `actor_id`: who did it;
    null for a command on the server, and for the portal itself, which `note` then says.
    """

    __tablename__ = "people_changes"
    __table_args__ = (Index("ix_people_changes_person_id", "person_id", "id"),)

    id: Mapped[Id]
    person_id: Mapped[UserKey]
    kind: Mapped[str] = mapped_column(Text)
    actor_id: Mapped[str | None] = mapped_column(Uuid(as_uuid=False), ForeignKey("portal.users.id"))
    data: Mapped[Json]
    note: Mapped[str] = mapped_column(Text, server_default="")
    at: Mapped[Now]


class OrganisationChange(Base):
    """One change to a department or group; a trigger refuses to alter the rows.

    `subject`: a `portal.domain.people.organisation.UnitKind`; `kind`: a `UnitChangeKind`; `data`:
    before and after. Who belongs to one and who heads it stands in `people_changes`.
    """

    __tablename__ = "organisation_changes"
    __table_args__ = (Index("ix_organisation_changes_subject", "subject", "subject_id", "id"),)

    id: Mapped[Id]
    subject: Mapped[str] = mapped_column(Text)
    subject_id: Mapped[Key]
    kind: Mapped[str] = mapped_column(Text)
    actor_id: Mapped[str | None] = mapped_column(Uuid(as_uuid=False), ForeignKey("portal.users.id"))
    data: Mapped[Json]
    at: Mapped[Now]


class PeopleImport(Base):
    """A file of people. `content` is there until it is imported; `choices`: how it is read (its
    encoding and separator, and what each column says); `report`: what came of it, and where;
    `refused`: the lines that were refused, cell by cell with the reason, for two days; `progress`:
    how many lines there are, and how far a large import is."""

    __tablename__ = "people_imports"
    __table_args__ = (
        Index(
            "ix_people_imports_applied_at",
            "applied_at",
            postgresql_where=text("applied_at IS NOT NULL"),
        ),
    )

    id: Mapped[Id]
    actor_id: Mapped[UserKey]
    file_name: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(Text)
    content: Mapped[bytes | None] = mapped_column(BYTEA)
    headers: Mapped[list[str]] = mapped_column(JSONB)
    choices: Mapped[Json]
    report: Mapped[Json]
    refused: Mapped[list[list[str]]] = mapped_column(JSONB, server_default="[]")
    progress: Mapped[Json]
    created_at: Mapped[Now]
    applied_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class PeopleReview(Base):
    """Open requests have to be looked at again; the row goes when each has its command.

    `scope`: "tasks", what the person is asked; "requests", what they asked for; "stuck", whatever
    needs attention. `cause`: why, in a sentence.
    """

    __tablename__ = "people_reviews"
    __table_args__ = (CheckConstraint("scope IN ('tasks', 'requests', 'stuck')", name="scope"),)

    id: Mapped[Id]
    person_id: Mapped[UserKey]
    scope: Mapped[str] = mapped_column(Text)
    cause: Mapped[str] = mapped_column(Text)
    created_at: Mapped[Now]
