"""Mails to administrators about the portal itself: no worker, decisions or messages that wait, a
full disk. Sent by the processes of the pages, since the workers may be what is missing.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from jinja2 import Environment
from sqlalchemy import Connection, Engine, Row, text
from sqlalchemy.exc import SQLAlchemyError

from portal.config import Settings
from portal.domain.alarms import WORDS, AlarmKind, AlarmState, causes, looked
from portal.models.columns import new_id
from portal.notifications.letter import Letter, as_mail, is_usable
from portal.notifications.letterhead import Letterhead, read_letterhead
from portal.notifications.smtp import MailNotTaken, SmtpConnection
from portal.translation import _, writing_to

SECONDS = 30.0
FRESH_SECONDS = 20
# Raw: locks, upserts and arrays of a table of six columns.
MINE = text("SELECT pg_try_advisory_lock(hashtext('portal.alarms'))")
DONE = text("SELECT pg_advisory_unlock(hashtext('portal.alarms'))")
BEGIN = text("""
INSERT INTO portal.checks (name, done_at) VALUES ('alarms', now())
ON CONFLICT (name) DO UPDATE SET begun_at = now(), done_at = now()
WHERE checks.done_at < now() - make_interval(secs => :fresh) OR :fresh = 0
RETURNING now()
""")
OPEN = text("""
SELECT id::text, kind, began_at, calm_since, over_at FROM portal.alarms WHERE over_at IS NULL
""")
KEEP = text("""
INSERT INTO portal.alarms (id, kind, began_at, calm_since, over_at)
VALUES (CAST(:id AS uuid), :kind, :began_at, :calm_since, :over_at)
ON CONFLICT (id) DO UPDATE SET calm_since = :calm_since, over_at = :over_at
""")
# Whom no mail about it reached yet; of its end hears who heard of its beginning.
BEGUN = text("""
SELECT a.id::text, a.kind, a.began_at, a.calm_since, a.over_at, now() AS now, false AS is_end,
    u.id::text AS user_id, u.name, u.email, u.locale, u.time_zone
FROM portal.alarms a, portal.users u
WHERE a.over_at IS NULL AND u.is_active AND 'admin' = ANY(u.roles) AND u.id::text <> ALL (a.told)
ORDER BY a.began_at, u.id
""")
ENDED = text("""
SELECT a.id::text, a.kind, a.began_at, a.calm_since, a.over_at, now() AS now, true AS is_end,
    u.id::text AS user_id, u.name, u.email, u.locale, u.time_zone
FROM portal.alarms a, portal.users u
WHERE a.over_at > now() - interval '1 day' AND u.is_active
    AND u.id::text = ANY (a.told) AND u.id::text <> ALL (a.told_over)
ORDER BY a.over_at, u.id
""")
TOLD = text("""
UPDATE portal.alarms SET told = told || CAST(:user_id AS text) WHERE id = CAST(:id AS uuid)
""")
TOLD_OVER = text("""
UPDATE portal.alarms SET told_over = told_over || CAST(:user_id AS text)
WHERE id = CAST(:id AS uuid)
""")

log = structlog.get_logger("portal.alarms")


@dataclass(frozen=True)
class AlarmWatch:
    """Looks and mails. Any number may run side by side; of them one at a time does.

    `figures` says those of `/metrics`; it may raise SQLAlchemyError.
    """

    engine: Engine
    settings: Settings
    words: Environment
    figures: Callable[[], Mapping[str, float | None]]
    fresh_seconds: int = FRESH_SECONDS

    def start(self) -> None:
        """Begin to look, on a thread of its own that ends with the process."""
        threading.Thread(target=self._run, name="alarms", daemon=True).start()

    def _run(self) -> None:
        pause = threading.Event()
        while not pause.wait(SECONDS):
            try:
                self.turn()
            except SQLAlchemyError as error:
                log.warning("alarms.database_away", error=type(error).__name__)
            except Exception:  # the thread has to go on: nobody would tell of what came next
                log.exception("alarms.failed", alarm=True)

    def turn(self) -> None:
        """Look once, and mail what is to be told, unless another process does."""
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            if not connection.scalar(MINE):
                return
            try:
                self._look(connection)
                if self.settings.mail.host:
                    self._tell(connection)
            finally:
                connection.execute(DONE)

    def _look(self, connection: Connection) -> None:
        now = connection.scalar(BEGIN, {"fresh": self.fresh_seconds})
        if now is None:
            return
        rows = [row for row in connection.execute(OPEN) if row.kind in set(AlarmKind)]
        ids = {row.kind: row.id for row in rows}
        for after in looked(map(_state, rows), causes(self.figures()), now):
            if after.kind not in ids:
                log.warning("alarm.began", kind=after.kind)
            if after.over_at is not None:
                log.warning("alarm.over", kind=after.kind)
            values = {
                "id": ids.get(after.kind) or new_id(),
                "kind": after.kind,
                "began_at": after.began_at,
                "calm_since": after.calm_since,
                "over_at": after.over_at,
            }
            connection.execute(KEEP, values)

    def _tell(self, connection: Connection) -> None:
        begun = [row for row in connection.execute(BEGUN) if _rings(row)]
        ended = [row for row in connection.execute(ENDED) if row.kind in set(AlarmKind)]
        rows = [row for row in begun + ended if is_usable(row.email)]
        if not rows:
            return
        head = read_letterhead(connection, self.settings)
        with SmtpConnection(self.settings.mail) as door:
            for row in rows:
                try:
                    door.send(as_mail(self._letter(row, head), self.settings), row.email)
                except MailNotTaken as error:
                    log.warning("alarm.not_mailed", kind=row.kind, error=str(error))
                    if error.is_away:
                        return
                    continue
                told = TOLD_OVER if row.is_end else TOLD
                connection.execute(told, {"id": row.id, "user_id": row.user_id})
                log.warning("alarm.mailed", kind=row.kind, user=row.user_id, is_end=row.is_end)

    def _letter(self, row: Row[Any], head: Letterhead) -> Letter:
        said = WORDS[AlarmKind(row.kind)]
        with writing_to(row.locale, head.languages):
            head = head.spoken()
            heading = _(said.over if row.is_end else said.heading)
            context = {
                "row": row,
                "heading": heading,
                "meaning": _(said.meaning),
                "todo": _(said.todo),
                "link": f"{self.settings.public_url}{said.path}",
                "public_url": self.settings.public_url,
                "head": head,
            }
            return Letter(
                message_id=f"alarm-{row.id}-{'over' if row.is_end else 'began'}",
                thread=f"alarm-{row.id}",
                about="alarm",
                name=row.name,
                address=row.email,
                subject=heading,
                text=self.words.get_template("email/alarm.txt").render(context),
                html=self.words.get_template("email/alarm.html").render(context),
                head=head,
            )


def _state(row: Row[Any]) -> AlarmState:
    return AlarmState(AlarmKind(row.kind), row.began_at, row.calm_since, row.over_at)


def _rings(row: Row[Any]) -> bool:
    return row.kind in set(AlarmKind) and _state(row).rings(row.now)
