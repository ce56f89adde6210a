"""What services raise where a person's wish cannot be met; pages turn it into an answer."""

from dataclasses import dataclass

from portal.domain.errors import REFUSAL_SENTENCES, Refusal
from portal.domain.request.commands import Command
from portal.translation import _

STATUS: dict[Refusal, int] = {
    Refusal.NOT_YOURS: 403,
    Refusal.NO_LONGER_YOURS: 403,
    Refusal.EXCLUDED: 403,
    Refusal.NOT_ALLOWED: 403,
    Refusal.UNKNOWN_TASK: 404,
    Refusal.OWN_REQUEST: 403,
    Refusal.NOT_SIGNED: 403,
    Refusal.COMMENT_REQUIRED: 422,
    Refusal.NOBODY: 422,
    Refusal.ADDED_ENOUGH: 422,
    Refusal.BARRED: 422,
    Refusal.NOT_A_RECEIVER: 422,
    Refusal.REASON_NEEDED: 422,
    Refusal.ALREADY_ASKED: 422,
    Refusal.UNCHANGED: 422,
    Refusal.UNSUPPORTED: 422,
    Refusal.TOO_SOON: 429,
}


@dataclass
class Refused(Exception):
    """A command was refused. `comment` is what the person typed, so that the page keeps it;
    `detail` says more than the reason's own sentence."""

    reason: Refusal
    comment: str = ""
    detail: str = ""

    @property
    def status(self) -> int:
        """The HTTP status that says it: 403 not yours, 409 too late or changed, 422 incomplete."""
        return STATUS.get(self.reason, 409)

    @property
    def sentence(self) -> str:
        """Why, in the product's words."""
        return self.detail or _(REFUSAL_SENTENCES[self.reason])


def text_of(command: Command) -> str:
    """What a person typed into a command."""
    return getattr(command, "comment", "") or getattr(command, "reason", "")


@dataclass
class TooMany(Exception):
    """Too many tries; the next is welcome in `retry_after` seconds."""

    retry_after: int


class Closed(Exception):
    """The portal takes no commands now; nothing was recorded."""


class GivenBack(Exception):
    """The request is decided in the old system again; nothing was recorded."""


class Busy(Exception):
    """The portal has as much work as it can take; nothing was done, trying again is safe."""
