"""Errors that the domain raises, and the reasons for which a command is refused."""

from enum import StrEnum
from typing import Any

from portal.domain.marked import Sentence, msgid


class DomainError(Exception):
    """A rule of the domain was broken by the caller; the message is a sentence for people."""


class InvalidPolicy(DomainError):
    """A policy's definition makes no sense; the sentence names the stage and what to change."""

    def __init__(self, text: str, /, **values: Any) -> None:
        self.sentence = Sentence(text, values)
        super().__init__(str(self.sentence))


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
    FULL = "full"
    NOT_SIGNED = "not_signed"
    UNSUPPORTED = "unsupported"


REFUSAL_SENTENCES: dict[Refusal, str] = {
    Refusal.LATE: msgid("Someone else already decided this, or the request has moved on."),
    Refusal.CLOSED: msgid("This request is closed and cannot be changed."),
    Refusal.STALE: msgid("The request changed after you opened it."),
    Refusal.NOT_YOURS: msgid("This task is assigned to someone else."),
    Refusal.NO_LONGER_YOURS: msgid(
        "This task is no longer yours: the right that gave it to you has ended."
    ),
    Refusal.EXCLUDED: (
        msgid(
            "You cannot decide this request, because you requested it or decided an earlier stage."
        )
    ),
    Refusal.NOT_ALLOWED: msgid("You are not allowed to do this."),
    Refusal.COMMENT_REQUIRED: msgid("This decision needs a comment."),
    Refusal.ON_HOLD: msgid("The request is on hold. Resume it first."),
    Refusal.NOT_HELD: msgid("The request is not on hold."),
    Refusal.NOT_RETURNED: msgid("The request was not returned, so it cannot be resubmitted."),
    Refusal.RETURNED: msgid("The request was returned. Change it and resubmit it."),
    Refusal.UNCHANGED: msgid("Nothing was changed."),
    Refusal.KEY_USED: (
        msgid(
            "This form was already used for something else. Nothing was saved: reload the page"
            " and try again."
        )
    ),
    Refusal.UNDO_OVER: msgid("It is too late to undo."),
    Refusal.TOO_SOON: msgid("A reminder was sent recently."),
    Refusal.ALREADY_ASKED: msgid("This person is already asked in this stage."),
    Refusal.UNKNOWN_TASK: msgid("This task does not exist."),
    Refusal.DELEGATED: msgid("This task is already delegated. Take it back first."),
    Refusal.ASKED_BEFORE: msgid("Your last question about this task has not been answered yet."),
    Refusal.ANSWER_FIRST: msgid(
        "The approvers are waiting for your answer, so there is no one to remind."
    ),
    Refusal.ADDED_ENOUGH: msgid("No more approvers can be added to this stage."),
    Refusal.NOBODY: (
        msgid("This person cannot be given a task: they are unknown, have left, or can only read.")
    ),
    Refusal.BARRED: (
        msgid(
            "This person cannot decide this request: they requested it, it is for them, or they"
            " decided an earlier stage."
        )
    ),
    Refusal.NOT_A_RECEIVER: msgid(
        "This person cannot receive this task. Choose someone the rules of this stage name, their"
        " stand-in, or a manager above."
    ),
    Refusal.REASON_NEEDED: msgid(
        "Enter a reason: the rules of this stage do not name that person."
    ),
    Refusal.OWN_REQUEST: msgid(
        "This is your own request. Someone else must choose who decides it."
    ),
    Refusal.FULL: msgid(
        "This request has as many entries as one can hold. Decide it, or withdraw it and ask anew."
    ),
    Refusal.NOT_SIGNED: msgid(
        "This decision has to be confirmed or signed by you on its own page."
    ),
    Refusal.UNSUPPORTED: msgid("This version of the portal does not support this action."),
}
