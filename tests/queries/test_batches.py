"""Two hundred at once: the pages stay small, and the statements as few as for two."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import brotli
from sqlalchemy import event, func, insert, select, update

from portal.domain.request.state import Approval, Content, OpenStage
from portal.domain.request.state import Task as OneTask
from portal.domain.routing.plan import Candidate, StagePlan
from portal.extensions import db
from portal.models import Command, PolicyVersion, Request, RequestState, Task, User
from portal.models.states import state_row
from portal.security.guards import BROTLI
from portal.services import batches
from tests.clients import PageClient, sign_in
from tests.pages_read import Page
from tests.queries.conftest import Crowd

STATIC = Path(__file__).resolve().parents[2] / "static"
# Of 13 to 22 kB that a page may come to, as it is sent.
BUDGET = 22_000
# Session, batch, tasks, commands, batch again, navigation: whatever their number.
MOST_STATEMENTS = 14
# Whether each may still be decided by this person is asked of the directory, request by request.
LOOKS = 1


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
    """The requests that wait for Ben are open, each in its first stage, as in life."""
    ben = crowd.people.ben
    mine = select(Task.request_id).where(Task.assignee_id == ben)
    open_again = update(Request).where(Request.id.in_(mine)).values(status="PENDING")
    tasks = select(Task.id, Request).join(Request, Request.id == Task.request_id)
    with crowd.app.app_context():
        db.session.execute(open_again)
        db.session.execute(update(PolicyVersion).values(published_at=func.now()))
        db.session.execute(update(User).where(User.id != ben).values(manager_id=ben))
        found = db.session.execute(tasks.where(Task.assignee_id == ben)).all()
        rows = [state_row(waiting_for(ben, task_id, request)) for task_id, request in found]
        db.session.execute(insert(RequestState), rows)
        db.session.commit()


def waiting_for(person: str, task_id: str, request: Request) -> Approval:
    """The state of a request whose first stage asks one person."""
    asked = Candidate(person_id=person, name="Ben Example", why="You are their manager")
    plan = StagePlan(index=0, key="manager", name="Manager", people=(asked,), undo_seconds=3600)
    return Approval(
        request_id=request.id,
        seq=request.last_seq,
        number=request.number,
        type_code=request.type_code,
        policy_version_id=request.policy_version_id,
        requester_id=request.requester_id,
        content=Content(title=request.title, amount=request.amount, currency=request.currency),
        content_version=1,
        round=1,
        opening=1,
        stage=OpenStage(
            plan=plan,
            opening=1,
            opened_at=request.submitted_at,
            tasks=(OneTask(id=task_id, assignee_id=person),),
        ),
    )


def weight(page: Page) -> int:
    """What a browser loads for a page, compressed as it is sent."""
    files = [(STATIC / name).read_bytes() for name in ("css/app.css", "js/app.js")]
    return sum(len(brotli.compress(each, quality=BROTLI)) for each in [page.response.data, *files])


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
    assert len(statements) <= MOST_STATEMENTS + LOOKS * batches.MOST
    assert weight(page) <= BUDGET
    with counted(crowd) as statements:
        page = client.post_form(page, f"{page.path}/undo")
    assert len(statements) <= MOST_STATEMENTS + LOOKS * batches.MOST
    assert weight(page) <= BUDGET
    with crowd.app.app_context():
        sent = select(Command.kind, func.count()).where(Command.via == "bulk")
        by_kind = db.session.execute(sent.group_by(Command.kind)).all()
    assert dict(map(tuple, by_kind)) == {"Approve": batches.MOST, "Retract": batches.MOST}
