"""Figures of closed requests, for insights: written once a request has an outcome, never by hand.

All of it can be made again from the record (`portal.directory.facts`). No row names an approver:
insights tell of types, stages and groups, not of persons.
"""

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    SmallInteger,
    Text,
    Uuid,
)
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Base
from portal.models.columns import Id, Key, Time


class FactsDue(Base):
    """A request that was closed and whose figures are still to be written; noted as it closes."""

    __tablename__ = "facts_due"

    request_id: Mapped[Id]


class RequestFact(Base):
    """One closed request. Minutes of the wall clock, but `working`: minutes of working time, of the
    organisation's own time alone. `sent_back`: how often it was. `department_id` and `requester_id`
    are those of whoever asked, the department as it was at the end.
    """

    __tablename__ = "request_facts"
    __table_args__ = (
        Index("ix_request_facts_closed_at", "closed_at"),
        Index("ix_request_facts_requester_id_closed_at", "requester_id", "closed_at"),
    )

    request_id: Mapped[Id]
    type_code: Mapped[str] = mapped_column(Text)
    department_id: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    requester_id: Mapped[str] = mapped_column(Uuid(as_uuid=False))
    outcome: Mapped[str] = mapped_column(Text)
    submitted_at: Mapped[Time]
    closed_at: Mapped[Time]
    elapsed: Mapped[int] = mapped_column(BigInteger)
    working: Mapped[int] = mapped_column(BigInteger)
    settling: Mapped[int] = mapped_column(BigInteger)
    nobody: Mapped[int] = mapped_column(BigInteger)
    question: Mapped[int] = mapped_column(BigInteger)
    returned: Mapped[int] = mapped_column(BigInteger)
    held: Mapped[int] = mapped_column(BigInteger)
    rounds: Mapped[int]
    sent_back: Mapped[int]
    escalations: Mapped[int]


class DecisionFact(Base):
    """One decision on a closed request. `looked_at`: when its person first opened the request in
    that round, null if never. `elapsed` and `working`: minutes from asked to decided."""

    __tablename__ = "decision_facts"
    __table_args__ = (
        Index(
            "ix_decision_facts_weeks",
            "decided_at",
            postgresql_include=["type_code", "department_id", "decision"],
        ),
        Index("ix_decision_facts_request_id", "request_id"),
        Index("ix_decision_facts_requester_id_decided_at", "requester_id", "decided_at"),
    )

    task_id: Mapped[Id]
    request_id: Mapped[str] = mapped_column(Uuid(as_uuid=False))
    type_code: Mapped[str] = mapped_column(Text)
    department_id: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    requester_id: Mapped[str] = mapped_column(Uuid(as_uuid=False))
    stage_key: Mapped[str] = mapped_column(Text)
    stage_name: Mapped[str] = mapped_column(Text)
    group_code: Mapped[str | None] = mapped_column(Text)
    decision: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[Time]
    looked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    decided_at: Mapped[Time]
    elapsed: Mapped[int] = mapped_column(BigInteger)
    working: Mapped[int] = mapped_column(BigInteger)
    is_late: Mapped[bool]


class FirstLook(Base):
    """When somebody who was asked first opened the request, in each round."""

    __tablename__ = "first_looks"
    __table_args__ = (Index("ix_first_looks_at", "at"),)

    request_id: Mapped[str] = mapped_column(
        Uuid(as_uuid=False), ForeignKey("portal.requests.id"), primary_key=True
    )
    person_id: Mapped[str] = mapped_column(
        Uuid(as_uuid=False), ForeignKey("portal.users.id"), primary_key=True
    )
    round: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[Time]


# Of all departments together, where a department is asked for.
ALL_DEPARTMENTS = "00000000-0000-0000-0000-000000000000"


class CountedWeek(Base):
    """A week, from a Monday on, by UTC, that is counted ahead: `CountedRequests` and
    `CountedDecisions` hold what its facts say but for the changes that are still kept beside.

    `looks_since`: since when first looks were kept, as it was counted; `first_asked`: the earliest
    moment at which somebody was asked for one of its decisions.
    """

    __tablename__ = "counted_weeks"

    monday: Mapped[date] = mapped_column(Date, primary_key=True)
    looks_since: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    first_asked: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class CountedRequests(Base):
    """The requests of a type that were closed in a counted week: sums as `RequestFact` has them, of
    decided ones, and their minutes in order, each as four bytes. Once of all, and once of each
    department."""

    __tablename__ = "counted_requests"

    department_id: Mapped[Key] = mapped_column(primary_key=True)
    monday: Mapped[date] = mapped_column(Date, primary_key=True)
    type_code: Mapped[str] = mapped_column(Text, primary_key=True)
    decided: Mapped[int] = mapped_column(BigInteger)
    others: Mapped[int] = mapped_column(BigInteger)
    first_pass: Mapped[int] = mapped_column(BigInteger)
    rounds: Mapped[int] = mapped_column(BigInteger)
    escalations: Mapped[int] = mapped_column(BigInteger)
    review: Mapped[int] = mapped_column(BigInteger)
    settling: Mapped[int] = mapped_column(BigInteger)
    nobody: Mapped[int] = mapped_column(BigInteger)
    question: Mapped[int] = mapped_column(BigInteger)
    returned: Mapped[int] = mapped_column(BigInteger)
    held: Mapped[int] = mapped_column(BigInteger)
    working: Mapped[bytes]
    elapsed: Mapped[bytes]


class CountedDecisions(Base):
    """The decisions of a stage and a group ("" for none) in a counted week, in the same way.

    `known`: how many were asked for since first looks are kept, and `unopened` how many of those
    were taken without one. `waiting` and `reviewing`: minutes until, and from, the first look.
    """

    __tablename__ = "counted_decisions"

    department_id: Mapped[Key] = mapped_column(primary_key=True)
    monday: Mapped[date] = mapped_column(Date, primary_key=True)
    type_code: Mapped[str] = mapped_column(Text, primary_key=True)
    stage_key: Mapped[str] = mapped_column(Text, primary_key=True)
    group_code: Mapped[str] = mapped_column(Text, primary_key=True)
    stage_name: Mapped[str] = mapped_column(Text)
    decisions: Mapped[int] = mapped_column(BigInteger)
    late: Mapped[int] = mapped_column(BigInteger)
    approved: Mapped[int] = mapped_column(BigInteger)
    sent_back: Mapped[int] = mapped_column(BigInteger)
    rejected: Mapped[int] = mapped_column(BigInteger)
    known: Mapped[int] = mapped_column(BigInteger)
    unopened: Mapped[int] = mapped_column(BigInteger)
    working: Mapped[bytes]
    waiting: Mapped[bytes]
    reviewing: Mapped[bytes]


class RequestFactChange(Base):
    """A `RequestFact` that was written (`sign` 1) or taken away (-1) since its week was counted, or
    whose week is not: what triggers keep until the week is counted anew. It names no request."""

    __tablename__ = "request_fact_changes"

    monday: Mapped[date] = mapped_column(Date, primary_key=True)
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    sign: Mapped[int] = mapped_column(SmallInteger)
    type_code: Mapped[str] = mapped_column(Text)
    department_id: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    outcome: Mapped[str] = mapped_column(Text)
    elapsed: Mapped[int] = mapped_column(BigInteger)
    working: Mapped[int] = mapped_column(BigInteger)
    settling: Mapped[int] = mapped_column(BigInteger)
    nobody: Mapped[int] = mapped_column(BigInteger)
    question: Mapped[int] = mapped_column(BigInteger)
    returned: Mapped[int] = mapped_column(BigInteger)
    held: Mapped[int] = mapped_column(BigInteger)
    rounds: Mapped[int]
    sent_back: Mapped[int]
    escalations: Mapped[int]


class DecisionFactChange(Base):
    """The same of a `DecisionFact`."""

    __tablename__ = "decision_fact_changes"

    monday: Mapped[date] = mapped_column(Date, primary_key=True)
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    sign: Mapped[int] = mapped_column(SmallInteger)
    type_code: Mapped[str] = mapped_column(Text)
    department_id: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    stage_key: Mapped[str] = mapped_column(Text)
    stage_name: Mapped[str] = mapped_column(Text)
    group_code: Mapped[str | None] = mapped_column(Text)
    decision: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[Time]
    looked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    decided_at: Mapped[Time]
    working: Mapped[int] = mapped_column(BigInteger)
    is_late: Mapped[bool]
