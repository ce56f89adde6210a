"""Where a person is signed in."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from portal.extensions import db
from portal.models import UserSession
from portal.translation import _

MOST = 50


@dataclass(frozen=True)
class OpenSession:
    """One browser that is signed in."""

    id: str
    browser: str
    ip: str | None
    created_at: datetime
    last_seen_at: datetime


def open_sessions(user_id: str, idle: timedelta, absolute: timedelta) -> list[OpenSession]:
    """The person's live sessions, the latest seen first, at most fifty."""
    found = db.session.execute(
        select(UserSession)
        .where(
            UserSession.user_id == user_id,
            UserSession.ended_at.is_(None),
            UserSession.last_seen_at > func.now() - idle,
            UserSession.created_at > func.now() - absolute,
        )
        .order_by(UserSession.last_seen_at.desc())
        .limit(MOST)
    ).scalars()
    return [
        OpenSession(row.id, browser(row.user_agent), row.ip, row.created_at, row.last_seen_at)
        for row in found
    ]


BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrom", "Chrome"))
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


def browser(user_agent: str | None) -> str:
    """`Firefox on Windows`: as much as a person needs to know a device again."""
    agent = user_agent or ""
    safari = "Safari" if "Safari" in agent else _("A browser")
    name = next((words for mark, words in BROWSERS if mark in agent), safari)
    system = next((words for mark, words in SYSTEMS if mark in agent), _("an unknown system"))
    return _("%(browser)s on %(system)s", browser=name, system=system)
