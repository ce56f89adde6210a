"""Figures of closed requests, for insights: written once a request has an outcome, never by hand.

All of it can be made again from the record (`portal.activities.facts`). No row names an approver:
insights tell of types, stages and groups, not of persons.
"""

from datetime import datetime

from sqlalchemy import BigInteger, DateTime, ForeignKey, Index, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Base
from portal.models.columns import Id, Time


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
    __table_args__ = (Index("ix_request_facts_closed_at", "closed_at"),)

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
        Index("ix_decision_facts_decided_at", "decided_at"),
        Index("ix_decision_facts_request_id", "request_id"),
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
