"""How much one person may send in a while of what creates rows and mail for others.

Counted in PostgreSQL, since there are several web processes; searches, which write nothing, in
each process. A limit answers 429 with the time when it goes again, and what was typed is kept.
Decisions have none: whoever has a hundred tasks may decide a hundred.
"""

import threading
import time
from collections import deque
from dataclasses import dataclass, field

from flask import Flask, request

from portal.security.sessions import SAFE_METHODS, current_settings, portal_session
from portal.services import attempts
from portal.services.errors import TooMany

MESSAGES = (
    "requests.add_comment", "requests.send_reminder", "requests.ask_question",
    "requests.answer_question", "requests.add_an_approver", "requests.reassign_task",
    "requests.delegate_task", "requests.take_back_task", "requests.withdraw_request",
    "requests.hold_request", "requests.resume_request", "requests.cancel_request",
)  # fmt: skip
REQUESTS = ("requests.submit", "requests.amend_request", "requests.resubmit_request")
SEARCHES = ("search.show", "history.show", "history.as_csv")
# Reads everything, whether or not anything is asked for.
WHOLE = "history.as_csv"
# Without a limit of their own: decisions, and what has one already (drafts, a password asked).
FREE = (
    "requests.save_draft", "requests.delete_draft", "requests.override_request", "tasks.decision",
    "tasks.undo_decision", "tasks.decide_unsigned_task", "tasks.sign",
)  # fmt: skip


def register(app: Flask) -> None:
    """Hold every person to the limits. To be registered behind the CSRF check: what another site
    sends in somebody's name counts against nobody."""
    searches = _Memory()

    @app.before_request
    def hold() -> None:
        person = portal_session().identity
        if person is None:
            return
        if request.method in SAFE_METHODS:
            most = current_settings().limits.searches
            is_search = request.endpoint in SEARCHES and (request.args or request.endpoint == WHOLE)
            if is_search and most:
                searches.take(person.id, most)
            return
        kinds = {f"{kind}:{person.id}": most for kind, most in _kinds() if most}
        if kinds:
            attempts.begin(kinds)


def _kinds() -> list[tuple[str, int]]:
    """What the form that is being answered counts as."""
    limits, kinds = current_settings().limits, []
    if request.endpoint in MESSAGES:
        kinds.append(("messages", limits.messages))
    elif request.endpoint in REQUESTS:
        kinds.append(("requests", limits.requests))
    if any(request.files.values()):
        kinds.append(("uploads", limits.uploads))
    return kinds


@dataclass
class _Memory:
    """The searches of the last while in this process, by person."""

    times: dict[str, deque[float]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, person_id: str, most: int) -> None:
        """Note one more. Raises TooMany."""
        now, window = time.monotonic(), attempts.WINDOW.total_seconds()
        with self.lock:
            mine = self.times.pop(person_id, deque())
            self.times[person_id] = mine  # the last one seen stands last
            while mine and mine[0] <= now - window:
                mine.popleft()
            if len(mine) >= most:
                raise TooMany(int(mine[0] + window - now) + 1)
            mine.append(now)
            self._forget(now - window)

    def _forget(self, before: float) -> None:
        """Leave out whoever searched last before that."""
        for person_id in list(self.times):
            if self.times[person_id][-1] > before:
                return
            del self.times[person_id]
