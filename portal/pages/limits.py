"""How much one person may send or look for in a while.

Counted in PostgreSQL, since there are several web processes. A limit answers 429 with the time when
it goes again, and what was typed is kept. Whatever form has no kind of its own counts as a change.
Decisions have no limit: whoever has a hundred tasks may decide a hundred.
"""

from flask import Flask, current_app, request

from portal.security.guards import guard_of
from portal.security.sessions import SAFE_METHODS, current_settings, portal_session
from portal.services import attempts

MESSAGES = (
    "requests.add_comment", "requests.send_reminder", "requests.ask_question",
    "requests.answer_question", "requests.add_an_approver", "requests.reassign_task",
    "requests.delegate_task", "requests.take_back_task", "requests.withdraw_request",
    "requests.hold_request", "requests.resume_request", "requests.cancel_request",
    "profile.set_away", "profile.set_away_of", "profile.end_away", "admin.send_invitations",
    "admin.send_test_mail", "admin.make_password_link", "admin.test_channel", "admin.test_webhook",
    "admin.test_stream", "admin.deliver_again", "admin.deliver_all_again", "admin.send_one_again",
    "admin.send_all_again",
)  # fmt: skip
REQUESTS = ("requests.submit", "requests.amend_request", "requests.resubmit_request")
SEARCHES = ("search.show", "history.show", "insights.show", "audit.show")
# These read much, whether or not anything is asked for.
WHOLE = (
    "history.as_csv", "history.as_ndjson", "history.evidence_pack", "insights.as_csv",
    "audit.export", "audit.evidence_pack", "admin.export_back_test", "profile.export_kept",
    "profile.export_kept_of",
)  # fmt: skip
# Without a limit: decisions, what asks for a password or a second factor and counts its tries, and
# what leaves nothing behind but a mark of one's own.
FREE = (
    "requests.override_request", "tasks.decision", "tasks.undo_decision", "tasks.sign",
    "inbox.choose", "inbox.decide_batch", "inbox.undo_batch",
    "second_step.confirm", "second_step.begin_to_confirm", "providers.begin_confirming",
    "sign_in.leave",
    "notifications.read", "notifications.read_one",
)  # fmt: skip


def register(app: Flask) -> None:
    """Hold every person to the limits. To be registered behind the CSRF check: what another site
    sends in somebody's name counts against nobody. Programs have limits of their own."""

    @app.before_request
    def hold() -> None:
        person = portal_session().identity
        guard = guard_of(current_app.view_functions.get(request.endpoint or ""))
        if person is None or guard is None or guard.by_token:
            return
        kinds = {f"{kind}:{person.id}": most for kind, most in _kinds() if most}
        if kinds and request.method in SAFE_METHODS:
            attempts.count(*kinds.popitem())
        elif kinds and guard.permission is not None:
            attempts.begin(kinds)


def _kinds() -> list[tuple[str, int]]:
    """What the present request counts as, with the limit of each."""
    limits, endpoint = current_settings().limits, request.endpoint
    if request.method in SAFE_METHODS:
        is_search = endpoint in WHOLE or (endpoint in SEARCHES and request.args)
        return [("searches", limits.searches)] if is_search else []
    kinds = [("uploads", limits.uploads)] if any(request.files.values()) else []
    if endpoint in MESSAGES:
        kinds.append(("messages", limits.messages))
    elif endpoint in REQUESTS:
        kinds.append(("requests", limits.requests))
    elif endpoint not in FREE:
        kinds.append(("changes", limits.changes))
    return kinds
