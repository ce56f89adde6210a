"""Where a link leads, whatever has happened since it was sent."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.domain.notices.links import (
    FollowedLink,
    LinkTarget,
    is_proof,
    leads,
    may_decide_unsigned,
)
from portal.domain.request.state import Status, TaskStatus

PEOPLE = st.sampled_from(["ben", "cleo", "eve"])
LINKS = st.builds(
    FollowedLink,
    recipient_id=PEOPLE,
    assignee_id=PEOPLE,
    decided_by=st.none() | PEOPLE,
    task_status=st.sampled_from(TaskStatus),
    status=st.sampled_from(Status),
    content_version=st.integers(1, 3),
    seen_version=st.integers(1, 3),
    is_expired=st.booleans(),
    is_revoked=st.booleans(),
)
FRESH = FollowedLink(
    recipient_id="ben", assignee_id="ben", decided_by=None, task_status=TaskStatus.OPEN,
    status=Status.PENDING, content_version=1, seen_version=1,
)  # fmt: skip


@settings(deadline=None)
@given(link=LINKS, person=st.none() | PEOPLE)
def test_only_the_recipient_gets_anywhere(link: FollowedLink, person: str | None) -> None:
    way = leads(link, person)
    if person is not None and person != link.recipient_id:
        assert way in (LinkTarget.ELSEWHERE, LinkTarget.OVER)
    if way is LinkTarget.TO_THE_TASK and person is not None:
        assert (link.assignee_id, link.task_status) == (person, TaskStatus.OPEN)
        assert link.content_version == link.seen_version
        assert not link.is_revoked
    if link.is_expired or link.assignee_id != link.recipient_id:
        assert way is LinkTarget.OVER


@settings(deadline=None)
@given(link=LINKS)
def test_a_visitor_learns_nothing_but_whether_it_is_over(link: FollowedLink) -> None:
    assert leads(link, None) in (LinkTarget.TO_THE_TASK, LinkTarget.OVER)


@pytest.mark.parametrize(
    ("change", "way"),
    [
        ({}, LinkTarget.TO_THE_TASK),
        ({"is_expired": True}, LinkTarget.OVER),
        ({"is_revoked": True}, LinkTarget.OVER),
        ({"assignee_id": "cleo", "is_revoked": True}, LinkTarget.OVER),
        ({"status": Status.WITHDRAWN, "task_status": TaskStatus.WITHDRAWN}, LinkTarget.OVER),
        ({"task_status": TaskStatus.DECIDED, "decided_by": "ben"}, LinkTarget.DONE),
        ({"task_status": TaskStatus.WITHDRAWN, "is_revoked": True}, LinkTarget.CHANGED),
        ({"content_version": 2, "is_revoked": True}, LinkTarget.CHANGED),
    ],
)
def test_each_case(change: dict[str, object], way: LinkTarget) -> None:
    assert leads(replace(FRESH, **change), "ben") is way  # type: ignore[arg-type]


@settings(deadline=None)
@given(amount=st.none() | st.integers(0, 100), up_to=st.none() | st.integers(0, 100))
def test_without_signing_in_only_up_to_the_limit(amount: int | None, up_to: int | None) -> None:
    allowed = may_decide_unsigned(amount, up_to)
    assert allowed is (amount is not None and up_to is not None and amount <= up_to)


def test_the_proof_is_the_end_of_the_number() -> None:
    assert is_proof(" 2052 ", "PR-2052")
    assert is_proof("r-99", "PR-99")
    assert not is_proof("", "PR-2052")
    assert not is_proof("2051", "PR-2052")
