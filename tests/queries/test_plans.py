"""Every list is read from an index, whatever is asked of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, insert, text
from sqlalchemy.engine import Connection

from portal.directory import past
from portal.domain.request.events import EVENTS
from portal.domain.request.state import Approval, Status
from portal.extensions import Question, db
from portal.legacy import queries as cutover
from portal.models.states import RequestState, state_row
from portal.queries import (
    acting,
    asked,
    attention,
    commands,
    comments,
    history,
    inbox,
    notifications,
    request,
    search,
)
from portal.queries.history import Filters, HistoryCursor
from portal.queries.inbox import InboxMoments, InboxView, Narrowed, Order
from portal.queries.request import Reader
from tests.queries.conftest import Crowd

NOW = datetime.now(UTC)
CLOCK = InboxMoments(NOW, NOW + timedelta(hours=6))
BIG = {
    "requests", "tasks", "participants", "commands", "notifications", "audit_events", "comments",
    "legacy_moves",
}  # fmt: skip
MOVES = """
INSERT INTO portal.legacy_moves (instance_id, workflow_code, old_state, kind, result, reasons)
SELECT 'i' || n, 'W' || n % 9, 'IN_PROGRESS', 'active', CASE n % 50 WHEN 0 THEN 'needs_person'
    WHEN 1 THEN 'failed' ELSE 'history' END, '["No role"]' FROM generate_series(1, 20000) n;
ANALYZE portal.legacy_moves
"""
SPANS = (timedelta(days=3), timedelta(days=2))


class Plans:
    """Explains each SELECT just before it runs, and keeps the tables that it would read whole."""

    def __init__(self, connection: Connection) -> None:
        self.connection, self.whole, self.seen = connection, set[str](), 0
        event.listen(connection, "before_cursor_execute", self.explain)

    def explain(
        self, connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any
    ) -> None:
        if not statement.startswith(("SELECT", "WITH")):
            return
        with connection.connection.cursor() as own:
            own.execute(f"EXPLAIN (FORMAT JSON) {statement}", parameters)
            self.seen += 1
            self.walk(own.fetchone()[0][0]["Plan"])

    def walk(self, node: dict[str, Any]) -> None:
        if node["Node Type"] == "Seq Scan" and node["Relation Name"] in BIG:
            self.whole.add(node["Relation Name"])
        for child in node.get("Plans", ()):
            self.walk(child)


@pytest.fixture
def plans(crowd: Crowd, monkeypatch: pytest.MonkeyPatch) -> Any:
    found, ask = Plans(db.session.connection()), Question.ask

    def explained(question: Question, connection: Connection, values: Any) -> list[Any]:
        # A Question goes past SQLAlchemy's events.
        compiled = question._compiled
        found.explain(connection, None, compiled.text, compiled.given(values))
        return ask(question, connection, values)

    monkeypatch.setattr(Question, "ask", explained)
    yield found
    db.session.rollback()


def reader(crowd: Crowd, *, reads_all: bool) -> Reader:
    return Reader(crowd.people.ana, reads_all)


@pytest.mark.parametrize("view", list(InboxView))
@pytest.mark.parametrize("words", ["", "oak"])
@pytest.mark.parametrize("whose", ["", inbox.OWN, "one"])
def test_the_inbox(crowd: Crowd, plans: Plans, view: InboxView, words: str, whose: str) -> None:
    owner = crowd.people.ana if whose == "one" else whose
    inbox.page(crowd.people.ben, view, CLOCK, words, whose=owner)
    inbox.counts(crowd.people.ben, CLOCK, owner)
    acting.owners(crowd.people.ben)
    # A search looks at the types' names as the reader reads them, too.
    assert plans.seen == (4 if words else 3)
    assert plans.whole == set()


@pytest.mark.parametrize("order", list(Order))
def test_the_inbox_in_other_orders(crowd: Crowd, plans: Plans, order: Order) -> None:
    narrowed = Narrowed(type_code="lamps", needed_until=NOW, order=order)
    for each in (Narrowed(order=order), narrowed):
        inbox.page(crowd.people.ben, InboxView.ALL, CLOCK, narrowed=each)
    assert plans.whole == set()


@pytest.mark.parametrize("reads_all", [True, False])
@pytest.mark.parametrize(
    "filters",
    [
        Filters(),
        Filters(status=Status.APPROVED),
        Filters(status=Status.WITHDRAWN),
        Filters(type_code="lamps"),
        Filters(status=Status.REJECTED, type_code="lamps"),
        Filters(since=NOW - SPANS[0], until=NOW - SPANS[1]),
        Filters(text="walnut"),
        Filters(text="person 1 oak"),
    ],
    ids=["all", "approved", "withdrawn", "type", "both", "days", "word", "words"],
)
def test_the_history(crowd: Crowd, plans: Plans, reads_all: bool, filters: Filters) -> None:
    who = reader(crowd, reads_all=reads_all)
    first = history.page(who, filters)
    if first.rows:
        place = HistoryCursor(first.rows[-1].submitted_at, first.rows[-1].id)
        history.page(who, filters, before=place)
        history.page(who, filters, after=place)
    assert plans.whole == set()


def test_the_history_by_number(crowd: Crowd, plans: Plans) -> None:
    # So few rows are read quicker whole; with a million the planner takes the words' index.
    db.session.execute(text("SET LOCAL enable_seqscan = off"))
    assert history.page(reader(crowd, reads_all=True), Filters(text="MA-4711")).rows
    assert plans.whole == set()


def test_the_history_of_a_person(crowd: Crowd, plans: Plans) -> None:
    history.page(reader(crowd, reads_all=True), Filters(requesters=(crowd.people.ana,)))
    assert plans.whole == set()


@pytest.mark.parametrize("reads_all", [True, False])
def test_the_search(crowd: Crowd, plans: Plans, reads_all: bool) -> None:
    who = reader(crowd, reads_all=reads_all)
    # So few rows are read quicker whole: what counts is that there is an index for each question.
    db.session.execute(text("SET LOCAL enable_seqscan = off"))
    assert search.requests(who, "walnut").rows
    assert search.near_requests(who, "walnutt")
    search.requests(who, "person 1 ben walnut")
    search.comments(who, "walnut")
    search.near_comments(who, "walnutt")
    assert plans.whole == set()


def test_one_request(crowd: Crowd, plans: Plans) -> None:
    found = request.find("MA-4711", reader(crowd, reads_all=False))
    assert found is None or found.number == "MA-4711"
    everybodys = request.find("MA-4711", reader(crowd, reads_all=True))
    assert everybodys is not None
    request.tasks_of(everybodys.id)
    comments.comments_of(everybodys.id)
    commands.waiting_for_request(everybodys.id)
    assert plans.whole == set()


def test_who_is_asked_and_how_long_stages_took(crowd: Crowd, plans: Plans) -> None:
    found = request.find("MA-4711", reader(crowd, reads_all=True))
    assert found is not None
    kept = state_row(Approval(request_id=found.id)) | {"seq": 1_000}
    db.session.execute(insert(RequestState).values(kept))
    request.parts_of(found, tuple(EVENTS), told=True)
    asked.absences([crowd.people.ben], NOW)
    connection = db.session.connection()
    connection.execute(past.ENDED, {"type": found.type_code, "most": past.LOOKED_AT}).all()
    assert plans.whole == set()


def test_what_needs_attention(crowd: Crowd, plans: Plans) -> None:
    assert attention.without_approver()
    attention.behind_the_clock(timedelta(minutes=5))
    assert plans.whole == set()


def test_notifications(crowd: Crowd, plans: Plans) -> None:
    notifications.page_of(crowd.people.ben)
    # The table is empty here: whatever the planner does with one page, it has the index.
    assert plans.seen == 1


def test_the_report_of_the_move(crowd: Crowd, plans: Plans) -> None:
    db.session.execute(text(MOVES))
    for result in cutover.RESULTS:
        page = cutover.moves(result, None, "i5")
        cutover.moves(result, "W3", "i5")
        for move in page[:1]:
            cutover.move(move.instance_id)
            cutover.given_for(move.instance_id)
            cutover.alike(move)
    cutover.left_behind("", 5_000)
    cutover.unanswered()
    assert plans.whole == set()
