"""What a person does with many tasks: choose them, and look at them together."""

from flask import Flask
from sqlalchemy import func, select

from portal.domain.request.state import Approval
from portal.extensions import db
from portal.models import Command
from tests.clients import PageClient
from tests.pages_read import Page


def choose(client: PageClient, *tasks: str, status: int = 200, **fields: str) -> Page:
    """Send the inbox's form with these tasks ticked."""
    form = client.get_page("/inbox").form("/batches")
    data = {**form.values, **fields, "task": list(tasks)}
    response = client.post("/batches", data=data, follow_redirects=True)
    assert response.status_code == status
    return Page(response)


def task_of(state: Approval) -> str:
    return state.open_tasks[0].id


def review(client: PageClient, asked: list[Approval]) -> Page:
    return choose(client, *map(task_of, asked))


def commands(app: Flask) -> int:
    with app.app_context():
        return db.session.execute(select(func.count()).select_from(Command)).scalar_one()
