"""What a link in a message still leads to, for the person who follows it."""

from dataclasses import dataclass
from enum import StrEnum

from portal.domain.request.state import Status, TaskStatus


class LinkTarget(StrEnum):
    """Where a link leads. OVER says the same of links that are expired, revoked or unknown."""

    TO_THE_TASK = "to_the_task"
    ELSEWHERE = "elsewhere"
    DONE = "done"
    CHANGED = "changed"
    OVER = "over"


@dataclass(frozen=True, kw_only=True)
class FollowedLink:
    """A link as it is now: whom it was sent to, and how its task and request stand.

    `content_version` is the request's; `seen_version` the one that the message was about.
    """

    recipient_id: str
    assignee_id: str
    decided_by: str | None
    task_status: TaskStatus
    status: Status
    content_version: int
    seen_version: int
    is_expired: bool = False
    is_revoked: bool = False


# These ends leave nothing to show to whoever was asked.
ENDED = (Status.WITHDRAWN, Status.CANCELLED)


def leads(link: FollowedLink, person_id: str | None) -> LinkTarget:
    """Where the link leads that person; None is somebody who has not signed in yet."""
    if _is_over(link):
        return LinkTarget.OVER
    if person_id is not None and person_id != link.recipient_id:
        return LinkTarget.ELSEWHERE
    if person_id is not None and link.decided_by == person_id:
        return LinkTarget.DONE
    if person_id is not None and _is_changed(link):
        return LinkTarget.CHANGED
    return LinkTarget.TO_THE_TASK


def _is_over(link: FollowedLink) -> bool:
    moved = link.assignee_id != link.recipient_id
    if link.is_expired or moved or link.status in ENDED:
        return True
    # What a decision or new content revoked is told as such.
    return link.is_revoked and not _is_changed(link)


def _is_changed(link: FollowedLink) -> bool:
    return (
        link.task_status is not TaskStatus.OPEN
        or not link.status.is_open
        or link.content_version != link.seen_version
    )


def may_decide_unsigned(amount: int | None, up_to: int | None) -> bool:
    """Whether a request of that amount may be decided from a link without signing in; `up_to` is
    its policy's word. Both in minor units; without either it may not."""
    return amount is not None and up_to is not None and amount <= up_to


def is_proof(typed: str, number: str) -> bool:
    """Whether somebody typed the last four characters of the request's number."""
    return typed.strip().upper() == number[-4:].upper()
