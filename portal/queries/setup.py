"""How far an installation is set up: worked out from what is there, kept nowhere."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from portal.domain.people.permissions import Role
from portal.domain.request.state import Status
from portal.extensions import db
from portal.models import (
    Calendar,
    Department,
    Message,
    Organisation,
    PasswordLink,
    Request,
    RequestType,
    User,
)
from portal.queries import gaps

NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupRecord:
    """What there is. `headless` and `adrift`: counts of `portal.queries.gaps`, `adrift_names` the
    first of the latter. `has_looks`: a logo or a colour; `has_defaults`: currency and time zone.
    `mails_sent`: whether a mail has ever gone out; `mail_seen_by`: who said last that a test email
    arrived ("": nobody)."""

    name: str
    has_looks: bool
    has_defaults: bool
    hides_setup: bool
    administrators: int
    people: int
    departments: int
    headless: int
    adrift: int
    adrift_names: tuple[str, ...]
    calendars: int
    types: int
    requests: int
    decided: int
    mails_sent: bool
    mail_seen_by: str
    without_password: int


def found() -> SetupRecord:
    """What there is now."""
    active = select(func.count()).select_from(User).where(User.is_active)
    adrift = gaps.without_manager()
    counts = {
        "administrators": active.where(User.roles.contains([Role.ADMIN.value])),
        "people": active,
        "departments": select(func.count()).select_from(Department),
        "calendars": select(func.count()).select_from(Calendar),
        "types": select(func.count()).where(RequestType.policy_version_id.is_not(None)),
        "requests": _some(select(Request.id)),
        "decided": _some(select(Request.id).where(Request.status == Status.APPROVED)),
        "mails": _some(select(Message.id).where(Message.status == "SENT")),
        "links": _some(select(PasswordLink.id).where(PasswordLink.mailed_at.is_not(None))),
        "without_password": active.where(User.email.is_not(None), User.password_hash.is_(None)),
    }
    row = db.session.execute(
        select(*(each.scalar_subquery().label(name) for name, each in counts.items()))
    ).one()
    numbers = dict(row._mapping)
    sent = bool(numbers.pop("mails") + numbers.pop("links"))
    here = db.session.execute(select(Organisation)).scalar()
    return SetupRecord(
        name=here.name if here else "",
        has_looks=here is not None and bool(here.logo or here.accent),
        has_defaults=here is not None and bool(here.currency and here.time_zone),
        hides_setup=here is not None and here.hides_setup,
        headless=len(gaps.vacant_heads()),
        adrift=len(adrift),
        adrift_names=tuple(each.name for each in adrift[:NAMED]),
        mails_sent=sent,
        mail_seen_by=_seen_by(),
        **numbers,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TestMailRecord:
    """The newest test email. `trouble`: what the mail server said of it last."""

    email: str
    mailed_at: datetime | None
    seen_at: datetime | None
    trouble: str | None


def test_mail() -> TestMailRecord | None:
    """The newest test email, if any was asked for."""
    row = db.session.execute(
        select(User.email, PasswordLink.mailed_at, PasswordLink.used_at, PasswordLink.last_error)
        .join(User, User.id == PasswordLink.user_id)
        .where(PasswordLink.kind == "test").order_by(PasswordLink.id.desc()).limit(1)
    ).one_or_none()  # fmt: skip
    if row is None:
        return None
    return TestMailRecord(
        email=row.email or "", mailed_at=row.mailed_at, seen_at=row.used_at, trouble=row.last_error
    )


def _seen_by() -> str:
    seen = PasswordLink.kind == "test", PasswordLink.used_at.is_not(None)
    return db.session.scalar(
        select(User.email).join(PasswordLink, PasswordLink.user_id == User.id)
        .where(*seen).order_by(PasswordLink.used_at.desc()).limit(1)
    ) or ""  # fmt: skip


def is_hidden() -> bool:
    """Whether somebody hid the setup from the menu."""
    return bool(db.session.scalar(select(Organisation.hides_setup)))


def _some(rows: Any) -> Any:
    """1 where there are any, else 0, without counting them all."""
    return select(func.count()).select_from(rows.limit(1).subquery())
