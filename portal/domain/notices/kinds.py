"""The kinds of messages that people get: what each says, when it is worth sending, who may mute it.

This is the one place to add a kind, beside the teller in `portal.notifications.compose` that makes
its notices. A kind that stands nowhere here is sent with plain words.
"""

from dataclasses import dataclass
from enum import StrEnum

from portal.domain.request.values import Status


class Channel(StrEnum):
    """A way to tell a person: the list inside the portal, or a way out of it."""

    PORTAL = "portal"
    MAIL = "mail"
    CHAT = "chat"


@dataclass(frozen=True, kw_only=True)
class Topic:
    """A group of kinds that people switch together. `label` completes "Tell me when"."""

    code: str
    label: str


ASKED = Topic(code="asked", label="I am asked to decide")
REMINDED = Topic(code="reminded", label="a decision of mine is late, or somebody reminds me")
ESCALATED = Topic(code="escalated", label="a decision moves to me or away from me")
RETURNED = Topic(code="returned", label="my request is sent back, or somebody asks about it")
OUTCOME = Topic(code="outcome", label="my request is decided, held or ended")
COMMENTED = Topic(code="commented", label="somebody comments on a request that concerns me")
OTHERS = Topic(code="others", label="a request that I was asked about is decided or withdrawn")
TOLD = Topic(code="told", label="I am told of a request and have nothing to do")
ATTENTION = Topic(code="attention", label="a request needs an administrator")
TOPICS = (
    ASKED, REMINDED, ESCALATED, RETURNED, OUTCOME, COMMENTED, OTHERS, TOLD, ATTENTION,
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class NoticeKind:
    """A kind of message.

    `heading`: the mail's first words, without the request. `asks`: it asks for a decision on its
    task, so it is only true while that task is open and the reader's. `while_status`: the statuses
    of the request for which it is still true; absent = all.
    """

    code: str
    topic: Topic
    heading: str
    asks: bool = False
    while_status: tuple[Status, ...] = ()


KINDS: dict[str, NoticeKind] = {
    kind.code: kind
    for kind in (
        NoticeKind(code="assigned", topic=ASKED, heading="Your decision is needed", asks=True),
        NoticeKind(code="reminder", topic=REMINDED, heading="Reminder: please decide", asks=True),
        NoticeKind(
            code="escalated", topic=ESCALATED, heading="Escalated to you: please decide", asks=True
        ),
        NoticeKind(code="reassigned", topic=ESCALATED, heading="Now yours to decide", asks=True),
        NoticeKind(code="delegated", topic=ESCALATED, heading="Please decide for them", asks=True),
        NoticeKind(code="given_back", topic=ESCALATED, heading="Yours to decide again", asks=True),
        NoticeKind(
            code="amended", topic=ASKED, heading="Changed while it waits for you", asks=True
        ),
        NoticeKind(code="moved_over", topic=ASKED, heading="Came over from the old system to you"),
        NoticeKind(code="moved", topic=ESCALATED, heading="No longer with you"),
        NoticeKind(
            code="returned", topic=RETURNED, heading="Sent back to you",
            while_status=(Status.RETURNED,),
        ),
        NoticeKind(
            code="approved", topic=OUTCOME, heading="Approved", while_status=(Status.APPROVED,)
        ),
        NoticeKind(
            code="rejected", topic=OUTCOME, heading="Rejected", while_status=(Status.REJECTED,)
        ),
        NoticeKind(
            code="timed_out", topic=OUTCOME, heading="Ended undecided",
            while_status=(Status.TIMEOUT,),
        ),
        NoticeKind(
            code="cancelled", topic=OUTCOME, heading="Cancelled", while_status=(Status.CANCELLED,)
        ),
        NoticeKind(
            code="withdrawn", topic=OTHERS, heading="Withdrawn", while_status=(Status.WITHDRAWN,)
        ),
        NoticeKind(
            code="held", topic=OUTCOME, heading="Put on hold", while_status=(Status.ON_HOLD,)
        ),
        NoticeKind(code="comment", topic=COMMENTED, heading="New comment"),
        NoticeKind(code="question", topic=RETURNED, heading="A question about your request"),
        NoticeKind(code="answer", topic=ASKED, heading="Your question is answered", asks=True),
        NoticeKind(code="moved_policy", topic=OUTCOME, heading="Moved to a newer policy"),
        NoticeKind(code="overridden", topic=OTHERS, heading="Decided by an administrator"),
        NoticeKind(code="decided", topic=OTHERS, heading="Decided"),
        NoticeKind(code="told", topic=TOLD, heading="For your information"),
        NoticeKind(code="attention", topic=ATTENTION, heading="Needs attention"),
    )
}  # fmt: skip


def kind_named(code: str) -> NoticeKind:
    """The kind of that code, or one with plain words for a code that stands nowhere here."""
    return KINDS.get(code) or NoticeKind(code=code, topic=TOLD, heading="News")


@dataclass(frozen=True, kw_only=True)
class DeliveryContext:
    """What sending a message depends on, as it is at the moment of sending.

    `task_is_theirs`: the message's task is open and the reader's. `sees`: the reader may still see
    the request. `attention`: it still needs an administrator. `is_repeated`: the person was told
    the same of the same task again, later.
    """

    is_active: bool
    status: Status
    task_is_theirs: bool = False
    sees: bool = True
    attention: bool = True
    is_repeated: bool = False


def why_not(kind: NoticeKind, standing: DeliveryContext) -> str | None:
    """Why a message is not worth sending any more; None while it is still true."""
    if not standing.is_active:
        return "The person's account is not active."
    if not standing.sees:
        return "The person may not see the request any more."
    if kind.asks and not standing.task_is_theirs:
        return "The task was decided or is not theirs any more."
    if standing.is_repeated:
        return "A later message says the same."
    if kind.asks and standing.status is not Status.PENDING:
        return "The request does not wait for decisions now."
    if kind.while_status and standing.status not in kind.while_status:
        return "The request has moved on."
    if kind.topic is ATTENTION and not standing.attention:
        return "The request needs no attention any more."
    return None
