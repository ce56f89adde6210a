"""Two hundred at once: the pages stay small, and the statements as few as for two."""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import event, func, select, update

from portal.extensions import db
from portal.models import Command, Request, Task
from portal.services import batches
from tests.clients import PageClient, sign_in
from tests.pages_read import Page
from tests.queries.conftest import Crowd

STATIC = Path(__file__).resolve().parents[2] / "static"
BUDGET = 20_000
# Session, batch, tasks, commands, batch again, navigation: whatever their number.
MOST_STATEMENTS = 14


@contextmanager
def counted(crowd: Crowd) -> Iterator[list[str]]:
    """The statements that are sent to the server meanwhile."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    with crowd.app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


def open_all(crowd: Crowd) -> None:
    """The requests that wait for Ben are open, as they would be in life."""
    mine = select(Task.request_id).where(Task.assignee_id == crowd.people.ben)
    open_again = update(Request).where(Request.id.in_(mine)).values(status="PENDING")
    with crowd.app.app_context():
        db.session.execute(open_again)
        db.session.commit()


def weight(page: Page) -> int:
    """What a browser loads for a page, compressed."""
    files = [(STATIC / name).read_bytes() for name in ("css/app.css", "js/app.js")]
    return sum(len(gzip.compress(each)) for each in [page.response.data, *files])


def test_two_hundred_at_once(crowd: Crowd) -> None:
    open_all(crowd)
    client = PageClient(crowd.app)
    sign_in(client, crowd.people.ben)
    inbox = client.get_page("/inbox")
    assert weight(inbox) <= BUDGET
    page = client.post_form(inbox, "/batches", all="1")
    assert page.heading == f"Review {batches.MOST} requests"
    assert weight(page) <= BUDGET, weight(page)
    with counted(crowd) as statements:
        page = client.post_form(page, "/batches/", decision="approve")
    assert len(statements) <= MOST_STATEMENTS, statements
    assert weight(page) <= BUDGET
    with counted(crowd) as statements:
        page = client.post_form(page, f"{page.path}/undo")
    assert len(statements) <= MOST_STATEMENTS, statements
    assert weight(page) <= BUDGET
    with crowd.app.app_context():
        sent = select(Command.kind, func.count()).where(Command.via == "bulk")
        by_kind = db.session.execute(sent.group_by(Command.kind)).all()
    assert dict(map(tuple, by_kind)) == {"Approve": batches.MOST, "Retract": batches.MOST}
