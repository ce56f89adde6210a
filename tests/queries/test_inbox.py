"""The inbox of a person with very many tasks."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import literal_column, select, update

from portal.domain.request.state import Priority
from portal.extensions import db
from portal.models import Request, Task
from portal.queries import inbox
from portal.queries.inbox import InboxCursor, InboxMoments, InboxTask, InboxView, Narrowed, Order
from tests.queries.conftest import TASKS, Crowd

NOW = datetime.now(UTC)
CLOCK = InboxMoments(NOW, NOW + timedelta(hours=6))


def walk(
    crowd: Crowd, view: InboxView, text: str = "", narrowed: Narrowed | None = None
) -> list[InboxTask]:
    """All pages, one after the other."""
    found: list[InboxTask] = []
    after: InboxCursor | None = None
    while True:
        page = inbox.page(crowd.people.ben, view, CLOCK, text, after, narrowed=narrowed)
        found += page.tasks
        if page.following is None:
            return found
        after = page.following


def test_pages_neither_skip_nor_repeat(crowd: Crowd) -> None:
    tasks = walk(crowd, InboxView.ALL)
    assert len({task.id for task in tasks}) == len(tasks) == TASKS
    dates = [task.due_at or datetime.max.replace(tzinfo=UTC) for task in tasks]
    assert dates == sorted(dates)


@pytest.fixture
def varied(crowd: Crowd) -> Iterator[Crowd]:
    """Requests of all priorities, some of them needed by a day; undone afterwards."""
    values = "(ARRAY['LOW', 'MEDIUM', 'HIGH', 'URGENT', 'CRITICAL'])[1 + amount % 5]"
    db.session.execute(
        update(Request).values(
            priority=literal_column(values),
            due_at=literal_column(
                "CASE WHEN amount % 3 > 0 THEN now() + amount % 50 * interval '7 hours' END"
            ),
        )
    )
    yield crowd
    db.session.rollback()


PRESSING = ["CRITICAL", "URGENT", "HIGH", "MEDIUM", "LOW"]


@pytest.mark.parametrize("view", list(InboxView))
def test_other_orders_neither_skip_nor_repeat(varied: Crowd, view: InboxView) -> None:
    known = {task.id for task in walk(varied, view)}
    needed = walk(varied, view, narrowed=Narrowed(order=Order.NEEDED))
    assert {task.id for task in needed} == known
    assert len(needed) == len(known)
    days = [task.needed_by or datetime.max.replace(tzinfo=UTC) for task in needed]
    assert days == sorted(days)
    urgent = walk(varied, view, narrowed=Narrowed(order=Order.PRIORITY))
    assert {task.id for task in urgent} == known
    assert len(urgent) == len(known)
    last = datetime.max.replace(tzinfo=UTC)
    places = [(PRESSING.index(task.priority), task.due_at or last) for task in urgent]
    assert places == sorted(places)


@pytest.mark.parametrize("order", list(Order))
def test_filters_leave_what_fits(varied: Crowd, order: Order) -> None:
    until = NOW + timedelta(days=2)
    wanted = Narrowed(type_code="lamps", priority=Priority.HIGH, needed_until=until, order=order)
    found = {task.id for task in walk(varied, InboxView.ALL, "piece", wanted)}
    every = walk(varied, InboxView.ALL)
    assert found == {
        task.id
        for task in every
        if task.type_name == "Lamps"
        and task.priority == "HIGH"
        and task.needed_by is not None
        and task.needed_by <= until
    }
    assert found


def test_the_views_divide_the_whole(crowd: Crowd) -> None:
    parts = [walk(crowd, view) for view in (InboxView.OVERDUE, InboxView.TODAY, InboxView.LATER)]
    assert sum(map(len, parts)) == TASKS
    overdue, today, later = parts
    assert all(task.due_at and task.due_at <= NOW for task in overdue)
    assert all(task.due_at and NOW < task.due_at <= CLOCK.day_ends for task in today)
    assert all(task.due_at is None or task.due_at > CLOCK.day_ends for task in later)
    assert any(task.due_at is None for task in later)


def test_counting_stops_where_nobody_counts_any_more(crowd: Crowd) -> None:
    counts = inbox.counts(crowd.people.ben, CLOCK)
    assert counts.overdue == counts.later == inbox.COUNT_LIMIT
    assert 0 < counts.today < inbox.COUNT_LIMIT


@pytest.mark.parametrize("text", ["oak", "MA-6", "person 1", "OAK PIECE 3", "öak"])
def test_the_search_looks_into_title_number_and_requester(crowd: Crowd, text: str) -> None:
    found = walk(crowd, InboxView.ALL, text)
    assert found
    for task in found:
        said = f"{task.title} {task.number} {task.requester_name}".lower()
        assert all(word in said for word in text.lower().replace("ö", "o").split())


@pytest.mark.parametrize("text", ["%", "_", "\\", "'; --", "oak%", "никто"])
def test_signs_of_patterns_are_only_signs(crowd: Crowd, text: str) -> None:
    assert walk(crowd, InboxView.ALL, text) == []


def test_somebody_without_tasks_has_an_empty_inbox(crowd: Crowd) -> None:
    assert inbox.page(crowd.people.eve, InboxView.ALL, CLOCK).tasks == ()
    assert inbox.counts(crowd.people.eve, CLOCK).all == 0


def test_the_next_task_is_another_request(crowd: Crowd) -> None:
    first, second = inbox.page(crowd.people.ben, InboxView.ALL, CLOCK).tasks[:2]
    after_first = inbox.following(
        crowd.people.ben, first.number, InboxCursor(first.due_at, first.id)
    )
    assert after_first is not None
    assert after_first.id == second.id
    assert inbox.following(crowd.people.eve, first.number, InboxCursor(None, first.id)) is None


def test_a_request_on_hold_says_so(crowd: Crowd) -> None:
    first = inbox.page(crowd.people.ben, InboxView.ALL, CLOCK).tasks[0]
    request = select(Task.request_id).where(Task.id == first.id).scalar_subquery()
    db.session.execute(update(Request).where(Request.id == request).values(status="ON_HOLD"))
    assert inbox.page(crowd.people.ben, InboxView.ALL, CLOCK).tasks[0].on_hold
    db.session.rollback()
