"""The kinds of messages that people get: what each says, when it is worth sending, who may mute it.

This is the one place to add a kind, beside the teller in `portal.notifications.compose` that makes
its notices. A kind that stands nowhere here is sent with plain words.
"""

from dataclasses import dataclass
from enum import StrEnum

from portal.domain.marked import msgid
from portal.domain.notices import troubles
from portal.domain.request.state import Status


class Channel(StrEnum):
    """A way to tell a person: the list inside the portal, or a way out of it."""

    PORTAL = "portal"
    MAIL = "mail"
    CHAT = "chat"


@dataclass(frozen=True, kw_only=True)
class Topic:
    """A group of kinds that people switch together. `label` says when."""

    code: str
    label: str


ASKED = Topic(code="asked", label=msgid("I am asked to decide"))
REMINDED = Topic(code="reminded", label=msgid("I get a reminder to decide"))
ESCALATED = Topic(
    code="escalated", label=msgid("A task is reassigned, delegated or escalated to or from me")
)
RETURNED = Topic(code="returned", label=msgid("My request is returned or gets a question"))
OUTCOME = Topic(code="outcome", label=msgid("My request is decided, put on hold or closed"))
COMMENTED = Topic(code="commented", label=msgid("Someone comments on a request I am involved in"))
OTHERS = Topic(
    code="others", label=msgid("A request I was asked to decide is decided or withdrawn")
)
TOLD = Topic(code="told", label=msgid("I get a request for information only"))
ATTENTION = Topic(code="attention", label=msgid("A request needs an administrator"))
TOPICS = (
    ASKED,
    REMINDED,
    ESCALATED,
    RETURNED,
    OUTCOME,
    COMMENTED,
    OTHERS,
    TOLD,
    ATTENTION,
)


@dataclass(frozen=True, kw_only=True)
class NoticeKind:
    """A kind of message.

    `heading`: the mail's first words, without the request. `asks`: it asks for a decision on its
    task, so it is only true while that task is open and the reader's. `while_status`: the statuses
    of the request for which it is still true; absent = all. `gathers`: anybody may cause many of it
    about one request; a person gets one at once, and those of a while after it as one.
    """

    code: str
    topic: Topic
    heading: str
    asks: bool = False
    while_status: tuple[Status, ...] = ()
    gathers: bool = False


KINDS: dict[str, NoticeKind] = {
    kind.code: kind
    for kind in (
        NoticeKind(code="assigned", topic=ASKED, heading=msgid("Needs your approval"), asks=True),
        NoticeKind(
            code="reminder", topic=REMINDED, heading=msgid("Reminder: please decide"), asks=True
        ),
        NoticeKind(code="escalated", topic=ESCALATED, heading=msgid("Escalated to you"), asks=True),
        NoticeKind(
            code="reassigned", topic=ESCALATED, heading=msgid("Reassigned to you"), asks=True
        ),
        NoticeKind(code="delegated", topic=ESCALATED, heading=msgid("Delegated to you"), asks=True),
        NoticeKind(code="given_back", topic=ESCALATED, heading=msgid("Back with you"), asks=True),
        NoticeKind(
            code="amended",
            topic=ASKED,
            heading=msgid("Changed: needs your approval"),
            asks=True,
            gathers=True,
        ),
        NoticeKind(code="moved_over", topic=ASKED, heading=msgid("Moved here from the old system")),
        NoticeKind(
            code="moved", topic=ESCALATED, heading=msgid("No longer assigned to you"), gathers=True
        ),
        NoticeKind(
            code="returned",
            topic=RETURNED,
            heading=msgid("Returned to you"),
            while_status=(Status.RETURNED,),
        ),
        NoticeKind(
            code="approved",
            topic=OUTCOME,
            heading=msgid("Approved"),
            while_status=(Status.APPROVED,),
        ),
        NoticeKind(
            code="rejected",
            topic=OUTCOME,
            heading=msgid("Rejected"),
            while_status=(Status.REJECTED,),
        ),
        NoticeKind(
            code="timed_out",
            topic=OUTCOME,
            heading=msgid("Expired"),
            while_status=(Status.TIMEOUT,),
        ),
        NoticeKind(
            code="cancelled",
            topic=OUTCOME,
            heading=msgid("Cancelled"),
            while_status=(Status.CANCELLED,),
        ),
        NoticeKind(
            code="withdrawn",
            topic=OTHERS,
            heading=msgid("Withdrawn"),
            while_status=(Status.WITHDRAWN,),
        ),
        NoticeKind(
            code="held", topic=OUTCOME, heading=msgid("Put on hold"), while_status=(Status.ON_HOLD,)
        ),
        NoticeKind(code="comment", topic=COMMENTED, heading=msgid("New comment"), gathers=True),
        NoticeKind(
            code="question",
            topic=RETURNED,
            heading=msgid("A question about your request"),
            gathers=True,
        ),
        NoticeKind(
            code="answer",
            topic=ASKED,
            heading=msgid("Your question was answered"),
            asks=True,
            gathers=True,
        ),
        NoticeKind(
            code="moved_policy",
            topic=OUTCOME,
            heading=msgid("Moved to a newer policy"),
            gathers=True,
        ),
        NoticeKind(
            code="overridden",
            topic=OTHERS,
            heading=msgid("Decided by an administrator"),
            gathers=True,
        ),
        NoticeKind(code="decided", topic=OTHERS, heading=msgid("Decided"), gathers=True),
        NoticeKind(code="told", topic=TOLD, heading=msgid("For information only")),
        NoticeKind(
            code="attention", topic=ATTENTION, heading=msgid("Needs attention"), gathers=True
        ),
    )
}


def kind_named(code: str) -> NoticeKind:
    """The kind of that code, or one with plain words for a code that stands nowhere here."""
    return KINDS.get(code) or NoticeKind(code=code, topic=TOLD, heading=msgid("Update"))


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
        return troubles.INACTIVE
    if not standing.sees:
        return troubles.MAY_NOT_SEE
    if kind.asks and not standing.task_is_theirs:
        return troubles.NOT_THEIRS
    if standing.is_repeated:
        return troubles.SAID_LATER
    if kind.asks and standing.status is not Status.PENDING:
        return troubles.NOT_PENDING
    if kind.while_status and standing.status not in kind.while_status:
        return troubles.MOVED_ON
    if kind.topic is ATTENTION and not standing.attention:
        return troubles.CALM
    return None
