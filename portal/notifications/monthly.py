"""The figures of a month by mail, to each person who wants them: once for each month.

What was sent is known by a row of the person and the month, so that a second look, another worker
or a Temporal that lost its store sends nothing again. A mail that went out just before a worker
died goes out a second time with the same Message-ID.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import structlog
from jinja2 import Environment
from sqlalchemy import Connection, Engine, Row, func, select, text, update
from sqlalchemy.exc import SQLAlchemyError

from portal.config import Settings
from portal.directory import insights
from portal.directory.insights import FigureScope, Totals, TypeFigure
from portal.domain.notices.preferences import NotificationPreferences, zone_or_utc
from portal.domain.notices.troubles import NO_ADDRESS, NO_FIGURES, unwritable
from portal.domain.people.permissions import Permission, Role, permissions_of
from portal.domain.policy.translations import words_in
from portal.domain.time.spent import share
from portal.models import MonthlyMail, NotificationPreference, PolicyVersion, User
from portal.notifications.letter import Letter, as_mail, is_usable
from portal.notifications.letterhead import Letterhead, read_letterhead
from portal.notifications.smtp import MailNotTaken, SmtpConnection
from portal.translation import _, current, writing_to

# The next look comes in an hour. Who is not reached in a day is told on their own page.
LEASE = timedelta(minutes=10)
MOST_TRIES = 24
_NONE = "–"

# Raw: makes a row or takes it, in one trip.
TAKE = text("""
INSERT INTO portal.monthly_mails AS m (user_id, month, attempts, due_at)
VALUES (CAST(:user AS uuid), :month, 1, now() + :lease)
ON CONFLICT (user_id, month) DO UPDATE SET attempts = m.attempts + 1, due_at = now() + :lease
WHERE m.status = 'WAITING' AND m.due_at <= now()
RETURNING attempts
""")

log = structlog.get_logger("portal.messages")


@dataclass(frozen=True, kw_only=True)
class MonthOfFigures:
    """What one mail says: `now` of the month, `before` of the one before it; open ones as they
    stand today. `types`: those that most was decided of, with their median the month before."""

    month: date
    now: Totals
    before: Totals
    open: int
    late: int
    types: tuple[tuple[TypeFigure, float | None], ...]
    of_all: bool

    @property
    def earlier(self) -> date:
        """The month before."""
        return insights.month_after(self.month, -1)


@dataclass(frozen=True)
class MonthlySending:
    """Sends what is due; any number may run side by side."""

    engine: Engine
    settings: Settings
    words: Environment

    def send(self, alive: Callable[[], None]) -> int:
        """Send what is due; how many were sent. What is not taken waits for the next look."""
        if not self.settings.mail.host:
            return 0
        sent = 0
        with self.engine.connect() as connection:
            wanted = list(_wanted(connection))
        if not wanted:
            return 0
        with SmtpConnection(self.settings.mail) as door:
            for person, month in wanted:
                alive()
                try:
                    sent += self._send_one(door, person, month)
                except MailNotTaken as error:
                    if error.is_away:
                        break
        return sent

    def _send_one(self, door: SmtpConnection, person: Row[Any], month: date) -> int:
        taken = {"user": person.id, "month": month, "lease": LEASE}
        with self.engine.begin() as connection:
            tries = connection.scalar(TAKE, taken)
        if tries is None:
            return 0
        try:
            letter = self._letter(person, month)
            if isinstance(letter, Letter):
                door.send(as_mail(letter, self.settings), letter.address)
        except MailNotTaken as error:
            given_up = {"status": "FAILED"} if tries >= MOST_TRIES else {}
            self._note(person, month, last_error=str(error), **given_up)
            log.warning("monthly.not_taken", user=person.id, error=str(error))
            raise
        except SQLAlchemyError:
            raise
        except Exception as error:  # one that cannot be written must not stop the others
            log.exception("message.unwritable", user=person.id, alarm=True)
            self._note(person, month, status="FAILED", last_error=unwritable(error))
            return 0
        if not isinstance(letter, Letter):
            self._note(person, month, status="DROPPED", last_error=letter)
            return 0
        self._note(person, month, status="SENT", sent_at=func.now(), last_error=None)
        log.info("monthly.sent", user=person.id, month=str(month))
        return 1

    def _letter(self, person: Row[Any], month: date) -> Letter | str:
        """The mail, or why there is none."""
        if not is_usable(person.email):
            return NO_ADDRESS
        with self.engine.connect() as connection:
            head = read_letterhead(connection, self.settings)
            with writing_to(person.locale, head.languages):
                found = figures(connection, person, month)
                return NO_FIGURES if found is None else self._written(person, found, head.spoken())

    def _written(self, person: Row[Any], found: MonthOfFigures, head: Letterhead) -> Letter:
        says = self.words.filters
        days, figure, percent = says["working_days"], says["figure"], says["percent"]
        context: dict[str, Any] = {
            "row": person,
            "found": found,
            "figures": list(_lines(found, days, figure, percent)),
            "types": [
                (
                    each.name,
                    figure(each.decided),
                    days(each.median),
                    _NONE if was is None else days(was),
                )
                for each, was in found.types
            ],
            "months": [self.words.filters["month"](each) for each in (found.month, found.earlier)],
            "link": f"{self.settings.public_url}/insights?month={found.month:%Y-%m}",
            "public_url": self.settings.public_url,
            "head": head,
        }
        context["subject"] = _("Figures of %(month)s", month=context["months"][0])
        return Letter(
            message_id=f"monthly-{found.month:%Y-%m}-{person.id}",
            thread=person.id,
            about="figures",
            name=person.name,
            address=person.email,
            subject=context["subject"],
            text=self.words.get_template("email/monthly.txt").render(context),
            html=self.words.get_template("email/monthly.html").render(context),
            head=head,
        )

    def _note(self, person: Row[Any], month: date, **values: object) -> None:
        mine = MonthlyMail.user_id == person.id, MonthlyMail.month == month
        with self.engine.begin() as connection:
            connection.execute(update(MonthlyMail).where(*mine).values(**values))


def figures(connection: Connection, person: Row[Any], month: date) -> MonthOfFigures | None:
    """A month's figures of all for those who read everything, for others of the people who report
    to them; None where nobody does."""
    of_all = Permission.READ_ALL in permissions_of(frozenset(_roles(person.roles)))
    people = None if of_all else insights.reports_of(connection, person.id)
    if people == ():
        return None
    scope = insights.scope_of_month(month, zone_or_utc(person.time_zone), people)
    ages = insights.open_by_age(connection, scope)
    return MonthOfFigures(
        month=month,
        now=insights.totals(connection, scope),
        before=insights.totals(connection, scope.before),
        open=ages.total,
        late=ages.late,
        types=_types(connection, scope),
        of_all=of_all,
    )


def _lines(
    found: MonthOfFigures,
    days: Callable[[float], str],
    figure: Callable[[int], str],
    percent: Callable[[int], str],
) -> Iterator[tuple[str, str, str]]:
    """Each figure with its words: of the month, and of the one before."""
    both = (found.now, found.before)

    def spent(minutes: float | None) -> str:
        return _NONE if minutes is None else days(minutes)

    def part(some: int, whole: int) -> str:
        of_them = share(some, whole)
        return _NONE if of_them is None else percent(of_them)

    of_each: tuple[tuple[str, Callable[[Totals], str]], ...] = (
        (_("Requests decided"), lambda each: figure(each.decided)),
        (_("Median time to decide, in working days"), lambda each: spent(each.median)),
        (_("90th percentile, in working days"), lambda each: spent(each.slow)),
        (_("Decided on time"), lambda each: part(each.in_time, each.targeted)),
        (
            _("Decided in the first round, never sent back"),
            lambda each: part(each.first_pass, each.decided),
        ),
        (_("Escalations"), lambda each: figure(each.escalations)),
        (_("Closed without a decision"), lambda each: figure(each.others)),
    )
    for label, say in of_each:
        now, before = map(say, both)
        yield label, now, before


def _types(
    connection: Connection, scope: FigureScope
) -> tuple[tuple[TypeFigure, float | None], ...]:
    before = {each.code: each.median for each in insights.by_type(connection, scope.before)}
    found = insights.by_type(connection, scope)
    ids = [each.policy_version_id for each in found if each.policy_version_id]
    versions = select(PolicyVersion.id, PolicyVersion.translations)
    rows = connection.execute(versions.where(PolicyVersion.id.in_(ids)))
    said = {row.id: words_in(row.translations, current().code) for row in rows}
    return tuple(
        (each.called(said.get(each.policy_version_id or "") or {}), before.get(each.code))
        for each in found
    )


def _roles(names: list[str]) -> Iterator[Role]:
    for name in names:
        with suppress(ValueError):  # a role that means nothing here
            yield Role(name)


def _wanted(connection: Connection) -> Iterator[tuple[Row[Any], date]]:
    """Whoever is due to be sent the figures of a month, and of which; whether they have them is not
    asked here. Months before the last one come where they still wait, as when they are sent again.
    """
    wishes = NotificationPreference
    waiting = select(func.array_agg(MonthlyMail.month)).where(
        MonthlyMail.user_id == User.id,
        MonthlyMail.status == "WAITING",
        MonthlyMail.due_at <= func.now(),
    )
    rows: Iterable[Any] = connection.execute(
        select(
            User.id, User.name, User.email, User.locale, User.time_zone, User.roles,
            wishes.daily_at, wishes.quiet_from, wishes.quiet_until, wishes.monthly_since,
            func.now().label("now"), waiting.scalar_subquery().label("waiting"),
        )
        .join(wishes, wishes.user_id == User.id)
        .where(wishes.monthly_since.is_not(None), User.is_active)
        .order_by(User.id)
    )  # fmt: skip
    for row in rows:
        month = _due(row, row.now)
        for each in sorted({*(row.waiting or ()), *([month] if month else ())}):
            yield row, each


def _due(row: Row[Any], now: datetime) -> date | None:
    wishes = NotificationPreferences(
        daily_at=row.daily_at,
        quiet_from=row.quiet_from,
        quiet_until=row.quiet_until,
        monthly_since=row.monthly_since,
    )
    return wishes.month_due(now, zone_or_utc(row.time_zone))
