"""When and how somebody signed in."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from portal.extensions import db
from portal.models import SignIn
from portal.queries.sessions import browser

PAGE = 50


@dataclass(frozen=True, slots=True)
class SignInRecord:
    """One line of the history."""

    id: str
    how: str
    went: str
    second: str | None
    detail: str
    browser: str
    ip: str | None
    at: datetime


def of(user_id: str, before: str | None = None) -> tuple[list[SignInRecord], bool]:
    """The person's history, the newest first, from `before` on; and whether there is more."""
    older = () if before is None else (SignIn.id < before,)
    rows = db.session.execute(
        select(SignIn)
        .where(SignIn.user_id == user_id, *older)
        .order_by(SignIn.id.desc())
        .limit(PAGE + 1)
    ).scalars()
    found = [
        SignInRecord(
            row.id, row.how, row.went, row.second, row.detail, browser(row.user_agent), row.ip,
            row.at,
        )
        for row in rows
    ]  # fmt: skip
    return found[:PAGE], len(found) > PAGE
