"""Who is away, who acts for whom, and what request types an absence can be about."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, literal_column, select
from sqlalchemy.orm import aliased

from portal.extensions import db
from portal.models import Delegation, PolicyVersion, RequestType, User
from portal.queries import own_texts

SHOWN = 50
_CURRENCY: ColumnElement[str | None] = literal_column(
    "jsonb_path_query_first(policy_versions.form, '$[*] ? (@.is_amount == true).currency') #>> '{}'"
)


@dataclass(frozen=True, slots=True)
class AbsenceRecord:
    """An absence with names. `state`: "on", "coming", "ended" (early) or "over"."""

    id: str
    delegator_id: str
    delegator: str
    delegate_id: str
    delegate: str
    starts_at: datetime
    ends_at: datetime
    type_codes: list[str] | None
    max_amount: int | None
    currency: str | None
    reason: str
    created_at: datetime
    created_by: str | None
    revoked_at: datetime | None
    revoked_by: str | None
    state: str

    @property
    def is_ahead(self) -> bool:
        """It is on, or still to come."""
        return self.state in ("on", "coming")


@dataclass(frozen=True, slots=True)
class TypeName:
    """A request type, and the currency of its amount if it has one."""

    code: str
    name: str
    currency: str | None


def of(person_id: str) -> tuple[AbsenceRecord, ...]:
    """The person's absences, the newest first; up to `SHOWN`."""
    return _found(_rows().where(Delegation.delegator_id == person_id))


def acting(person_id: str) -> tuple[AbsenceRecord, ...]:
    """The absences in which the person acts, or will; up to `SHOWN`."""
    ahead = and_(Delegation.ends_at > func.now(), Delegation.revoked_at.is_(None))
    return _found(_rows().where(Delegation.delegate_id == person_id, ahead))


def types() -> tuple[TypeName, ...]:
    """Every type that can be asked for, by the names as the reader reads them."""
    in_force = PolicyVersion.id == RequestType.policy_version_id
    statement = select(
        RequestType.code, RequestType.name, _CURRENCY, RequestType.policy_version_id
    ).outerjoin(PolicyVersion, in_force)
    statement = statement.where(RequestType.is_active)
    return own_texts.by_name(
        TypeName(code, own_texts.told(version, name), currency)
        for code, name, currency, version in db.session.execute(statement)
    )


def _found(statement: Select[*tuple[Any, ...]]) -> tuple[AbsenceRecord, ...]:
    rows = db.session.execute(statement.order_by(Delegation.starts_at.desc()).limit(SHOWN))
    return tuple(AbsenceRecord(*row) for row in rows)


def _rows() -> Select[*tuple[Any, ...]]:
    delegator, delegate = aliased(User), aliased(User)
    maker, ender = aliased(User), aliased(User)
    state = case(
        (Delegation.revoked_at.is_not(None), "ended"),
        (Delegation.ends_at <= func.now(), "over"),
        (Delegation.starts_at > func.now(), "coming"),
        else_="on",
    )
    return (
        select(
            Delegation.id, Delegation.delegator_id, delegator.name, Delegation.delegate_id,
            delegate.name, Delegation.starts_at, Delegation.ends_at, Delegation.type_codes,
            Delegation.max_amount, Delegation.currency, Delegation.reason, Delegation.created_at,
            maker.name, Delegation.revoked_at, ender.name, state,
        )
        .join(delegator, delegator.id == Delegation.delegator_id)
        .join(delegate, delegate.id == Delegation.delegate_id)
        .outerjoin(maker, maker.id == Delegation.created_by)
        .outerjoin(ender, ender.id == Delegation.revoked_by)
    )  # fmt: skip
