"""Errors that the domain raises, and the reasons for which a command is refused."""

from enum import StrEnum


class DomainError(Exception):
    """A rule of the domain was broken by the caller; the message is a sentence for people."""


class InvalidPolicy(DomainError):
    """A policy's definition makes no sense; the message names the stage and what to change."""


class CannotDecode(DomainError):
    """Stored or received data do not fit the dataclass they should become; names the field."""


class Refusal(StrEnum):
    """Why a command had no effect; the value is kept in the audit event and the command row."""

    LATE = "late"
    CLOSED = "closed"
    STALE = "stale"
    NOT_YOURS = "not_yours"
    NO_LONGER_YOURS = "no_longer_yours"
    EXCLUDED = "excluded"
    NOT_ALLOWED = "not_allowed"
    COMMENT_REQUIRED = "comment_required"
    ON_HOLD = "on_hold"
    NOT_HELD = "not_held"
    NOT_RETURNED = "not_returned"
    RETURNED = "returned"
    UNCHANGED = "unchanged"
    UNDO_OVER = "undo_over"
    TOO_SOON = "too_soon"
    ALREADY_ASKED = "already_asked"
    UNKNOWN_TASK = "unknown_task"
    DELEGATED = "delegated"
    ASKED_BEFORE = "asked_before"
    ANSWER_FIRST = "answer_first"
    ADDED_ENOUGH = "added_enough"
    NOBODY = "nobody"
    BARRED = "barred"
    NOT_A_RECEIVER = "not_a_receiver"
    REASON_NEEDED = "reason_needed"
    OWN_REQUEST = "own_request"
    KEY_USED = "key_used"
    UNSUPPORTED = "unsupported"


REFUSAL_SENTENCES: dict[Refusal, str] = {
    Refusal.LATE: "Someone decided first, or the request had already moved on.",
    Refusal.CLOSED: "The request is closed; nothing about it can change any more.",
    Refusal.STALE: "The request was changed after you opened it.",
    Refusal.NOT_YOURS: "This task belongs to someone else.",
    Refusal.NO_LONGER_YOURS: "This task is no longer yours: the right that gave it to you ended.",
    Refusal.EXCLUDED: (
        "You may not decide this request, because you asked for it or decided it before."
    ),
    Refusal.NOT_ALLOWED: "You may not do this with this request.",
    Refusal.COMMENT_REQUIRED: "This decision needs a comment.",
    Refusal.ON_HOLD: "The request is on hold; it has to be resumed first.",
    Refusal.NOT_HELD: "The request is not on hold.",
    Refusal.NOT_RETURNED: "The request was not sent back, so there is nothing to send again.",
    Refusal.RETURNED: "The request was sent back: change it there and send it again.",
    Refusal.UNCHANGED: "Nothing was changed: it says what it said before.",
    Refusal.KEY_USED: (
        "This form was sent before, for something else. Nothing was recorded now: open the page"
        " again and send it once more."
    ),
    Refusal.UNDO_OVER: "The time for undoing is over.",
    Refusal.TOO_SOON: "A reminder was sent only a short while ago.",
    Refusal.ALREADY_ASKED: "This person is asked in the same stage already: one person, one vote.",
    Refusal.UNKNOWN_TASK: "There is no such task in this request.",
    Refusal.DELEGATED: "It is delegated already; it has to be taken back first.",
    Refusal.ASKED_BEFORE: "The last question about this task is not answered yet.",
    Refusal.ANSWER_FIRST: "They wait for your answer, so there is nobody to remind.",
    Refusal.ADDED_ENOUGH: "No more people can be added to this stage.",
    Refusal.NOBODY: (
        "That person cannot be given a task: they are not known here, have left, or may only read."
    ),
    Refusal.BARRED: (
        "That person may never decide this: they asked for it, it is for them, or they decided an"
        " earlier stage."
    ),
    Refusal.NOT_A_RECEIVER: (
        "That person cannot receive this task: choose somebody whom the rules of this stage name,"
        " who stands in there, or a manager above."
    ),
    Refusal.REASON_NEEDED: "Say why: the rules of this stage do not name that person.",
    Refusal.OWN_REQUEST: "It is your own request: somebody else has to choose who decides it.",
    Refusal.UNSUPPORTED: "This version of the portal does not know this command.",
}
